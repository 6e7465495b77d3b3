from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff, user, user_token
from tests.world import World, resource

NUMBER, SIZE, CURSOR = "page%5Bnumber%5D", "page%5Bsize%5D", "page%5Bcursor%5D"


def made(world: World, count: int, *, apart: float = 1) -> list[Any]:
    """That many licenses, newest first."""
    policy = world.policy()["id"]
    found = []
    for _ in range(count):
        found.append(world.license(policy))
        world.clock.advance(seconds=apart)
    return found[::-1]


def ids(resources: list[Any]) -> list[str]:
    return [one["id"] for one in resources]


def test_limit_mode(world: World) -> None:
    licenses = made(world, 12)
    assert world.get("/v1/licenses").document == {"data": licenses[:10]}
    assert world.get("/v1/licenses?limit=12").document == {"data": licenses}
    assert world.get("/v1/licenses?limit=1").document == {"data": licenses[:1]}
    assert world.get("/v1/licenses?order=asc&limit=2").document == {"data": licenses[:-3:-1]}
    assert world.get("/v1/licenses?order=DESC&limit=100&unknown[x]=1").document == {"data": licenses}


def test_ties_are_broken_by_id(world: World) -> None:
    licenses = made(world, 5, apart=0)
    descending = sorted(ids(licenses), reverse=True)
    assert ids(world.get("/v1/licenses").data) == descending
    assert ids(world.get("/v1/licenses?order=asc").data) == descending[::-1]


def test_offset_mode(world: World) -> None:
    licenses = made(world, 5)

    def page(number: int) -> dict[str, Any]:
        return world.get(f"/v1/licenses?page[number]={number}&page[size]=2").document

    def link(number: int) -> str:
        return f"/v1/licenses?{NUMBER}={number}&{SIZE}=2"

    common = {"first": link(1), "last": link(3), "meta": {"pages": 3, "count": 5}}
    expected: dict[int, tuple[list[Any], dict[str, Any]]] = {
        1: (licenses[:2], {"prev": None, "next": link(2)}),
        2: (licenses[2:4], {"prev": link(1), "next": link(3)}),
        3: (licenses[4:], {"prev": link(2), "next": None}),
        4: ([], {"prev": None, "next": None}),
        100: ([], {"prev": None, "next": None}),
    }
    for number, (data, links) in expected.items():
        assert page(number) == {"data": data, "links": {"self": link(number), **links, **common}}


def test_empty(world: World) -> None:
    assert world.get("/v1/licenses").document == {"data": []}
    assert world.get("/v1/licenses?page[number]=1").document == {
        "data": [],
        "links": {
            "self": f"/v1/licenses?{NUMBER}=1&{SIZE}=10",
            "prev": None,
            "next": None,
            "first": f"/v1/licenses?{NUMBER}=1&{SIZE}=10",
            "last": f"/v1/licenses?{NUMBER}=0&{SIZE}=10",
            "meta": {"pages": 0, "count": 0},
        },
    }
    assert world.get("/v1/licenses?page[cursor]=").document == {
        "data": [],
        "links": {"self": f"/v1/licenses?{CURSOR}=&{SIZE}=10", "next": None},
    }


def test_cursor_mode(world: World) -> None:
    licenses = made(world, 4)

    def link(cursor: str) -> str:
        return f"/v1/licenses?{CURSOR}={cursor}&{SIZE}=2"

    start = world.get("/v1/licenses?page[cursor]=&page[size]=2").document
    second = licenses[1]["id"]
    assert start == {"data": licenses[:2], "links": {"self": link(""), "next": link(second)}}
    assert world.get(start["links"]["next"]).document == {
        "data": licenses[2:],
        "links": {"self": link(second), "next": None},
    }
    backwards = world.get(f"/v1/licenses?page[cursor]={second}&order=asc").document
    assert backwards["data"] == licenses[:1]
    assert backwards["links"] == {"self": f"/v1/licenses?order=asc&{CURSOR}={second}&{SIZE}=10", "next": None}
    wins = world.get(f"/v1/licenses?page[number]=7&page[cursor]={second.upper()}")
    assert wins.data == licenses[2:]


def test_unknown_cursor(world: World) -> None:
    made(world, 1)
    answer = world.get(f"/v1/licenses?page[cursor]={NOWHERE}")
    assert answer.document["data"] == []
    assert answer.document["links"]["next"] is None


def test_a_walk_while_others_are_made(world: World) -> None:
    licenses = made(world, 7, apart=0)
    seen: list[str] = []
    path: str | None = "/v1/licenses?page[cursor]=&page[size]=2"
    while path is not None:
        page = world.get(path).document
        seen += ids(page["data"])
        path = page["links"]["next"]
        world.clock.advance(seconds=1)
        made(world, 1)
    assert seen == sorted(ids(licenses), reverse=True)


def test_a_walk_over_a_deleted_cursor(world: World) -> None:
    licenses = made(world, 3)
    gone = world.license()
    cursor = gone["id"]
    world.send("DELETE", f"/v1/policies/{gone['relationships']['policy']['data']['id']}")
    assert world.get(f"/v1/licenses?page[cursor]={cursor}").data == licenses


