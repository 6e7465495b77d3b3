"""Banned users (spec resources.md §4.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.api.users.people import PASSWORD, attach, events, owned, path_of, person, sign_in
from tests.world import Answer, World


def act(world: World, one: Any, action: str, as_: str | None = "admin") -> Answer:
    return world.post(f"/v1/users/{one}/actions/{action}", as_=as_)


def test_there_and_back(world: World) -> None:
    made = person(world)
    world.listen("*")
    world.clock.advance(seconds=1)
    banned = act(world, "ANN@acme.example", "ban")
    changed = {"status": "BANNED", "updated": "2026-03-01T12:00:01.000Z"}
    assert (banned.status, banned.data) == (200, made | {"attributes": made["attributes"] | changed})
    assert [one["id"] for one in world.get("/v1/users?status=BANNED").data] == [made["id"]]
    world.clock.advance(seconds=1)
    again = act(world, made["id"], "ban")
    assert (again.status, again.document) == (200, banned.document)
    back = act(world, made["id"], "unban")
    assert (back.status, back.attributes["status"]) == (200, "ACTIVE")
    assert act(world, made["id"], "unban").document == back.document
    assert world.get("/v1/users?status=BANNED").data == []
    told = [("user.banned", banned), ("user.banned", banned), ("user.unbanned", back), ("user.unbanned", back)]
    assert events(world) == [(name, answer.document) for name, answer in told]


def test_effects(world: World) -> None:
    owner, friend = user(world), user(world)
    license = owned(world, owner.id)
    attach(world, license, friend.id)
    tokens = user_token(world, owner), user_token(world, friend)
    check = f"/v1/licenses/{license['id']}/actions/validate"
    assert act(world, friend.id, "ban").status == 200
    assert world.get("/v1/me", as_=tokens[1]).error == (403, "USER_BANNED", None)
    assert world.post(check).document["meta"]["code"] == "VALID"
    assert act(world, owner.id, "ban").status == 200
    assert world.get("/v1/me", as_=tokens[0]).error == (403, "USER_BANNED", None)
    assert world.get("/v1/me", as_=by_key(license)).error == (403, "LICENSE_BANNED", None)
    assert world.post(check).document["meta"]["code"] == "BANNED"
    assert act(world, owner.id, "unban").status == 200
    assert world.get("/v1/me", as_=tokens[0]).status == 200
    assert world.post(check).document["meta"]["code"] == "VALID"


def test_who_is_banned_signs_in_to_nothing(world: World) -> None:
    made = person(world, password=PASSWORD)
    act(world, made["id"], "ban")
    reason = "You do not have permission to complete the request (user is banned)"
    assert first(sign_in(world, "ann@acme.example")) == (403, None, None, reason)
    assert sign_in(world, "ann@acme.example", "wrong password").error[1] == "PASSWORD_INVALID"
    act(world, made["id"], "unban")
    assert sign_in(world, "ann@acme.example").status == 201


@pytest.mark.parametrize("action", ["ban", "unban"])
@pytest.mark.parametrize("role", ["admin", "developer", "read-only"])
def test_staff_are_not_banned(local_world: World, action: str, role: str) -> None:
    reason = "You do not have permission to complete the request (must have a user role)"
    assert first(act(local_world, user(local_world, role).id, action)) == (403, None, None, reason)


@pytest.mark.parametrize("action", ["ban", "unban"])
@pytest.mark.parametrize(
    ("role", "status"),
    [("admin", 200), ("developer", 200), ("sales-agent", 200), ("support-agent", 200), ("read-only", 403)],
)
def test_by_staff(local_world: World, action: str, role: str, status: int) -> None:
    assert act(local_world, user(local_world).id, action, staff(local_world, role)).status == status


@pytest.mark.parametrize("action", ["ban", "unban"])
def test_by_others(world: World, action: str) -> None:
    one = user(world)
    assert act(world, one.id, action, world.token(f"/v1/products/{world.product()['id']}")).status == 200
    free = user(world)
    assert act(world, free.id, action, user_token(world, free)).error[0] == 403
    assert act(world, free.id, action, None).error == (401, "TOKEN_MISSING", None)
    assert act(world, free.id, action, user_token(world, user(world))).error[0] == 404
    assert act(world, NOWHERE, action).error == (404, "NOT_FOUND", None)


def test_the_body_is_ignored(world: World) -> None:
    made = person(world)
    assert world.post(f"{path_of(made)}/actions/ban", {"nonsense": 1}).status == 200
