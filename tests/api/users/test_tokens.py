"""Tokens of a user: made, listed, shown (spec auth.md §3, §3.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.api.users.people import attach, events, lives, owned, path_of, person
from tests.world import World, resource


def body(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "tokens", "attributes": attributes}}


def test_generate(world: World) -> None:
    ann = person(world)
    world.listen("*")
    answer = world.post("/v1/users/ANN@acme.example/tokens", body(name="Laptop", permissions=["license.read"]))
    value = answer.attributes["token"]
    assert (answer.status, "location" in answer.headers) == (200, False)
    assert re.fullmatch(r"user-[0-9a-f]{64}v3", value)
    assert answer.attributes == {
        "kind": "user-token",
        "token": value,
        "expiry": "2026-03-15T12:00:00.000Z",
        "name": "Laptop",
        "permissions": ["license.read"],
        "created": "2026-03-01T12:00:00.000Z",
        "updated": "2026-03-01T12:00:00.000Z",
    }
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "users", "id": ann["id"]}
    shown = answer.data
    del shown["attributes"]["token"]
    assert events(world) == [("token.generated", {"data": shown})]
    assert world.get(f"{path_of(ann)}/tokens").data == [shown]
    assert world.get(f"{path_of(ann)}/tokens/{shown['id']}").data == shown
    assert world.get("/v1/users", as_=f"Bearer {value}").error[0] == 403
    assert world.post(f"{path_of(ann)}/tokens").status == 200


def test_each_has_its_own(world: World) -> None:
    ann, bob = person(world), user(world)
    world.token(path_of(ann))
    theirs = world.post(f"/v1/users/{bob.id}/tokens").data["id"]
    for name in (theirs, NOWHERE, "nonsense"):
        detail = f"The requested token '{name}' was not found"
        assert first(world.get(f"{path_of(ann)}/tokens/{name}")) == (404, "NOT_FOUND", None, detail)


@pytest.mark.parametrize(
    ("bearer", "target", "status"),
    [
        ("admin", "user", 200),
        ("developer", "user", 200),
        ("admin", "developer", 403),
        ("developer", "admin", 403),
        ("sales-agent", "user", 403),
        ("support-agent", "user", 403),
        ("read-only", "user", 403),
    ],
)
def test_generate_by_staff(local_world: World, bearer: str, target: str, status: int) -> None:
    path = f"/v1/users/{user(local_world, target).id}/tokens"
    assert local_world.post(path, as_=staff(local_world, bearer)).status == status


@pytest.mark.parametrize(
    ("role", "status"),
    [("admin", 200), ("developer", 200), ("sales-agent", 403), ("read-only", 403), ("user", 403)],
)
def test_generate_for_oneself(local_world: World, role: str, status: int) -> None:
    me = user(local_world, role)
    assert local_world.post(f"/v1/users/{me.id}/tokens", as_=user_token(local_world, me)).status == status


def test_by_products(world: World) -> None:
    product = world.product()["id"]
    own = world.token(f"/v1/products/{product}")
    owner, friend, stranger = user(world), user(world), user(world)
    license = owned(world, owner.id, product)
    attach(world, license, friend.id)
    owned(world, stranger.id)
    for one, status in ((owner, 200), (friend, 200), (stranger, 403), (user(world, "developer"), 404)):
        path = f"/v1/users/{one.id}/tokens"
        made = world.post(path, as_=own)
        assert made.status == status
        named = resource("tokens", {}, bearer=("users", one.id))
        assert world.post("/v1/tokens", named, as_=own).status == (201 if status == 200 else 403)
        if status == 200:
            assert len(world.get(path, as_=own).data) == 2
            assert world.get(f"{path}/{made.data['id']}", as_=own).status == 200
    other = world.post(f"/v1/users/{stranger.id}/tokens").data["id"]
    assert world.get(f"/v1/users/{stranger.id}/tokens", as_=own).data == []
    assert world.get(f"/v1/users/{stranger.id}/tokens/{other}", as_=own).error[0] == 404


def test_reads_by_others(world: World) -> None:
    me, friend = user(world), user(world)
    license = owned(world, me.id)
    attach(world, license, friend.id)
    mine, path = user_token(world, me), f"/v1/users/{me.id}/tokens"
    (shown,) = world.get(path, as_=mine).data
    assert world.get(f"{path}/{shown['id']}", as_=mine).data == shown
    for role in ("developer", "sales-agent", "support-agent", "read-only"):
        assert world.get(path, as_=staff(world, role)).data == [shown]
    for as_, status in (
        (user_token(world, friend), 403),
        (user_token(world, user(world)), 404),
        (by_key(license), 403),
    ):
        assert world.get(path, as_=as_).error[0] == status
        assert world.get(f"{path}/{shown['id']}", as_=as_).error[0] == status


def test_400_comes_before_403(world: World) -> None:
    path = f"/v1/users/{user(world).id}/tokens"
    as_ = staff(world, "sales-agent")
    assert world.post(path, body(nonsense=1), as_=as_).error[0] == 400
    answer = world.post(path, body(permissions=["license.read"]), as_=as_)
    assert first(answer) == (400, None, "/data/attributes/permissions", "unpermitted parameter")
    assert world.post(path, as_=as_).error[0] == 403


def test_permissions_are_those_of_the_user(world: World) -> None:
    ann = person(world, permissions=["user.read", "license.read"])
    assert world.post(f"{path_of(ann)}/tokens", body(permissions=["user.update"])).error[1] == "PERMISSIONS_NOT_ALLOWED"
    assert lives(world, world.token(path_of(ann)))
