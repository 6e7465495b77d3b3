"""Machines: in the partition of their license, reached by id through a pointer, by fingerprint through a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.hint import Listed
from chalicelib.store.items.mapping import difference, raised, relisted, to_attributes, to_value
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Put, Remove, Write, as_seen, assign

KIND = "machine"


class MachineRow(Row, discriminator=KIND):
    """A machine; `processes` counts what runs on it."""

    id = UnicodeAttribute()
    license_id = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    owner_id = UnicodeAttribute(null=True)
    group_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
    hostname = UnicodeAttribute(null=True)
    platform = UnicodeAttribute(null=True)
    cores = IntegerAttribute(null=True)
    memory = IntegerAttribute(null=True)
    disk = IntegerAttribute(null=True)
    max_processes = IntegerAttribute(null=True)
    metadata = JsonAttribute()
    last_heartbeat = InstantAttribute(null=True)
    last_check_out = InstantAttribute(null=True)
    death_sent = InstantAttribute(null=True)
    processes = IntegerAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


class FingerprintRow(Row, discriminator="fingerprint"):
    """A holder of a fingerprint: `target_pk`, `target_sk` are where it is."""

    target_pk = UnicodeAttribute()
    target_sk = UnicodeAttribute()


def machine_of(item: Item) -> Machine:
    """The domain value of a stored machine."""
    return to_value(Machine, item)


def key_of(account_id: str, machine: Machine) -> keys.Key:
    """Where a machine is."""
    return keys.machine(account_id, machine.license_id, machine.fingerprint)


def slots(account_id: str, machine: Machine, license: License) -> Mapping[str, Any]:
    """Where a machine is listed: under its account, license, owner and group, and its license's product and policy."""
    under = {
        "in_2": ("product", license.product_id),
        "in_3": ("policy", license.policy_id),
        "in_4": ("license", machine.license_id),
    }
    if machine.owner_id is not None:
        under["in_5"] = ("owner", machine.owner_id)
    if machine.group_id is not None:
        under["in_6"] = ("group", machine.group_id)
    listed = {name: keys.slot(account_id, *parts, KIND) for name, parts in under.items()}
    return {"in_1": keys.slot(account_id, KIND), **listed}


def creation(account_id: str, machine: Machine, license: License, due_at: datetime | None) -> tuple[Write, ...]:
    """The writes of a new machine: itself, the way to it by id, and its row among the holders of its fingerprint."""
    key, pointer = key_of(account_id, machine), keys.pointer(account_id, KIND, machine.id)
    position = keys.position(machine.created, machine.id)
    stored = MachineRow(
        pk=key.pk,
        sk=key.sk,
        position=position,
        **slots(account_id, machine, license),
        **due(machine.id, due_at),
        **to_attributes(machine, MachineRow),
    )
    reach = PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, created=machine.created)
    return Put(stored), Put(reach), Put(holder(account_id, KIND, machine.fingerprint, position, key))


def holder(account_id: str, kind: str, fingerprint: str, position: str, key: keys.Key) -> FingerprintRow:
    """The row that tells who holds a fingerprint."""
    return FingerprintRow(
        pk=keys.fingerprint(account_id, kind, fingerprint), sk=position, target_pk=key.pk, target_sk=key.sk
    )


def update(
    account_id: str,
    before: Machine,
    after: Machine,
    license: License,
    due_at: datetime | None,
    also: tuple[Action, ...] = (),
) -> Change:
    """The write of a change, if nobody else changed the machine meanwhile, nor what its deadline follows from.

    With another owner its processes count elsewhere: then no other may have come or gone.
    """
    actions = (
        *difference(before, raised(after, before), MachineRow),
        *relisted(slots(account_id, before, license), slots(account_id, after, license), MachineRow),
        *rearmed(after.id, due_at),
        *also,
    )
    seen = same(before) & unmoved(before)
    if after.owner_id != before.owner_id:
        seen = seen & (MachineRow.processes == before.processes)
    return Change(MachineRow, key_of(account_id, before), actions, seen)


def same(machine: Machine) -> Condition:
    """It is still this machine, as it was read."""
    as_read: Condition = (MachineRow.id == machine.id) & (MachineRow.revision == machine.revision)
    return as_read


def unmoved(machine: Machine) -> Condition:
    """Its heartbeat is the one that was seen, and nobody has told its death meanwhile."""
    beat = as_seen(MachineRow.last_heartbeat, machine.last_heartbeat)
    found: Condition = beat & as_seen(MachineRow.death_sent, machine.death_sent)
    return found


def beaten(account_id: str, before: Machine, after: Machine, due_at: datetime | None) -> Change:
    """The one conditional write of a ping: the heartbeat that was seen is replaced, and the deadline moved."""
    actions = (*difference(before, after, MachineRow), *rearmed(after.id, due_at))
    return Change(MachineRow, key_of(account_id, before), actions, (MachineRow.id == before.id) & unmoved(before))


def checked_out(account_id: str, before: Machine, after: Machine) -> Change:
    """The write of a check-out, on the condition that nobody else checked the machine out meanwhile."""
    unmoved = as_seen(MachineRow.last_check_out, before.last_check_out)
    actions = difference(before, after, MachineRow)
    return Change(MachineRow, key_of(account_id, before), actions, (MachineRow.id == before.id) & unmoved, marked=False)


def removal(account_id: str, machine: Machine, now: datetime) -> tuple[Write, ...]:
    """The writes that make a machine disappear, as it was read; its fingerprint is free, its id stays used."""
    pointer, position = keys.pointer(account_id, KIND, machine.id), keys.position(machine.created, machine.id)
    counted = MachineRow.processes == machine.processes
    return (
        Remove(MachineRow, key_of(account_id, machine), same(machine) & unmoved(machine) & counted),
        tombstone.over(PointerRow, pointer, machine.created, now),
        Remove(FingerprintRow, keys.Key(keys.fingerprint(account_id, KIND, machine.fingerprint), position)),
    )


def due(identifier: str, due_at: datetime | None) -> dict[str, Any]:
    """The attributes of a deadline, none when there is none."""
    return {} if due_at is None else {"due_at": due_at, "due_shard": keys.due_shard(identifier)}


def rearmed(identifier: str, due_at: datetime | None) -> tuple[Action, ...]:
    """Move a deadline, or take it out of the index."""
    shard = None if due_at is None else keys.due_shard(identifier)
    return assign(MachineRow.due_at, due_at), assign(MachineRow.due_shard, shard)


def listed(machine: Machine) -> Listed:
    """A machine as the rows of its metadata see it."""
    return Listed(KIND, machine.id, machine.created, metadata_rows(machine.metadata), machine.revision)
