"""Tokens for oneself and for others: POST /tokens, /products/{id}/tokens, /licenses/{id}/tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.helpers import (
    INTEGER,
    NOWHERE,
    by_key,
    codes,
    first,
    open_license,
    staff,
    user,
    user_token,
)
from tests.world import HOST, Answer, World, resource

ATTRIBUTES = "/data/attributes"
STAFF = {
    "admin": ("admin-token", "admin"),
    "developer": ("developer-token", "dev"),
    "sales-agent": ("sales-token", "sales"),
    "support-agent": ("support-token", "spprt"),
    "read-only": ("read-only-token", "read"),
}


def body(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "tokens", "attributes": attributes}}


def for_(kind: str, identifier: str) -> dict[str, Any]:
    return resource("tokens", {}, bearer=(kind, identifier))


def test_wire_shape_of_an_activation_token(world: World) -> None:
    license = open_license(world)
    path = f"/v1/licenses/{license['id']}/tokens"
    expiry = "2027-01-01T00:00:00.000Z"
    sent = {
        "name": "Box",
        "expiry": expiry,
        "maxActivations": 2,
        "maxDeactivations": 0,
        "permissions": ["license.read"],
    }
    answer = world.post(path, body(**sent))
    account = f"/v1/accounts/{world.account['account']}"
    value = answer.attributes["token"]
    assert re.fullmatch(r"activ-[0-9a-f]{32}v3", value)
    assert answer.status == 200
    assert "location" not in answer.headers
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "tokens",
            "attributes": {
                **sent,
                "kind": "activation-token",
                "token": value,
                "activations": 0,
                "deactivations": 0,
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": account},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "bearer": {
                    "links": {"related": f"{account}/licenses/{license['id']}"},
                    "data": {"type": "licenses", "id": license["id"]},
                },
            },
            "links": {"self": f"{account}/tokens/{answer.data['id']}"},
        }
    }
    assert world.get("/v1/me", as_=f"Bearer {value}").data["id"] == license["id"]


@pytest.mark.parametrize("sent", [None, {}, {"data": None}, {"data": {"type": "token"}}, body()])
def test_everything_is_optional(shared_world: World, sent: Any) -> None:
    license = open_license(shared_world)
    shown = shared_world.post(f"/v1/licenses/{license['attributes']['key']}/tokens", sent).attributes
    assert len(shown.pop("token")) == 40
    assert shown == {
        "kind": "activation-token",
        "expiry": None,
        "name": None,
        "maxActivations": None,
        "activations": 0,
        "maxDeactivations": None,
        "deactivations": 0,
        "permissions": license["attributes"]["permissions"],
        "created": "2026-03-01T12:00:00.000Z",
        "updated": "2026-03-01T12:00:00.000Z",
    }


def test_wire_shape_of_a_product_token(world: World) -> None:
    product = world.product(permissions=["product.read", "license.read"])
    answer = world.post(f"/v1/products/{product['id']}/tokens", body(name=None, expiry="2027-01-01"))
    value = answer.attributes["token"]
    assert (answer.status, answer.attributes) == (
        200,
        {
            "kind": "product-token",
            "token": value,
            "expiry": "2027-01-01T00:00:00.000Z",
            "name": None,
            "permissions": ["license.read", "product.read"],
            "created": "2026-03-01T12:00:00.000Z",
            "updated": "2026-03-01T12:00:00.000Z",
        },
    )
    assert re.fullmatch(r"prod-[0-9a-f]{64}v3", value)
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "products", "id": product["id"]}
    shown = world.get("/v1/me", as_=f"Bearer {value}").document["included"][0]
    assert shown["id"] == answer.data["id"]
    assert "token" not in shown["attributes"]


@pytest.mark.parametrize("role", STAFF)
def test_staff_for_themselves(world: World, role: str) -> None:
    bearer = user(world, role)
    answer = world.post("/v1/tokens", as_=user_token(world, bearer))
    kind, prefix = STAFF[role]
    assert (answer.status, answer.attributes["kind"], answer.attributes["expiry"]) == (201, kind, None)
    assert re.fullmatch(rf"{prefix}-[0-9a-f]{{64}}v3", answer.attributes["token"])
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "users", "id": bearer.id}
    assert answer.headers["location"] == f"https://{HOST}{answer.data['links']['self']}"
    assert world.get("/v1/me", as_=f"Bearer {answer.attributes['token']}").data["id"] == bearer.id


def test_users_for_themselves(world: World) -> None:
    me = user(world)
    token = user_token(world, me)
    answer = world.post("/v1/tokens", as_=token)
    assert re.fullmatch(r"user-[0-9a-f]{64}v3", answer.attributes["token"])
    assert answer.attributes["expiry"] == "2026-03-15T12:00:00.000Z"
    assert world.post("/v1/tokens", body(expiry=None), as_=token).attributes["expiry"] is None
    assert world.post("/v1/tokens", body(expiry=""), as_=token).attributes["expiry"] is None
    past = world.post("/v1/tokens", body(expiry=0), as_=token).attributes
    assert past["expiry"] == "1970-01-01T00:00:00.000Z"
    assert world.get("/v1/me", as_=f"Bearer {past['token']}").error == (401, "TOKEN_EXPIRED", None)
    assert world.post("/v1/tokens", for_("user", me.id), as_=token).status == 201
    assert world.post("/v1/tokens", for_("users", user(world).id), as_=token).error == (403, None, None)


def test_staff_for_users(world: World) -> None:
    customer, colleague = user(world), user(world, "read-only")
    for role, status in (("admin", 201), ("developer", 201), ("sales-agent", 403), ("support-agent", 403)):
        answer = world.post("/v1/tokens", for_("users", customer.id), as_=staff(world, role))
        assert answer.status == status
        assert world.post("/v1/tokens", for_("users", colleague.id), as_=staff(world, role)).error[0] == 403
    assert answer.errors[0]["title"] == "Access denied"


def test_others_only_under_their_own_path(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    for kind, identifier in (("products", product), ("licenses", license["id"]), ("environments", NOWHERE)):
        assert world.post("/v1/tokens", for_(kind, identifier)).error == (403, None, None)
    own = world.token(f"/v1/products/{product}")
    made = world.post("/v1/tokens", for_("licenses", license["id"]), as_=own)
    assert (made.status, made.attributes["kind"]) == (201, "activation-token")
    assert made.headers["location"] == f"https://{HOST}{made.data['links']['self']}"
    assert world.post("/v1/tokens", for_("licenses", open_license(world)["id"]), as_=own).error == (403, None, None)
    for sent in (None, for_("products", product)):
        assert world.post("/v1/tokens", sent, as_=own).error == (403, None, None)
    assert world.post("/v1/tokens", as_=by_key(license)).error == (403, None, None)


@pytest.mark.parametrize("kind", ["users"])
def test_a_bearer_that_is_not_there(local_world: World, kind: str) -> None:
    pointer = "/data/relationships/bearer"
    assert first(local_world.post("/v1/tokens", for_(kind, NOWHERE))) == (
        422,
        "BEARER_NOT_FOUND",
        pointer,
        "must exist",
    )


@pytest.mark.parametrize(
    ("bearer", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": None}, "/data", "cannot be null"),
        ({"data": {"type": "users"}}, "/data/id", "is missing"),
        ({"data": {"type": "policies", "id": NOWHERE}}, "/data/type", "is invalid"),
        ({"data": {"type": "users", "id": "x"}}, "/data/id", "type mismatch (received string expected UUID string)"),
    ],
)
def test_bad_bearers(shared_world: World, bearer: Any, pointer: str, detail: str) -> None:
    sent = {"data": {"type": "tokens", "relationships": {"bearer": bearer}}}
    where = f"/data/relationships/bearer{pointer}"
    assert first(shared_world.post("/v1/tokens", sent)) == (400, None, where, detail)


@pytest.mark.parametrize(
    ("path", "sent", "pointer", "detail"),
    [
        ("tokens", {"data": {}}, "/data/type", "is missing"),
        ("tokens", {"data": {"type": "licenses"}}, "/data/type", "is invalid"),
        ("tokens", body(maxActivations=1), f"{ATTRIBUTES}/maxActivations", "unpermitted parameter"),
        ("product", body(maxDeactivations=None), f"{ATTRIBUTES}/maxDeactivations", "unpermitted parameter"),
        ("license", body(token="x"), f"{ATTRIBUTES}/token", "unpermitted parameter"),
        ("license", for_("licenses", NOWHERE), "/data/relationships", "unpermitted parameter"),
        ("license", body(maxActivations="1"), f"{ATTRIBUTES}/maxActivations", None),
        ("license", body(expiry="soon"), f"{ATTRIBUTES}/expiry", "failed to coerce string to time"),
        ("license", body(expiry=[]), f"{ATTRIBUTES}/expiry", "type mismatch (received array expected time)"),
        ("product", body(name=1), f"{ATTRIBUTES}/name", "type mismatch (received integer expected string)"),
        ("product", body(permissions=[None]), f"{ATTRIBUTES}/permissions/0", "cannot be null"),
    ],
)
def test_documents(shared_world: World, path: str, sent: Any, pointer: str, detail: str | None) -> None:
    answer = shared_world.post(paths(shared_world)[path], sent)
    assert answer.error == (400, None, pointer)
    assert detail is None or answer.errors[0]["detail"] == detail


def paths(world: World) -> dict[str, str]:
    return {
        "tokens": "/v1/tokens",
        "product": f"/v1/products/{world.product()['id']}/tokens",
        "license": f"/v1/licenses/{world.license()['id']}/tokens",
    }


@pytest.mark.parametrize(
    ("path", "name", "value", "code"),
    [
        ("license", "maxActivations", -1, "MAX_ACTIVATIONS_INVALID"),
        ("license", "maxDeactivations", -1, "MAX_DEACTIVATIONS_INVALID"),
        ("license", "name", "x" * 256, "NAME_TOO_LONG"),
        ("license", "permissions", ["license.create"], "PERMISSIONS_NOT_ALLOWED"),
        ("license", "permissions", ["account.read"], "PERMISSIONS_NOT_ALLOWED"),
        ("license", "permissions", ["license.read"] * 2, "PERMISSIONS_NOT_ALLOWED"),
        ("license", "permissions", ["foo"], "PERMISSIONS_NOT_ALLOWED"),
        ("product", "name", "x" * 256, "NAME_TOO_LONG"),
        ("product", "permissions", ["product.create"], "PERMISSIONS_NOT_ALLOWED"),
        ("tokens", "permissions", ["foo"], "PERMISSIONS_NOT_ALLOWED"),
    ],
)
def test_fields(shared_world: World, path: str, name: str, value: Any, code: str) -> None:
    answer = shared_world.post(paths(shared_world)[path], body(**{name: value}))
    assert codes(answer) == [(code, f"{ATTRIBUTES}/{name}")]
    assert (answer.status, answer.errors[0]["title"]) == (422, "Unprocessable resource")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("maxActivations", 0, 0),
        ("maxActivations", None, None),
        ("maxDeactivations", INTEGER, INTEGER),
        ("name", "x" * 255, "x" * 255),
        ("permissions", [], []),
        ("permissions", ["license.validate", "license.read"], ["license.read", "license.validate"]),
    ],
)
def test_bounds(shared_world: World, name: str, value: Any, shown: Any) -> None:
    answer = shared_world.post(paths(shared_world)["license"], body(**{name: value}))
    assert (answer.status, answer.attributes[name]) == (200, shown)


def test_permissions_within_those_of_the_bearer(local_world: World) -> None:
    """Stored sets count when a token is made, effective ones are shown (spec licenses.md §10.1)."""
    wide = open_license(local_world, permissions=["*"])
    narrow = open_license(local_world, permissions=["license.read"])

    def post(license: Any, *names: str) -> Answer:
        return local_world.post(f"/v1/licenses/{license['id']}/tokens", body(permissions=list(names)))

    assert post(wide, "account.read").attributes["permissions"] == ["account.read"]
    assert post(wide, "license.create").error[1] == "PERMISSIONS_NOT_ALLOWED"
    assert post(narrow, "*").attributes["permissions"] == ["license.read"]
    assert post(narrow, "license.validate").error[1] == "PERMISSIONS_NOT_ALLOWED"


def test_who_may_narrow(world: World) -> None:
    license = open_license(world)
    own = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
    path, narrow = f"/v1/licenses/{license['id']}/tokens", body(permissions=["license.read"])
    assert world.post(path, narrow, as_=own).status == 200
    assert world.post(path, narrow, as_=staff(world, "developer")).status == 200
    refused = world.post(path, narrow, as_=staff(world, "sales-agent"))
    assert first(refused) == (400, None, f"{ATTRIBUTES}/permissions", "unpermitted parameter")
    answer = world.post("/v1/tokens", body(permissions=["user.read"]), as_=staff(world, "read-only"))
    assert (answer.status, answer.attributes["permissions"]) == (201, ["user.read"])


def test_documents_before_authorization(world: World) -> None:
    license = open_license(world)
    agent, bad = staff(world, "support-agent"), {"data": {"type": "x"}}
    for path in (f"/v1/licenses/{license['id']}", f"/v1/products/{license['relationships']['product']['data']['id']}"):
        assert world.post(f"{path}/tokens", bad, as_=agent).error == (400, None, "/data/type")
        assert world.post(f"{path}/tokens", as_=agent).error == (403, None, None)
        assert world.post(f"{path}/tokens", bad, as_=None).error == (401, "TOKEN_MISSING", None)
    assert world.post(f"/v1/licenses/{license['id']}/tokens", as_=by_key(license)).error == (403, None, None)
    for kind in ("licenses", "products"):
        assert world.post(f"/v1/{kind}/{NOWHERE}/tokens", bad, as_=agent).error == (404, "NOT_FOUND", None)


def test_products_make_none_for_themselves(world: World) -> None:
    product = world.product(code="app")
    own = world.token("/v1/products/app")
    assert world.post(f"/v1/products/{product['id']}/tokens", as_=own).error == (403, None, None)
    foreign = world.product()
    assert world.post(f"/v1/products/{foreign['id']}/tokens", as_=own).error == (404, "NOT_FOUND", None)


@pytest.mark.parametrize("strategy", ["LICENSE", "NONE", "SESSION"])
def test_made_under_any_strategy(local_world: World, strategy: str) -> None:
    license = local_world.license(local_world.policy(authenticationStrategy=strategy)["id"])
    token = local_world.token(f"/v1/licenses/{license['id']}")
    assert local_world.get("/v1/me", as_=token).error == (403, "TOKEN_NOT_ALLOWED", None)
