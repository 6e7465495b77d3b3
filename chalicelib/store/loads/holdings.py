"""What a user holds: the licenses it owns or is attached to, and whom it shares them with (spec auth.md §5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Listing, Need, Plan, Prefix
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import license as licenses
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.license import Licensed

MOST = 1_000
"""Of how many licenses of one user, newest first, something follows."""


def of_user(account_id: str, user_id: str) -> Plan[tuple[Licensed, ...]]:
    """The licenses a user owns or is attached to."""
    found = yield from of_users(account_id, [user_id])
    return found[user_id]


def of_users(account_id: str, user_ids: Sequence[str]) -> Plan[dict[str, tuple[Licensed, ...]]]:
    """The same of several users, in the same rounds."""
    asks = {user_id: _asks(account_id, user_id) for user_id in user_ids}
    found = yield Need(asks=tuple(ask for pair in asks.values() for ask in pair))
    owned = {user_id: _ids(found[pair[0]]) for user_id, pair in asks.items()}
    attached = {user_id: _ids(found[pair[1]]) for user_id, pair in asks.items()}
    every = sorted({one for ids in (*owned.values(), *attached.values()) for one in ids})
    loaded = dict(zip(every, (yield from loads.many(account_id, every)), strict=True)) if every else {}
    return {user_id: tuple(_held(user_id, loaded, owned[user_id], attached[user_id])) for user_id in user_ids}


def teammates(account_id: str, held: Iterable[Licensed]) -> Plan[frozenset[str]]:
    """Everybody who owns or is attached to one of these licenses."""
    held = tuple(held)
    asks = {one.license.id: Prefix(*attachments.held_by(account_id, "license-user", one.license.id)) for one in held}
    found = yield Need(asks=tuple(asks.values()))
    attached = {item["target_id"] for ask in asks.values() for item in found[ask]}
    return frozenset(attached | {one.license.owner_id for one in held if one.license.owner_id is not None})


def users_of(account_id: str, relation: str, identifier: str) -> Plan[frozenset[str]]:
    """Everybody who owns or is attached to a license (`relation` is `license`) or to any license of a `product`."""
    found: Sequence[Licensed | None]
    if relation == "license":
        found = yield from loads.many(account_id, [identifier])
    else:
        ask = Listing(2, keys.slot(account_id, "product", identifier, licenses.KIND), limit=MOST)
        listed = yield Need(asks=(ask,))
        found = yield from loads.many(account_id, _ids(listed[ask]))
    alive = [one for one in found if one is not None]
    owners = frozenset(one.license.owner_id for one in alive if one.license.owner_id is not None)
    return owners | (yield from teammates(account_id, [one for one in alive if one.license.users]))


def _asks(account_id: str, user_id: str) -> tuple[Listing, Listing]:
    owned = keys.slot(account_id, "owner", user_id, licenses.KIND)
    attached = attachments.partition(account_id, "license-user", user_id)
    return Listing(5, owned, limit=MOST), Listing(5, attached, limit=MOST)


def _ids(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(entry.position.partition("#")[2] for entry in entries)


def _held(
    user_id: str, loaded: dict[str, Licensed | None], owned: Iterable[str], attached: Iterable[str]
) -> Iterable[Licensed]:
    """The index may be behind: an owner is checked with the facts; an attachment that is gone is caught by who acts."""
    for license_id in dict.fromkeys((*owned, *attached)):
        licensed = loaded[license_id]
        if licensed is None:
            continue
        if licensed.license.owner_id == user_id:
            yield licensed
        elif license_id in attached:
            yield replace(licensed, attached=True)
