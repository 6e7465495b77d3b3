"""Processes as they are counted: on their machine, its license and its owner's bucket (spec machines.md §9)."""

from __future__ import annotations

from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.licensing.activation_limits import Bound
from chalicelib.licensing.buckets import Added, Bucket
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.store.items import bucket, seats
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.items.machine import MachineRow
from chalicelib.store.items.seats import Buckets
from chalicelib.store.unit import Change, Write, as_seen


def counted(
    account_id: str,
    machine: Machine,
    license: License,
    by: int,
    bound: Bound | None,
    buckets: Buckets,
    now: datetime,
) -> tuple[Write, ...]:
    """The writes that count `by` processes more; all three sums are kept whatever the leasing strategy is.

    The machine must still be of the owner whose sums they are.
    """
    bounds = () if bound is None else (bound,)
    sums = Bucket(processes=by)
    change = Added(license=sums, owners={machine.owner_id: sums})
    condition: Condition = (MachineRow.id == machine.id) & as_seen(MachineRow.owner_id, machine.owner_id)
    room = seats.room(MachineRow, bounds, "machine")
    actions = bucket.added(MachineRow, {"processes": by})
    on_machine = Change(
        MachineRow, machines.key_of(account_id, machine), actions, condition if room is None else condition & room
    )
    return (on_machine, *seats.counted(account_id, license, change, bounds, buckets, now))


def killed(
    account_id: str, process: Process, machine: Machine, license: License, buckets: Buckets, now: datetime
) -> tuple[Write, ...]:
    """The writes of a process that goes, unless it pinged meanwhile."""
    return (
        *processes.removal(account_id, process, machine.fingerprint, now),
        *counted(account_id, machine, license, -1, None, buckets, now),
    )
