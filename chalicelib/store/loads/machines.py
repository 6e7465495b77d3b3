"""Machines with the license they belong to: by id, and those of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.machine import Machine
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Found, Listing, Need, Plan, need, together
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import group as groups
from chalicelib.store.items import machine as machines
from chalicelib.store.items import user as users
from chalicelib.store.items.seats import Buckets
from chalicelib.store.keys import Key
from chalicelib.store.loads import holdings
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

MOST = 1_000
"""Of how many machines of one owner, newest first, something follows."""

Stored = tuple[Machine, User | None]
"""A machine and its owner."""


class Installed(msgspec.Struct, frozen=True):
    """A machine, the license it is activated on and its owner. One whose license or owner is gone does not exist; one
    whose group is gone has none.
    """

    machine: Machine
    licensed: Licensed
    owner: User | None = None


def by_id(account_id: str, machine_id: str) -> Plan[Installed | None]:
    """A machine by its id and nothing else."""
    pointer = keys.pointer(account_id, machines.KIND, machine_id)
    found = yield need(pointer)
    loaded = yield from at(account_id, targets([live(found, pointer, "pointer")]))
    return next((one for one in loaded if one is not None and one.machine.id == machine_id), None)


def many(account_id: str, entries: Sequence[Entry]) -> Plan[Sequence[Installed | None]]:
    """Those of a list: entries are machines, or rows that stand for them."""
    direct = [entry.key for entry in entries if _is_machine(entry)]
    others = [keys.pointer(account_id, machines.KIND, one.identifier) for one in entries if not _is_machine(one)]
    found = (yield need(*others, weak=True)) if others else {}
    pointed = targets(live(found, key, "pointer") for key in others)
    loaded = yield from listed_at(account_id, [*direct, *pointed])
    by_id = {one.machine.id: one for one in loaded if one is not None}
    return [by_id.get(entry.identifier) for entry in entries]


def at(account_id: str, where: Sequence[Key]) -> Plan[Sequence[Installed | None]]:
    """Those stored at these keys, read so that something may be decided about them."""
    held = together(*(licenses.by_exact_id(account_id, one) for one in _license_ids(where)))
    return (yield from _joined(account_id, where, held))


def listed_at(account_id: str, where: Sequence[Key]) -> Plan[Sequence[Installed | None]]:
    """Those stored at these keys, read to be shown in a list."""
    held = licenses.many(account_id, _license_ids(where), weak=True)
    return (yield from _joined(account_id, where, held, weak=True))


def with_attached(
    account_id: str, user_id: str | None, found: Sequence[Installed | None], *, weak: bool = False
) -> Plan[Sequence[Installed | None]]:
    """The same, each with whether the user is attached to its license; as they are when there is no user."""
    ids = dict.fromkeys(one.machine.license_id for one in found if one is not None)
    if user_id is None or not ids:
        return found
    ties = {one: attachments.key_of(account_id, "license-user", one, user_id) for one in ids}
    read = yield need(*ties.values(), weak=weak)
    attached = {one for one, key in ties.items() if read[key] is not None}
    return [None if one is None else _tied(one, one.machine.license_id in attached) for one in found]


def licenses_used(account_id: str, user_ids: Sequence[str]) -> Plan[dict[str, frozenset[str]]]:
    """By user, the licenses with machines that the user owns or is attached to."""
    held = yield from holdings.of_users(account_id, user_ids)
    return {user: frozenset(one.license.id for one in found if one.license.machines) for user, found in held.items()}


def licenses_of_owners(account_id: str, user_ids: Sequence[str]) -> Plan[dict[str, frozenset[str]]]:
    """By user, the licenses that machines of the user are on."""
    asks = {one: Listing(5, keys.slot(account_id, "owner", one, machines.KIND), limit=MOST) for one in user_ids}
    found = yield Need(asks=tuple(asks.values()))
    return {user: frozenset(keys.license_of(entry.key) for entry in found[ask]) for user, ask in asks.items()}


def targets(rows: Iterable[Item | None]) -> list[Key]:
    """Where pointers and fingerprint rows lead to."""
    return [Key(row["target_pk"], row["target_sk"]) for row in rows if row is not None]


def _tied(installed: Installed, attached: bool) -> Installed:
    return replace(installed, licensed=replace(installed.licensed, attached=attached))


def _joined(
    account_id: str, where: Sequence[Key], held: Plan[Sequence[Licensed | None]], *, weak: bool = False
) -> Plan[Sequence[Installed | None]]:
    """Where a machine is tells its license, so both are read side by side."""
    stored, found = yield from together(_stored(account_id, where, weak=weak), held)
    licensed = {one.license.id: one for one in found if one is not None}
    return [_installed(one, licensed.get(keys.license_of(key))) for key, one in zip(where, stored, strict=True)]


def _installed(stored: Stored | None, licensed: Licensed | None) -> Installed | None:
    return None if stored is None or licensed is None else Installed(stored[0], licensed, stored[1])


def _stored(account_id: str, where: Sequence[Key], *, weak: bool) -> Plan[list[Stored | None]]:
    found = yield need(*where, weak=weak)
    items = [live(found, key, machines.KIND) for key in where]
    parents = [key for item in items if item is not None for key in _parents(account_id, item)]
    found = yield need(*parents, weak=weak)
    return [None if item is None else _with_parents(account_id, found, item) for item in items]


def _with_parents(account_id: str, found: Found, item: Item) -> Stored | None:
    machine, (owner_key, group_key) = machines.machine_of(item), _parents(account_id, item)
    owner, group = live(found, owner_key, users.KIND), live(found, group_key, groups.KIND)
    if owner_key is not None and owner is None:
        return None
    group_id = machine.group_id if group else None
    return replace(machine, group_id=group_id), None if owner is None else users.user_of(owner)


def _parents(account_id: str, item: Item) -> tuple[Key | None, Key | None]:
    owner, group = item.get("owner_id"), item.get("group_id")
    return (
        keys.resource(account_id, users.KIND, owner) if owner else None,
        keys.resource(account_id, groups.KIND, group) if group else None,
    )


def _license_ids(where: Iterable[Key]) -> list[str]:
    return list(dict.fromkeys(keys.license_of(key) for key in where))


def _is_machine(entry: Entry) -> bool:
    return entry.key.sk.startswith(f"{machines.KIND}#")


def buckets_of(account_id: str, license_id: str, owner_ids: Sequence[str | None]) -> Plan[Buckets]:
    """The buckets of owners on a license; None is nobody's."""
    where = {owner_id: keys.bucket(account_id, license_id, owner_id) for owner_id in owner_ids}
    found = yield need(*where.values())
    return {owner_id: live(found, key, buckets.KIND) for owner_id, key in where.items()}
