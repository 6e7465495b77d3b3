"""Who sees which entitlements: customers and licenses what they are entitled to, everybody else all (auth.md §5.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, open_license, staff, user, user_token
from tests.world import World


def entitlement(world: World, code: str) -> Any:
    world.clock.advance(seconds=1)
    return world.create("entitlements", {"name": code, "code": code})


def attach(world: World, holder: str, *entitlements: Any) -> None:
    sent = {"data": [{"type": "entitlements", "id": one["id"]} for one in entitlements]}
    answer = world.post(f"/v1/{holder}/entitlements", sent)
    assert answer.status < 300, answer.raw


def codes(world: World, bearer: str, query: str = "") -> list[str]:
    answer = world.get(f"/v1/entitlements{query}", as_=bearer)
    assert answer.status == 200, answer.raw
    return [one["attributes"]["code"] for one in answer.data]


class Scene:
    """A license with `own` by itself and `inherited` through its policy, and `foreign` that is not its."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.own, self.inherited, self.foreign = (entitlement(world, one) for one in ("own", "inherited", "foreign"))
        self.license = open_license(world)
        self.policy = self.license["relationships"]["policy"]["data"]["id"]
        attach(world, f"licenses/{self.license['id']}", self.own)
        attach(world, f"policies/{self.policy}", self.inherited)
        attach(world, f"policies/{world.policy()['id']}", self.foreign)


@pytest.fixture
def scene(local_world: World) -> Scene:
    return Scene(local_world)


def test_newest_first(world: World) -> None:
    made = [entitlement(world, code) for code in "abc"]
    assert world.get("/v1/entitlements").document == {"data": made[::-1]}
    assert world.get("/v1/entitlements?order=asc&limit=2").document == {"data": made[:2]}
    page = world.get(f"/v1/entitlements?page[cursor]={made[1]['id']}&page[size]=5")
    assert page.data == made[:1]
    numbered = world.get("/v1/entitlements?page[number]=2&page[size]=2").document
    assert (numbered["data"], numbered["links"]["meta"]) == (made[:1], {"pages": 2, "count": 3})
    assert world.get("/v1/entitlements?limit=0").error == (400, None, "limit")


def test_by_id_or_code(world: World) -> None:
    made = entitlement(world, "Feature")
    plain = made["id"].replace("-", "").upper()
    for text in (made["id"], plain, "Feature"):
        assert world.get(f"/v1/entitlements/{text}").data == made
    for text in ("feature", "FEATURE", "Feature%20", NOWHERE):
        assert world.get(f"/v1/entitlements/{text}").error == (404, "NOT_FOUND", None)


def test_a_code_with_any_characters(local_world: World) -> None:
    made = entitlement(local_world, "a/b.c d+é")
    assert local_world.get("/v1/entitlements/a%2Fb.c%20d+%C3%A9").data == made


@pytest.mark.parametrize("role", ["developer", "sales-agent", "support-agent", "read-only"])
def test_staff_sees_all(scene: Scene, role: str) -> None:
    bearer = staff(scene.world, role)
    assert codes(scene.world, bearer) == ["foreign", "inherited", "own"]
    assert scene.world.get("/v1/entitlements/foreign", as_=bearer).status == 200


def test_products_see_all(scene: Scene) -> None:
    token = scene.world.token(f"/v1/products/{scene.world.product()['id']}")
    assert codes(scene.world, token) == ["foreign", "inherited", "own"]
    for code in ("foreign", "own"):
        assert scene.world.get(f"/v1/entitlements/{code}", as_=token).status == 200
        assert scene.world.send("DELETE", f"/v1/entitlements/{code}", as_=token).error == (403, None, None)


@pytest.mark.parametrize("how", ["key", "token"])
def test_licenses_see_what_they_are_entitled_to(scene: Scene, how: str) -> None:
    world = scene.world
    bearer = by_key(scene.license) if how == "key" else world.token(f"/v1/licenses/{scene.license['id']}")
    assert codes(world, bearer) == ["inherited", "own"]
    assert codes(world, bearer, "?limit=1&order=asc") == ["own"]
    assert [world.get(f"/v1/entitlements/{one}", as_=bearer).status for one in ("own", "inherited")] == [200, 200]
    for text in ("foreign", scene.foreign["id"]):
        for method in ("GET", "PATCH", "DELETE"):
            answer = world.send(method, f"/v1/entitlements/{text}", as_=bearer)
            assert answer.error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", "/v1/entitlements/own", as_=bearer).error == (403, None, None)


@pytest.mark.parametrize("how", ["owner", "attached"])
def test_customers_see_what_their_licenses_are_entitled_to(scene: Scene, how: str) -> None:
    world = scene.world
    customer = user(world)
    if how == "owner":
        owner = {"owner": ("users", customer.id)}
        license = world.create("licenses", {}, policy=("policies", scene.policy), **owner)
        attach(world, f"licenses/{license['id']}", scene.own)
    else:
        sent = {"data": [{"type": "users", "id": customer.id}]}
        assert world.post(f"/v1/licenses/{scene.license['id']}/users", sent).status == 201
    bearer = user_token(world, customer)
    assert codes(world, bearer) == ["inherited", "own"]
    numbered = world.get("/v1/entitlements?page[number]=1&page[size]=1", as_=bearer).document
    assert numbered["links"]["meta"] == {"pages": 2, "count": 2}
    assert [world.get(f"/v1/entitlements/{one}", as_=bearer).status for one in ("own", "inherited", "foreign")] == [
        200,
        200,
        404,
    ]


def test_who_has_no_license_sees_nothing(scene: Scene) -> None:
    bearer = user_token(scene.world, user(scene.world))
    assert codes(scene.world, bearer) == []
    assert scene.world.get("/v1/entitlements/own", as_=bearer).error == (404, "NOT_FOUND", None)


def test_without_the_permission_it_is_403(scene: Scene) -> None:
    customer = user(scene.world, permissions=("license.read",))
    bearer = user_token(scene.world, customer)
    assert scene.world.get("/v1/entitlements", as_=bearer).error == (403, None, None)
    assert scene.world.get("/v1/entitlements?limit=0", as_=bearer).error == (400, None, "limit")
    assert scene.world.get("/v1/entitlements", as_=None).error == (401, "TOKEN_MISSING", None)


def test_what_is_deleted_is_off_every_license_at_once(scene: Scene) -> None:
    world, license = scene.world, f"/v1/licenses/{scene.license['id']}"
    assert world.send("DELETE", "/v1/entitlements/own").status == 204
    assert world.send("DELETE", "/v1/entitlements/inherited").status == 204
    assert world.get(f"{license}/entitlements").data == []
    assert world.get(f"/v1/policies/{scene.policy}/entitlements").data == []
    assert codes(world, by_key(scene.license)) == []
    scope = {"meta": {"scope": {"entitlements": ["own"]}}}
    answer = world.post(f"{license}/actions/validate", scope)
    assert answer.document["meta"]["valid"] is False


def test_a_new_one_with_an_old_code_is_on_no_license(scene: Scene) -> None:
    """Attachments of the old one are still stored: they are the old one's."""
    world = scene.world
    assert world.send("DELETE", "/v1/entitlements/own").status == 204
    again = entitlement(world, "own")
    assert codes(world, by_key(scene.license)) == ["inherited"]
    attach(world, f"licenses/{scene.license['id']}", again)
    assert codes(world, by_key(scene.license)) == ["own", "inherited"]
