"""Entitlements (spec resources.md §2)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.kind import collection, creation, is_customer
from chalicelib.api.kinds.entitlements import ENTITLEMENTS, load_one
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute
from chalicelib.api.schema import Member, document, metadata, spellings, text
from chalicelib.api.show import entitlement as shown
from chalicelib.licensing import entitlement as entitlements
from chalicelib.store.fetch import Plan
from chalicelib.store.items import entitlement as stored
from chalicelib.store.loads import resources
from chalicelib.store.starts import Streams, everything
from chalicelib.store.tasks import erase_entitlement

TYPES = spellings("entitlement", "entitlements")


def _members(*, updating: bool) -> Mapping[str, Member]:
    return {"name": text(required=not updating), "code": text(required=not updating), "metadata": metadata()}


CREATE = document(TYPES, _members(updating=False))
UPDATE = document(TYPES, _members(updating=True), identifier=text())


def _load_code(arrival: Arrival) -> Plan[str | None]:
    return resources.guarded(stored.code_key(arrival.account_id, attribute(arrival.document, "code") or ""))


def _list(scene: Scene, command: Command) -> Outcome:
    return ENTITLEMENTS.page(scene, _streams(scene))


def _streams(scene: Scene) -> Streams:
    if is_customer(scene):
        return ENTITLEMENTS.these(scene, ENTITLEMENTS.relation(scene))
    return (everything(scene.account_id, stored.KIND),)


def _create(scene: Scene, command: Command) -> Outcome:
    attributes, taken = command["data"]["attributes"], scene.loaded is not None
    entitlement = entitlements.create(scene.new_id(), attributes, code_taken=taken, now=scene.now)
    return ENTITLEMENTS.created_as(
        scene,
        entitlement.id,
        shown.show(scene.account_id, entitlement),
        writes=stored.creation(scene.account_id, entitlement),
        event="entitlement.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    entitlement, taken_by = ENTITLEMENTS.one(scene), scene.extra
    taken = taken_by is not None and taken_by != entitlement.id
    after = entitlements.update(entitlement, command["data"]["attributes"], code_taken=taken, now=scene.now)
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=stored.update(scene.account_id, entitlement, after),
        event="entitlement.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    entitlement = ENTITLEMENTS.one(scene)
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, entitlement)},
        writes=erase_entitlement(scene.account_id, entitlement, scene.new_id(), scene.now),
        event="entitlement.deleted",
    )


PATH, MEMBER = "/entitlements", "/entitlements/{id}"
OPERATIONS = (
    collection("entitlement.list", PATH, "entitlement.read", _list),
    creation("entitlement.create", PATH, _create, load=_load_code, body=CREATE, event="entitlement.created"),
    ENTITLEMENTS.member("entitlement.read", ("GET",), MEMBER, load_one, ENTITLEMENTS.shown),
    ENTITLEMENTS.member(
        "entitlement.update",
        ("PATCH", "PUT"),
        MEMBER,
        load_one,
        _update,
        extra=_load_code,
        body=UPDATE,
        events=("entitlement.updated",),
    ),
    ENTITLEMENTS.member("entitlement.delete", ("DELETE",), MEMBER, load_one, _delete, events=("entitlement.deleted",)),
)
