"""A machine that goes, by whatever hand: a request, its death, the end of its owner or license (machines.md §6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.licensing.buckets import added
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store import fetch, keys
from chalicelib.store.database import Database
from chalicelib.store.fetch import Prefix
from chalicelib.store.items import component as components
from chalicelib.store.items import group as groups
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.items import seats
from chalicelib.store.items.seats import Buckets
from chalicelib.store.table import Item
from chalicelib.store.unit import Changed, Write, commit


def deactivated(
    account_id: str, machine: Machine, license: License, buckets: Buckets, now: datetime
) -> tuple[Write, ...]:
    """The writes that take a machine, as it was read, off its license, its owner's bucket and its group."""
    left = () if machine.group_id is None else (groups.left_group(account_id, "machines", machine.group_id),)
    return (
        *machines.removal(account_id, machine, now),
        *seats.counted(account_id, license, added(machine, None), (), buckets, now),
        *left,
    )


def drop_parts(database: Database, account_id: str, gone: Iterable[Machine], now: datetime) -> None:
    """Remove the components and processes of machines that are gone; they disappeared with them.

    Those of a machine that took the same fingerprint again are not touched.
    """
    machines_gone = {machine.id: machine for machine in gone}
    starts = (
        keys.below_machine(account_id, kind, machine.license_id, machine.fingerprint)
        for machine in machines_gone.values()
        for kind in (components.KIND, processes.KIND)
    )
    for item in below(database, *starts):
        if item["machine_id"] in machines_gone:
            _try(database, part_removal(account_id, item, now))


def part_removal(account_id: str, item: Item, now: datetime) -> tuple[Write, ...]:
    """The writes that remove a stored component or process."""
    if item["kind"] == components.KIND:
        return components.removal(account_id, components.component_of(item), item["machine_fingerprint"], now)
    return processes.removal(account_id, processes.process_of(item), item["machine_fingerprint"], now)


def below(database: Database, *starts: keys.Key) -> Iterator[Item]:
    """Everything whose key begins with one of `starts`, read strongly in one round."""
    asks = tuple(Prefix(*start) for start in starts)

    def plan() -> fetch.Plan[list[Item]]:
        found = yield fetch.Need(asks=asks)
        return [item for ask in asks for item in found[ask]]

    yield from fetch.run(database, plan())


def arguments(machine: Machine) -> dict[str, Any]:
    """A machine as the task keeps it that removes what hung on it."""
    return {"machine": machine.id, "license": machine.license_id, "fingerprint": machine.fingerprint}


def _try(database: Database, writes: tuple[Write, ...]) -> None:
    try:
        commit(database, writes)
    except Changed:
        return
