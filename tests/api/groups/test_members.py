"""Who and what is in a group, and who sees that: its owners all of it, products licenses of their own and customers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.groups.crowd import group, licensed, member, owner
from tests.api.helpers import NOWHERE, first, staff, user
from tests.world import World


class Scene:
    """A group with two customers, a member of staff and licenses of two products, beside others outside."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group = group(world)
        self.path = f"/v1/groups/{self.group['id']}"
        self.product = world.product()["id"]
        self.users = [self._later(member, self.group, role) for role in ("user", "user", "developer")]
        self.own = self._later(licensed, self.group, self.product)
        self.foreign = self._later(licensed, self.group)
        self.outside = (user(world), world.license(world.policy(self.product)["id"]))
        self.bearers = {
            "admin": world.admin,
            "read-only": staff(world, "read-only"),
            "owner": owner(world, self.group),
            "product": world.token(f"/v1/products/{self.product}"),
        }

    def _later(self, make: Any, *given: Any) -> Any:
        self.world.clock.advance(seconds=1)
        return make(self.world, *given)

    def ids(self, bearer: str, below: str, query: str = "") -> list[str]:
        answer = self.world.get(f"{self.path}/{below}{query}", as_=self.bearers[bearer])
        assert answer.status == 200, answer.raw
        return [one["id"] for one in answer.data]


@pytest.fixture
def scene(local_world: World) -> Scene:
    return Scene(local_world)


@pytest.mark.parametrize("bearer", ["admin", "read-only", "owner", "product"])
def test_lists(scene: Scene, bearer: str) -> None:
    """Newest first; what is said of the page is about what is seen."""
    cut = bearer == "product"
    users = [one.id for one in scene.users if not cut or one.role == "user"][::-1]
    licenses = [scene.own["id"]] if cut else [scene.foreign["id"], scene.own["id"]]
    for below, expected in (("users", users), ("licenses", licenses), ("machines", [])):
        assert scene.ids(bearer, below) == expected
        assert scene.ids(bearer, below, "?order=asc&limit=1") == expected[-1:]
        assert scene.ids(bearer, below, "?page[cursor]=&page[size]=1") == expected[:1]
        page = scene.world.get(f"{scene.path}/{below}?page[number]=1", as_=scene.bearers[bearer]).document
        assert page["links"]["meta"]["count"] == len(expected)


@pytest.mark.parametrize("bearer", ["admin", "read-only", "owner", "product"])
def test_single_members(scene: Scene, bearer: str) -> None:
    world, token, cut = scene.world, scene.bearers[bearer], bearer == "product"
    for one in scene.users:
        seen = not cut or one.role == "user"
        for text in (one.id, one.id.upper(), quote(one.email), quote(one.email.upper())):
            answer = world.get(f"{scene.path}/users/{text}", as_=token)
            assert answer.status == (200 if seen else 404)
            assert not seen or answer.data["id"] == one.id
    for one, seen in ((scene.own, True), (scene.foreign, not cut)):
        for text in (one["id"], one["attributes"]["key"]):
            answer = world.get(f"{scene.path}/licenses/{text}", as_=token)
            assert answer.status == (200 if seen else 404)
            assert not seen or answer.data["id"] == one["id"]


@pytest.mark.parametrize("bearer", ["admin", "owner", "product"])
def test_what_is_not_in_it_is_not_found(scene: Scene, bearer: str) -> None:
    stranger, license = scene.outside
    key = license["attributes"]["key"]
    for below, word, texts in (
        ("users", "user", (stranger.id, quote(stranger.email), NOWHERE, "x", license["id"])),
        ("licenses", "license", (license["id"], key, key.lower(), NOWHERE, "x", stranger.id)),
        ("machines", "machine", (NOWHERE, "fingerprint")),
    ):
        for text in texts:
            answer = scene.world.get(f"{scene.path}/{below}/{text}", as_=scene.bearers[bearer])
            assert first(answer)[:2] == (404, "NOT_FOUND")
            assert answer.errors[0]["detail"].startswith(f"The requested {word} '")


def test_members_are_shown_as_they_are_elsewhere(world: World) -> None:
    made = group(world)
    inside, license = member(world, made, first_name="A", last_name="B"), licensed(world, made)
    path = f"/v1/groups/{made['id']}"
    shown = world.get(f"/v1/users/{inside.id}").data
    assert world.get(f"{path}/users").document == {"data": [shown]}
    assert world.get(f"{path}/users/{inside.id}").document == {"data": shown}
    assert shown["relationships"]["group"]["data"] == {"type": "groups", "id": made["id"]}
    assert world.get(f"{path}/licenses").document == {"data": [license]}
    assert world.get(f"{path}/licenses/{license['attributes']['key']}").document == {"data": license}
    assert world.get(f"{path}/machines?page[number]=1").document["links"]["meta"] == {"pages": 0, "count": 0}


def test_the_lists_follow_who_comes_and_goes(world: World) -> None:
    one, other = group(world, "one"), group(world, "other")
    inside, license = member(world, one), licensed(world, one)
    to_other = {"data": {"type": "groups", "id": other["id"]}}
    assert world.send("PUT", f"/v1/users/{inside.id}/group", to_other).status == 200
    assert world.send("PUT", f"/v1/licenses/{license['id']}/group", to_other).status == 200
    for below, identifier in (("users", inside.id), ("licenses", license["id"])):
        assert world.get(f"/v1/groups/{one['id']}/{below}").data == []
        assert world.get(f"/v1/groups/{one['id']}/{below}/{identifier}").status == 404
        assert [found["id"] for found in world.get(f"/v1/groups/{other['id']}/{below}").data] == [identifier]
    assert world.send("DELETE", f"/v1/users/{inside.id}").status == 204
    assert world.send("DELETE", f"/v1/licenses/{license['id']}").status == 204
    for below in ("users", "licenses"):
        assert world.get(f"/v1/groups/{other['id']}/{below}").data == []
