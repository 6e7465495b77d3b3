"""The list of all tokens: who sees which, and the filters by bearer (spec auth.md §3, §3.1)."""

from __future__ import annotations

import pytest

from tests.api.helpers import NOWHERE, by_key
from tests.api.tokens.bearers import STAFF, Bearers, narrowed
from tests.world import World

EVERYBODY = {
    *STAFF,
    *("customer", "attached", "stranger", "owner", "product", "other-product", "license", "other-license"),
}


@pytest.fixture(scope="module")
def bearers(shared_world: World) -> Bearers:
    return Bearers(shared_world)


def seen(bearers: Bearers, query: str = "", as_: str = "admin") -> set[str]:
    answer = bearers.world.get(f"/v1/tokens?limit=100{query}", as_=bearers.headers[as_])
    assert answer.status == 200, answer.raw
    return bearers.named([one["id"] for one in answer.data])


@pytest.mark.parametrize("staff", STAFF)
def test_staff_sees_every_token(bearers: Bearers, staff: str) -> None:
    assert seen(bearers, as_=staff) == EVERYBODY


@pytest.mark.parametrize("name", ["customer", "attached", "stranger", "license", "other-license"])
def test_customers_see_their_own(bearers: Bearers, name: str) -> None:
    assert seen(bearers, as_=name) == {name}
    counted = bearers.world.get("/v1/tokens?page[number]=1", as_=bearers.headers[name]).document
    assert counted["links"]["meta"] == {"pages": 1, "count": 1}


def test_a_product_sees_those_of_its_licenses_and_customers(bearers: Bearers) -> None:
    assert seen(bearers, as_="product") == {"product", "license", "customer", "attached"}
    assert seen(bearers, as_="other-product") == {"other-product", "other-license"}
    own = bearers.headers["product"]
    counted = bearers.world.get("/v1/tokens?page[number]=1&page[size]=3", as_=own).document
    assert counted["links"]["meta"] == {"pages": 2, "count": 4}
    page = bearers.world.get("/v1/tokens?page[cursor]=&page[size]=3", as_=own).document
    rest = bearers.world.get(page["links"]["next"], as_=own).document
    assert (len(page["data"]), len(rest["data"]), rest["links"]["next"]) == (3, 1, None)


def test_a_license_by_its_key_sees_the_tokens_of_the_license(bearers: Bearers) -> None:
    answer = bearers.world.get("/v1/tokens", as_=by_key(bearers.licensed))
    assert [one["id"] for one in answer.data] == [bearers.tokens["license"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bearer[type]=product", {"product", "other-product"}),
        ("bearer[type]=products", {"product", "other-product"}),
        ("bearer[type]=license", {"license", "other-license"}),
        ("bearer[type]=users", {*STAFF, "customer", "attached", "stranger", "owner"}),
        ("bearer[type]=environment", set()),
        ("bearer[type]=policies", set()),
        ("bearer[type]=", set()),
        ("bearer[role]=user", {"customer", "attached", "stranger"}),
        ("bearer[role]=sales-agent", {"sales"}),
        ("bearer[role]=sales_agent", {"sales"}),
        ("bearer[role][]=read-only&bearer[role][]=support_agent", {"reader", "support"}),
        ("bearer[role]=product", {"product", "other-product"}),
        ("bearer[role]=nobody", set()),
        ("bearer[role]=", set()),
        ("bearer[role]=developer&bearer[type]=user", {"developer", "owner"}),
        ("bearer[role]=developer&bearer[type]=license", set()),
        (f"bearer[id]={NOWHERE}", set()),
        ("bearer[id]=x", set()),
        ("bearer[id]=", set()),
        ("bearer[name]=x", EVERYBODY),
        ("bearer=x", EVERYBODY),
    ],
)
def test_filters(bearers: Bearers, query: str, expected: set[str]) -> None:
    assert seen(bearers, f"&{query}") == expected


@pytest.mark.parametrize("name", ["customer", "reader"])
def test_tokens_of_one_bearer(bearers: Bearers, name: str) -> None:
    identifier = bearers.users[name].id
    for spelling in (identifier, identifier.upper()):
        assert seen(bearers, f"&bearer[id]={spelling}") == {name}
    assert seen(bearers, f"&bearer[id]={identifier}&bearer[type]=user&bearer[role][]={bearers.users[name].role}") == {
        name
    }
    assert seen(bearers, f"&bearer[id]={identifier}&bearer[type]=product") == set()


def test_filters_widen_nothing(bearers: Bearers) -> None:
    stranger, customer = bearers.users["stranger"].id, bearers.users["customer"].id
    assert seen(bearers, f"&bearer[id]={stranger}", as_="customer") == set()
    assert seen(bearers, f"&bearer[id]={customer}", as_="customer") == {"customer"}
    assert seen(bearers, f"&bearer[id]={stranger}", as_="product") == set()
    assert seen(bearers, f"&bearer[id]={customer}", as_="product") == {"customer"}
    assert seen(bearers, f"&bearer[id]={bearers.licensed['id']}", as_="product") == {"license"}
    assert seen(bearers, "&bearer[type]=user", as_="product") == {"customer", "attached"}
    assert seen(bearers, f"&bearer[id]={bearers.other_product}", as_="product") == set()


def test_shapes_and_order(local_world: World) -> None:
    made = []
    for name in ("one", "two"):
        local_world.clock.advance(seconds=1)
        sent = {"data": {"type": "tokens", "attributes": {"name": name}}}
        made.append(local_world.post("/v1/tokens", sent).data)
        del made[-1]["attributes"]["token"]
    answer = local_world.get("/v1/tokens?limit=2")
    assert answer.document == {"data": made[::-1]}
    assert local_world.get(f"/v1/tokens/{made[0]['id']}").data == made[0]
    local_world.send("DELETE", f"/v1/tokens/{made[1]['id']}")
    after = local_world.get(f"/v1/tokens?page[cursor]={made[1]['id']}&page[size]=1").data
    assert after == made[:1]


def test_refused(bearers: Bearers) -> None:
    world = bearers.world
    without = narrowed(world, bearers.headers["stranger"], "license.read")
    assert world.get("/v1/tokens", as_=without).error == (403, None, None)
    assert world.get("/v1/tokens?limit=0", as_=without).error == (400, None, "limit")
    assert world.get("/v1/tokens", as_=None).error == (401, "TOKEN_MISSING", None)
