"""The product and the licenses of a policy, and the policies of a product in the list (spec policies.md §2)."""

from __future__ import annotations

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff, user, user_token
from tests.world import World, resource, segment


def ids(world: World, path: str, as_: str = "admin") -> list[str]:
    answer = world.get(path, as_=as_)
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]


def test_the_product(world: World) -> None:
    product = world.product(code="app")
    policy = world.policy(product["id"])["id"]
    assert world.get(f"/v1/policies/{policy}/product").data == product
    assert world.get(f"/v1/policies/{policy.upper()}/product?limit=0").data == product


def test_the_licenses(world: World) -> None:
    policy, made = world.policy()["id"], []
    for number in range(3):
        made.append(world.license(policy, key=f"license/key {number}"))
        world.clock.advance(seconds=1)
    foreign = world.license()
    path = f"/v1/policies/{policy}/licenses"
    assert world.get(path).document == {"data": made[::-1]}
    assert world.get(f"{path}?order=asc&limit=2").data == made[:2]
    assert world.get(f"{path}?page[number]=1&page[size]=2").document["links"]["meta"] == {"pages": 2, "count": 3}
    for child in (made[1]["id"], made[1]["id"].upper(), segment("license/key 1")):
        assert world.get(f"{path}/{child}").data == made[1]
    for child in (foreign["id"], foreign["attributes"]["key"], NOWHERE, "x"):
        answer = world.get(f"{path}/{child}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested license '{child}' was not found")


def test_filters_of_licenses(world: World) -> None:
    policy, owner = world.policy(), user(world)
    product = policy["relationships"]["product"]["data"]["id"]
    plain, suspended = world.license(policy["id"])["id"], world.license(policy["id"], suspended=True)["id"]
    owned = world.create("licenses", {}, policy=("policies", policy["id"]), owner=("users", owner.id))["id"]
    path = f"/v1/policies/{policy['id']}/licenses"
    assert ids(world, f"{path}?suspended=true") == [suspended]
    assert set(ids(world, f"{path}?suspended=false")) == {plain, owned}
    assert ids(world, f"{path}?user={owner.id}") == ids(world, f"{path}?user={segment(owner.email)}") == [owned]
    assert set(ids(world, f"{path}?product={product}")) == {plain, suspended, owned}
    assert ids(world, f"{path}?product={NOWHERE}") == ids(world, f"{path}?product=x") == []
    assert len(ids(world, f"{path}?policy={NOWHERE}&group=x&status=BANNED")) == 3


@pytest.mark.parametrize("policy", [NOWHERE, "x"])
@pytest.mark.parametrize("below", ["product", "licenses", "licenses/x"])
def test_no_policy(shared_world: World, policy: str, below: str) -> None:
    answer = shared_world.get(f"/v1/policies/{policy}/{below}?limit=0")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested policy '{policy}' was not found")


def test_roles(world: World) -> None:
    license = open_license(world, permissions=["policy.read", "product.read", "license.read"])
    policy = license["relationships"]["policy"]["data"]["id"]
    product = license["relationships"]["product"]["data"]["id"]
    own, foreign = world.token(f"/v1/products/{product}"), world.token(f"/v1/products/{world.product()['id']}")
    for below in ("product", "licenses", f"licenses/{license['id']}"):
        path = f"/v1/policies/{policy}/{below}"
        for role in ("developer", "sales-agent", "support-agent", "read-only"):
            assert world.get(path, as_=staff(world, role)).status == 200
        assert world.get(path, as_=own).status == 200
        assert world.get(path, as_=foreign).error == (404, "NOT_FOUND", None)
        assert world.get(path, as_=by_key(license)).error == (403, None, None)
        assert world.get(path, as_=user_token(world, user(world))).error == (404, "NOT_FOUND", None)
        assert world.get(path, as_=None).error == (401, "TOKEN_MISSING", None)


def test_permissions(world: World) -> None:
    license = world.license()
    policy = license["relationships"]["policy"]["data"]["id"]

    def holding(*names: str) -> str:
        sent = {"data": {"type": "tokens", "attributes": {"permissions": list(names)}}}
        return f"Bearer {world.post('/v1/tokens', sent).attributes['token']}"

    for below, name in (("product", "product.read"), ("licenses", "license.read")):
        assert world.get(f"/v1/policies/{policy}/{below}", as_=holding(name)).status == 200
        assert world.get(f"/v1/policies/{policy}/{below}", as_=holding("policy.read")).error == (403, None, None)
    assert world.get(f"/v1/policies/{policy}/licenses?limit=0", as_=holding()).error == (400, None, "limit")


def test_policies_of_a_product_in_the_list(world: World) -> None:
    product = world.product()["id"]
    one, two, _ = world.policy(product)["id"], world.policy(product)["id"], world.policy()["id"]
    assert set(ids(world, f"/v1/policies?product={product}")) == {one, two}
    assert set(ids(world, f"/v1/policies?product={product.upper()}")) == {one, two}
    counted = world.get(f"/v1/policies?product={product}&page[number]=1&page[size]=1").document
    assert counted["links"]["meta"] == {"pages": 2, "count": 2}
    for nothing in (NOWHERE, "x"):
        assert world.get(f"/v1/policies?product={nothing}").document == {"data": []}
    assert len(ids(world, "/v1/policies?product=&name=x")) == 3
    own = world.token(f"/v1/products/{product}")
    assert set(ids(world, f"/v1/policies?product={product}", own)) == {one, two}
    assert ids(world, f"/v1/policies?product={NOWHERE}", own) == []


def test_policies_of_a_customer_in_the_list(world: World) -> None:
    reader = user(world, permissions=("policy.read",))
    policy = world.policy()
    product = policy["relationships"]["product"]["data"]["id"]
    world.policy(product)
    body = resource("licenses", {}, policy=("policies", policy["id"]), owner=("users", reader.id))
    assert world.post("/v1/licenses", body).status == 201
    bearer = user_token(world, reader)
    assert ids(world, "/v1/policies", bearer) == ids(world, f"/v1/policies?product={product}", bearer) == [policy["id"]]
    assert ids(world, f"/v1/policies?product={world.product()['id']}", bearer) == []
