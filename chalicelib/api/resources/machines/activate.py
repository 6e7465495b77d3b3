"""Activation: a machine takes a seat of its license, or none (spec machines.md §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.api.hints import made
from chalicelib.api.kind import creation
from chalicelib.api.kinds.machines import MACHINES, show
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked, peek
from chalicelib.api.quotas import spent
from chalicelib.api.resources.machines.common import PRIVILEGED_GROUPS, TYPES
from chalicelib.api.schema import (
    ARRAY,
    UUID,
    Member,
    document,
    fields,
    integer,
    linkage,
    metadata,
    spellings,
    text,
)
from chalicelib.licensing import activation, deaths
from chalicelib.licensing import component as components
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.activation import Draft
from chalicelib.licensing.activation_limits import machine_bounds
from chalicelib.licensing.buckets import added
from chalicelib.licensing.embedded import MAXIMUM
from chalicelib.licensing.errors import InvalidFields
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License, first_expiry
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import Kind, Place, Scope, strategy, taken
from chalicelib.store import keys
from chalicelib.store.fetch import Plan
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import component as stored_components
from chalicelib.store.items import fence, seats
from chalicelib.store.items import group as groups
from chalicelib.store.items import machine as stored
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.loads import activation as loads
from chalicelib.store.loads.activation import Activation, Names
from chalicelib.store.loads.holders import Held
from chalicelib.store.loads.machines import Installed
from chalicelib.store.unit import Check, Write

COMPONENT = fields(
    {
        "type": text(required=True, choices=spellings("component", "components")),
        "attributes": fields(
            {"fingerprint": text(required=True), "name": text(required=True), "metadata": metadata()}, required=True
        ),
    },
    required=True,
)
CREATE = document(
    TYPES,
    {
        "fingerprint": text(required=True),
        **{name: text(nullable=True, blank=True) for name in ("name", "ip", "hostname", "platform")},
        **{name: integer(nullable=True) for name in ("cores", "memory", "disk")},
        "metadata": metadata(),
    },
    {
        "license": linkage(*spellings("license", "licenses"), required=True),
        "owner": linkage(*spellings("user", "users"), nullable=True),
        "group": linkage(*spellings("group", "groups"), nullable=True, roles=PRIVILEGED_GROUPS),
        "components": fields({"data": Member(ARRAY, required=True, element=COMPONENT)}),
    },
    identifier=Member(UUID),
    relationships_required=True,
)


def _load(arrival: Arrival) -> Plan[Activation]:
    sent = peek(arrival.document, "data", "id")
    names = Names(
        license_id=linked(arrival.document, "license"),
        fingerprint=attribute(arrival.document, "fingerprint"),
        machine_id=normal_uuid(sent) if isinstance(sent, str) and is_uuid(sent) else None,
        owner_id=linked(arrival.document, "owner"),
        group_id=linked(arrival.document, "group"),
        components=tuple(_fingerprints(peek(arrival.document, "data", "relationships", "components", "data"))),
    )
    return loads.activation(arrival.account_id, names)


def _fingerprints(sent: Any) -> Sequence[str]:
    many = sent if isinstance(sent, list) else []
    found = [peek(one, "attributes", "fingerprint") for one in many if isinstance(one, Mapping)]
    return [one for one in found if isinstance(one, str)][:MAXIMUM]


def _may(scene: Scene) -> None:
    """The machine as it would be: of its license, and of the owner it names (§3.2)."""
    found: Activation = scene.loaded
    licensed, now = found.licensed, scene.now
    owner_id = linked(scene.arrival.document, "owner")
    would_be = Machine(id="", license_id="", fingerprint="", owner_id=owner_id, created=now, updated=now)
    subject = Subject(machine=would_be)
    if licensed is not None:
        subject = Subject(machine=would_be, license=licensed.license, policy=licensed.policy)
    authorize(scene.bearer, "machine.create", "machine.create", subject)
    if peek(scene.arrival.document, "data", "relationships", "components", "data"):
        authorize(scene.bearer, "machine.create", "component.create", subject)


def _activate(scene: Scene, command: Command) -> Outcome:
    found: Activation = scene.loaded
    draft = _draft(scene, command)
    machine, quota = _admitted(scene, draft)
    assert found.licensed is not None
    license, policy = found.licensed.license, found.licensed.policy
    writes = (
        *stored.creation(scene.account_id, machine, license, deaths.next_due(machine, policy, scene.now)),
        *_seat(scene, machine, license, policy, found),
        *_parts(scene, draft, machine, license, found),
        *_proofs(scene, machine, license, found),
        *groups.moved(scene.account_id, "machines", None, None if found.group is None else found.group.group),
        *quota,
    )
    return MACHINES.created_as(
        scene,
        machine.id,
        show(scene, Installed(machine, found.licensed, found.owner)),
        event="machine.created",
        **made(scene, stored.listed(machine), writes),
    )


def _admitted(scene: Scene, draft: Draft) -> tuple[Machine, tuple[Write, ...]]:
    """The new machine, and what it costs the token that asks. Raises what `create` and `spent` do."""
    try:
        return activation.create(draft, scene.now), spent(scene, "activations")
    except InvalidFields:
        # The same activation may have come between two reads and taken the last room: then it holds the fingerprint
        # by now, and clients go on after that answer only (§14.2).
        if draft.taken is not None or not _is_held_by_now(scene, draft):
            raise
        return _admitted(scene, replace(draft, taken="license"))


def _is_held_by_now(scene: Scene, draft: Draft) -> bool:
    if draft.license is None:
        return False
    return scene.read(loads.is_held(scene.account_id, draft.license.id, draft.fields["fingerprint"]))


def _draft(scene: Scene, command: Command) -> Draft:
    found: Activation = scene.loaded
    data, licensed = command["data"], found.licensed
    sent = data.get("relationships", {}).get("components", {}).get("data", ())
    owner_id = linked(scene.arrival.document, "owner")
    return Draft(
        machine_id=data.get("id") or scene.new_id(),
        fields=data["attributes"],
        license=None if licensed is None else licensed.license,
        policy=None if licensed is None else licensed.policy,
        owner=found.owner,
        owner_named=owner_id is not None,
        owner_attached=found.owner_attached,
        group=found.group,
        group_named=linked(scene.arrival.document, "group") is not None,
        taken=_taken(found, "machine", found.held, on_license=found.on_license),
        fingerprint_is_id=found.is_machine_id,
        id_taken=found.id_taken,
        bucket=buckets.sums_of(found.buckets.get(owner_id)),
        components=tuple(components.Inline(scene.new_id(), one["attributes"]) for one in sent),
        components_taken=_components_taken(found),
    )


def _components_taken(found: Activation) -> Mapping[str, Scope]:
    scopes = {one: _taken(found, "component", held, on_license=False) for one, held in found.components.items()}
    return {one: scope for one, scope in scopes.items() if scope is not None}


def _taken(found: Activation, kind: Kind, held: Held, *, on_license: bool) -> Scope | None:
    """Where the fingerprint is held already; the new machine is nowhere yet."""
    if found.licensed is None:
        return None
    license = found.licensed.license
    place = Place(product_id=license.product_id, policy_id=license.policy_id, license_id=license.id, machine_id="")
    here = (place,) if on_license else ()
    return taken(kind, strategy(kind, found.licensed.policy), place, (*here, *held.places))


def _seat(scene: Scene, machine: Machine, license: License, policy: Policy, found: Activation) -> tuple[Write, ...]:
    expiry = first_expiry(license, policy, "FROM_FIRST_ACTIVATION", scene.now)
    return seats.counted(
        scene.account_id,
        license,
        added(None, machine),
        machine_bounds(None, machine, license, policy),
        found.buckets,
        scene.now,
        None if expiry is None else (replace(license, expiry=expiry), policy),
    )


def _parts(scene: Scene, draft: Draft, machine: Machine, license: License, found: Activation) -> tuple[Write, ...]:
    made = components.inline(machine, draft.components, scene.now)
    new = (stored_components.creation(scene.account_id, one, machine, license) for one in made)
    wide = {one: held for one, held in found.components.items() if held.wide}
    fences = (fence.passed(scene.account_id, "component", one, held.fence) for one, held in wide.items())
    return (*(write for writes in new for write in writes), *fences)


def _proofs(scene: Scene, machine: Machine, license: License, found: Activation) -> tuple[Write, ...]:
    """What must still hold: the fence nobody else went through, an owner that is attached, an id nobody has."""
    account_id, proofs = scene.account_id, list[Write]()
    if found.held.wide:
        proofs.append(fence.passed(account_id, "machine", machine.fingerprint, found.held.fence))
    if is_uuid(machine.fingerprint) and normal_uuid(machine.fingerprint) != machine.id:
        pointer = keys.pointer(account_id, stored.KIND, normal_uuid(machine.fingerprint))
        proofs.append(Check(PointerRow, pointer, PointerRow.target_pk.does_not_exist()))
    if machine.owner_id is not None and machine.owner_id != license.owner_id:
        tie = attachments.key_of(account_id, "license-user", license.id, machine.owner_id)
        proofs.append(Check(AttachmentRow, tie, AttachmentRow.pk.exists()))
    return tuple(proofs)


OPERATIONS = (
    creation(
        "machine.create", "/machines", _activate, load=_load, authorize=_may, body=CREATE, event="machine.created"
    ),
)
