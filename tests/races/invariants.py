"""What must hold whenever nothing is under way: counters are what their rows say, and every row has its guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.admin.repair import recount
from chalicelib.licensing import deaths
from chalicelib.store import fetch, keys
from chalicelib.store.items import component as components
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as licenses
from chalicelib.store.table import Item, Row
from tests.races.crowd import rows
from tests.world import World

PARTS = (components.KIND, processes.KIND)
HANGING = (machines.KIND, *PARTS, "bucket")


def assert_whole(world: World) -> None:
    """Nothing is wrong."""
    assert list(problems(world)) == []


def problems(world: World, found: Sequence[Item] | None = None) -> Iterator[str]:
    """Everything that is wrong, in words; `found` is what is stored, where it was read already."""
    account_id = world.account["account"]
    for drift in recount(world.database, account_id).drift:
        yield f"counters: {drift}"
    stored = {Key(item["pk"], item["sk"]): item for item in (rows(world, Row) if found is None else found)}
    for key, item in stored.items():
        if item["kind"] in HANGING and not _has_license(stored, key):
            yield f"orphan of a license: {key}"
        elif item["kind"] == machines.KIND:
            yield from _machine(world, stored, item)
        elif item["kind"] in PARTS:
            yield from _part(account_id, stored, item)
        elif item["kind"] == "fingerprint":
            yield from _holder(stored, item)


def _has_license(stored: Mapping[Key, Item], key: Key) -> bool:
    facts = stored.get(Key(key.pk, keys.FACTS))
    return facts is not None and facts["kind"] == "license" and Key(key.pk, keys.METER) in stored


def _machine(world: World, stored: Mapping[Key, Item], item: Item) -> Iterator[str]:
    account_id, machine = world.account["account"], machines.machine_of(item)
    key, position = Key(item["pk"], item["sk"]), keys.position(machine.created, machine.id)
    for guard in (
        keys.pointer(account_id, machines.KIND, machine.id),
        Key(keys.fingerprint(account_id, machines.KIND, machine.fingerprint), position),
    ):
        yield from _leads(stored, guard, key)
    licensed = fetch.run(world.database, licenses.by_exact_id(account_id, machine.license_id))
    assert licensed is not None
    wanted = machines.slots(account_id, machine, licensed.license)
    listed = {name: item[name] for name in (f"in_{number}" for number in range(1, 7)) if name in item}
    if listed != wanted:
        yield f"listed wrongly: {key} {listed} {wanted}"
    due = deaths.next_due(machine, licensed.policy, world.clock.instant)
    if item.get("due_at") != due and not _overdue(item, world):
        yield f"deadline: {key} {item.get('due_at')} {due}"


def _overdue(item: Item, world: World) -> bool:
    """What is due already comes up with the next sweep, whenever it was due."""
    return item.get("due_at") is not None and item["due_at"] <= world.clock.instant


def _part(account_id: str, stored: Mapping[Key, Item], item: Item) -> Iterator[str]:
    key = Key(item["pk"], item["sk"])
    machine = stored.get(keys.machine_of(key))
    if machine is None or machine["id"] != item["machine_id"]:
        yield f"orphan of a machine: {key}"
    yield from _leads(stored, keys.pointer(account_id, item["kind"], item["id"]), key)
    if item["kind"] == components.KIND:
        partition = keys.fingerprint(account_id, components.KIND, item["fingerprint"])
        yield from _leads(stored, Key(partition, keys.component_holder(key)), key)


def _holder(stored: Mapping[Key, Item], item: Item) -> Iterator[str]:
    target = stored.get(Key(item["target_pk"], item["target_sk"]))
    if target is None or keys.digest(target["fingerprint"]) != item["pk"].rpartition("#")[2]:
        yield f"leads nowhere: {item['pk']} {item['sk']}"


def _leads(stored: Mapping[Key, Item], guard: Key, key: Key) -> Iterator[str]:
    item: Any = stored.get(guard, {})
    if (item.get("target_pk"), item.get("target_sk")) != key:
        yield f"not guarded: {key} by {guard}"
