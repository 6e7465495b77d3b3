"""Keys for a pool: what is stored, and everything that refuses one (spec policies.md §6)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff, user, user_token
from tests.api.keys.pools import add, license_from, pool_key, pooled
from tests.api.test_events import outbox
from tests.world import HOST, World, resource

KEY, POLICY = "/data/attributes/key", "/data/relationships/policy"


def test_wire_shape(world: World) -> None:
    policy = world.policy(usePool=True)
    answer = add(world, policy["id"], "A-POOL-KEY")
    base = f"/v1/accounts/{world.account['account']}"
    here = f"{base}/keys/{answer.data['id']}"
    product = policy["relationships"]["product"]["data"]["id"]
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{here}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "keys",
            "attributes": {
                "key": "A-POOL-KEY",
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": base},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "product": {
                    "links": {"related": f"{here}/product"},
                    "data": {"type": "products", "id": product},
                },
                "policy": {
                    "links": {"related": f"{here}/policy"},
                    "data": {"type": "policies", "id": policy["id"]},
                },
            },
            "links": {"self": here},
        }
    }
    assert world.get(f"/v1/keys/{answer.data['id']}").data == answer.data


def test_the_event_is_the_key(local_world: World) -> None:
    policy = pooled(local_world)
    local_world.listen("*")
    answer = add(local_world, policy, "A-POOL-KEY")
    assert outbox(local_world) == [("key.created", answer.document)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("1234567", [("KEY_TOO_SHORT", KEY)]),
        ("x" * 1025, [("KEY_TOO_LONG", KEY)]),
        ("action", [("KEY_TOO_SHORT", KEY), ("KEY_NOT_ALLOWED", KEY)]),
        ("actions", [("KEY_TOO_SHORT", KEY), ("KEY_NOT_ALLOWED", KEY)]),
    ],
)
def test_bad_keys(shared_world: World, key: str, expected: Any) -> None:
    answer = add(shared_world, pooled(shared_world), key)
    assert (answer.status, answer.errors[0]["title"]) == (422, "Unprocessable resource")
    assert codes(answer) == expected


@pytest.mark.parametrize("key", ["12345678", "x" * 1024, "ünï-cøde", "a key / with % signs"])
def test_good_keys(shared_world: World, key: str) -> None:
    policy = pooled(shared_world)
    assert pool_key(shared_world, policy, key)["attributes"]["key"] == key
    shared_world.send("DELETE", f"/v1/policies/{policy}/pool")


def test_keys_are_unique_in_their_account(world: World) -> None:
    one, other = pooled(world), pooled(world)
    pool_key(world, one, "The-Same-Key")
    for policy in (one, other):
        assert first(add(world, policy, "The-Same-Key")) == (422, "KEY_TAKEN", KEY, "has already been taken")
    assert add(world, one, "the-same-key").status == 201
    foreign = World(world.transport, slug="other")
    assert add(foreign, pooled(foreign), "The-Same-Key").status == 201


def test_not_what_a_license_is_called(world: World) -> None:
    policy = pooled(world)
    license = world.license(key="LICENSE-KEY")
    used = (422, "KEY_CONFLICT", KEY, "is already being used as a license's key")
    assert first(add(world, policy, "LICENSE-KEY")) == used
    for spelling in (license["id"], license["id"].upper(), license["id"].replace("-", "")):
        assert add(world, policy, spelling).error == (422, "KEY_CONFLICT", KEY)
    assert add(world, policy, str(uuid4())).status == 201
    world.send("DELETE", f"/v1/licenses/{license['id']}")
    assert add(world, policy, "LICENSE-KEY").status == 201


def test_a_license_may_be_given_a_key_of_a_pool(world: World) -> None:
    policy = pooled(world)
    pool_key(world, policy, "A-POOL-KEY")
    for other in (policy, world.policy()["id"]):
        answer = license_from(world, other, key="A-POOL-KEY")
        assert (answer.status, answer.attributes["key"]) == (201, "A-POOL-KEY")
        world.send("DELETE", f"/v1/licenses/{answer.data['id']}")
    assert world.send("DELETE", f"/v1/policies/{policy}/pool").attributes["key"] == "A-POOL-KEY"


def test_policies_that_take_no_keys(world: World) -> None:
    unknown = add(world, NOWHERE, "A-POOL-KEY")
    assert first(unknown) == (422, "POLICY_NOT_FOUND", POLICY, "must exist")
    plain = add(world, world.policy()["id"], "A-POOL-KEY")
    assert first(plain) == (422, "POLICY_NOT_SUPPORTED", POLICY, "cannot be added to an unpooled policy")
    gone = pooled(world)
    world.send("DELETE", f"/v1/policies/{gone}")
    assert codes(add(world, gone, "x")) == [("POLICY_NOT_FOUND", POLICY), ("KEY_TOO_SHORT", KEY)]


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {}}, "/data/type", "is missing"),
        ({"data": {"type": "policies"}}, "/data/type", "is invalid"),
        ({"data": {"type": "keys"}}, "/data/attributes", "is missing"),
        ({"data": {"type": "keys", "attributes": {}}}, KEY, "is missing"),
        ({"data": {"type": "keys", "attributes": {"key": None}}}, KEY, "cannot be null"),
        ({"data": {"type": "keys", "attributes": {"key": " "}}}, KEY, "cannot be blank"),
        ({"data": {"type": "keys", "attributes": {"key": 12345678}}}, KEY, None),
        ({"data": {"type": "keys", "attributes": {"name": "x"}}}, "/data/attributes/name", "unpermitted parameter"),
        ({"data": {"type": "key", "attributes": {"key": "12345678"}}}, "/data/relationships", "is missing"),
        (
            {"data": {"type": "key", "attributes": {"key": "12345678"}, "relationships": {}}},
            POLICY,
            "is missing",
        ),
        (resource("keys", {"key": "12345678"}, policy=("policies", "x")), f"{POLICY}/data/id", None),
        (resource("keys", {"key": "12345678"}, product=("products", NOWHERE)), "/data/relationships/product", None),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str | None) -> None:
    answer = shared_world.post("/v1/keys", body)
    assert answer.error == (400, None, pointer)
    assert detail is None or answer.errors[0]["detail"] == detail


def test_roles(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    policy, foreign = pooled(world, product), pooled(world)
    own = world.token(f"/v1/products/{product}")
    assert add(world, policy, "by-its-product", as_=own).status == 201
    for other in (foreign, NOWHERE):
        assert add(world, other, "by-a-product", as_=own).error == (403, None, None)
    refused = ("sales-agent", "support-agent", "read-only")
    for role, status in (("developer", 201), *((role, 403) for role in refused)):
        assert add(world, policy, f"by-{role}", as_=staff(world, role)).status == status
    for bearer in (by_key(license), user_token(world, user(world))):
        assert add(world, policy, "by-a-customer", as_=bearer).error == (403, None, None)
    assert add(world, policy, "by-nobody", as_=None).error == (401, "TOKEN_MISSING", None)


def test_the_document_comes_before_the_authorization(world: World) -> None:
    sales, bad = staff(world, "sales-agent"), {"data": {"type": "x"}}
    assert world.post("/v1/keys", bad, as_=sales).error == (400, None, "/data/type")
    assert add(world, NOWHERE, "x", as_=sales).error == (403, None, None)
