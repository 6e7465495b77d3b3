"""DELETE /users/{idOrEmail}: by whom, and what goes along (spec resources.md §4.3, §4.5)."""

from __future__ import annotations

import pytest

from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.api.users.people import attach, events, full_admins, group, lives, members, owned, path_of, person
from tests.races.crowd import feed, rows
from tests.world import World, resource


def denied(reason: str) -> tuple[int, None, None, str]:
    return 403, None, None, f"You do not have permission to complete the request ({reason})"


def test_gone_at_once(world: World) -> None:
    inside = group(world)
    body = resource("users", {"email": "ann@acme.example", "metadata": {"a": 1}}, group=("groups", inside["id"]))
    ann = world.post("/v1/users", body).data
    token = world.token(path_of(ann))
    license = owned(world, ann["id"])
    world.listen("*")
    answer = world.send("DELETE", "/v1/users/Ann@acme.example")
    assert (answer.status, answer.raw) == (204, b"")
    assert events(world) == [("user.deleted", {"data": ann})]
    assert world.get(path_of(ann)).error == (404, "NOT_FOUND", None)
    assert not lives(world, token)
    assert world.get(f"/v1/licenses/{license['id']}").error[0] == 404
    assert world.get("/v1/me", as_=by_key(license)).error == (401, "LICENSE_INVALID", None)
    assert members(world, inside) == 0
    assert world.send("DELETE", path_of(ann)).error[0] == 404
    assert person(world)["id"] != ann["id"]


def test_what_is_left_goes_in_the_background(world: World) -> None:
    ann, bob = user(world), user(world)
    mine, theirs = owned(world, ann.id), owned(world, bob.id)
    attach(world, theirs, ann.id)
    user_token(world, ann)
    assert world.send("DELETE", f"/v1/users/{ann.id}").status == 204
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    world.clock.advance(minutes=2)
    world.sweep()
    assert [item["id"] for item in rows(world, Row, "license")] == [theirs["id"]]
    assert [item["bearer_id"] for item in rows(world, Row, "token")] == [world.account["admin"]]
    shown = world.get(f"/v1/licenses/{theirs['id']}").data
    assert shown["relationships"]["users"]["meta"]["count"] == 1
    assert mine["id"] not in [one["id"] for one in world.get("/v1/licenses").data]


@pytest.mark.parametrize(
    ("bearer", "target", "status"),
    [
        ("admin", "user", 204),
        ("admin", "admin", 204),
        ("developer", "user", 204),
        ("developer", "developer", 204),
        ("developer", "sales-agent", 204),
        ("developer", "admin", 403),
        ("sales-agent", "user", 403),
        ("support-agent", "user", 403),
        ("read-only", "user", 403),
    ],
)
def test_by_staff(local_world: World, bearer: str, target: str, status: int) -> None:
    path = f"/v1/users/{user(local_world, target).id}"
    assert local_world.send("DELETE", path, as_=staff(local_world, bearer)).status == status


def test_equals_who_hold_more_are_left_alone(world: World) -> None:
    as_ = user_token(world, user(world, "developer", permissions=("user.delete",)))
    answer = world.send("DELETE", f"/v1/users/{user(world, 'developer').id}", as_=as_)
    assert first(answer) == denied("developer lacks privileges to perform action on user")


def test_by_products(world: World) -> None:
    product, other = world.product()["id"], world.product()["id"]
    own = world.token(f"/v1/products/{product}")
    nobodys, ours, shared, theirs = user(world), user(world), user(world), user(world)
    for one, products in ((ours, [product]), (shared, [product, other]), (theirs, [other])):
        for sold in products:
            owned(world, one.id, sold)
    friend = user(world)
    attach(world, owned(world, nobodys.id, product), friend.id)
    attach(world, owned(world, theirs.id, other), shared.id)
    reason = "user cannot belong to another product"
    for one in (shared, theirs):
        assert first(world.send("DELETE", f"/v1/users/{one.id}", as_=own)) == denied(reason)
    for one in (nobodys, ours, friend, user(world)):
        assert world.send("DELETE", f"/v1/users/{one.id}", as_=own).status == 204
    assert world.send("DELETE", f"/v1/users/{user(world, 'read-only').id}", as_=own).error[0] == 404


def test_not_by_others(world: World) -> None:
    me = user(world)
    path = f"/v1/users/{me.id}"
    assert world.send("DELETE", path, as_=user_token(world, me)).error[0] == 403
    assert world.send("DELETE", path, as_=user_token(world, user(world))).error[0] == 404
    assert world.send("DELETE", path, as_=by_key(owned(world, me.id))).error[0] == 403
    assert world.send("DELETE", path, as_=None).error == (401, "TOKEN_MISSING", None)
    assert world.send("DELETE", f"/v1/users/{NOWHERE}").error[0] == 404


def test_admins_are_counted(world: World) -> None:
    other = user(world, "admin")
    assert full_admins(world) == 2
    assert world.send("DELETE", f"/v1/users/{other.id}").status == 204
    assert full_admins(world) == 1
