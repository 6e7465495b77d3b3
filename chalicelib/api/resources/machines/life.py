"""Machines: update, deactivate, ping, reset (spec machines.md §6.1, §6.4, §7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.api.hints import hinted
from chalicelib.api.kinds.machines import MACHINES, load_one, show
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.quotas import spent
from chalicelib.api.resources.machines.common import MEMBER, PRIVILEGED, TYPES
from chalicelib.api.schema import document, integer, metadata, text
from chalicelib.licensing import activation, deaths, heartbeat
from chalicelib.licensing.activation_limits import machine_bounds
from chalicelib.licensing.buckets import EMPTY_BUCKET, added
from chalicelib.licensing.heartbeat import Beat
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.store import deactivation
from chalicelib.store.items import machine as stored
from chalicelib.store.items import seats
from chalicelib.store.items.bucket import sums_of
from chalicelib.store.items.seats import Buckets
from chalicelib.store.loads.machines import Installed, buckets_of
from chalicelib.store.tasks import erase_machine
from chalicelib.store.unit import Write

UPDATE = document(
    TYPES,
    {
        **{name: text(nullable=True, blank=True) for name in ("name", "ip", "hostname", "platform")},
        **{name: integer(nullable=True, roles=PRIVILEGED) for name in ("cores", "memory", "disk")},
        "metadata": metadata(roles=PRIVILEGED),
    },
    identifier=text(),
)
PING, RESURRECTED, RESET = (f"machine.heartbeat.{name}" for name in ("ping", "resurrected", "reset"))


def changed(scene: Scene, installed: Installed, after: Machine, read: Buckets) -> tuple[Write, ...]:
    """The writes of a change of a machine: itself, and what it moves on its license and between owners."""
    before, license, policy = installed.machine, installed.licensed.license, installed.licensed.policy
    due = deaths.next_due(after, policy, scene.now)
    update = stored.update(scene.account_id, before, after, license, due)
    change = added(before, after)
    if not change.owners and change.license == EMPTY_BUCKET:
        return (update,)
    bounds = machine_bounds(before, after, license, policy)
    return (update, *seats.counted(scene.account_id, license, change, bounds, read, scene.now))


def _update(scene: Scene, command: Command) -> Outcome:
    installed = MACHINES.one(scene)
    before, licensed = installed.machine, installed.licensed
    read = scene.read(buckets_of(scene.account_id, before.license_id, [before.owner_id]))
    bucket = sums_of(read[before.owner_id])
    changes = command["data"]["attributes"]
    after = activation.update(before, changes, licensed.license, licensed.policy, bucket, scene.now)
    return Outcome(
        body={"data": show(scene, installed, after)},
        writes=changed(scene, installed, after, read),
        event="machine.updated",
        **hinted(scene, stored.listed(before), stored.listed(after)),
    )


def _deactivate(scene: Scene, command: Command) -> Outcome:
    installed = MACHINES.one(scene)
    machine, database, task_id = installed.machine, scene.arrival.service.database, scene.new_id()
    quota = spent(scene, "deactivations")
    read = scene.read(buckets_of(scene.account_id, machine.license_id, [machine.owner_id]))
    gone = deactivation.deactivated(scene.account_id, machine, installed.licensed.license, read, scene.now)
    return Outcome(
        status=204,
        payload={"data": show(scene, installed)},
        writes=(*gone, *quota, erase_machine(scene.account_id, machine, task_id, scene.now)),
        event="machine.deleted",
        then=lambda: deactivation.drop_parts(database, scene.account_id, [machine], scene.now),
    )


def _beaten(beat: Callable[[Machine, Policy, datetime], Beat[Machine]]) -> Callable[[Scene, Command], Outcome]:
    """One conditional write: the heartbeat that was seen is replaced, so that a ping and a cull never both win."""

    def decide(scene: Scene, command: Command) -> Outcome:
        installed = MACHINES.one(scene)
        policy = installed.licensed.policy
        found = beat(installed.machine, policy, scene.now)
        due = deaths.next_due(found.after, policy, scene.now)
        return Outcome(
            body={"data": show(scene, installed, found.after, found.status)},
            writes=(stored.beaten(scene.account_id, installed.machine, found.after, due),),
            event=found.event,
        )

    return decide


def _beat(path: str, rule: str, name: str, decide: Callable[[Scene, Command], Outcome], *events: str) -> Operation:
    return MACHINES.member(name, ("POST",), f"{MEMBER}/actions/{path}", load_one, decide, rule=rule, events=events)


_ping, _reset = _beaten(heartbeat.ping), _beaten(heartbeat.reset)

OPERATIONS = (
    MACHINES.member(
        "machine.update", ("PATCH", "PUT"), MEMBER, load_one, _update, body=UPDATE, events=("machine.updated",)
    ),
    MACHINES.member("machine.delete", ("DELETE",), MEMBER, load_one, _deactivate, events=("machine.deleted",)),
    _beat("ping", "machine.heartbeat.ping", "machine.heartbeat.ping", _ping, PING, RESURRECTED),
    _beat("ping-heartbeat", "machine.heartbeat.ping", "machine.heartbeat.ping-alias", _ping, PING, RESURRECTED),
    _beat("reset", "machine.heartbeat.reset", "machine.heartbeat.reset", _reset, RESET),
    _beat("reset-heartbeat", "machine.heartbeat.reset", "machine.heartbeat.reset-alias", _reset, RESET),
)
