"""Machines of licenses, users and groups that are gone, and what hung on machines that are (machines.md §6.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store import fetch, keys
from chalicelib.store.deactivation import arguments, below, deactivated, drop_parts, part_removal
from chalicelib.store.fetch import Entry
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import group as groups
from chalicelib.store.items import hint, outbox
from chalicelib.store.items import machine as machines
from chalicelib.store.items.bucket import BucketRow
from chalicelib.store.items.machine import MachineRow
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads.live import live
from chalicelib.store.tasks.steps import Job, Step, attempt, drain, one_after_the_other, read
from chalicelib.store.unit import Change, Remove, Write

MACHINE = "erase-machine"
TRIES = 2
"""A ping that is still under way keeps a machine from being removed, once."""


def machine_gone(account_id: str, machine: Machine, task_id: str, now: datetime) -> Write:
    """The write that announces that what hung on a machine has to be removed; it disappeared with it."""
    kept = hint.arguments(machines.listed(machine)) | arguments(machine)
    return outbox.task(account_id, task_id, MACHINE, machine.id, now, **kept)


def license_machines(job: Job) -> str | None:
    """A deleted license: its machines, then what hung on them, to which nothing comes any more; the sums of owners."""
    for _ in range(TRIES):
        for machine in _machines_of(job):
            _forget(job, machine)
    for kind in ("component", "process"):
        for item in below(job.database, keys.below_license(job.account_id, kind, job.target)):
            attempt(job.database, part_removal(job.account_id, item, job.now))
    for item in below(job.database, keys.below_license(job.account_id, buckets.KIND, job.target)):
        attempt(job.database, (Remove(BucketRow, Key(item["pk"], item["sk"])),))
    return None


def user_machines(job: Job) -> str | None:
    """A deleted user: the machines it owns on any license, which then have seats more."""

    def remove(entry: Entry) -> bool:
        machine = _stored(job, entry)
        if machine is None or machine.owner_id != job.target:
            return False
        licensed = fetch.run(job.database, licenses.by_exact_id(job.account_id, machine.license_id))
        return licensed is not None and _deactivate(job, machine, licensed.license)

    return drain(job, 5, keys.slot(job.account_id, "owner", job.target, machines.KIND), remove)


def group_machines(job: Job) -> str | None:
    """A deleted group: its machines have none."""

    def remove(entry: Entry) -> bool:
        leave = (
            MachineRow.group_id.remove(),
            MachineRow.in_6.remove(),
            MachineRow.revision.set(MachineRow.revision + 1),
        )
        return attempt(job.database, (Change(MachineRow, entry.key, leave, MachineRow.group_id == job.target),))

    return drain(job, 6, keys.slot(job.account_id, "group", job.target, machines.KIND), remove)


def _parts(job: Job) -> str | None:
    """A deactivated machine: its components, processes and rows in lists."""
    kept = job.arguments
    machine = Machine(
        id=kept["machine"],
        license_id=kept["license"],
        fingerprint=kept["fingerprint"],
        created=job.now,
        updated=job.now,
    )
    drop_parts(job.database, job.account_id, [machine], job.now)
    hint.drop(job.database, job.account_id, hint.listed_as(kept))
    return None


def _machines_of(job: Job) -> Iterator[Machine]:
    start = keys.below_license(job.account_id, machines.KIND, job.target)
    return (machines.machine_of(item) for item in below(job.database, start))


def _forget(job: Job, machine: Machine) -> None:
    """A machine whose license is gone, with its counters: only its group still counts it."""
    gone = machines.removal(job.account_id, machine, job.now)
    hint.drop(job.database, job.account_id, machines.listed(machine))
    attempt(job.database, (*gone, *_left_group(job, machine)))


def _deactivate(job: Job, machine: Machine, license: License) -> bool:
    counted = machine if _left_group(job, machine) else replace(machine, group_id=None)
    read_buckets = fetch.run(job.database, loads.buckets_of(job.account_id, license.id, [machine.owner_id]))
    gone = deactivated(job.account_id, counted, license, read_buckets, job.now)
    done = attempt(job.database, (*gone, machine_gone(job.account_id, machine, job.new_id(), job.now)))
    if done:
        drop_parts(job.database, job.account_id, [machine], job.now)
    return done


def _left_group(job: Job, machine: Machine) -> tuple[Write, ...]:
    if machine.group_id is None:
        return ()
    key = keys.resource(job.account_id, groups.KIND, machine.group_id)
    alive = live(read(job.database, [key]), key, groups.KIND) is not None
    return (groups.left_group(job.account_id, "machines", machine.group_id),) if alive else ()


def _stored(job: Job, entry: Entry) -> Machine | None:
    item = live(read(job.database, [entry.key]), entry.key, machines.KIND)
    return None if item is None else machines.machine_of(item)


STEPS: Mapping[str, Step] = {MACHINE: one_after_the_other(_parts)}
"""By the name of the task."""
