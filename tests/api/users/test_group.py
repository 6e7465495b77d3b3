"""The group of a user (spec resources.md §3, §4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.api.users.people import events, group, members, owned, path_of, person, stored
from tests.world import Answer, World

WHERE = "/data/relationships/group"


def move(world: World, one: Any, group_id: str | None, as_: str | None = "admin", method: str = "PUT") -> Answer:
    data = None if group_id is None else {"type": "groups", "id": group_id}
    return world.send(method, f"/v1/users/{one}/group", {"data": data}, as_=as_)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_in_and_out(world: World, method: str) -> None:
    ann = person(world)
    old, new = group(world), group(world)
    path = f"{path_of(ann)}/group"
    assert (world.get(path).status, world.get(path).document) == (200, {"data": None})
    world.listen("*")
    world.clock.advance(seconds=1)
    answer = move(world, "ANN@acme.example", old["id"], method=method)
    assert (answer.status, answer.data["type"]) == (200, "users")
    assert answer.data["relationships"]["group"]["data"] == {"type": "groups", "id": old["id"]}
    assert answer.attributes == ann["attributes"] | {"updated": "2026-03-01T12:00:01.000Z"}
    assert world.get(path).data == old
    assert move(world, ann["id"], new["id"], method=method).status == 200
    assert (members(world, old), members(world, new)) == (0, 1)
    assert [one["id"] for one in world.get(f"/v1/groups/{new['id']}/users").data] == [ann["id"]]
    out = move(world, ann["id"], None, method=method)
    assert out.data["relationships"]["group"]["data"] is None
    assert (members(world, old), members(world, new)) == (0, 0)
    assert world.get(path).document == {"data": None}
    assert [name for name, _ in events(world)] == ["user.group.updated"] * 3
    assert events(world)[-1][1] == out.document


def test_limits(world: World) -> None:
    full = group(world, maxUsers=1)
    ann, bob = user(world), user(world)
    assert move(world, ann.id, full["id"]).status == 200
    detail = "user count has exceeded maximum allowed by current group (1)"
    assert first(move(world, bob.id, full["id"])) == (422, "GROUP_USER_LIMIT_EXCEEDED", WHERE, detail)
    assert move(world, ann.id, full["id"]).status == 200
    assert members(world, full) == 1
    assert move(world, bob.id, group(world, maxUsers=0)["id"]).error[1] == "GROUP_USER_LIMIT_EXCEEDED"
    assert first(move(world, bob.id, NOWHERE)) == (422, "GROUP_NOT_FOUND", WHERE, "must exist")


def test_a_group_that_is_gone(world: World) -> None:
    ann = person(world)
    old, new = group(world), group(world)
    move(world, ann["id"], old["id"])
    assert world.send("DELETE", f"/v1/groups/{old['id']}").status == 204
    assert world.get(f"{path_of(ann)}/group").document == {"data": None}
    assert world.get(path_of(ann)).data["relationships"]["group"]["data"] is None
    assert move(world, ann["id"], new["id"]).status == 200
    assert stored(world, ann)["group_id"] == new["id"]
    assert world.send("DELETE", path_of(ann)).status == 204
    assert members(world, new) == 0


@pytest.mark.parametrize(
    ("body", "detail", "where"),
    [
        ({}, "is missing", "/data"),
        ({"data": {"type": "users", "id": NOWHERE}}, "is invalid", "/data/type"),
        ({"data": {"type": "groups"}}, "is missing", "/data/id"),
        (
            {"data": {"type": "groups", "id": "x"}},
            "type mismatch (received string expected UUID string)",
            "/data/id",
        ),
        ({"meta": {}}, "unpermitted parameter", "/meta"),
    ],
)
def test_403_comes_before_400(shared_world: World, body: Any, detail: str, where: str) -> None:
    path = f"/v1/users/{shared_world.account['admin']}/group"
    assert first(shared_world.send("PUT", path, body)) == (400, None, where, detail)
    assert first(shared_world.send("PUT", path, body, as_=staff(shared_world, "read-only")))[0] == 403


@pytest.mark.parametrize(
    ("role", "status"),
    [("admin", 200), ("developer", 200), ("sales-agent", 200), ("support-agent", 403), ("read-only", 403)],
)
def test_by_staff(local_world: World, role: str, status: int) -> None:
    as_, inside = staff(local_world, role), group(local_world)["id"]
    one = user(local_world).id
    assert move(local_world, one, inside, as_).status == status
    assert local_world.get(f"/v1/users/{one}/group", as_=as_).status == 200


def test_by_others(world: World) -> None:
    me = user(world)
    inside = group(world)["id"]
    mine, own = user_token(world, me), world.token(f"/v1/products/{world.product()['id']}")
    assert move(world, me.id, inside, mine).error[0] == 403
    assert move(world, me.id, inside, by_key(owned(world, me.id))).error[0] == 403
    assert move(world, me.id, inside, user_token(world, user(world))).error[0] == 404
    assert move(world, me.id, inside, own).status == 200
    assert world.get(f"/v1/users/{me.id}/group", as_=mine).data["id"] == inside
    assert world.get(f"/v1/users/{me.id}/group", as_=own).data["id"] == inside
    assert move(world, user(world, "developer").id, inside, own).error[0] == 404
    assert world.get(f"/v1/users/{me.id}/group", as_=user_token(world, user(world))).error[0] == 404
