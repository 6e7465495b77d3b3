"""Groups: create, retrieve, list, update, delete (spec resources.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.api.kind import collection, creation, is_customer
from chalicelib.api.kinds.groups import GROUPS, load_one
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.groups.common import MEMBER, PATH
from chalicelib.api.schema import Member, document, integer, metadata, spellings, text
from chalicelib.api.show import group as shown
from chalicelib.licensing import group as groups
from chalicelib.licensing.access import authorize
from chalicelib.licensing.errors import missing
from chalicelib.licensing.fields import MAXIMUM_INTEGER
from chalicelib.licensing.group import Counted
from chalicelib.store.items import group as stored
from chalicelib.store.loads.groups import owned_by
from chalicelib.store.starts import Streams, everything
from chalicelib.store.tasks import erase_group

TYPES = spellings("group", "groups")
BOUNDS = (-MAXIMUM_INTEGER - 1, MAXIMUM_INTEGER)


def _members(*, updating: bool) -> Mapping[str, Member]:
    limits = {name: integer(nullable=updating, bounds=BOUNDS) for name in ("max_users", "max_licenses", "max_machines")}
    return {"name": text(required=not updating), **limits, "metadata": metadata()}


CREATE = document(TYPES, _members(updating=False))
UPDATE = document(TYPES, _members(updating=True), identifier=text())


def _list(scene: Scene, command: Command) -> Outcome:
    return GROUPS.page(scene, _streams(scene))


def _streams(scene: Scene) -> Streams:
    """Customers see the groups they own and the one they are in."""
    bearer = scene.bearer
    if bearer is None or not is_customer(scene):
        return (everything(scene.account_id, stored.KIND),)
    member = bearer.license or bearer.user
    own = () if member is None or member.group_id is None else (member.group_id,)
    owned = scene.read(owned_by(scene.account_id, bearer.id)) if bearer.kind == "user" else ()
    return GROUPS.these(scene, (*own, *owned))


def _create(scene: Scene, command: Command) -> Outcome:
    group = groups.create(scene.new_id(), command["data"]["attributes"], scene.now)
    return GROUPS.created_as(
        scene,
        group.id,
        shown.show(scene.account_id, group),
        writes=stored.creation(scene.account_id, group),
        event="group.created",
    )


def _existing(scene: Scene) -> Counted:
    """A group by itself is looked up in the whole account: whoever may not see it is told that (auth.md §5.4)."""
    found: Counted | None = scene.loaded
    if found is None:
        raise missing(GROUPS.word, scene.arrival.ids["id"])
    return found


def _may(operation: str) -> Callable[[Scene], None]:
    def check(scene: Scene) -> None:
        authorize(scene.bearer, operation, operation, GROUPS.subject(_existing(scene), scene.relation))

    return check


def _update(scene: Scene, command: Command) -> Outcome:
    group = _existing(scene).group
    after = groups.update(group, command["data"]["attributes"], scene.now)
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=stored.update(scene.account_id, group, after),
        event="group.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    group = _existing(scene).group
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, group)},
        writes=erase_group(scene.account_id, group, scene.new_id(), scene.now),
        event="group.deleted",
    )


def _member(name: str, methods: tuple[str, ...], decide: Callable[[Scene, Command], Outcome], **more: Any) -> Operation:
    return GROUPS.member(name, methods, MEMBER, load_one, decide, find=_existing, authorize=_may(name), **more)


OPERATIONS = (
    collection("group.list", PATH, "group.read", _list),
    creation("group.create", PATH, _create, body=CREATE, event="group.created"),
    _member("group.read", ("GET",), GROUPS.shown),
    _member("group.update", ("PATCH", "PUT"), _update, body=UPDATE, events=("group.updated",)),
    _member("group.delete", ("DELETE",), _delete, events=("group.deleted",)),
)
