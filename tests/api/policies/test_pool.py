"""The pool of a policy: shown, popped, and drawn from by new licenses (spec policies.md §2, §6, licenses.md §4.3)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff
from tests.api.keys.pools import add, fill, left, license_from, pool_key, pooled
from tests.api.test_events import outbox
from tests.world import Answer, World, resource

POOL, POLICY = "/data/relationships/pool", "/data/relationships/policy"
EMPTY = (422, "POLICY_POOL_EMPTY", POLICY, "pool is empty")


def pop(world: World, policy: str, **options: str | None) -> Answer:
    return world.send("DELETE", f"/v1/policies/{policy}/pool", **options)  # type: ignore[arg-type]


def test_rules_of_policies(shared_world: World) -> None:
    """Pools go with neither schemes nor encryption, and are settled at creation (spec policies.md §1.2)."""
    product = shared_world.product()["id"]

    def refused(**attributes: object) -> list[tuple[str | None, str | None]]:
        sent = {"name": "Pooled", "usePool": True, **attributes}
        return codes(shared_world.post("/v1/policies", resource("policies", sent, product=("products", product))))

    scheme, encrypted = "/data/attributes/scheme", "/data/attributes/encrypted"
    assert refused(encrypted=True) == [("ENCRYPTED_NOT_SUPPORTED", encrypted), ("SCHEME_NOT_SUPPORTED", scheme)]
    assert refused(scheme="ED25519_SIGN") == [("SCHEME_NOT_SUPPORTED", scheme)]
    policy = shared_world.policy(product, usePool=True)
    assert (policy["attributes"]["usePool"], policy["attributes"]["scheme"]) == (True, None)
    for value in (True, False, None):
        changes = resource("policies", {"usePool": value})
        answer = shared_world.send("PATCH", f"/v1/policies/{policy['id']}", changes)
        assert first(answer) == (400, None, "/data/attributes/usePool", "unpermitted parameter")


def test_what_is_in_a_pool(world: World) -> None:
    policy, made = pooled(world), []
    for number in range(3):
        made.append(pool_key(world, policy, f"pool-key-{number}"))
        world.clock.advance(seconds=1)
    foreign = pool_key(world, pooled(world), "foreign-key")
    path = f"/v1/policies/{policy}/pool"
    assert world.get(path).document == {"data": made[::-1]}
    assert world.get(f"{path}?limit=1&order=asc").data == made[:1]
    assert world.get(f"{path}?page[number]=1&page[size]=2").document["links"]["meta"] == {"pages": 2, "count": 3}
    assert world.get(f"{path}?page[cursor]={made[1]['id']}").data == made[:1]
    assert world.get(f"{path}/{made[0]['id'].upper()}").data == made[0]
    for child in (foreign["id"], NOWHERE, "pool-key-0"):
        answer = world.get(f"{path}/{child}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested key '{child}' was not found")
    plain = world.policy()["id"]
    assert world.get(f"/v1/policies/{plain}/pool").document == {"data": []}


def test_pop(world: World) -> None:
    policy = pooled(world)
    made = {one["id"]: one for one in (pool_key(world, policy, f"pool-key-{number}") for number in range(3))}
    for _ in range(3):
        answer = pop(world, policy)
        assert answer.status == 200
        assert answer.document == {"data": made.pop(answer.data["id"])}
        assert world.get(f"/v1/keys/{answer.data['id']}").status == 404
        assert left(world, policy) == {one["attributes"]["key"] for one in made.values()}
    empty = pop(world, policy)
    assert first(empty) == (422, None, POOL, "pool is empty")
    assert empty.errors[0]["title"] == "Unprocessable entity"
    assert add(world, policy, "pool-key-0").status == 201


def test_pools_are_not_mixed_up(world: World) -> None:
    one, other = pooled(world), pooled(world)
    fill(world, one, 1)
    assert first(pop(world, other)) == (422, None, POOL, "pool is empty")
    assert first(license_from(world, other)) == EMPTY
    assert pop(world, one).attributes["key"] == "pool-key-0000"


def test_no_pool(world: World) -> None:
    answer = pop(world, world.policy()["id"])
    assert first(answer) == (422, None, POOL, "pool is not supported")
    assert answer.errors[0]["title"] == "Unprocessable entity"


@pytest.mark.parametrize("named", [NOWHERE, "x"])
def test_no_policy(shared_world: World, named: str) -> None:
    missing = (404, "NOT_FOUND", None, f"The requested policy '{named}' was not found")
    assert first(pop(shared_world, named)) == missing
    for path in ("pool", f"pool/{NOWHERE}"):
        assert first(shared_world.get(f"/v1/policies/{named}/{path}?limit=0")) == missing


def test_the_event_of_a_pop(local_world: World) -> None:
    policy = pooled(local_world)
    fill(local_world, policy, 1)
    local_world.listen("*")
    answer = pop(local_world, policy)
    assert pop(local_world, policy).status == 422
    assert outbox(local_world) == [("policy.pool.popped", answer.document)]


def test_licenses_take_every_key_once(world: World) -> None:
    policy = pooled(world)
    wanted = set(fill(world, policy, 5))
    licenses = [license_from(world, policy) for _ in range(5)]
    assert {one.status for one in licenses} == {201}
    assert {one.attributes["key"] for one in licenses} == wanted
    assert left(world, policy) == set()
    refused = license_from(world, policy)
    assert first(refused) == EMPTY
    assert refused.errors[0]["title"] == "Unprocessable resource"
    assert len(world.get("/v1/licenses?limit=100").data) == 5
    for one in licenses:
        assert world.get(f"/v1/licenses/{one.attributes['key']}").data["id"] == one.data["id"]
        assert add(world, policy, one.attributes["key"]).error == (422, "KEY_CONFLICT", "/data/attributes/key")


def test_only_the_license_is_announced(local_world: World) -> None:
    policy = pooled(local_world)
    fill(local_world, policy, 1)
    local_world.listen("*")
    answer = license_from(local_world, policy)
    assert license_from(local_world, policy).status == 422
    assert outbox(local_world) == [("license.created", answer.document)]


def test_a_key_that_is_given_leaves_the_pool_alone(world: World) -> None:
    policy = pooled(world)
    fill(world, policy, 1)
    assert license_from(world, policy, key="given-by-hand").attributes["key"] == "given-by-hand"
    assert left(world, policy) == {"pool-key-0000"}


def test_what_fails_takes_nothing(local_world: World) -> None:
    policy = pooled(local_world)
    fill(local_world, policy, 1)
    assert license_from(local_world, policy, name="x" * 1025).status == 422
    assert license_from(local_world, policy, foo=1).status == 400
    assert left(local_world, policy) == {"pool-key-0000"}


def test_a_deleted_license_gives_nothing_back(local_world: World) -> None:
    policy = pooled(local_world)
    fill(local_world, policy, 1)
    license = license_from(local_world, policy)
    local_world.send("DELETE", f"/v1/licenses/{license.data['id']}")
    assert left(local_world, policy) == set()
    assert first(license_from(local_world, policy)) == EMPTY


@pytest.mark.parametrize("count", [2, 40])
def test_keys_that_licenses_have_by_now_are_left_behind(local_world: World, count: int) -> None:
    """However many there are, as long as one of the pool is of no license."""
    policy, plain = pooled(local_world), local_world.policy()["id"]
    used = fill(local_world, policy, count)
    for key in used:
        assert license_from(local_world, plain, key=key).status == 201
    assert first(license_from(local_world, policy)) == EMPTY
    fill(local_world, policy, 1, start=count)
    taken = license_from(local_world, policy)
    assert (taken.status, taken.attributes["key"]) == (201, f"pool-key-{count:04}")
    assert first(license_from(local_world, policy)) == EMPTY
    assert left(local_world, policy) == set(used)
    assert pop(local_world, policy).attributes["key"] in used


def test_a_key_that_is_a_license_s_id_by_now_is_left_behind(local_world: World) -> None:
    policy, plain, name = pooled(local_world), local_world.policy()["id"], str(uuid4())
    pool_key(local_world, policy, name.upper())
    body = resource("licenses", {}, policy=("policies", plain))
    body["data"]["id"] = name
    assert local_world.post("/v1/licenses", body).status == 201
    assert first(license_from(local_world, policy)) == EMPTY
    fill(local_world, policy, 1)
    assert license_from(local_world, policy).attributes["key"] == "pool-key-0000"


def test_a_big_pool_is_emptied(local_world: World) -> None:
    policy = pooled(local_world)
    wanted = set(fill(local_world, policy, 70))
    taken = [license_from(local_world, policy).attributes["key"] for _ in range(35)]
    popped = [pop(local_world, policy).attributes["key"] for _ in range(35)]
    assert sorted(taken + popped) == sorted(wanted)
    assert pop(local_world, policy).status == license_from(local_world, policy).status == 422


def test_roles(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    policy = pooled(world, product)
    fill(world, policy, 2)
    path = f"/v1/policies/{policy}/pool"
    own, foreign = world.token(f"/v1/products/{product}"), world.token(f"/v1/products/{world.product()['id']}")
    for role in ("sales-agent", "support-agent", "read-only"):
        bearer = staff(world, role)
        assert world.get(path, as_=bearer).status == 200
        assert pop(world, policy, as_=bearer).error == (403, None, None)
    for bearer in (foreign, by_key(license)):
        assert world.get(path, as_=bearer).error == (404, "NOT_FOUND", None)
        assert pop(world, policy, as_=bearer).error == (404, "NOT_FOUND", None)
    for bearer in (staff(world, "developer"), own):
        shown = world.get(path, as_=bearer).data
        assert world.get(f"{path}/{shown[0]['id']}", as_=bearer).data == shown[0]
        assert pop(world, policy, as_=bearer).status == 200
    assert pop(world, policy, as_=None).error == (401, "TOKEN_MISSING", None)


def test_the_policy_s_own_license_sees_the_policy_but_not_the_pool(world: World) -> None:
    policy = pooled(world, authenticationStrategy="LICENSE")
    fill(world, policy, 2)
    license = license_from(world, policy).data
    for path in ("pool", f"pool/{NOWHERE}"):
        assert world.get(f"/v1/policies/{policy}/{path}", as_=by_key(license)).error == (403, None, None)
    assert pop(world, policy, as_=by_key(license)).error == (403, None, None)


def test_permissions(world: World) -> None:
    policy = pooled(world)
    fill(world, policy, 1)
    reader = world.post("/v1/tokens", {"data": {"type": "tokens", "attributes": {"permissions": ["key.read"]}}})
    bearer = f"Bearer {reader.attributes['token']}"
    assert world.get(f"/v1/policies/{policy}/pool", as_=bearer).status == 200
    assert pop(world, policy, as_=bearer).error == (403, None, None)
    popper = {"data": {"type": "tokens", "attributes": {"permissions": ["policy.pool.pop"]}}}
    bearer = f"Bearer {world.post('/v1/tokens', popper).attributes['token']}"
    assert world.get(f"/v1/policies/{policy}/pool", as_=bearer).error == (403, None, None)
    assert pop(world, policy, as_=bearer).status == 200


def test_bad_pages_come_before_the_permission(world: World) -> None:
    policy = pooled(world)
    sent = {"data": {"type": "tokens", "attributes": {"permissions": ["policy.read"]}}}
    bearer = f"Bearer {world.post('/v1/tokens', sent).attributes['token']}"
    assert world.get(f"/v1/policies/{policy}/pool?limit=0", as_=bearer).error == (400, None, "limit")
    assert world.get(f"/v1/policies/{policy}/pool", as_=bearer).error == (403, None, None)
