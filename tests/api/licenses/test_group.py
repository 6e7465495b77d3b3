"""The group of a license: show and change (spec licenses.md §10.6)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, first, user, user_token
from tests.api.licenses.cast import Cast, emitted, grouped, ids, link, owned, path, related
from tests.races.crowd import rows
from tests.world import Answer, World

PLACE = "/data/relationships/group"
NOT_FOUND = (422, "GROUP_NOT_FOUND", PLACE, "must exist")


def full(highest: int) -> tuple[int, str, str, str]:
    detail = f"license count has exceeded maximum allowed by current group ({highest})"
    return 422, "GROUP_LICENSE_LIMIT_EXCEEDED", PLACE, detail


def change(world: World, license: Any, group: Any, method: str = "PUT", **options: Any) -> Answer:
    return world.send(method, path(license, "group"), link("groups", group and group["id"]), **options)


def members(world: World, group: Any) -> int:
    """How many licenses a group counts."""
    [meter] = [item for item in rows(world, Row, "group-meter") if group["id"] in item["pk"]]
    return int(meter["licenses"])


# --- show -------------------------------------------------------------------------------------------------------------


def test_show(world: World) -> None:
    license, group = world.license(), grouped(world)
    change(world, license, group)
    answer = world.get(path(license, "group"))
    assert (answer.status, answer.document) == (200, {"data": group})


def test_without_group(world: World) -> None:
    answer = world.get(path(world.license(), "group"))
    assert first(answer) == (404, "NOT_FOUND", None, "The requested group was not found")


# --- change -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change(world: World, method: str) -> None:
    license, group, other = world.license(name="Name"), grouped(world), grouped(world)
    assert change(world, license, group).status == 200
    world.clock.advance(seconds=5)
    answer = change(world, license, other, method)
    assert answer.status == 200
    assert answer.attributes == license["attributes"] | {"updated": to_text(world.clock.now())}
    assert related(answer.data, "group") == other["id"]
    assert world.get(path(license)).data == answer.data
    assert (members(world, group), members(world, other)) == (0, 1)
    assert ids(world.get(f"/v1/groups/{group['id']}/licenses")) == []
    assert ids(world.get(f"/v1/groups/{other['id']}/licenses")) == [license["id"]]


def test_none(world: World) -> None:
    license, group = world.license(), grouped(world)
    change(world, license, group)
    answer = change(world, license, None)
    assert (answer.status, related(answer.data, "group"), members(world, group)) == (200, None, 0)
    assert world.get(path(license, "group")).status == 404
    assert change(world, license, None).status == 200


def test_by_key_and_its_hints_follow(world: World) -> None:
    license, group = world.license(key="SOME-LICENSE-KEY"), grouped(world)
    assert world.send("PUT", "/v1/licenses/SOME-LICENSE-KEY/group", link("group", group["id"])).status == 200
    [guard] = [item for item in rows(world, Row, "unique") if item["target"] == license["id"]]
    assert guard["group_id"] == group["id"]


def test_the_group_of_the_owner_stays(world: World) -> None:
    group, other = grouped(world), grouped(world)
    owner = user(world, group_id=group["id"])
    license = owned(world, owner)
    assert related(license, "group") == group["id"]
    change(world, license, other)
    assert related(world.get(f"/v1/users/{owner.id}").data, "group") == group["id"]
    assert (members(world, group), members(world, other)) == (0, 1)


def test_the_same_group_again(world: World) -> None:
    license, group = world.license(), grouped(world, maxLicenses=1)
    change(world, license, group)
    world.listen("license.group.updated")
    world.clock.advance(seconds=5)
    answer = change(world, license, group)
    assert (answer.status, answer.attributes["updated"]) == (200, to_text(world.clock.now()))
    assert members(world, group) == 1
    assert emitted(world) == [("license.group.updated", answer.document)]


def test_a_group_that_is_gone(world: World) -> None:
    license, group, other = world.license(), grouped(world), grouped(world)
    change(world, license, group)
    world.send("DELETE", f"/v1/groups/{group['id']}")
    assert world.get(path(license, "group")).status == 404
    assert first(change(world, license, group)) == NOT_FOUND
    assert related(change(world, license, other).data, "group") == other["id"]
    assert members(world, other) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, (400, None, "/data", "is missing")),
        ({"data": []}, (400, None, "/data", "type mismatch (received array expected object)")),
        (link("users", NOWHERE), (400, None, "/data/type", "is invalid")),
        (link("groups", "x"), (400, None, "/data/id", "type mismatch (received string expected UUID string)")),
        (link("groups", NOWHERE), NOT_FOUND),
    ],
)
def test_bodies_that_are_refused(shared_world: World, body: Any, error: Any) -> None:
    license = shared_world.license()
    assert first(shared_world.send("PUT", path(license, "group"), body)) == error


@pytest.mark.parametrize("highest", [0, 2])
def test_a_full_group(world: World, highest: int) -> None:
    group = grouped(world, maxLicenses=highest)
    for _ in range(highest):
        assert change(world, world.license(), group).status == 200
    license = world.license()
    assert first(change(world, license, group)) == full(highest)
    assert (world.get(path(license)).data, members(world, group)) == (license, highest)


def test_a_place_that_was_left_is_free(world: World) -> None:
    group, [one, other] = grouped(world, maxLicenses=1), [world.license(), world.license()]
    change(world, one, group)
    assert change(world, other, group).status == 422
    change(world, one, None)
    assert change(world, other, group).status == 200
    world.send("DELETE", path(other))
    assert members(world, group) == 0


# --- who may ----------------------------------------------------------------------------------------------------------

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"
CHANGE = "401 200 200 200 403 403 200 404 403 403 404 403 404"


def test_who_may(local_world: World) -> None:
    cast, group = Cast(local_world), grouped(local_world)
    change(local_world, cast.license, group)
    assert cast.statuses("GET", "group") == READ
    assert cast.statuses("PUT", "group", lambda: link("groups", group["id"])) == CHANGE
    assert cast.statuses("PUT", "group", lambda: link("groups", NOWHERE)) == CHANGE.replace("200", "422")


def test_users_read_by_default(world: World) -> None:
    owner, group = user(world), grouped(world)
    license = owned(world, owner)
    change(world, license, group)
    assert world.get(path(license, "group"), as_=user_token(world, owner)).data == group


def test_order_of_errors(world: World) -> None:
    cast = Cast(world)
    assert world.send("PUT", f"/v1/licenses/{NOWHERE}/group", {}).status == 404
    assert cast.ask("PUT", "group", "stranger", {}).status == 404
    assert cast.ask("PUT", "group", "owner", {}).error == (400, None, "/data")
    assert cast.ask("PUT", "group", "owner", link("groups", NOWHERE)).status == 403


# --- events -----------------------------------------------------------------------------------------------------------


def test_events(world: World) -> None:
    license, group = world.license(), grouped(world)
    world.listen("license.group.updated", "license.updated")
    given, taken = change(world, license, group), change(world, license, None)
    change(world, license, {"id": NOWHERE})
    assert emitted(world) == [("license.group.updated", one.document) for one in (given, taken)]
