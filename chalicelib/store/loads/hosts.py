"""The machine a new component or process names, and what is in its way (spec machines.md §8, §9)."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.uniqueness import is_wide
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import component as components
from chalicelib.store.items import process as processes
from chalicelib.store.items.seats import Buckets
from chalicelib.store.loads import machines
from chalicelib.store.loads.holders import Held, holders
from chalicelib.store.loads.live import live
from chalicelib.store.loads.machines import Installed


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, None when there is none with that id. `there`: it has such a part already. `held`: who else has the
    fingerprint, where that matters. `buckets`: that of the machine's owner.
    """

    installed: Installed | None = None
    there: bool = False
    id_taken: bool = False
    held: Held = Held()
    buckets: Buckets = msgspec.field(default_factory=dict)


def of_component(account_id: str, machine_id: str | None, fingerprint: str | None) -> Plan[Host]:
    """What creating a component looks at."""
    installed = None if machine_id is None else (yield from machines.by_id(account_id, machine_id))
    if installed is None or fingerprint is None:
        return Host(installed=installed)
    machine = installed.machine
    key = keys.component(account_id, machine.license_id, machine.fingerprint, fingerprint)
    found = yield need(key)
    item = live(found, key, components.KIND)
    there = item is not None and item["machine_id"] == machine.id
    if not is_wide("component", installed.licensed.policy.component_uniqueness_strategy):
        return Host(installed=installed, there=there)
    held = yield from holders(account_id, "component", fingerprint)
    return Host(installed=installed, there=there, held=held)


def of_process(account_id: str, machine_id: str | None, pid: str | None, process_id: str | None) -> Plan[Host]:
    """What spawning a process looks at."""
    installed = None if machine_id is None else (yield from machines.by_id(account_id, machine_id))
    if installed is None or pid is None:
        return Host(installed=installed)
    machine = installed.machine
    key = keys.process(account_id, machine.license_id, machine.fingerprint, pid)
    own = None if process_id is None else keys.pointer(account_id, processes.KIND, process_id)
    found = yield need(key, own, keys.bucket(account_id, machine.license_id, machine.owner_id))
    item = live(found, key, processes.KIND)
    return Host(
        installed=installed,
        there=item is not None and item["machine_id"] == machine.id,
        id_taken=own is not None and found[own] is not None,
        buckets=(yield from machines.buckets_of(account_id, machine.license_id, [machine.owner_id])),
    )
