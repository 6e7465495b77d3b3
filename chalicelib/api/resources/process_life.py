"""Processes: spawn, update, kill, ping (spec machines.md §9)."""

from __future__ import annotations

from chalicelib.api.kind import creation
from chalicelib.api.kinds.processes import PROCESSES, load_one, show
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked, peek
from chalicelib.api.schema import UUID, Member, document, linkage, metadata, spellings, text
from chalicelib.licensing import deaths, heartbeat
from chalicelib.licensing import process as processes
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.activation_limits import process_bound
from chalicelib.licensing.buckets import EMPTY_BUCKET
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.process import Draft
from chalicelib.store import running
from chalicelib.store.fetch import Plan
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import process as stored
from chalicelib.store.loads import hosts
from chalicelib.store.loads.hosts import Host
from chalicelib.store.loads.machines import buckets_of
from chalicelib.store.loads.parts import Part

TYPES = spellings("process", "processes")
EDITORS = frozenset({"admin", "developer", "sales-agent", "support-agent", "product", "environment"})
CREATE = document(
    TYPES,
    {"pid": text(required=True), "metadata": metadata()},
    {"machine": linkage(*spellings("machine", "machines"), required=True)},
    identifier=Member(UUID),
    relationships_required=True,
)
UPDATE = document(TYPES, {"metadata": metadata(roles=EDITORS)}, identifier=text())
PING, RESURRECTED = "process.heartbeat.ping", "process.heartbeat.resurrected"


def _load(arrival: Arrival) -> Plan[Host]:
    sent = peek(arrival.document, "data", "id")
    process_id = normal_uuid(sent) if isinstance(sent, str) and is_uuid(sent) else None
    machine_id, pid = linked(arrival.document, "machine"), attribute(arrival.document, "pid")
    return hosts.of_process(arrival.account_id, machine_id, pid, process_id)


def _may_create(scene: Scene) -> None:
    host: Host = scene.loaded
    subject = Subject()
    if host.installed is not None:
        licensed = host.installed.licensed
        subject = Subject(license=licensed.license, policy=licensed.policy, machine=host.installed.machine)
    authorize(scene.bearer, "process.create", "process.create", subject)


def _create(scene: Scene, command: Command) -> Outcome:
    host: Host = scene.loaded
    process = processes.create(_draft(scene, command), scene.now)
    assert host.installed is not None
    machine, licensed = host.installed.machine, host.installed.licensed
    license, policy = licensed.license, licensed.policy
    due = deaths.next_due(process, policy, scene.now)
    return PROCESSES.created_as(
        scene,
        process.id,
        show(scene, Part(process, host.installed)),
        writes=(
            *stored.creation(scene.account_id, process, machine, license, due),
            *running.counted(
                scene.account_id, machine, license, 1, process_bound(machine, license, policy), host.buckets, scene.now
            ),
        ),
        event="process.created",
    )


def _draft(scene: Scene, command: Command) -> Draft:
    host: Host = scene.loaded
    data, installed = command["data"], host.installed
    return Draft(
        process_id=data.get("id") or scene.new_id(),
        fields=data["attributes"],
        machine=None if installed is None else installed.machine,
        license=None if installed is None else installed.licensed.license,
        policy=None if installed is None else installed.licensed.policy,
        bucket=EMPTY_BUCKET if installed is None else buckets.sums_of(host.buckets[installed.machine.owner_id]),
        pid_taken=host.there,
        id_taken=host.id_taken,
    )


def _update(scene: Scene, command: Command) -> Outcome:
    part = PROCESSES.one(scene)
    after = processes.update(part.value, command["data"]["attributes"], scene.now)
    return Outcome(
        body={"data": show(scene, part, after)},
        writes=(stored.update(scene.account_id, part.value, after, part.installed.machine),),
        event="process.updated",
    )


def _kill(scene: Scene, command: Command) -> Outcome:
    part = PROCESSES.one(scene)
    machine, license = part.installed.machine, part.installed.licensed.license
    read = scene.read(buckets_of(scene.account_id, machine.license_id, [machine.owner_id]))
    return Outcome(
        status=204,
        payload={"data": show(scene, part)},
        writes=running.killed(scene.account_id, part.value, machine, license, read, scene.now),
        event="process.deleted",
    )


def _ping(scene: Scene, command: Command) -> Outcome:
    part = PROCESSES.one(scene)
    policy = part.installed.licensed.policy
    beat = heartbeat.ping(part.value, policy, scene.now)
    due = deaths.next_due(beat.after, policy, scene.now)
    return Outcome(
        body={"data": show(scene, part, beat.after, beat.status)},
        writes=(stored.beaten(scene.account_id, part.value, beat.after, part.installed.machine, due),),
        event=beat.event,
    )


MEMBER = "/processes/{id}"

OPERATIONS = (
    creation(
        "process.create",
        "/processes",
        _create,
        load=_load,
        authorize=_may_create,
        body=CREATE,
        event="process.created",
    ),
    PROCESSES.member(
        "process.update", ("PATCH", "PUT"), MEMBER, load_one, _update, body=UPDATE, events=("process.updated",)
    ),
    PROCESSES.member("process.delete", ("DELETE",), MEMBER, load_one, _kill, events=("process.deleted",)),
    PROCESSES.member(
        "process.heartbeat.ping",
        ("POST",),
        f"{MEMBER}/actions/ping",
        load_one,
        _ping,
        events=(PING, RESURRECTED),
    ),
)
