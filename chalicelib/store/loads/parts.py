"""Components and processes, each with the machine it is on; one whose machine is gone does not exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from chalicelib.licensing.component import Component
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Need, Plan, Prefix, need, together
from chalicelib.store.items import component as components
from chalicelib.store.items import process as processes
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines
from chalicelib.store.loads.live import live
from chalicelib.store.loads.machines import Installed
from chalicelib.store.table import Item

P = TypeVar("P", Component, Process)


class Part(msgspec.Struct, Generic[P], frozen=True):
    """A component or process and its machine."""

    value: P
    installed: Installed


class Kept(msgspec.Struct, Generic[P], frozen=True):
    """How parts of one kind are kept: the kind of their items, and what those mean."""

    kind: str
    value_of: Callable[[Item], P]


COMPONENTS: Kept[Component] = Kept(components.KIND, components.component_of)
PROCESSES: Kept[Process] = Kept(processes.KIND, processes.process_of)


def by_id(account_id: str, kept: Kept[P], text: str) -> Plan[Part[P] | None]:
    """A part by its id; there is none by any other name."""
    if not is_uuid(text):
        return None
    part_id = normal_uuid(text)
    pointer = keys.pointer(account_id, kept.kind, part_id)
    found = yield need(pointer)
    where = machines.targets([live(found, pointer, "pointer")])
    loaded = yield from _at(kept, where, machines.at(account_id, _machines(where)))
    return next((part for part in loaded if part is not None and part.value.id == part_id), None)


def many(account_id: str, kept: Kept[P], entries: Sequence[Entry]) -> Plan[Sequence[Part[P] | None]]:
    """Those of a list."""
    where = [entry.key for entry in entries]
    loaded = yield from _at(kept, where, machines.listed_at(account_id, _machines(where)), weak=True)
    by_id = {part.value.id: part for part in loaded if part is not None}
    return [by_id.get(entry.identifier) for entry in entries]


def at(account_id: str, kept: Kept[P], where: Sequence[Key]) -> Plan[Sequence[Part[P] | None]]:
    """Those stored at these keys, read so that something may be decided about them."""
    return (yield from _at(kept, where, machines.at(account_id, _machines(where))))


def on_machine(account_id: str, kept: Kept[P], machine: Machine) -> Plan[tuple[Entry, ...]]:
    """Where those of one machine stand in lists; what an earlier one with its fingerprint left is not among them."""
    ask = Prefix(*keys.below_machine(account_id, kept.kind, machine.license_id, machine.fingerprint))
    found = yield Need(asks=(ask,))
    items: list[Item] = [item for item in found[ask] if item["machine_id"] == machine.id]
    return tuple(Entry(keys.position(item["created"], item["id"]), Key(item["pk"], item["sk"])) for item in items)


def _at(
    kept: Kept[P], where: Sequence[Key], machines_of_them: Plan[Sequence[Installed | None]], *, weak: bool = False
) -> Plan[list[Part[P] | None]]:
    """Where a part is tells where its machine is, so both are read side by side."""
    items, found = yield from together(_stored(kept, where, weak=weak), machines_of_them)
    installed = {one.machine.id: one for one in found if one is not None}
    return [_part(kept, item, installed.get(item["machine_id"])) if item is not None else None for item in items]


def _stored(kept: Kept[P], where: Sequence[Key], *, weak: bool) -> Plan[list[Item | None]]:
    found = yield need(*where, weak=weak)
    return [live(found, key, kept.kind) for key in where]


def _part(kept: Kept[P], item: Item, installed: Installed | None) -> Part[P] | None:
    return None if installed is None else Part(kept.value_of(item), installed)


def _machines(where: Sequence[Key]) -> list[Key]:
    return list(dict.fromkeys(keys.machine_of(key) for key in where))
