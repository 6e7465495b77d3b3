"""Licenses: create, retrieve, list (spec licenses.md §4, §5, §8)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.hints import made
from chalicelib.api.kind import collection, creation
from chalicelib.api.kinds.licenses import LICENSES, load_one, show
from chalicelib.api.lists.licenses import license_page
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked, peek
from chalicelib.api.resources.licenses.common import MEMBER, NAME, PATH, PRIVILEGED, SUPPORTING, TYPES, attributes
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
from chalicelib.api.signed_keys import signed
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import create
from chalicelib.licensing.license_draft import Draft, generated_key
from chalicelib.store.fetch import Plan
from chalicelib.store.items import group as groups
from chalicelib.store.items import license as stored
from chalicelib.store.items import pool as pools
from chalicelib.store.loads import creation as loads
from chalicelib.store.loads.creation import Creation, Names
from chalicelib.store.loads.license import Licensed

CREATE = document(
    TYPES,
    {"name": NAME, "key": text(), **attributes(PRIVILEGED, instant(roles=PRIVILEGED), metadata())},
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
    names = Names(
        policy_id=linked(arrival.document, "policy"),
        owner_id=_owner_id(arrival),
        group_id=linked(arrival.document, "group"),
        license_id=_sent_id(arrival),
        key=attribute(arrival.document, "key"),
        draw=int(arrival.service.random_hex(4), 16),
    )
    return loads.creation(arrival.account_id, names)


def _may_create(scene: Scene) -> None:
    found: Creation = scene.loaded
    subject = Subject(policy=found.policy, owner_id=_owner_id(scene.arrival))
    authorize(scene.bearer, "license.create", "license.create", subject)


def _create(scene: Scene, command: Command) -> Outcome:
    found: Creation = scene.loaded
    draft = _draft(scene, command)
    license = replace(create(draft, scene.now), id_is_key=found.id_is_key)
    assert found.policy is not None
    license = signed(scene, license, found.policy, found.owner, draft.fields.get("key"))
    group = None if found.group is None else found.group.group
    new = stored.creation(scene.account_id, license, found.policy, scene.now, id_was_given="id" in command["data"])
    popped = () if found.pool_key is None else pools.removal(scene.account_id, found.pool_key, scene.now)
    writes = (*new, *popped, *groups.moved(scene.account_id, "licenses", None, group))
    return LICENSES.created_as(
        scene,
        license.id,
        show(scene, Licensed(license, found.policy, found.owner)),
        event="license.created",
        **made(scene, stored.listed(license), writes),
    )


def _draft(scene: Scene, command: Command) -> Draft:
    found: Creation = scene.loaded
    data = command["data"]
    return Draft(
        license_id=data.get("id") or scene.new_id(),
        random_key=generated_key(scene.arrival.service.random_hex(30)),
        fields=data.get("attributes", {}),
        policy=found.policy,
        owner=found.owner,
        owner_named=_owner_id(scene.arrival) is not None,
        group_named=linked(scene.arrival.document, "group") is not None,
        group=found.group,
        key_taken=found.key_taken,
        key_is_license_id=found.key_is_license_id,
        id_taken=found.id_taken,
        pool_key=None if found.pool_key is None else found.pool_key.key,
    )


def _list(scene: Scene, command: Command) -> Outcome:
    return license_page(scene, {})


OPERATIONS = (
    collection("license.list", PATH, "license.read", _list),
    creation(
        "license.create",
        PATH,
        _create,
        load=_load_creation,
        authorize=_may_create,
        body=CREATE,
        event="license.created",
    ),
    LICENSES.member(
        "license.read",
        ("GET",),
        MEMBER,
        load_one,
        LICENSES.shown,
    ),
)
