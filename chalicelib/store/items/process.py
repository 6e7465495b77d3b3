"""Processes: by the fingerprint of their machine and their pid, reached by id through a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.machine import due, rearmed
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Put, Remove, Write, as_seen

KIND = "process"


class ProcessRow(Row, discriminator=KIND):
    """A process; one whose machine has another id than `machine_id` does not exist."""

    id = UnicodeAttribute()
    machine_id = UnicodeAttribute()
    license_id = UnicodeAttribute()
    pid = UnicodeAttribute()
    metadata = JsonAttribute()
    machine_fingerprint = UnicodeAttribute()
    last_heartbeat = InstantAttribute()
    death_sent = InstantAttribute(null=True)
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def process_of(item: Item) -> Process:
    """The domain value of a stored process."""
    return to_value(Process, item)


def key_of(account_id: str, process: Process, machine: Machine) -> keys.Key:
    """Where a process is."""
    return keys.process(account_id, process.license_id, machine.fingerprint, process.pid)


def slots(account_id: str, process: Process, license: License) -> Mapping[str, Any]:
    """Where a process is listed."""
    return {
        "in_1": keys.slot(account_id, KIND),
        "in_2": keys.slot(account_id, "product", license.product_id, KIND),
        "in_4": keys.slot(account_id, "license", process.license_id, KIND),
    }


def creation(
    account_id: str, process: Process, machine: Machine, license: License, due_at: datetime | None
) -> tuple[Write, ...]:
    """The writes of a new process; one that a machine before this one left behind is written over."""
    key, pointer = key_of(account_id, process, machine), keys.pointer(account_id, KIND, process.id)
    stored = ProcessRow(
        pk=key.pk,
        sk=key.sk,
        position=keys.position(process.created, process.id),
        machine_fingerprint=machine.fingerprint,
        **slots(account_id, process, license),
        **due(process.id, due_at),
        **to_attributes(process, ProcessRow),
    )
    free = ProcessRow.pk.does_not_exist() | (ProcessRow.machine_id != machine.id)
    reach = PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, created=process.created)
    return Put(stored, free), Put(reach)


def update(account_id: str, before: Process, after: Process, machine: Machine) -> Change:
    """The write of a change."""
    actions = difference(before, raised(after, before), ProcessRow)
    same = (ProcessRow.id == before.id) & (ProcessRow.revision == before.revision)
    return Change(ProcessRow, key_of(account_id, before, machine), actions, same)


def beaten(account_id: str, before: Process, after: Process, machine: Machine, due_at: datetime | None) -> Change:
    """The one conditional write of a ping."""
    actions = (*difference(before, after, ProcessRow), *rearmed(after.id, due_at))
    return Change(ProcessRow, key_of(account_id, before, machine), actions, unmoved(before))


def removal(account_id: str, process: Process, machine_fingerprint: str, now: datetime) -> tuple[Write, ...]:
    """The writes that make a process disappear, unless it pinged meanwhile."""
    key = keys.process(account_id, process.license_id, machine_fingerprint, process.pid)
    pointer = keys.pointer(account_id, KIND, process.id)
    return Remove(ProcessRow, key, unmoved(process)), tombstone.over(PointerRow, pointer, process.created, now)


def unmoved(process: Process) -> Condition:
    """It is still this process, with the heartbeat that was seen, and nobody has told its death meanwhile."""
    beat = (ProcessRow.id == process.id) & (ProcessRow.last_heartbeat == process.last_heartbeat)
    found: Condition = beat & as_seen(ProcessRow.death_sent, process.death_sent)
    return found
