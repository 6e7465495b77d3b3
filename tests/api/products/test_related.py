"""What belongs to a product: policies, licenses, machines, users, tokens (spec resources.md §1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff, user, user_token
from tests.world import World, resource, segment

KINDS = {
    "policies": ("policy", "policy.read"),
    "licenses": ("license", "license.read"),
    "machines": ("machine", "machine.read"),
    "users": ("user", "user.read"),
    "tokens": ("token", "token.read"),
}


def ids(world: World, path: str, as_: str = "admin") -> list[str]:
    answer = world.get(path, as_=as_)
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]


def holding(world: World, *names: str) -> str:
    """An admin's token with these permissions only."""
    sent = {"data": {"type": "tokens", "attributes": {"permissions": list(names)}}}
    return f"Bearer {world.post('/v1/tokens', sent).attributes['token']}"


def owned(world: World, policy: str, owner: str) -> Any:
    return world.create("licenses", {}, policy=("policies", policy), owner=("users", owner))


def test_policies(world: World) -> None:
    product, made = world.product(code="app"), []
    for _ in range(3):
        made.append(world.policy(product["id"]))
        world.clock.advance(seconds=1)
    foreign = world.policy()
    for named in (product["id"], "app"):
        assert world.get(f"/v1/products/{named}/policies").document == {"data": made[::-1]}
    path = f"/v1/products/{product['id']}/policies"
    assert world.get(f"{path}?order=asc&limit=2").data == made[:2]
    assert world.get(f"{path}?page[number]=1&page[size]=2").document["links"]["meta"] == {"pages": 2, "count": 3}
    assert world.get(f"{path}/{made[0]['id'].upper()}").data == made[0]
    for child in (foreign["id"], NOWHERE, "x"):
        answer = world.get(f"{path}/{child}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested policy '{child}' was not found")


def test_licenses(world: World) -> None:
    product = world.product()["id"]
    policies = [world.policy(product)["id"], world.policy(product)["id"]]
    made = []
    for number in range(3):
        made.append(world.license(policies[number % 2], key=f"license/key {number}"))
        world.clock.advance(seconds=1)
    foreign = world.license()
    path = f"/v1/products/{product}/licenses"
    assert world.get(path).document == {"data": made[::-1]}
    assert world.get(f"{path}?page[cursor]={made[1]['id']}&page[size]=1").data == made[:1]
    for child in (made[1]["id"], segment("license/key 1")):
        assert world.get(f"{path}/{child}").data == made[1]
    for child in (foreign["id"], foreign["attributes"]["key"], NOWHERE):
        answer = world.get(f"{path}/{child}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested license '{child}' was not found")


def test_filters_of_licenses(world: World) -> None:
    product, owner = world.product()["id"], user(world)
    one, other = world.policy(product)["id"], world.policy(product)["id"]
    suspended, owned_ = world.license(one, suspended=True)["id"], owned(world, other, owner.id)["id"]
    path = f"/v1/products/{product}/licenses"
    assert ids(world, f"{path}?policy={one}") == ids(world, f"{path}?suspended=true") == [suspended]
    assert ids(world, f"{path}?user={owner.id}") == ids(world, f"{path}?suspended=false") == [owned_]
    assert ids(world, f"{path}?policy={world.policy()['id']}") == ids(world, f"{path}?policy=x") == []
    assert set(ids(world, f"{path}?product={NOWHERE}&group=x")) == {suspended, owned_}


def test_no_machines(world: World) -> None:
    path = f"/v1/products/{world.product()['id']}/machines"
    assert world.get(path).document == {"data": []}
    assert world.get(f"{path}?page[number]=1").document["links"]["meta"] == {"pages": 0, "count": 0}
    answer = world.get(f"{path}/{NOWHERE}")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine '{NOWHERE}' was not found")


def test_users(world: World) -> None:
    product = world.product()["id"]
    policy = world.policy(product)["id"]
    customers = []
    for _ in range(3):
        customers.append(user(world))
        world.clock.advance(seconds=1)
    owner, attached, stranger = customers
    license = owned(world, policy, owner.id)
    owned(world, policy, owner.id)
    owned(world, world.policy()["id"], stranger.id)
    sent = {"data": [{"type": "users", "id": attached.id}]}
    assert world.post(f"/v1/licenses/{license['id']}/users", sent).status == 201
    path = f"/v1/products/{product}/users"
    own = world.token(f"/v1/products/{product}")
    for bearer in ("admin", own):
        assert ids(world, path, bearer) == [attached.id, owner.id]
        assert world.get(f"{path}/{owner.id}", as_=bearer).data["id"] == owner.id
        assert world.get(f"{path}/{attached.email.upper()}", as_=bearer).data["id"] == attached.id
        for child in (stranger.id, stranger.email, NOWHERE):
            answer = world.get(f"{path}/{child}", as_=bearer)
            assert first(answer) == (404, "NOT_FOUND", None, f"The requested user '{child}' was not found")


def test_staff_among_the_users(world: World) -> None:
    product = world.product()["id"]
    colleague = user(world, "admin")
    owned(world, world.policy(product)["id"], colleague.id)
    path = f"/v1/products/{product}/users"
    assert ids(world, path) == []
    assert ids(world, f"{path}?roles[]=admin") == [colleague.id]
    assert world.get(f"{path}/{colleague.id}").data["id"] == colleague.id
    own = world.token(f"/v1/products/{product}")
    assert ids(world, f"{path}?roles[]=admin", own) == []
    assert world.get(f"{path}/{colleague.id}", as_=own).error == (404, "NOT_FOUND", None)


