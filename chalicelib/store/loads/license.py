"""A license with what every decision about it needs: its policy and its owner."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Found, Plan, need
from chalicelib.store.items import license as licenses
from chalicelib.store.items import policy as policies
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

TORN_READS = 3


class Licensed(msgspec.Struct, frozen=True):
    """A license and the parents it lives by. A license whose policy or owner is gone does not exist."""

    license: License
    policy: Policy
    owner: User | None


class _Hints(msgspec.Struct, frozen=True):
    policy: Key | None = None
    owner: Key | None = None


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
    licensed = yield from _whole(account_id, guard["target"], _hints(account_id, guard))
    return licensed if licensed is not None and licensed.license.key == key else None


def by_exact_id(account_id: str, license_id: str) -> Plan[Licensed | None]:
    """By its id and nothing else."""
    return (yield from _whole(account_id, license_id, _Hints()))


def by_id_or_key(account_id: str, text: str) -> Plan[Licensed | None]:
    """By what stands in a path: an id or a key; of two the older (spec licenses.md §0).

    A key that looks like an id can only be another license's id when that license was given its id later, and is
    then marked `id_is_key`: so the usual id costs no look-up of a key.
    """
    if not is_uuid(text):
        return (yield from by_key(account_id, text))
    license_id = normal_uuid(text)
    named = yield from _whole(account_id, license_id, _Hints())
    if named is not None and text == license_id and not named.license.id_is_key:
        return named
    keyed = yield from by_key(account_id, text)
    candidates = [one for one in (named, keyed) if one is not None]
    return min(candidates, key=lambda one: one.license.created, default=None)


def many(account_id: str, entries: Sequence[Entry], weak: bool = False) -> Plan[Sequence[Licensed | None]]:
    """Those of a list: facts and meters side by side, then the distinct policies and owners."""
    pairs = [(entry.key, Key(entry.key.pk, keys.METER)) for entry in entries]
    found = yield need(*(key for pair in pairs for key in pair), weak=weak)
    parts = [_parts(found, facts_key, meter_key) for facts_key, meter_key in pairs]
    parents = [_parents(account_id, facts) for facts, _ in filter(None, parts)]
    if parents:
        found = yield need(*(key for pair in parents for key in pair), weak=weak)
    return [None if part is None else _joined(account_id, found, *part) for part in parts]


def _hints(account_id: str, guard: Item) -> _Hints:
    owner = guard.get("owner_id")
    return _Hints(
        keys.resource(account_id, policies.KIND, guard["policy_id"]),
        keys.resource(account_id, users.KIND, owner) if owner else None,
    )


def _whole(account_id: str, license_id: str, hints: _Hints) -> Plan[Licensed | None]:
    part = yield from _untorn(account_id, license_id, hints)
    if part is None:
        return None
    found = yield need(*_parents(account_id, part[0]))
    return _joined(account_id, found, *part)


def _untorn(account_id: str, license_id: str, hints: _Hints) -> Plan[tuple[Item, Item] | None]:
    """Facts and meter of one moment: `basis` is raised on both together, so unequal ones are read again."""
    facts_key, meter_key = keys.facts(account_id, license_id), keys.meter(account_id, license_id)
    found = yield need(facts_key, meter_key, hints.policy, hints.owner)
    for _ in range(TORN_READS):
        part = _parts(found, facts_key, meter_key)
        if part is None or part[0]["basis"] == part[1]["basis"]:
            return part
        found = yield need(facts_key, meter_key, fresh=True)
    return _parts(found, facts_key, meter_key)


def _parts(found: Found, facts_key: Key, meter_key: Key) -> tuple[Item, Item] | None:
    facts, meter = live(found, facts_key, licenses.KIND), live(found, meter_key, licenses.METER_KIND)
    return None if facts is None or meter is None else (facts, meter)


def _parents(account_id: str, facts: Item) -> tuple[Key, Key | None]:
    owner = facts.get("owner_id")
    return (
        keys.resource(account_id, policies.KIND, facts["policy_id"]),
        keys.resource(account_id, users.KIND, owner) if owner else None,
    )


def _joined(account_id: str, found: Found, facts: Item, meter: Item) -> Licensed | None:
    policy_key, owner_key = _parents(account_id, facts)
    policy, owner = live(found, policy_key, policies.KIND), live(found, owner_key, users.KIND)
    if policy is None or (owner_key is not None and owner is None):
        return None
    return Licensed(
        licenses.license_of(facts, meter), policies.policy_of(policy), None if owner is None else users.user_of(owner)
    )
