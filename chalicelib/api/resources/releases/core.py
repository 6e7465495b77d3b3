"""Releases: list, create, retrieve, update, delete, publish, yank (spec resources.md §9.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from chalicelib.api.kind import collection, creation
from chalicelib.api.kinds.releases import RELEASES, load_one
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.api.peek import attribute, linked, peek
from chalicelib.api.resources.releases.common import (
    CONSTRAINT,
    MEMBER,
    PATH,
    asked_entitlements,
    named_entitlements,
)
from chalicelib.api.schema import ARRAY, Member, document, fields, instant, linkage, metadata, spellings, text
from chalicelib.api.show import release as shown
from chalicelib.licensing import constraint as constraints
from chalicelib.licensing import release as releases
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.embedded import MAXIMUM
from chalicelib.licensing.release import DRAFT, PUBLISHED, Draft, Release
from chalicelib.licensing.versions import CHANNELS
from chalicelib.store.fetch import Plan
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import release as stored
from chalicelib.store.loads import release_names as loads
from chalicelib.store.loads.release_names import Names, Surroundings
from chalicelib.store.starts import Streams, everything, related
from chalicelib.store.tasks import erase_release

TYPES = spellings("release", "releases")


def _members(*, updating: bool) -> Mapping[str, Member]:
    """What may be sent at any time."""
    return {
        "name": text(nullable=updating),
        "description": text(nullable=updating),
        "tag": text(nullable=updating),
        "backdated": instant(nullable=updating),
        "metadata": metadata(),
    }


CREATE = document(
    TYPES,
    {
        **_members(updating=False),
        "version": text(required=True),
        "channel": text(required=True, choices=CHANNELS),
        "status": text(choices=(DRAFT, PUBLISHED)),
    },
    {
        "product": linkage(*spellings("product", "products"), required=True),
        "constraints": fields({"data": Member(ARRAY, required=True, element=CONSTRAINT)}),
    },
    relationships_required=True,
)
UPDATE = document(TYPES, _members(updating=True), identifier=text())


def _load_creation(arrival: Arrival) -> Plan[Surroundings]:
    sent = arrival.document
    names = Names(
        product_id=linked(sent, "product"),
        version=attribute(sent, "version"),
        tag=attribute(sent, "tag"),
        entitlements=named_entitlements(peek(sent, "data", "relationships", "constraints", "data"))[:MAXIMUM],
    )
    return loads.for_creation(arrival.account_id, names)


def _may_create(scene: Scene) -> None:
    """Who brings constraints needs the permission to attach them too."""
    subject = Subject(product=scene.loaded.product)
    authorize(scene.bearer, "release.create", "release.create", subject)
    if peek(scene.arrival.document, "data", "relationships", "constraints", "data"):
        authorize(scene.bearer, "release.create", "release.constraints.attach", subject)


def _list(scene: Scene, command: Command) -> Outcome:
    return RELEASES.page(scene, _streams(scene))


def _streams(scene: Scene) -> Streams:
    bearer = scene.bearer
    if bearer is not None and bearer.kind == "product":
        return (related(scene.account_id, "product", bearer.id, stored.KIND),)
    return (everything(scene.account_id, stored.KIND),)


def _create(scene: Scene, command: Command) -> Outcome:
    found: Surroundings = scene.loaded
    data = command["data"]
    asked = asked_entitlements(data["relationships"].get("constraints", {}).get("data", ()))
    draft = Draft(
        release_id=scene.new_id(),
        fields=data["attributes"],
        product=found.product,
        version_taken=found.version_taken,
        tag_taken=found.tag_taken,
        constraints=replace(found.constraints, asked=asked),
    )
    release = releases.create(draft, scene.now)
    attached = constraints.attach(release.id, draft.constraints, scene.new_id, scene.now)
    return RELEASES.created_as(
        scene,
        release.id,
        shown.show(scene.account_id, release),
        writes=(
            *stored.creation(scene.account_id, release),
            *(attachments.put(scene.account_id, one, release.created) for one in attached),
        ),
        event="release.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    release, changes = RELEASES.one(scene).release, command["data"]["attributes"]
    holder = scene.read(loads.tag_holder(scene.account_id, release.product_id, changes.get("tag")))
    taken = holder is not None and holder != release.id
    return _changed(scene, releases.update(release, changes, tag_taken=taken, now=scene.now), "release.updated")


def _delete(scene: Scene, command: Command) -> Outcome:
    release = RELEASES.one(scene).release
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, release)},
        writes=erase_release(scene.account_id, release, scene.new_id(), scene.now),
        event="release.deleted",
    )


def _changed(scene: Scene, after: Release, event: str) -> Outcome:
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=stored.update(scene.account_id, RELEASES.one(scene).release, after),
        event=event,
    )


def _action(verb: str, change: Callable[[Release, datetime], Release], event: str) -> Operation:
    """A step in the life of a release, without a document."""

    def decide(scene: Scene, command: Command) -> Outcome:
        return _changed(scene, change(RELEASES.one(scene).release, scene.now), event)

    return RELEASES.member(f"release.{verb}", ("POST",), f"{MEMBER}/actions/{verb}", load_one, decide, events=(event,))


OPERATIONS = (
    collection("release.list", PATH, "release.read", _list),
    creation(
        "release.create",
        PATH,
        _create,
        load=_load_creation,
        authorize=_may_create,
        body=CREATE,
        event="release.created",
    ),
    RELEASES.member("release.read", ("GET",), MEMBER, load_one, RELEASES.shown),
    RELEASES.member(
        "release.update", ("PATCH", "PUT"), MEMBER, load_one, _update, body=UPDATE, events=("release.updated",)
    ),
    RELEASES.member("release.delete", ("DELETE",), MEMBER, load_one, _delete, events=("release.deleted",)),
    _action("publish", releases.publish, "release.published"),
    _action("yank", releases.yank, "release.yanked"),
)
