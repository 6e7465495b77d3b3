"""Processes. They are counted on their machine, its license and its owner's bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.admin.transfer.document import Resource, Sent, Shape, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place
from chalicelib.admin.transfer.kinds import heartbeats, parts, sums
from chalicelib.admin.transfer.kinds.parts import Found
from chalicelib.admin.transfer.merge import fixed, made, settled
from chalicelib.admin.transfer.readers import columns
from chalicelib.licensing import fields as rules
from chalicelib.licensing.deaths import next_due
from chalicelib.licensing.errors import check
from chalicelib.licensing.fields import invalid
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process
from chalicelib.licensing.uniqueness import name_problems
from chalicelib.store import keys
from chalicelib.store.fetch import Plan
from chalicelib.store.items import process as stored
from chalicelib.store.items.machine import rearmed
from chalicelib.store.keys import Key
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import PROCESSES, Part
from chalicelib.store.unit import Change

PRIVATE = ("death_sent",)
SHAPE = Shape(
    type="processes",
    attributes=columns(Process, "pid", "last_heartbeat", "metadata", "created", "updated"),
    meta=columns(Process, *PRIVATE),
    links=parts.LINKS,
    derived=frozenset({"status", "interval", "next_heartbeat"}),
)


def _load(place: Place, sent: Sent) -> Plan[Found[Process]]:
    account_id, pid = place.account_id, sent.given.get("pid")

    def key(machine: Machine) -> Key | None:
        return None if pid is None else keys.process(account_id, machine.license_id, machine.fingerprint, pid)

    return parts.found(account_id, PROCESSES, sent, key)


def _decide(place: Place, sent: Sent, found: Found[Process], now: datetime) -> Decision:
    part = parts.there(sent, found)
    check([rules.metadata(sent.given.get("metadata"))])
    if part is not None:
        return _changed(place, sent, part, now)
    assert found.machine is not None
    return _created(place, sent, found.machine, now, taken=found.taken(sent.id))


def _created(place: Place, sent: Sent, installed: Installed, now: datetime, *, taken: bool) -> Decision:
    pid, machine, licensed = parts.said(sent, "pid"), installed.machine, installed.licensed
    used = invalid("pid", "TAKEN", "has already been taken") if taken else None
    check([used, rules.present("pid", pid), *name_problems("pid", pid)])

    def create(given: dict[str, Any], at: datetime) -> Process:
        return Process(
            **{"last_heartbeat": at, **given, **sent.meta},
            id=sent.id,
            machine_id=machine.id,
            license_id=machine.license_id,
            created=at,
            updated=at,
        )

    process = made(sent, now, create)
    check(heartbeats.problems(process, now))
    due = next_due(process, licensed.policy, now)
    writes = (
        *stored.creation(place.account_id, process, machine, licensed.license, due),
        *sums.spawned(place.account_id, machine, licensed.license),
    )
    return Decision(writes=writes, created=True)


def _changed(place: Place, sent: Sent, part: Part[Process], now: datetime) -> Decision:
    before, machine = part.value, part.installed.machine
    fixed(before, {"pid": sent.given.get("pid")})
    after = settled(before, replace(before, **sent.given, **sent.meta), sent, now)
    if after is before:
        return UNCHANGED
    check(heartbeats.problems(after, now))
    return Decision(writes=(_update(place.account_id, before, after, machine, part.installed.licensed.policy, now),))


def _update(
    account_id: str, before: Process, after: Process, machine: Machine, policy: Policy, now: datetime
) -> Change:
    """The write of a change with its deadline, if nobody pinged or told its death meanwhile."""
    change = stored.update(account_id, before, after, machine)
    actions = (*change.actions, *rearmed(after.id, next_due(after, policy, now)))
    assert change.when is not None
    return replace(change, actions=actions, when=change.when & stored.unmoved(before))


def _resources(place: Place) -> Iterator[Resource]:
    for process in parts.every(place, PROCESSES):
        private = {name: getattr(process, name) for name in PRIVATE}
        yield written(SHAPE, process, {"machine": ("machines", process.machine_id)}, private)


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
