"""Groups and who owns them."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import user
from tests.faults.cases.catalog import attachments, gone
from tests.faults.cases.people import admin, group
from tests.faults.operation import Context, Operation, Prepare, count, either, fixed, http, links, nothing, stored
from tests.world import World, resource

GROUP, OWNERS = "/v1/groups/{group}", "/v1/groups/{group}/owners"
BOTH = links("users", "ann", "bob")
LIMITED = fixed(resource("groups", {"name": "New", "maxUsers": 7}))


def _peopled(world: World) -> Context:
    """A group with a user, a license and two who own it."""
    context = admin(world) | {name: user(world).id for name in ("ann", "bob")}
    parents = {"policy": ("policies", world.policy()["id"]), "group": ("groups", context["group"])}
    context["license"] = world.create("licenses", {}, **parents)["id"]
    assert world.post(OWNERS.format(**context), BOTH(context)).status == 200
    return context


def _owned(owners: bool) -> Prepare:
    def prepare(world: World) -> Context:
        context = group(world) | {name: user(world).id for name in ("ann", "bob")}
        assert not owners or world.post(OWNERS.format(**context), BOTH(context)).status == 200
        return context

    return prepare


def _of_group(world: World, context: Context) -> Any:
    found = stored(world, "group", context["group"])
    return found["name"], found["max_users"], found["revision"]


OPERATIONS = (
    Operation("create-group", nothing, http("POST", "/v1/groups", LIMITED), count("group")),
    Operation(
        "update-group",
        group,
        http("PATCH", GROUP, LIMITED),
        either(_of_group, ("Group", 1, 0), ("New", 7, 1)),
    ),
    Operation("delete-group", _peopled, http("DELETE", GROUP), gone("group")),
    Operation("attach-owners", _owned(False), http("POST", OWNERS, BOTH), either(attachments, 0, 2)),
    Operation("detach-owners", _owned(True), http("DELETE", OWNERS, BOTH), either(attachments, 2, 0)),
)
