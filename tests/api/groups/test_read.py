"""Who sees which groups: members and owners theirs, a license its own, staff and products all (auth.md §5.4, §7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.groups.crowd import attach, group, licensed, member, owner, owners
from tests.api.helpers import NOWHERE, by_key, open_license, staff, user, user_token
from tests.world import World

BELOW = ("users", "licenses", "machines", "owners")


class Scene:
    """Three groups; somebody who is in the first and owns the second, somebody without, and licenses of both kinds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.groups = []
        for name in ("first", "second", "third"):
            world.clock.advance(seconds=1)
            self.groups.append(group(world, name))
        self.first, self.second, self.third = self.groups
        both = member(world, self.first)
        attach(world, self.second, both)
        self.bearers = {
            "both": user_token(world, both),
            "outsider": user_token(world, user(world)),
            "license": by_key(licensed(world, self.first)),
            "license-outside": by_key(open_license(world)),
            "product": world.token(f"/v1/products/{world.product()['id']}"),
            "read-only": staff(world, "read-only"),
        }

    def names(self, bearer: str, query: str = "") -> list[str]:
        answer = self.world.get(f"/v1/groups{query}", as_=self.bearers[bearer])
        assert answer.status == 200, answer.raw
        return [one["attributes"]["name"] for one in answer.data]

    def status(self, bearer: str, method: str, group: Any, below: str = "") -> int:
        return self.world.send(method, f"/v1/groups/{group['id']}{below}", as_=self.bearers[bearer]).status


@pytest.fixture
def scene(local_world: World) -> Scene:
    return Scene(local_world)


@pytest.mark.parametrize(
    ("bearer", "names"),
    [
        ("both", ["second", "first"]),
        ("outsider", []),
        ("license", ["first"]),
        ("license-outside", []),
        ("product", ["third", "second", "first"]),
        ("read-only", ["third", "second", "first"]),
    ],
)
def test_lists(scene: Scene, bearer: str, names: list[str]) -> None:
    assert scene.names(bearer) == names
    assert scene.names(bearer, "?order=asc") == names[::-1]
    page = scene.world.get("/v1/groups?page[number]=1&page[size]=1", as_=scene.bearers[bearer]).document
    assert page["links"]["meta"] == {"pages": len(names), "count": len(names)}


def test_pages(world: World) -> None:
    made = []
    for number in range(3):
        world.clock.advance(seconds=1)
        made.append(group(world, str(number)))
    assert world.get("/v1/groups").document == {"data": made[::-1]}
    assert world.get("/v1/groups?limit=1").data == made[2:]
    assert world.get(f"/v1/groups?page[cursor]={made[2]['id']}&page[size]=1").data == made[1:2]
    assert world.get("/v1/groups?limit=0").error == (400, None, "limit")
    assert world.get("/v1/groups?limit=0", as_=None).error == (401, "TOKEN_MISSING", None)


def test_a_member_that_owns_its_group_sees_it_once(local_world: World) -> None:
    made = group(local_world)
    both = member(local_world, made)
    attach(local_world, made, both)
    assert local_world.get("/v1/groups", as_=user_token(local_world, both)).data == [made]


@pytest.mark.parametrize(
    ("bearer", "statuses"),
    [
        ("both", (200, 200, 403)),
        ("outsider", (403, 403, 403)),
        ("license", (200, 403, 403)),
        ("license-outside", (403, 403, 403)),
        ("product", (200, 200, 200)),
        ("read-only", (200, 200, 200)),
    ],
)
def test_the_group_itself_is_looked_up_in_the_whole_account(
    scene: Scene, bearer: str, statuses: tuple[int, ...]
) -> None:
    assert tuple(scene.status(bearer, "GET", one) for one in scene.groups) == statuses
    nowhere = scene.world.get(f"/v1/groups/{NOWHERE}", as_=scene.bearers[bearer])
    assert nowhere.error == (404, "NOT_FOUND", None)


