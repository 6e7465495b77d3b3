"""Components: create, update, delete (spec machines.md §8)."""

from __future__ import annotations

from chalicelib.api.kind import creation
from chalicelib.api.kinds.components import COMPONENTS, load_one
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked
from chalicelib.api.schema import document, linkage, metadata, spellings, text
from chalicelib.licensing import component as components
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.uniqueness import Place, Scope, taken
from chalicelib.store.fetch import Plan
from chalicelib.store.items import component as stored
from chalicelib.store.items import fence
from chalicelib.store.loads import hosts
from chalicelib.store.loads.hosts import Host
from chalicelib.store.loads.parts import Part

TYPES = spellings("component", "components")
EDITORS = frozenset({"admin", "developer", "sales-agent", "support-agent", "product", "environment"})
CREATE = document(
    TYPES,
    {"fingerprint": text(required=True), "name": text(required=True), "metadata": metadata()},
    {"machine": linkage(*spellings("machine", "machines"), required=True)},
    relationships_required=True,
)
UPDATE = document(TYPES, {"name": text(), "metadata": metadata(roles=EDITORS)}, identifier=text())


def _load(arrival: Arrival) -> Plan[Host]:
    fingerprint = attribute(arrival.document, "fingerprint")
    return hosts.of_component(arrival.account_id, linked(arrival.document, "machine"), fingerprint)


def _may_create(scene: Scene) -> None:
    authorize(scene.bearer, "component.create", "component.create", subject(scene.loaded))


def subject(host: Host) -> Subject:
    """The machine that gets a part, as authorization sees it; nothing when it does not exist."""
    installed = host.installed
    if installed is None:
        return Subject()
    licensed = installed.licensed
    return Subject(license=licensed.license, policy=licensed.policy, machine=installed.machine)


def _create(scene: Scene, command: Command) -> Outcome:
    host: Host = scene.loaded
    installed = host.installed
    machine = None if installed is None else installed.machine
    fields = command["data"]["attributes"]
    component = components.create(scene.new_id(), fields, machine=machine, taken=_taken(host), now=scene.now)
    assert installed is not None
    license = installed.licensed.license
    fences = (fence.passed(scene.account_id, "component", component.fingerprint, host.held.fence),)
    return COMPONENTS.created_as(
        scene,
        component.id,
        COMPONENTS.show(scene, Part(component, installed)),
        writes=(
            *stored.creation(scene.account_id, component, installed.machine, license),
            stored.installed(scene.account_id, installed.machine),
            *(fences if host.held.wide else ()),
        ),
        event="component.created",
    )


def _taken(host: Host) -> Scope | None:
    """Where the fingerprint is held already, None where it is free."""
    if host.installed is None:
        return None
    machine, licensed = host.installed.machine, host.installed.licensed
    place = Place(
        product_id=licensed.license.product_id,
        policy_id=licensed.license.policy_id,
        license_id=licensed.license.id,
        machine_id=machine.id,
    )
    holders = (*((place,) if host.there else ()), *host.held.places)
    return taken("component", licensed.policy.component_uniqueness_strategy, place, holders)


def _update(scene: Scene, command: Command) -> Outcome:
    part = COMPONENTS.one(scene)
    after = components.update(part.value, command["data"]["attributes"], scene.now)
    return Outcome(
        body={"data": COMPONENTS.show(scene, Part(after, part.installed))},
        writes=(stored.update(scene.account_id, part.value, after, part.installed.machine),),
        event="component.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    part = COMPONENTS.one(scene)
    fingerprint = part.installed.machine.fingerprint
    return Outcome(
        status=204,
        payload={"data": COMPONENTS.show(scene, part)},
        writes=stored.removal(scene.account_id, part.value, fingerprint, scene.now),
        event="component.deleted",
    )


OPERATIONS = (
    creation(
        "component.create",
        "/components",
        _create,
        load=_load,
        authorize=_may_create,
        body=CREATE,
        event="component.created",
    ),
    COMPONENTS.member(
        "component.update",
        ("PATCH", "PUT"),
        "/components/{id}",
        load_one,
        _update,
        body=UPDATE,
        events=("component.updated",),
    ),
    COMPONENTS.member(
        "component.delete", ("DELETE",), "/components/{id}", load_one, _delete, events=("component.deleted",)
    ),
)