def test_links_echo_path_and_query(local_world: World) -> None:
    made(local_world, 3)
    path = "/v1/accounts/acme/licenses"
    query = "z=%C3%A9+x&page[size]=2&token=t&auth=a&limit=5&filter[a]=b%26c&page[number]=1&page[foo]=1"
    links = local_world.get(f"{path}?{query}").document["links"]
    assert links["self"] == f"{path}?filter%5Ba%5D=b%26c&limit=5&{NUMBER}=1&{SIZE}=2&z=%C3%A9+x"
    assert links["next"] == links["self"].replace(f"{NUMBER}=1", f"{NUMBER}=2")


def test_the_size_defaults_to_the_limit(local_world: World) -> None:
    made(local_world, 3)
    answer = local_world.get("/v1/licenses?limit=2&page[number]=2")
    assert (len(answer.data), answer.document["links"]["self"]) == (1, f"/v1/licenses?limit=2&{NUMBER}=2&{SIZE}=2")


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ("limit=0", "limit", "limit must be a number between 1 and 100 (got 0)"),
        ("limit=101", "limit", "limit must be a number between 1 and 100 (got 101)"),
        ("limit=-5", "limit", "limit must be a number between 1 and 100 (got -5)"),
        ("limit=ten", "limit", "limit must be a number between 1 and 100 (got 0)"),
        ("limit=", "limit", "limit must be a number between 1 and 100 (got 0)"),
        ("page[number]=0", "page[number]", "page number must be a number between 1 and 100 (got 0)"),
        ("page[number]=x", "page[number]", "page number must be a number between 1 and 100 (got 0)"),
        ("page[number]=101", "page[number]", "page number must be a number between 1 and 100 (got 101"),
        ("page[number]=1&page[size]=0", "page[size]", "page size must be a number between 1 and 100 (got 0)"),
        ("page[number]=1&page[size]=101", "page[size]", "page size must be a number between 1 and 100 (got 101)"),
        ("page[cursor]=&page[size]=x", "page[size]", "page size must be a number between 1 and 100 (got 0)"),
        ("page[cursor]=foo", "page[cursor]", 'page cursor must be a valid UUID (got "foo")'),
        *(
            (query, "page", "page must be an object containing a cursor or number and optional size")
            for query in (
                *("page=2", "page[size]=5", "page[foo]=1", "page[number][x]=0", "page[number][]=1", "page[]=1"),
                *("page[cursor][x]=0", "page%5Bnumber%5D%3D=0"),
            )
        ),
        ("order=up", "order", "order is invalid"),
        ("order=", "order", "order is invalid"),
        ("order[]=asc", "order", "order is invalid"),
    ],
)
def test_refused(shared_world: World, query: str, parameter: str, detail: str) -> None:
    answer = shared_world.get(f"/v1/licenses?{query}")
    assert answer.error == (400, None, parameter)
    assert answer.errors[0]["detail"].startswith(detail)
    assert answer.errors[0]["source"] == {"parameter": parameter}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page[number]=1&page=2", "PARAMETERS_INVALID"),
        ("page=2&page[number]=1", "PARAMETERS_INVALID"),
        ("a=1&a[b]=2", "PARAMETERS_INVALID"),
        ("a=%zz", "PARAMETERS_INVALID"),
        ("a=%", "PARAMETERS_INVALID"),
        ("a=%ff", "ENCODING_INVALID"),
        ("a=%00", "ENCODING_INVALID"),
    ],
)
def test_unparsable_queries(shared_world: World, query: str, code: str) -> None:
    assert shared_world.get(f"/v1/licenses?{query}").error == (400, code, None)


def test_who_lists_what(world: World) -> None:
    me, policy = user(world), world.policy()
    links = {"policy": ("policies", policy["id"]), "owner": ("users", me.id)}
    mine = world.post("/v1/licenses", resource("licenses", {}, **links)).data
    world.clock.advance(seconds=1)
    same_product = world.license(policy["id"])
    world.clock.advance(seconds=1)
    foreign = open_license(world)
    product = world.token(f"/v1/products/{policy['relationships']['product']['data']['id']}")
    rows = {
        "admin": [foreign, same_product, mine],
        staff(world, "read-only"): [foreign, same_product, mine],
        product: [same_product, mine],
        user_token(world, me): [mine],
        user_token(world, user(world)): [],
    }
    for as_, expected in rows.items():
        assert world.get("/v1/licenses", as_=as_).data == expected
        page = world.get("/v1/licenses?page[number]=1", as_=as_).document
        assert (page["data"], page["links"]["meta"]["count"]) == (expected, len(expected))
    assert world.get("/v1/licenses", as_=by_key(foreign)).error == (403, None, None)
    assert world.get("/v1/licenses?limit=0", as_=by_key(foreign)).error == (400, None, "limit")
    assert first(world.get("/v1/licenses?limit=0", as_=None))[:2] == (401, "TOKEN_MISSING")
