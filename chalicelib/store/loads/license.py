"""A license with what every decision about it needs: its policy, its owner, its group."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Found, Plan, need, together
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items import license as licenses
from chalicelib.store.items import policy as policies
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

TORN_READS = 3


class Licensed(msgspec.Struct, frozen=True):
    """A license and the parents it lives by. A license whose policy or owner is gone does not exist; one whose group
    is gone has none. `attached`: the user who asks is attached to it.
    """

    license: License
    policy: Policy
    owner: User | None
    attached: bool = False


class _Parents(msgspec.Struct, frozen=True):
    """Where the parents of a license are, or are supposed to be."""

    policy: Key | None = None
    owner: Key | None = None
    group: Key | None = None

    def where(self) -> tuple[Key | None, ...]:
        return self.policy, self.owner, self.group


def by_key(account_id: str, key: str, weak: bool = False) -> Plan[Licensed | None]:
    """By its exact key: guard, then everything its hints promise. A weak guard that leads nowhere is read once more."""
    guard_key = keys.unique(account_id, "license-key", key)
    found = yield need(guard_key, weak=weak)
    licensed = yield from _guarded(account_id, live(found, guard_key, "unique"), key)
    if licensed is None and weak:
        found = yield need(guard_key, fresh=True)
        licensed = yield from _guarded(account_id, live(found, guard_key, "unique"), key)
    return licensed


def _guarded(account_id: str, guard: Item | None, key: str) -> Plan[Licensed | None]:
    if guard is None:
        return None
    licensed = yield from _whole(account_id, guard["target"], _parents(account_id, guard))
    return licensed if licensed is not None and licensed.license.key == key else None


def by_exact_id(account_id: str, license_id: str) -> Plan[Licensed | None]:
    """By its id and nothing else."""
    return (yield from _whole(account_id, license_id, _Parents()))


def by_id_or_key(account_id: str, text: str) -> Plan[Licensed | None]:
    """By what stands in a path: an id or a key; of two the older (spec licenses.md §0).

    A key that looks like an id can only be another license's id when that license was given its id later, and is
    then marked `id_is_key`: so the usual id costs no look-up of a key.
    """
    if not is_uuid(text):
        return (yield from by_key(account_id, text))
    license_id = normal_uuid(text)
    named = yield from _whole(account_id, license_id, _Parents())
    if named is not None and text == license_id and not named.license.id_is_key:
        return named
    keyed = yield from by_key(account_id, text)
    candidates = [one for one in (named, keyed) if one is not None]
    return min(candidates, key=lambda one: one.license.created, default=None)


def by_path(account_id: str, text: str, token: Key | None) -> Plan[Licensed | None]:
    """By what stands in a path, and whether the customer with `token` is attached to it; that costs no round more."""
    licensed, user_id = yield from together(by_id_or_key(account_id, text), _customer(account_id, text, token))
    if licensed is None or user_id is None:
        return licensed  # type: ignore[no-any-return]
    key = attachments.key_of(account_id, "license-user", licensed.license.id, user_id)
    found = yield need(key)
    return replace(licensed, attached=found[key] is not None)  # type: ignore[no-any-return]


def _customer(account_id: str, text: str, token: Key | None) -> Plan[str | None]:
    """The user behind a customer's token, after asking early for what will be wanted with the usual id in the path."""
    if token is None:
        return None
    found = yield need(token)
    item = live(found, token, "token")
    if item is None or item["token_kind"] != "user-token":
        return None
    user_id = str(item["bearer_id"])
    if is_uuid(text):
        yield need(attachments.key_of(account_id, "license-user", normal_uuid(text), user_id))
    return user_id


def many(account_id: str, identifiers: Sequence[str], weak: bool = False) -> Plan[Sequence[Licensed | None]]:
    """Those of a list: facts and meters side by side, then the distinct policies, owners and groups."""
    pairs = [(keys.facts(account_id, one), keys.meter(account_id, one)) for one in identifiers]
    found = yield need(*(key for pair in pairs for key in pair), weak=weak)
    parts = [_parts(found, facts_key, meter_key) for facts_key, meter_key in pairs]
    parents = [_parents(account_id, facts) for facts, _ in filter(None, parts)]
    if parents:
        found = yield need(*(key for one in parents for key in one.where()), weak=weak)
    return [None if part is None else _joined(account_id, found, *part) for part in parts]


def _parents(account_id: str, item: Item) -> _Parents:
    """As the facts of a license tell, or the guard of its key promises."""
    owner, group = item.get("owner_id"), item.get("group_id")
    return _Parents(
        keys.resource(account_id, policies.KIND, item["policy_id"]),
        keys.resource(account_id, users.KIND, owner) if owner else None,
        keys.resource(account_id, groups.KIND, group) if group else None,
    )


def _whole(account_id: str, license_id: str, hints: _Parents) -> Plan[Licensed | None]:
    part = yield from _untorn(account_id, license_id, hints)
    if part is None:
        return None
    found = yield need(*_parents(account_id, part[0]).where())
    return _joined(account_id, found, *part)


def _untorn(account_id: str, license_id: str, hints: _Parents) -> Plan[tuple[Item, Item] | None]:
    """Facts and meter of one moment: `basis` is raised on both together, so unequal ones are read again."""
    facts_key, meter_key = keys.facts(account_id, license_id), keys.meter(account_id, license_id)
    found = yield need(facts_key, meter_key, *hints.where())
    for _ in range(TORN_READS):
        part = _parts(found, facts_key, meter_key)
        if part is None or part[0]["basis"] == part[1]["basis"]:
            return part
        found = yield need(facts_key, meter_key, fresh=True)
    return _parts(found, facts_key, meter_key)


def _parts(found: Found, facts_key: Key, meter_key: Key) -> tuple[Item, Item] | None:
    facts, meter = live(found, facts_key, licenses.KIND), live(found, meter_key, licenses.METER_KIND)
    return None if facts is None or meter is None else (facts, meter)


def _joined(account_id: str, found: Found, facts: Item, meter: Item) -> Licensed | None:
    parents = _parents(account_id, facts)
    policy, owner = live(found, parents.policy, policies.KIND), live(found, parents.owner, users.KIND)
    if policy is None or (parents.owner is not None and owner is None):
        return None
    license = licenses.license_of(facts, meter)
    if license.group_id is not None and live(found, parents.group, groups.KIND) is None:
        license = replace(license, group_id=None)
    return Licensed(license, policies.policy_of(policy), None if owner is None else users.user_of(owner))


def attached(account_id: str, license_ids: Sequence[str], user_ids: Sequence[str]) -> Plan[dict[str, frozenset[str]]]:
    """Which of these users are attached to each of these licenses."""
    wanted = {
        (license_id, user_id): attachments.key_of(account_id, "license-user", license_id, user_id)
        for license_id in license_ids
        for user_id in user_ids
    }
    found = yield need(*wanted.values(), weak=True)
    there = {pair for pair, key in wanted.items() if found[key] is not None}
    return {one: frozenset(user_id for user_id in user_ids if (one, user_id) in there) for one in license_ids}
