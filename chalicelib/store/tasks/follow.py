"""What hangs on a license and follows it: where machines are listed and when they are due, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from chalicelib.licensing import deaths
from chalicelib.licensing.buckets import added
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.store import fetch, keys
from chalicelib.store.deactivation import below
from chalicelib.store.items import component as components
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.items import seats
from chalicelib.store.items.component import ComponentRow
from chalicelib.store.items.machine import MachineRow, rearmed
from chalicelib.store.items.process import ProcessRow
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.machines import buckets_of
from chalicelib.store.table import Item
from chalicelib.store.tasks.steps import Job, Step, attempt, one_after_the_other
from chalicelib.store.unit import Change, Write

LICENSE, DISOWN = "follow-license", "disown-machines"


def license_parts(job: Job, license: License, policy: Policy) -> None:
    """The machines, components and processes of a license, as it and its policy are now."""
    for item in below(job.database, keys.below_license(job.account_id, machines.KIND, license.id)):
        attempt_if_any(job, _machine(job, item, license, policy))
    for item in below(job.database, keys.below_license(job.account_id, components.KIND, license.id)):
        attempt_if_any(job, _component(job, item, license))
    for item in below(job.database, keys.below_license(job.account_id, processes.KIND, license.id)):
        attempt_if_any(job, _process(job, item, license, policy))


def attempt_if_any(job: Job, write: Write | None) -> None:
    """A write that is needed."""
    if write is not None:
        attempt(job.database, (write,))


def _machine(job: Job, item: Item, license: License, policy: Policy) -> Write | None:
    machine = machines.machine_of(item)
    due = deaths.next_due(machine, policy, job.now)
    slots = machines.slots(job.account_id, machine, license)
    if due == item.get("due_at") and (item["in_2"], item["in_3"]) == (slots["in_2"], slots["in_3"]):
        return None
    actions = (*rearmed(machine.id, due), MachineRow.in_2.set(slots["in_2"]), MachineRow.in_3.set(slots["in_3"]))
    same = (MachineRow.id == machine.id) & machines.unmoved(machine)
    return Change(MachineRow, _key(item), actions, same, marked=False)


def _component(job: Job, item: Item, license: License) -> Write | None:
    slot = components.slots(job.account_id, components.component_of(item), license)["in_2"]
    if item["in_2"] == slot:
        return None
    return Change(ComponentRow, _key(item), (ComponentRow.in_2.set(slot),), ComponentRow.id == item["id"], marked=False)


def _process(job: Job, item: Item, license: License, policy: Policy) -> Write | None:
    process = processes.process_of(item)
    due = deaths.next_due(process, policy, job.now)
    slot = processes.slots(job.account_id, process, license)["in_2"]
    if due == item.get("due_at") and item["in_2"] == slot:
        return None
    actions = (*rearmed(process.id, due), ProcessRow.in_2.set(slot))
    return Change(ProcessRow, _key(item), actions, processes.unmoved(process), marked=False)


def _license(job: Job) -> str | None:
    """A license that moved to another policy."""
    licensed = fetch.run(job.database, licenses.by_exact_id(job.account_id, job.target))
    if licensed is not None:
        license_parts(job, licensed.license, licensed.policy)
    return None


def _disown(job: Job) -> str | None:
    """Users that left a license: their machines stay, and are nobody's (machines.md §6.5)."""
    licensed = fetch.run(job.database, licenses.by_exact_id(job.account_id, job.target))
    if licensed is None:
        return None
    for item in below(job.database, keys.below_license(job.account_id, machines.KIND, job.target)):
        if item.get("owner_id") in job.arguments["users"] and not _is_user(job, licensed.license, item["owner_id"]):
            _nobodys(job, machines.machine_of(item), licensed.license, licensed.policy)
    return None


def _is_user(job: Job, license: License, user_id: str) -> bool:
    """Somebody may have come back meanwhile."""
    if user_id == license.owner_id:
        return True
    attached = fetch.run(job.database, licenses.attached(job.account_id, [license.id], [user_id]))
    return bool(attached[license.id])


def _nobodys(job: Job, machine: Machine, license: License, policy: Policy) -> None:
    after = replace(machine, owner_id=None, updated=job.now)
    read = fetch.run(job.database, buckets_of(job.account_id, license.id, [machine.owner_id, None]))
    due = deaths.next_due(after, policy, job.now)
    writes = (
        machines.update(job.account_id, machine, after, license, due),
        *seats.counted(job.account_id, license, added(machine, after), (), read, job.now),
    )
    attempt(job.database, writes)


def _key(item: Item) -> Key:
    return Key(item["pk"], item["sk"])


STEPS: Mapping[str, Step] = {LICENSE: one_after_the_other(_license), DISOWN: one_after_the_other(_disown)}
"""By the name of the task."""
