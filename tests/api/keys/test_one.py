"""One pool key: retrieve, update, delete, its product and policy (spec policies.md §6)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff, user, user_token
from tests.api.keys.pools import add, left, license_from, pool_key, pooled
from tests.api.test_events import outbox
from tests.world import Answer, World, resource

KEY = "/data/attributes/key"
OPERATIONS = ("read", "update", "delete", "product", "policy")


def act(world: World, name: str, identifier: str, **options: Any) -> Answer:
    """One of `OPERATIONS` on a key."""
    path = f"/v1/keys/{identifier}"
    if name == "update":
        return world.send("PATCH", path, resource("keys", {}), **options)
    if name == "delete":
        return world.send("DELETE", path, **options)
    return world.get(path if name == "read" else f"{path}/{name}", **options)


def change(world: World, identifier: str, **attributes: Any) -> Answer:
    return world.send("PATCH", f"/v1/keys/{identifier}", resource("keys", attributes))


def test_any_spelling_of_the_id(world: World) -> None:
    made = pool_key(world, pooled(world), "A-POOL-KEY")
    for spelling in (made["id"], made["id"].upper(), made["id"].replace("-", "")):
        assert world.get(f"/v1/keys/{spelling}").data == made


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("named", [NOWHERE, "A-POOL-KEY", "x"])
def test_unknown(local_world: World, name: str, named: str) -> None:
    pool_key(local_world, pooled(local_world), "A-POOL-KEY")
    answer = act(local_world, name, named)
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested key '{named}' was not found")


def test_a_new_key(world: World) -> None:
    made = pool_key(world, pooled(world), "first-key")
    world.clock.advance(seconds=5)
    answer = world.send("PUT", f"/v1/keys/{made['id']}", resource("key", {"key": "second-key"}))
    expected = {"key": "second-key", "created": made["attributes"]["created"], "updated": "2026-03-01T12:00:05.000Z"}
    assert (answer.status, answer.attributes) == (200, expected)
    assert answer.data == made | {"attributes": expected}
    assert world.get(f"/v1/keys/{made['id']}").data == answer.data
    policy = made["relationships"]["policy"]["data"]["id"]
    assert add(world, policy, "second-key").error == (422, "KEY_TAKEN", KEY)
    assert add(world, policy, "first-key").status == 201
    assert license_from(world, policy).attributes["key"] in {"first-key", "second-key"}


@pytest.mark.parametrize("attributes", [{}, {"key": None}, {"key": "first-key"}])
def test_nothing_new(local_world: World, attributes: dict[str, Any]) -> None:
    made = pool_key(local_world, pooled(local_world), "first-key")
    for _ in range(2):
        answer = change(local_world, made["id"], **attributes)
        assert (answer.status, answer.attributes["key"]) == (200, "first-key")
    assert left(local_world, made["relationships"]["policy"]["data"]["id"]) == {"first-key"}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("1234567", [("KEY_TOO_SHORT", KEY)]),
        ("x" * 1025, [("KEY_TOO_LONG", KEY)]),
        ("actions", [("KEY_TOO_SHORT", KEY), ("KEY_NOT_ALLOWED", KEY)]),
        ("other-key", [("KEY_TAKEN", KEY)]),
        ("LICENSE-KEY", [("KEY_CONFLICT", KEY)]),
    ],
)
def test_bad_new_keys(local_world: World, key: str, expected: Any) -> None:
    policy = pooled(local_world)
    made = pool_key(local_world, policy, "first-key")
    pool_key(local_world, policy, "other-key")
    license = local_world.license(key="LICENSE-KEY")
    answer = change(local_world, made["id"], key=key)
    assert (answer.status, codes(answer)) == (422, expected)
    assert change(local_world, made["id"], key=license["id"]).error == (422, "KEY_CONFLICT", KEY)
    assert change(local_world, made["id"], key=str(uuid4())).status == 200


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "keys"}}, "/data/attributes", "is missing"),
        (resource("keys", {"key": ""}), KEY, "cannot be blank"),
        (resource("keys", {}, policy=("policies", NOWHERE)), "/data/relationships", "unpermitted parameter"),
    ],
)
def test_documents(local_world: World, body: Any, pointer: str, detail: str) -> None:
    path = f"/v1/keys/{pool_key(local_world, pooled(local_world), 'first-key')['id']}"
    assert first(local_world.send("PATCH", path, body)) == (400, None, pointer, detail)
    sales = staff(local_world, "sales-agent")
    assert local_world.send("PATCH", path, body, as_=sales).error == (403, None, None)


def test_deleted(world: World) -> None:
    policy = pooled(world)
    made = pool_key(world, policy, "first-key")
    answer = world.send("DELETE", f"/v1/keys/{made['id']}")
    assert (answer.status, answer.raw) == (204, b"")
    assert act(world, "read", made["id"]).status == act(world, "delete", made["id"]).status == 404
    assert left(world, policy) == set()
    assert license_from(world, policy).error == (422, "POLICY_POOL_EMPTY", "/data/relationships/policy")
    assert add(world, policy, "first-key").status == 201


def test_relations(world: World) -> None:
    policy = world.policy(usePool=True)
    made = pool_key(world, policy["id"], "first-key")
    product = policy["relationships"]["product"]["data"]["id"]
    assert act(world, "policy", made["id"]).data == policy
    assert act(world, "product", made["id"]).data == world.get(f"/v1/products/{product}").data


def test_events(local_world: World) -> None:
    made = pool_key(local_world, pooled(local_world), "first-key")
    local_world.listen("*")
    changed = change(local_world, made["id"], key="second-key").document
    act(local_world, "delete", made["id"])
    assert outbox(local_world) == [("key.updated", changed), ("key.deleted", changed)]


def test_roles(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    policy = pooled(world, product)
    own, foreign = world.token(f"/v1/products/{product}"), world.token(f"/v1/products/{world.product()['id']}")
    readers = [staff(world, role) for role in ("sales-agent", "support-agent", "read-only")]
    customers = [by_key(license), user_token(world, user(world))]
    for number, writer in enumerate((staff(world, "developer"), own)):
        identifier = pool_key(world, policy, f"key-number-{number}")["id"]
        for name in OPERATIONS:
            for reader in readers:
                expected = 403 if name in ("update", "delete") else 200
                assert act(world, name, identifier, as_=reader).status == expected
            for stranger in (foreign, *customers):
                assert act(world, name, identifier, as_=stranger).error == (404, "NOT_FOUND", None)
            assert act(world, name, identifier, as_=None).error == (401, "TOKEN_MISSING", None)
        for name in ("read", "update", "product", "policy", "delete"):
            assert act(world, name, identifier, as_=writer).status in (200, 204)
