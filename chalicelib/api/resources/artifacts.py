"""Artifacts: list, create, retrieve, update, delete (spec resources.md §9.2)."""

from __future__ import annotations

from chalicelib.api.kind import collection, creation
from chalicelib.api.kinds.artifacts import ARTIFACTS, load_one
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked
from chalicelib.api.schema import document, integer, linkage, metadata, spellings, text
from chalicelib.api.show import artifact as shown
from chalicelib.licensing import artifact as artifacts
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.artifact import Artifact
from chalicelib.store.fetch import Plan
from chalicelib.store.items import release as stored
from chalicelib.store.loads import release_names as loads
from chalicelib.store.loads.release_names import Place
from chalicelib.store.starts import Streams, everything, related
from chalicelib.store.unit import Change

PATH, MEMBER = "/artifacts", "/artifacts/{id}"
TYPES = spellings("artifact", "artifacts")
CREATE = document(
    TYPES,
    {
        "filename": text(required=True),
        **{name: text() for name in ("filetype", "platform", "arch", "signature", "checksum")},
        "filesize": integer(),
        "metadata": metadata(),
    },
    {"release": linkage(*spellings("release", "releases"), required=True)},
    relationships_required=True,
)
UPDATE = document(
    TYPES,
    {
        "filesize": integer(nullable=True),
        "signature": text(nullable=True),
        "checksum": text(nullable=True),
        "metadata": metadata(),
    },
    identifier=text(),
)


def _load_creation(arrival: Arrival) -> Plan[Place]:
    return loads.place_for(
        arrival.account_id, linked(arrival.document, "release"), attribute(arrival.document, "filename")
    )


def _may_create(scene: Scene) -> None:
    place: Place = scene.loaded
    product = None if place.released is None else place.released.product
    authorize(scene.bearer, "artifact.create", "artifact.create", Subject(product=product))


def _list(scene: Scene, command: Command) -> Outcome:
    return ARTIFACTS.page(scene, _streams(scene))


def _streams(scene: Scene) -> Streams:
    bearer = scene.bearer
    if bearer is not None and bearer.kind == "product":
        return (related(scene.account_id, "product", bearer.id, stored.ARTIFACT),)
    return (everything(scene.account_id, stored.ARTIFACT),)


def _create(scene: Scene, command: Command) -> Outcome:
    place: Place = scene.loaded
    artifact = artifacts.create(
        scene.new_id(),
        command["data"]["attributes"],
        release=None if place.released is None else place.released.release,
        filename_taken=place.filename_taken,
        now=scene.now,
    )
    return ARTIFACTS.created_as(
        scene,
        artifact.id,
        shown.show(scene.account_id, artifact),
        writes=stored.artifact_creation(scene.account_id, artifact),
        event="artifact.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    artifact = ARTIFACTS.one(scene).artifact
    after = artifacts.update(artifact, command["data"]["attributes"], scene.now)
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=_change(scene, artifact, after),
        event="artifact.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    """The file is withdrawn, its record stays."""
    artifact = ARTIFACTS.one(scene).artifact
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, artifact)},
        writes=_change(scene, artifact, artifacts.yank(artifact, scene.now)),
        event="artifact.deleted",
    )


def _change(scene: Scene, before: Artifact, after: Artifact) -> tuple[Change, ...]:
    return (stored.artifact_update(scene.account_id, before, after),)


OPERATIONS = (
    collection("artifact.list", PATH, "artifact.read", _list),
    creation(
        "artifact.create",
        PATH,
        _create,
        load=_load_creation,
        authorize=_may_create,
        body=CREATE,
        event="artifact.created",
    ),
    ARTIFACTS.member("artifact.read", ("GET",), MEMBER, load_one, ARTIFACTS.shown),
    ARTIFACTS.member(
        "artifact.update", ("PATCH", "PUT"), MEMBER, load_one, _update, body=UPDATE, events=("artifact.updated",)
    ),
    ARTIFACTS.member("artifact.delete", ("DELETE",), MEMBER, load_one, _delete, events=("artifact.deleted",)),
)
