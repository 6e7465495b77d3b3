"""Licenses: create, retrieve, list (spec licenses.md §4, §5, §8)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.kind import listed, may_list
from chalicelib.api.operation import Arrival, Command, Operation, Order, Outcome, Scene
from chalicelib.api.peek import attribute, linked, peek
from chalicelib.api.resources.licenses.common import (
    LICENSES,
    MEMBER,
    PATH,
    PRIVILEGED,
    SUPPORTING,
    TYPES,
    attributes,
    load_one,
    show,
)
from chalicelib.api.schema import (
    UUID,
    Member,
    document,
    instant,
    linkage,
    metadata,
    spellings,
    text,
)
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.errors import BadRequest, Problem
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import create
from chalicelib.licensing.license_draft import Draft, generated_key
from chalicelib.store import keys, walk
from chalicelib.store.fetch import Plan
from chalicelib.store.items import license as stored
from chalicelib.store.loads import creation as loads
from chalicelib.store.loads import license as licensed_loads
from chalicelib.store.loads.creation import Creation
from chalicelib.store.loads.license import Licensed

FILTERS = frozenset(
    {
        *("product", "policy", "group", "machine", "owner", "user", "metadata", "status", "suspended", "expiring"),
        *("expired", "expires", "activity", "assigned", "unassigned", "activated", "activations"),
    }
)
CREATE = document(
    TYPES,
    {"key": text(), **attributes(PRIVILEGED, instant(roles=PRIVILEGED)), "metadata": metadata()},
    {
        "policy": linkage(*spellings("policy", "policies"), required=True),
        "owner": linkage(*spellings("user", "users"), nullable=True),
        "user": linkage(*spellings("user", "users"), nullable=True),
        "group": linkage(*spellings("group", "groups"), nullable=True, roles=SUPPORTING),
    },
    identifier=Member(UUID, roles=PRIVILEGED),
    attributes_required=False,
    relationships_required=True,
)


def _sent_id(arrival: Arrival) -> str | None:
    sent = peek(arrival.document, "data", "id")
    return normal_uuid(sent) if isinstance(sent, str) and is_uuid(sent) else None


def _owner_id(arrival: Arrival) -> str | None:
    return linked(arrival.document, "owner") or linked(arrival.document, "user")


def _load_creation(arrival: Arrival) -> Plan[Creation]:
    return loads.creation(
        arrival.account_id,
        linked(arrival.document, "policy"),
        _owner_id(arrival),
        _sent_id(arrival),
        attribute(arrival.document, "key"),
    )


def _may_create(scene: Scene) -> None:
    found: Creation = scene.loaded
    subject = Subject(policy=found.policy, owner_id=_owner_id(scene.arrival))
    authorize(scene.bearer, "license.create", "license.create", subject)


def _create(scene: Scene, command: Command) -> Outcome:
    found: Creation = scene.loaded
    data = command["data"]
    draft = Draft(
        license_id=data.get("id") or scene.new_id(),
        random_key=generated_key(scene.arrival.service.random_hex(30)),
        fields=data.get("attributes", {}),
        policy=found.policy,
        owner=found.owner,
        owner_named=_owner_id(scene.arrival) is not None,
        group_named=linked(scene.arrival.document, "group") is not None,
        key_taken=found.key_taken,
        key_is_license_id=found.key_is_license_id,
        id_taken=found.id_taken,
    )
    license = replace(create(draft, scene.now), id_is_key=found.id_is_key)
    assert found.policy is not None
    resource = show(scene, Licensed(license, found.policy, found.owner))
    writes = stored.creation(scene.account_id, license, found.policy, scene.now, id_was_given="id" in data)
    return LICENSES.created(scene, license.id, resource, writes=writes, event="license.created")


def _may_list(scene: Scene) -> None:
    """A filter that is not there yet is refused: ignored, it would answer licenses nobody asked for."""
    unsupported = next((name for name in scene.arrival.query.tree if name in FILTERS), None)
    if unsupported is not None:
        raise BadRequest(Problem("filter is not supported yet", parameter=unsupported))
    may_list("license.list", "license.read")(scene)


def _list(scene: Scene, command: Command) -> Outcome:
    account_id = scene.account_id
    return listed(
        LICENSES,
        scene,
        _streams(scene),
        lambda entries: licensed_loads.many(account_id, entries, weak=True),
        lambda cursor: keys.facts(account_id, cursor),
    )


def _streams(scene: Scene) -> tuple[walk.Stream, ...]:
    """The narrowest partition that holds everything the bearer may see."""
    bearer = scene.bearer
    if bearer is not None and bearer.kind == "product":
        return (walk.Stream(2, keys.slot(scene.account_id, "product", bearer.id, stored.KIND)),)
    if bearer is not None and bearer.role == "user":
        return (walk.Stream(5, keys.slot(scene.account_id, "owner", bearer.id, stored.KIND)),)
    return (walk.Stream(1, keys.slot(scene.account_id, stored.KIND)),)


OPERATIONS = (
    Operation(
        name="license.list",
        methods=("GET",),
        path=PATH,
        authorize=_may_list,
        decide=_list,
    ),
    Operation(
        name="license.create",
        methods=("POST",),
        path=PATH,
        load=_load_creation,
        authorize=_may_create,
        body=CREATE,
        order=Order.BODY_FIRST,
        decide=_create,
        events=("license.created",),
    ),
    LICENSES.member(
        "license.read",
        ("GET",),
        MEMBER,
        load_one,
        LICENSES.shown,
    ),
)
