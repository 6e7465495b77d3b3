"""The owner of a license: show and change (spec licenses.md §10.5)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.user import User
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, codes, first, user, user_token
from tests.api.licenses.cast import Cast, count, emitted, grouped, ids, link, links, owned, path, related
from tests.races.crowd import rows
from tests.world import Answer, World

PLACE = "/data/relationships/owner"
NOT_FOUND = (422, "OWNER_NOT_FOUND", PLACE, "must exist")
INVALID = (422, "OWNER_INVALID", PLACE, "already exists (user is attached through users)")


def change(world: World, license: Any, owner: User | None, method: str = "PUT", **options: Any) -> Answer:
    return world.send(method, path(license, "owner"), link("users", None if owner is None else owner.id), **options)


def members(world: World, group: Any) -> int:
    """How many licenses a group counts."""
    [meter] = [item for item in rows(world, Row, "group-meter") if group["id"] in item["pk"]]
    return int(meter["licenses"])


# --- show -------------------------------------------------------------------------------------------------------------


def test_show(world: World) -> None:
    owner = user(world, first_name="Ann")
    license = owned(world, owner)
    answer = world.get(path(license, "owner"))
    assert (answer.status, answer.document) == (200, world.get(f"/v1/users/{owner.id}").document)


def test_without_owner(world: World) -> None:
    answer = world.get(path(world.license(), "owner"))
    assert (answer.status, answer.document) == (200, {"data": None})


# --- change -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change(world: World, method: str) -> None:
    ann, bob = user(world), user(world)
    license = owned(world, ann, name="Name", metadata={"a": 1})
    world.clock.advance(seconds=5)
    answer = change(world, license, bob, method)
    assert answer.status == 200
    assert answer.attributes == license["attributes"] | {"updated": to_text(world.clock.now())}
    assert related(answer.data, "owner") == bob.id
    assert count(world, license) == 1
    assert world.get(path(license)).data == answer.data
    assert world.get(path(license), as_=user_token(world, ann)).status == 404
    assert world.get(path(license), as_=user_token(world, bob)).status == 200
    assert ids(world.get("/v1/licenses", as_=user_token(world, bob))) == [license["id"]]


def test_first_owner_and_none(world: World) -> None:
    license, ann = world.license(), user(world)
    assert related(change(world, license, ann).data, "owner") == ann.id
    assert count(world, license) == 1
    removed = change(world, license, None)
    assert (removed.status, related(removed.data, "owner"), count(world, license)) == (200, None, 0)
    assert world.get(path(license, "owner")).document == {"data": None}


def test_by_key_and_its_hints_follow(world: World) -> None:
    license, ann = world.license(key="SOME-LICENSE-KEY"), user(world)
    assert world.send("PUT", "/v1/licenses/SOME-LICENSE-KEY/owner", link("user", ann.id)).status == 200
    validated = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": "SOME-LICENSE-KEY"}}, as_=None)
    assert related(validated.data, "owner") == ann.id
    [guard] = [item for item in rows(world, Row, "unique") if item["target"] == license["id"]]
    assert guard["owner_id"] == ann.id


def test_a_former_owner_may_be_attached_and_go(world: World) -> None:
    ann, bob = user(world), user(world)
    license = owned(world, ann)
    change(world, license, bob)
    assert world.post(path(license, "users"), links("users", ann.id)).status == 201
    assert world.send("DELETE", f"/v1/users/{ann.id}").status == 204
    for _ in range(2):
        world.clock.advance(minutes=2)
        world.sweep()
    assert world.get(path(license)).status == 200
    assert count(world, license) == 1


def test_the_owner_narrows_the_permissions(world: World) -> None:
    license = world.license(permissions=["license.read", "license.validate"])
    ann = user(world, permissions=("license.read",))
    assert change(world, license, ann).attributes["permissions"] == ["license.read"]
    assert change(world, license, None).attributes["permissions"] == ["license.read", "license.validate"]


def test_a_banned_owner_bans_the_license(world: World) -> None:
    license, ann = world.license(), user(world, banned_at=world.clock.now())
    assert change(world, license, ann).attributes["status"] == "BANNED"


def test_the_same_owner_again(world: World) -> None:
    ann = user(world)
    license = owned(world, ann, world.policy(maxUsers=1)["id"])
    world.listen("license.owner.updated")
    world.clock.advance(seconds=5)
    answer = change(world, license, ann)
    assert answer.status == 200
    assert answer.attributes == license["attributes"] | {"updated": to_text(world.clock.now())}
    assert emitted(world) == [("license.owner.updated", answer.document)]
    nobody = world.license()
    assert change(world, nobody, None).status == 200


# --- groups -----------------------------------------------------------------------------------------------------------


def test_a_license_without_group_inherits_that_of_its_owner(world: World) -> None:
    group, other = grouped(world), grouped(world)
    ann, bob = user(world, group_id=group["id"]), user(world, group_id=other["id"])
    license = world.license()
    assert related(change(world, license, ann).data, "group") == group["id"]
    assert related(change(world, license, bob).data, "group") == group["id"]
    assert related(change(world, license, None).data, "group") == group["id"]
    assert (members(world, group), members(world, other)) == (1, 0)
    assert ids(world.get(f"/v1/groups/{group['id']}/licenses")) == [license["id"]]


def test_a_full_group_is_not_inherited(world: World) -> None:
    group = grouped(world, maxLicenses=1)
    ann = user(world, group_id=group["id"])
    owned(world, ann)
    license = world.license()
    detail = "license count has exceeded maximum allowed by current group (1)"
    place = "/data/relationships/group"
    assert first(change(world, license, ann)) == (422, "GROUP_LICENSE_LIMIT_EXCEEDED", place, detail)
    assert members(world, group) == 1
    assert world.get(path(license)).data == license


def test_a_group_that_is_gone_is_not_inherited(world: World) -> None:
    group, license = grouped(world), world.license()
    ann = user(world, group_id=group["id"])
    world.send("DELETE", f"/v1/groups/{group['id']}")
    assert related(change(world, license, ann).data, "group") is None


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, (400, None, "/data", "is missing")),
        ({"data": {}}, (400, None, "/data/type", "is missing")),
        (link("licenses", NOWHERE), (400, None, "/data/type", "is invalid")),
        (link("users", "x"), (400, None, "/data/id", "type mismatch (received string expected UUID string)")),
        (link("users", NOWHERE), NOT_FOUND),
    ],
)
def test_bodies_that_are_refused(shared_world: World, body: Any, error: Any) -> None:
    license = shared_world.license()
    assert first(shared_world.send("PUT", path(license, "owner"), body)) == error


def test_an_attached_user_does_not_become_the_owner(world: World) -> None:
    ann, bob = user(world), user(world)
    license = owned(world, ann)
    world.post(path(license, "users"), links("users", bob.id))
    assert first(change(world, license, bob)) == INVALID
    world.send("DELETE", path(license, "users"), links("users", bob.id))
    assert change(world, license, bob).status == 200


@pytest.mark.parametrize(
    ("overage", "status"), [("NO_OVERAGE", 422), ("ALLOW_2X_OVERAGE", 200), ("ALWAYS_ALLOW_OVERAGE", 200)]
)
def test_the_owner_takes_a_seat(world: World, overage: str, status: int) -> None:
    license = world.license(world.policy(maxUsers=2, floating=True)["id"])
    world.post(path(license, "users"), links("users", user(world).id, user(world).id))
    policy = world.policy(maxUsers=2, floating=True, overageStrategy=overage)
    world.send("PUT", path(license, "policy"), link("policies", policy["id"]))
    answer = change(world, license, user(world))
    assert answer.status == status
    if status == 422:
        detail = "user count has exceeded maximum allowed for license (2)"
        assert first(answer) == (422, "USER_LIMIT_EXCEEDED", "/data/relationships/users", detail)


def test_one_owner_for_another_needs_no_seat_more(world: World) -> None:
    license = owned(world, user(world), world.policy(maxUsers=2)["id"])
    world.post(path(license, "users"), links("users", user(world).id))
    assert change(world, license, user(world)).status == 200
    assert count(world, license) == 2


def test_problems_are_told_together(world: World) -> None:
    group = grouped(world, maxLicenses=0)
    ann, bob = user(world, group_id=group["id"]), user(world)
    license = world.license(world.policy(maxUsers=2)["id"])
    world.post(path(license, "users"), links("users", ann.id, bob.id))
    assert codes(change(world, license, ann)) == [
        ("OWNER_INVALID", PLACE),
        ("USER_LIMIT_EXCEEDED", "/data/relationships/users"),
        ("GROUP_LICENSE_LIMIT_EXCEEDED", "/data/relationships/group"),
    ]


def test_a_deleted_user_owns_nothing(world: World) -> None:
    license, ann = world.license(), user(world)
    world.send("DELETE", f"/v1/users/{ann.id}")
    assert first(change(world, license, ann)) == NOT_FOUND


# --- who may ----------------------------------------------------------------------------------------------------------

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"
CHANGE = "401 200 200 200 403 403 200 404 403 403 404 403 404"


def test_who_may(local_world: World) -> None:
    cast = Cast(local_world)
    assert cast.statuses("GET", "owner") == READ
    assert cast.statuses("PUT", "owner", lambda: link("users", cast.owner.id)) == CHANGE


def test_a_product_reads_an_owner_of_the_staff(world: World) -> None:
    colleague = user(world, "developer")
    license = owned(world, colleague)
    product = world.token(f"/v1/products/{related(license, 'product')}")
    assert world.get(path(license, "owner"), as_=product).data["id"] == colleague.id


def test_by_default_a_license_does_not_read_its_owner(world: World) -> None:
    license = owned(world, user(world), world.policy(authenticationStrategy="LICENSE")["id"])
    assert world.get(path(license, "owner"), as_=f"License {license['attributes']['key']}").status == 403


def test_order_of_errors(world: World) -> None:
    cast = Cast(world)
    assert world.send("PUT", f"/v1/licenses/{NOWHERE}/owner", {}).status == 404
    assert cast.ask("PUT", "owner", "stranger", {}).status == 404
    assert cast.ask("PUT", "owner", "owner", {}).status == 403
    assert cast.ask("PUT", "owner", "admin", {}).status == 400


# --- events -----------------------------------------------------------------------------------------------------------


def test_events(world: World) -> None:
    license, ann = world.license(), user(world)
    world.listen("license.owner.updated", "license.updated")
    given, taken = change(world, license, ann), change(world, license, None)
    change(world, license, User(id=NOWHERE, email="", created=ann.created, updated=ann.updated))
    assert emitted(world) == [("license.owner.updated", one.document) for one in (given, taken)]
