"""Roles, permissions and tokens of users, and the admins an account needs (spec resources.md §4.1, auth.md §5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import permissions
from chalicelib.store.table import Row
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import first, user, user_token
from tests.api.users.people import attach, change, full_admins, lives, owned, path_of, person
from tests.races.crowd import WRITES, Watched, feed, rows
from tests.world import World, resource

REQUIRED = (422, "ACCOUNT_ADMINS_REQUIRED", "/data/relationships/account")


def tokens_of(world: World, identifier: str) -> int:
    """How many tokens of a bearer are stored, dead ones too."""
    return sum(item["bearer_id"] == identifier for item in rows(world, Row, "token"))


def roll_forward(world: World) -> None:
    """Let the stream do what is announced, and the sweep what is left."""
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    world.clock.advance(minutes=2)
    world.sweep()


@pytest.mark.parametrize("role", ["developer", "sales-agent", "support-agent", "read-only", "admin"])
def test_a_new_role_narrows_the_permissions(local_world: World, role: str) -> None:
    made = person(local_world)
    answer = change(local_world, made, role=role)
    kept = permissions.default("user") & permissions.default(role)
    assert (answer.status, answer.attributes["role"]) == (200, role)
    assert answer.attributes["permissions"] == sorted(kept)
    back = change(local_world, made, role="user")
    assert back.attributes["permissions"] == sorted(kept & permissions.default("user"))


def test_a_new_role_with_permissions(local_world: World) -> None:
    made = person(local_world)
    assert change(local_world, made, role="admin", permissions=["*"]).attributes["permissions"] == ["*"]
    assert full_admins(local_world) == 2


def test_only_staff_are_listed_by_their_new_role(world: World) -> None:
    made = person(world)
    change(world, made, role="developer")
    assert world.get("/v1/users").data == []
    assert [one["id"] for one in world.get("/v1/users?roles[]=developer").data] == [made["id"]]


def test_a_new_role_revokes_the_tokens(world: World) -> None:
    made = person(world)
    customer = user(world)
    tokens = [world.token(path_of(made)) for _ in range(3)]
    other = user_token(world, customer)
    assert change(world, made, firstName="Ann").status == 200
    assert all(lives(world, token) for token in tokens)
    assert change(world, made, role="developer", metadata={"a": 1}).status == 200
    assert not any(lives(world, token) for token in tokens)
    assert world.get(f"{path_of(made)}/tokens").data == []
    assert lives(world, other)
    assert tokens_of(world, made["id"]) == 3
    roll_forward(world)
    assert (tokens_of(world, made["id"]), tokens_of(world, customer.id)) == (0, 1)
    assert change(world, made, role="user").status == 200
    assert lives(world, world.token(path_of(made)))


def test_all_of_many_tokens(local_world: World) -> None:
    """More than any transaction or page holds."""
    one = user(local_world)
    tokens = [user_token(local_world, one) for _ in range(60)]
    body = resource("users", {"role": "read-only"})
    assert local_world.send("PATCH", f"/v1/users/{one.id}", body).status == 200
    assert not any(lives(local_world, token) for token in tokens)
    roll_forward(local_world)
    assert tokens_of(local_world, one.id) == 0


def test_the_token_of_the_request_stays(world: World) -> None:
    me = user(world, "admin")
    mine, other = user_token(world, me), user_token(world, me)
    answer = world.send("PATCH", f"/v1/users/{me.id}", resource("users", {"role": "user"}), as_=mine)
    assert (answer.status, answer.attributes["role"]) == (200, "user")
    assert (lives(world, mine), lives(world, other)) == (True, False)
    roll_forward(world)
    assert (lives(world, mine), tokens_of(world, me.id)) == (True, 1)
    (shown,) = world.get("/v1/me", as_=mine).document["included"]
    assert shown["attributes"]["kind"] == "user-token"
    assert world.get("/v1/users", as_=mine).data[0]["id"] == me.id


def test_a_kept_token_is_that_of_a_customer(world: World) -> None:
    """What a customer may do with a license hangs on being recognised as one."""
    me = user(world, "admin")
    mine = user_token(world, me)
    license = owned(world, user(world).id)
    attach(world, license, me.id)
    assert world.send("PATCH", f"/v1/users/{me.id}", resource("users", {"role": "user"}), as_=mine).status == 200
    assert world.get(f"/v1/licenses/{license['id']}", as_=mine).status == 200


def test_a_token_made_meanwhile_dies_too(world: World) -> None:
    """Whoever read the user before its tokens were revoked makes a token that is dead."""
    before = user(world)
    body = resource("users", {"role": "read-only"})
    assert world.send("PATCH", f"/v1/users/{before.id}", body).status == 200
    assert not lives(world, user_token(world, before))


@pytest.mark.parametrize(
    ("attributes", "full"),
    [
        ({"role": "developer"}, False),
        ({"role": "user", "permissions": ["*"]}, False),
        ({"permissions": ["user.read"]}, True),
        ({"permissions": []}, True),
    ],
)
def test_the_last_admin_stays(world: World, attributes: Any, full: bool) -> None:
    me = {"id": world.account["admin"]}
    answer = change(world, me, **attributes)
    detail = "account must have at least 1 admin user"
    assert first(answer) == (*REQUIRED, detail + (" with a full permission set" if full else ""))
    assert full_admins(world) == 1
    assert lives(world, world.admin)
    user(world, "admin")
    assert change(world, me, **attributes).status == 200
    assert full_admins(world) == 1


def test_the_last_admin_is_not_deleted(world: World) -> None:
    path = f"/v1/users/{world.account['admin']}"
    user(world, "admin", permissions=("user.read",))
    assert first(world.send("DELETE", path)) == (*REQUIRED, "account must have at least 1 admin user")
    other = user_token(world, user(world, "admin"))
    assert world.send("DELETE", path).status == 204
    assert full_admins(world) == 1
    assert not lives(world, world.admin)
    assert lives(world, other)


def test_all_permissions_by_name_are_a_full_set(local_world: World) -> None:
    me = {"id": local_world.account["admin"]}
    everything = sorted(permissions.allowed("admin"))
    assert change(local_world, me, permissions=everything).status == 200
    assert change(local_world, me, permissions=everything[1:]).error == REQUIRED


def test_two_admins_do_not_leave_at_the_same_moment() -> None:
    """The counter is a condition of the write, whatever both have read before."""
    transport = Watched(EngineTransport(Engine(":memory:")))
    world = World(transport)
    other = user(world, "admin")
    theirs = user_token(world, other)
    leave = resource("users", {"role": "user"})
    transport.between(WRITES, lambda: world.send("PATCH", f"/v1/users/{other.id}", leave, as_=theirs))
    assert world.send("PATCH", f"/v1/users/{world.account['admin']}", leave).error == REQUIRED
    assert world.get(f"/v1/users/{other.id}").attributes["role"] == "user"
    assert full_admins(world) == 1
