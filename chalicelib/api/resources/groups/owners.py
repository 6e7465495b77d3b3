"""The owners of a group (spec resources.md §3)."""

from __future__ import annotations

from chalicelib.api.attachments import asked, attached, body, detached, named, operations, page
from chalicelib.api.kinds.groups import GROUPS, load_one
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.resources.groups.common import MEMBER
from chalicelib.api.schema import spellings
from chalicelib.api.show import attachment as shown
from chalicelib.licensing.attachment import Attachment, Wanted, attach_group_owners, detach_group_owners
from chalicelib.licensing.errors import missing
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import owners
from chalicelib.store.loads.owners import Named

OWNERS = f"{MEMBER}/owners"
LENGTH = (0, 400)
"""Any number of owners, as far as one event can tell of them."""
USERS = body(spellings("user", "users"), LENGTH)
ATTACHED, DETACHED = "group.owners.attached", "group.owners.detached"


def _list(scene: Scene, command: Command) -> Outcome:
    return page(scene, _owners(scene))


def _owners(scene: Scene) -> tuple[Attachment, ...]:
    return scene.read(owners.of_group(scene.account_id, GROUPS.one(scene).group.id))


def _read(scene: Scene, command: Command) -> Outcome:
    text = scene.arrival.ids["child"]
    owner_id = normal_uuid(text) if is_uuid(text) else None
    owner = next((one for one in _owners(scene) if one.id == owner_id), None)
    if owner is None:
        raise missing("group owner", text)
    return Outcome(body={"data": shown.show(scene.account_id, owner)})


def _load_named(arrival: Arrival) -> Plan[Named]:
    return owners.named(arrival.account_id, arrival.ids["id"], named(arrival.document, LENGTH))


def _attach(scene: Scene, command: Command) -> Outcome:
    group, known = GROUPS.one(scene).group, scene.extra
    wanted = Wanted(asked(command), known.users, known.owners)
    found = attach_group_owners(group.id, wanted, scene.new_id, scene.now)
    return attached(scene, found, group.created, ATTACHED)


def _detach(scene: Scene, command: Command) -> Outcome:
    group, known = GROUPS.one(scene).group, scene.extra
    return detached(scene, detach_group_owners(asked(command), known.owners), group.created, DETACHED)


OPERATIONS = (
    GROUPS.below("group.owners.list", OWNERS, load_one, _list, "group.owners.read"),
    GROUPS.member("group.owners.read", ("GET",), f"{OWNERS}/{{child}}", load_one, _read),
    *operations(GROUPS, "group.owners", OWNERS, load_one, _attach, _detach, extra=_load_named, body=USERS),
)
