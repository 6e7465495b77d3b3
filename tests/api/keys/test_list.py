"""The list of all pool keys (spec policies.md §6)."""

from __future__ import annotations

import pytest

from tests.api.helpers import NOWHERE, by_key, open_license, staff, user, user_token
from tests.api.keys.pools import fill, pool_key, pooled
from tests.world import World


def keys(world: World, query: str = "", as_: str = "admin") -> list[str]:
    answer = world.get(f"/v1/keys{query}", as_=as_)
    assert answer.status == 200, answer.raw
    return [one["attributes"]["key"] for one in answer.data]


def test_newest_first_in_pages(world: World) -> None:
    policy, made = pooled(world), []
    for number in range(3):
        made.append(pool_key(world, policy, f"pool-key-{number}"))
        world.clock.advance(seconds=1)
    assert world.get("/v1/keys").document == {"data": made[::-1]}
    assert world.get("/v1/keys?order=asc&limit=2").data == made[:2]
    answer = world.get("/v1/keys?page[cursor]=&page[size]=2").document
    assert answer["data"] == made[:0:-1]
    assert world.get(answer["links"]["next"]).data == made[:1]
    assert world.get("/v1/keys?page[number]=2&page[size]=2").document["links"]["meta"] == {"pages": 2, "count": 3}


def test_a_cursor_outlives_its_key(world: World) -> None:
    policy, made = pooled(world), []
    for number in range(3):
        made.append(pool_key(world, policy, f"pool-key-{number}")["id"])
        world.clock.advance(seconds=1)
    world.send("DELETE", f"/v1/keys/{made[1]}")
    assert [one["id"] for one in world.get(f"/v1/keys?page[cursor]={made[1]}").data] == made[:1]


def test_filters(world: World) -> None:
    product = world.product()["id"]
    one, other, foreign = pooled(world, product), pooled(world, product), pooled(world)
    for policy, key in ((one, "key-of-one"), (other, "key-of-other"), (foreign, "key-of-foreign")):
        pool_key(world, policy, key)
        world.clock.advance(seconds=1)
    assert keys(world, f"?product={product}") == ["key-of-other", "key-of-one"]
    assert keys(world, f"?policy={one}") == ["key-of-one"]
    assert keys(world, f"?policy={one.upper().replace('-', '')}") == ["key-of-one"]
    assert keys(world, f"?policy={foreign}&product={product}") == []
    assert keys(world, f"?policy={other}&product={product}&page[number]=1&page[size]=1") == ["key-of-other"]
    own = world.token(f"/v1/products/{product}")
    assert keys(world, "", own) == keys(world, f"?product={product}", own) == ["key-of-other", "key-of-one"]
    assert keys(world, f"?policy={other}", own) == ["key-of-other"]
    assert keys(world, f"?policy={foreign}", own) == []


@pytest.mark.parametrize("query", ["product=x", "policy=x", f"policy={NOWHERE}", f"product={NOWHERE}&policy=x"])
def test_filters_that_mean_nothing(local_world: World, query: str) -> None:
    fill(local_world, pooled(local_world), 1)
    assert local_world.get(f"/v1/keys?{query}").document == {"data": []}
    counted = local_world.get(f"/v1/keys?{query}&page[number]=1").document
    assert (counted["data"], counted["links"]["meta"]) == ([], {"pages": 0, "count": 0})
    assert local_world.get(f"/v1/keys?{query}&page[cursor]=").document["data"] == []


@pytest.mark.parametrize("query", ["product=", "policy[x]=1", "key=other", "policy[]=x"])
def test_what_is_no_filter(local_world: World, query: str) -> None:
    assert fill(local_world, pooled(local_world), 1) == keys(local_world, f"?{query}")


def test_keys_go_with_their_policy_and_their_product(world: World) -> None:
    product = world.product()["id"]
    first, second = pooled(world, product), pooled(world)
    kept = pool_key(world, pooled(world), "key-of-kept")
    gone = [pool_key(world, first, "key-of-first"), pool_key(world, second, "key-of-second")]
    world.send("DELETE", f"/v1/products/{product}")
    world.send("DELETE", f"/v1/policies/{second}")
    assert world.get("/v1/keys").data == [kept]
    for one in gone:
        assert world.get(f"/v1/keys/{one['id']}").error == (404, "NOT_FOUND", None)
        assert world.send("DELETE", f"/v1/keys/{one['id']}").status == 404


def test_roles(world: World) -> None:
    license = open_license(world)
    for role in ("developer", "sales-agent", "support-agent", "read-only"):
        assert keys(world, "", staff(world, role)) == []
    for bearer in (by_key(license), user_token(world, user(world))):
        assert world.get("/v1/keys", as_=bearer).error == (403, None, None)
        assert world.get("/v1/keys?limit=0", as_=bearer).error == (400, None, "limit")
    assert world.get("/v1/keys", as_=None).error == (401, "TOKEN_MISSING", None)
