"""The entitlements a release asks a license for (spec resources.md §9.3)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api import attachments
from chalicelib.api.kinds.releases import RELEASES, load_one
from chalicelib.api.operation import Command, Order, Outcome, Scene
from chalicelib.api.resources.releases.common import CONSTRAINT, CONSTRAINT_TYPES, MEMBER, asked_entitlements
from chalicelib.api.schema import ARRAY, Member, fields
from chalicelib.api.show import attachment as shown
from chalicelib.licensing import constraint as rules
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.errors import missing
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store.loads import release_names
from chalicelib.store.loads import releases as loads

CONSTRAINTS = f"{MEMBER}/constraints"
NEW = fields({"data": Member(ARRAY, required=True, length=attachments.LENGTH, element=CONSTRAINT)})
OLD = attachments.body(CONSTRAINT_TYPES)
ATTACHED, DETACHED = "release.constraints.attached", "release.constraints.detached"


def _list(scene: Scene, command: Command) -> Outcome:
    return attachments.page(scene, _held(scene).values())


def _read(scene: Scene, command: Command) -> Outcome:
    identifier = scene.arrival.ids["child"]
    found = _held(scene).get(normal_uuid(identifier)) if is_uuid(identifier) else None
    if found is None:
        raise missing("constraint", identifier)
    return Outcome(body={"data": shown.show(scene.account_id, found)})


def _attach(scene: Scene, command: Command) -> Outcome:
    release, asked = RELEASES.one(scene).release, asked_entitlements(command["data"])
    wanted = scene.read(release_names.wanted(scene.account_id, release.id, asked))
    made = rules.attach(release.id, wanted, scene.new_id, scene.now)
    return attachments.attached(scene, made, release.created, ATTACHED)


def _detach(scene: Scene, command: Command) -> Outcome:
    gone = rules.detach(attachments.asked(command), _held(scene))
    return attachments.detached(scene, gone, RELEASES.one(scene).release.created, DETACHED)


def _held(scene: Scene) -> Mapping[str, Attachment]:
    """The constraints of the release by their ids, newest first."""
    found = scene.read(loads.constraints(scene.account_id, RELEASES.one(scene).release.id))
    return {one.id: one for one in found}


OPERATIONS = (
    RELEASES.below("release.constraints.list", CONSTRAINTS, load_one, _list, "constraint.read"),
    RELEASES.member(
        "release.constraints.read",
        ("GET",),
        f"{CONSTRAINTS}/{{child}}",
        load_one,
        _read,
        rule="release.constraints.list",
        permission="constraint.read",
    ),
    RELEASES.member(
        "release.constraints.attach",
        ("POST",),
        CONSTRAINTS,
        load_one,
        _attach,
        body=NEW,
        order=Order.BODY_FIRST,
        events=(ATTACHED,),
    ),
    RELEASES.member(
        "release.constraints.detach",
        ("DELETE",),
        CONSTRAINTS,
        load_one,
        _detach,
        body=OLD,
        order=Order.BODY_FIRST,
        events=(DETACHED,),
    ),
)