def test_tokens(world: World) -> None:
    product = world.product(code="app")["id"]
    path = f"/v1/products/{product}/tokens"
    made = []
    for name in ("one", "two", "three"):
        data = world.post(path, {"data": {"type": "tokens", "attributes": {"name": name}}}).data
        own = f"Bearer {data['attributes'].pop('token')}"
        made.append(data)
        world.clock.advance(seconds=1)
    foreign_product = world.product()["id"]
    world.token(f"/v1/products/{foreign_product}")
    [foreign] = ids(world, f"/v1/products/{foreign_product}/tokens")
    for bearer in ("admin", own):
        assert world.get(path, as_=bearer).document == {"data": made[::-1]}
        assert world.get("/v1/products/app/tokens?limit=1&order=asc", as_=bearer).data == made[:1]
        assert world.get(f"{path}/{made[1]['id']}", as_=bearer).data == made[1]
        for child in (foreign, NOWHERE, "x"):
            answer = world.get(f"{path}/{child}", as_=bearer)
            assert first(answer) == (404, "NOT_FOUND", None, f"The requested token '{child}' was not found")
    counted = world.get(f"{path}?page[number]=1&page[size]=2").document
    assert counted["links"]["meta"] == {"pages": 2, "count": 3}


@pytest.mark.parametrize("below", KINDS)
@pytest.mark.parametrize("named", [NOWHERE, "none"])
def test_no_product(shared_world: World, below: str, named: str) -> None:
    for path in (f"{below}?limit=0", f"{below}/{NOWHERE}"):
        answer = shared_world.get(f"/v1/products/{named}/{path}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested product '{named}' was not found")


@pytest.mark.parametrize("below", KINDS)
def test_roles(world: World, below: str) -> None:
    license = open_license(world, permissions=["*"])
    product = license["relationships"]["product"]["data"]["id"]
    own, foreign = world.token(f"/v1/products/{product}"), world.token(f"/v1/products/{world.product()['id']}")
    word, permission = KINDS[below]
    path = f"/v1/products/{product}/{below}"
    readers = [own, holding(world, permission)]
    readers += [staff(world, role) for role in ("developer", "sales-agent", "support-agent", "read-only")]
    for reader in readers:
        assert world.get(path, as_=reader).status == 200
        assert world.get(f"{path}?limit=0", as_=reader).error == (400, None, "limit")
        missing = world.get(f"{path}/{NOWHERE}?limit=0", as_=reader)
        assert missing.errors[0]["detail"] == f"The requested {word} '{NOWHERE}' was not found"
    for stranger, status in (
        (by_key(license), 403),
        (holding(world, "product.read"), 403),
        (foreign, 404),
        (None, 401),
    ):
        assert world.get(path, as_=stranger).status == status
        assert world.get(f"{path}/{NOWHERE}", as_=stranger).status == status
    assert world.get(f"{path}?limit=0", as_=by_key(license)).error == (400, None, "limit")
    assert world.get(path, as_=user_token(world, user(world, permissions=("*",)))).status == 404


def test_a_closed_product_of_one_s_own_forbids_the_whole_list(world: World) -> None:
    closed, licensed = world.product(distributionStrategy="CLOSED"), world.product(distributionStrategy=None)
    open_ = world.product(distributionStrategy="OPEN")
    foreign = world.product(distributionStrategy="CLOSED")
    reader = user(world, permissions=("product.read",))
    bearer = user_token(world, reader)
    assert ids(world, "/v1/products", bearer) == [open_["id"]]
    license = owned(world, world.policy(licensed["id"])["id"], reader.id)
    assert set(ids(world, "/v1/products", bearer)) == {open_["id"], licensed["id"]}
    closing = owned(world, world.policy(closed["id"])["id"], reader.id)
    refused = world.get("/v1/products", as_=bearer)
    assert refused.error == (403, None, None)
    assert refused.errors[0]["detail"].endswith("(ensure the token or license is allowed to access all resources)")
    assert world.get("/v1/products?limit=0", as_=bearer).error == (400, None, "limit")
    assert world.get(f"/v1/products/{closed['id']}", as_=bearer).error == (403, None, None)
    assert world.get(f"/v1/products/{foreign['id']}", as_=bearer).error == (404, "NOT_FOUND", None)
    world.send("DELETE", f"/v1/licenses/{closing['id']}")
    assert len(ids(world, "/v1/products", bearer)) == 2
    world.send("PATCH", f"/v1/products/{licensed['id']}", resource("products", {"distributionStrategy": "CLOSED"}))
    assert world.get("/v1/products", as_=bearer).error == (403, None, None)
    world.send("DELETE", f"/v1/licenses/{license['id']}")
    assert ids(world, "/v1/products", bearer) == [open_["id"]]


def test_a_license_of_a_closed_product_lists_none(world: World) -> None:
    world.product(distributionStrategy="OPEN")
    closed = world.product(distributionStrategy="CLOSED")["id"]
    assert (
        world.get("/v1/products", as_=by_key(open_license(world, closed, permissions=["product.read"]))).status == 403
    )
    assert len(ids(world, "/v1/products")) == 2