@pytest.mark.parametrize("bearer", ["both", "outsider", "license", "license-outside", "read-only"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_who_may_not_change_a_group_is_told_so(scene: Scene, bearer: str, method: str) -> None:
    assert [scene.status(bearer, method, one) for one in scene.groups] == [403, 403, 403]


@pytest.mark.parametrize("below", BELOW)
@pytest.mark.parametrize(
    ("bearer", "statuses"),
    [
        ("both", {"owners": (200, 200, 404), "else": (403, 200, 404)}),
        ("outsider", {"owners": (404, 404, 404), "else": (404, 404, 404)}),
        ("license", {"owners": (200, 404, 404), "else": (403, 404, 404)}),
        ("license-outside", {"owners": (404, 404, 404), "else": (404, 404, 404)}),
        ("product", {"owners": (200, 200, 200), "else": (200, 200, 200)}),
        ("read-only", {"owners": (200, 200, 200), "else": (200, 200, 200)}),
    ],
)
def test_below_it_only_what_is_visible_is_found(
    scene: Scene, bearer: str, statuses: dict[str, tuple[int, ...]], below: str
) -> None:
    found = tuple(scene.status(bearer, "GET", one, f"/{below}") for one in scene.groups)
    assert found == statuses.get(below, statuses["else"])
    # Of a child that is nowhere, 404 is told where the list could be read, and 403 where it could not.
    children = tuple(scene.status(bearer, "GET", one, f"/{below}/{NOWHERE}") for one in scene.groups)
    assert children == tuple(404 if status == 200 else status for status in found)


@pytest.mark.parametrize("below", BELOW)
def test_pagination_of_what_is_below_is_told_after_the_404(scene: Scene, below: str) -> None:
    world = scene.world
    for bearer, one, error in (
        ("outsider", scene.first, (404, "NOT_FOUND", None)),
        ("both", scene.third, (404, "NOT_FOUND", None)),
        ("license", scene.first, (400, None, "limit")),
        ("read-only", scene.first, (400, None, "limit")),
    ):
        path = f"/v1/groups/{one['id']}/{below}?limit=0"
        assert world.get(path, as_=scene.bearers[bearer]).error == error


@pytest.mark.parametrize("bearer", ["both", "license"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_members_and_owners_do_not_name_owners(scene: Scene, bearer: str, method: str) -> None:
    """404, then the document, then 403."""
    world, token = scene.world, scene.bearers[bearer]
    path, elsewhere = (f"/v1/groups/{one['id']}/owners" for one in (scene.first, scene.third))
    assert world.send(method, elsewhere, {}, as_=token).error == (404, "NOT_FOUND", None)
    assert world.send(method, path, {}, as_=token).error == (400, None, "/data")
    assert world.send(method, path, owners(user(world)), as_=token).error == (403, None, None)


def test_without_the_permission_it_is_403(local_world: World) -> None:
    made = group(local_world)
    bearer = user_token(local_world, member(local_world, made, permissions=("license.read",)))
    for path in ("/v1/groups", f"/v1/groups/{made['id']}", f"/v1/groups/{made['id']}/owners"):
        assert local_world.get(path, as_=bearer).error == (403, None, None)


@pytest.mark.parametrize("name", ["users", "licenses", "machines"])
def test_each_list_asks_for_a_permission_of_its_own(local_world: World, name: str) -> None:
    made = group(local_world)
    for held, status in ((f"group.{name}.read", 200), ("group.read", 403)):
        holder = user(local_world, permissions=(held,))
        attach(local_world, made, holder)
        assert local_world.get(f"/v1/groups/{made['id']}/{name}", as_=user_token(local_world, holder)).status == status


def test_who_owns_it_no_more_sees_it_no_more(world: World) -> None:
    made, former = group(world), user(world)
    attach(world, made, former)
    bearer, path = user_token(world, former), f"/v1/groups/{made['id']}"
    assert [world.get(one, as_=bearer).status for one in (path, f"{path}/users")] == [200, 200]
    assert world.send("DELETE", f"{path}/owners", owners(former)).status == 204
    assert [world.get(one, as_=bearer).status for one in (path, f"{path}/users")] == [403, 404]
    assert world.get("/v1/groups", as_=bearer).data == []


def test_owning_a_group_makes_nobody_visible_elsewhere(local_world: World) -> None:
    made = group(local_world)
    inside, license = member(local_world, made), licensed(local_world, made)
    bearer = owner(local_world, made)
    assert [one["id"] for one in local_world.get(f"/v1/groups/{made['id']}/users", as_=bearer).data] == [inside.id]
    assert local_world.get(f"/v1/users/{inside.id}", as_=bearer).error == (404, "NOT_FOUND", None)
    assert local_world.get(f"/v1/licenses/{license['id']}", as_=bearer).error == (404, "NOT_FOUND", None)
    assert local_world.get("/v1/licenses", as_=bearer).data == []
