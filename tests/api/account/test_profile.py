from __future__ import annotations

import pytest

from tests.api.helpers import by_key, open_license, staff, user, user_token
from tests.world import World


def test_users(world: World) -> None:
    me = user(world, "sales-agent", first_name="Ann", last_name="Lee")
    as_ = user_token(world, me, name="Desk")
    answer = world.get("/v1/me", as_=as_)
    account = f"/v1/accounts/{world.account['account']}"
    shown = answer.data
    assert (answer.status, set(answer.document)) == (200, {"data", "included"})
    assert (shown["type"], shown["id"], shown["links"]) == ("users", me.id, {"self": f"{account}/users/{me.id}"})
    attributes = dict(shown["attributes"])
    assert len(attributes.pop("permissions")) == 144
    assert attributes == {
        "fullName": "Ann Lee",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": me.email,
        "status": "ACTIVE",
        "role": "sales-agent",
        "metadata": {},
        "created": "2026-03-01T12:00:00.000Z",
        "updated": "2026-03-01T12:00:00.000Z",
    }
    [token] = answer.document["included"]
    assert (token["type"], token["id"]) == ("tokens", answer.headers["keygen-token"])
    assert (token["attributes"]["kind"], token["attributes"]["name"]) == ("sales-token", "Desk")
    assert "token" not in token["attributes"]
    assert world.get("/v1/profile", as_=as_).document == {"data": shown, "meta": {"tokenId": token["id"]}}


def test_products_and_licenses(world: World) -> None:
    license = open_license(world)
    product = world.get(f"/v1/products/{license['relationships']['product']['data']['id']}").data
    bearers = {
        world.token(f"/v1/products/{product['id']}"): product,
        world.token(f"/v1/licenses/{license['id']}"): license,
    }
    for as_, shown in bearers.items():
        answer = world.get("/v1/me", as_=as_)
        token = answer.headers["keygen-token"]
        assert (answer.data, [one["id"] for one in answer.document["included"]]) == (shown, [token])
        assert answer.headers["keygen-bearer"] == shown["id"]
        assert world.get("/v1/profile", as_=as_).document == {"data": shown, "meta": {"tokenId": token}}


def test_a_license_by_its_key(world: World) -> None:
    license = open_license(world)
    answer = world.get("/v1/me", as_=by_key(license))
    assert answer.document == {"data": license}
    assert (answer.headers["keygen-bearer"], "keygen-token" in answer.headers) == (license["id"], False)
    profile = world.get("/v1/profile", as_=by_key(license)).document
    assert profile == {"data": license, "meta": {"tokenId": None}}


@pytest.mark.parametrize("path", ["/v1/me", "/v1/profile", "/v1/accounts/acme/me", "/v1/accounts/acme/profile"])
def test_nobody(shared_world: World, path: str) -> None:
    assert shared_world.get(path, as_=None).error == (401, "TOKEN_MISSING", None)


def test_permissions(local_world: World) -> None:
    silent = by_key(open_license(local_world, permissions=["license.validate"]))
    narrow = user_token(local_world, user(local_world, "admin"), permissions=("user.read",))
    cases = {
        ("/v1/me", silent): 403,
        ("/v1/profile", silent): 403,
        ("/v1/me", narrow): 200,
        ("/v1/profile", narrow): 403,
    }
    for (path, as_), status in cases.items():
        assert local_world.get(path, as_=as_).status == status
    assert local_world.get("/v1/profile", as_=staff(local_world, "admin")).status == 200


def test_the_token_shows_what_it_grants(local_world: World) -> None:
    license = open_license(local_world, permissions=["license.read", "license.validate"])
    body = {"data": {"type": "tokens", "attributes": {"permissions": ["license.read"]}}}
    as_ = local_world.token(f"/v1/licenses/{license['id']}", body)
    answer = local_world.get("/v1/me", as_=as_).document
    assert answer["included"][0]["attributes"]["permissions"] == ["license.read"]
    assert answer["data"]["attributes"]["permissions"] == ["license.read", "license.validate"]
