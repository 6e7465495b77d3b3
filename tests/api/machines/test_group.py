"""PUT /machines/<id or fingerprint>/group (spec machines.md §3.2, §6.3)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.helpers import NOWHERE, first
from tests.api.installing import GROUP, activate, activated, at, floating, gone, move, roomy
from tests.api.licenses.cast import BEARERS, Cast, emitted, grouped, link, path, related
from tests.api.machines.test_owner import members
from tests.world import World, resource

NOT_FOUND = (422, "GROUP_NOT_FOUND", GROUP, "must exist")


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def full(highest: int) -> tuple[int, str, str, str]:
    detail = f"machine count has exceeded maximum allowed by current group ({highest})"
    return 422, "GROUP_MACHINE_LIMIT_EXCEEDED", GROUP, detail


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change(world: World, method: str) -> None:
    one, other = grouped(world)["id"], grouped(world)["id"]
    made = activated(world, roomy(world))
    world.listen("*")
    world.clock.advance(seconds=5)
    for group, held in ((one, (1, 0)), (other, (0, 1)), (None, (0, 0))):
        answer = move(world, made, group, method=method)
        assert (answer.status, related(answer.data, "group")) == (200, group)
        assert answer.attributes == made["attributes"] | {"updated": to_text(world.clock.now())}
        assert world.get(at(made)).data == answer.data
        assert emitted(world)[-1] == ("machine.group.updated", {"data": answer.data})
        found = members(world)
        assert (found[one], found[other]) == held
        assert [len(world.get(f"/v1/groups/{each}/machines").data) for each in (one, other)] == list(held)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"id": NOWHERE}}, "/data/type", "is missing"),
        ({"data": {"type": "users", "id": NOWHERE}}, "/data/type", "is invalid"),
        (link("groups", "one"), "/data/id", "type mismatch (received string expected UUID string)"),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = activated(shared_world, roomy(shared_world))
    assert first(shared_world.send("PUT", at(made, "group"), body)) == (400, None, pointer, detail)


def test_each_bearer(cast: Cast) -> None:
    made, group = activated(cast.world, cast.license, owner=cast.owner.id), grouped(cast.world)["id"]
    found = [move(cast.world, made, group, cast.tokens[bearer]) for bearer in BEARERS]
    shown = " ".join(str(answer.status) for answer in found)
    assert shown == "401 200 200 200 403 403 200 404 403 403 404 403 404"


def test_the_order_of_refusals(cast: Cast) -> None:
    """Here the document is told before the 403 (§6.3)."""
    world, made = cast.world, activated(cast.world, cast.license)
    assert move(world, {"type": "machines", "id": NOWHERE}, "nowhere").error == (404, "NOT_FOUND", None)
    assert move(world, made, "nowhere", cast.tokens["owner"]).status == 400
    assert move(world, made, NOWHERE, cast.tokens["owner"]).error == (403, None, None)
    assert first(move(world, made, NOWHERE)) == NOT_FOUND


def test_a_full_group(local_world: World) -> None:
    world = local_world
    group, license = grouped(world, maxMachines=1)["id"], roomy(world)
    inside, outside = activated(world, license, "1", group=group), activated(world, license, "2")
    assert first(move(world, outside, group)) == full(1)
    assert move(world, inside, group).status == 200
    assert members(world) == {group: 1}
    assert move(world, inside, None).status == 200
    assert move(world, outside, group).status == 200
    assert first(move(world, inside, group)) == full(1)
    assert gone(world, outside).status == 204
    assert move(world, inside, group).status == 200


def test_a_group_that_lets_nobody_in(shared_world: World) -> None:
    made = activated(shared_world, roomy(shared_world))
    assert first(move(shared_world, made, grouped(shared_world, maxMachines=0)["id"])) == full(0)


def test_leaving_a_group_that_is_gone(local_world: World) -> None:
    world = local_world
    old, new = grouped(world)["id"], grouped(world)["id"]
    made = activated(world, roomy(world), group=old)
    assert world.send("DELETE", f"/v1/groups/{old}").status == 204
    assert move(world, made, new).status == 200
    assert members(world) == {new: 1}


def test_only_the_machine_moves(local_world: World) -> None:
    """Neither its limits nor those of the license are looked at, nor does the license follow."""
    world, policy = local_world, floating(local_world, maxMachines=2, maxCores=4)
    license, group = world.license(policy["id"]), grouped(world)["id"]
    made = activated(world, license, cores=4)
    body = resource("policies", {"maxMachines": 1, "maxCores": 1})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert move(world, made, group).status == 200
    assert related(world.get(path(license)).data, "group") is None
    assert activate(world, license, "other").status == 422
