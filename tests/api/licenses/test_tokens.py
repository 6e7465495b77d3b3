"""The tokens of a license: list and show (spec licenses.md §10.1); making them is in tests/api/tokens."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import NOWHERE, first, open_license
from tests.api.licenses.cast import Cast, ids, path
from tests.world import World


def made(world: World, license: Any, count: int) -> list[Any]:
    """That many tokens as they are shown later, newest first."""
    found = []
    for number in range(count):
        body = {"data": {"type": "tokens", "attributes": {"name": f"Token {number}", "maxActivations": number}}}
        token = world.post(path(license, "tokens"), body).data
        del token["attributes"]["token"]
        found.append(token)
        world.clock.advance(seconds=1)
    return found[::-1]


def test_newest_first(world: World) -> None:
    license = open_license(world)
    made(world, open_license(world), 1)
    tokens = made(world, license, 3)
    answer = world.get(path(license, "tokens"))
    assert (answer.status, answer.document) == (200, {"data": tokens})
    assert ids(world.get(path(license, "tokens") + "?order=asc&limit=1")) == [tokens[2]["id"]]
    page = world.get(path(license, "tokens") + "?page[number]=2&page[size]=2").document
    assert (page["data"], page["links"]["meta"]) == (tokens[2:], {"pages": 2, "count": 3})
    after = world.get(path(license, "tokens") + f"?page[cursor]={tokens[0]['id']}&page[size]=1").document
    assert (after["data"], after["links"]["next"] is None) == ([tokens[1]], False)


def test_none(world: World) -> None:
    assert world.get(path(world.license(), "tokens")).document == {"data": []}


def test_show(world: World) -> None:
    license, other = open_license(world), open_license(world)
    [token], [foreign] = made(world, license, 1), made(world, other, 1)
    assert world.get(path(license, "tokens", token["id"])).document == {"data": token}
    assert world.get(path(license, "tokens", token["id"].upper())).status == 200
    everything = world.get("/v1/tokens").data
    [admin] = [one for one in everything if one["relationships"]["bearer"]["data"]["type"] == "users"]
    for name in (foreign["id"], admin["id"], NOWHERE, "x"):
        answer = world.get(path(license, "tokens", name))
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested token '{name}' was not found")


def test_a_revoked_token_is_gone(world: World) -> None:
    license = open_license(world)
    [token, kept] = made(world, license, 2)
    assert world.send("DELETE", f"/v1/tokens/{token['id']}").status == 204
    assert ids(world.get(path(license, "tokens"))) == [kept["id"]]
    assert world.get(path(license, "tokens", token["id"])).status == 404


def test_who_may(local_world: World) -> None:
    """Nobody · the five of the staff · product, another product · owner, attached, stranger · license, another."""
    cast = Cast(local_world)
    [token] = made(local_world, cast.license, 1)
    expected = "401 200 200 200 200 200 200 404 403 403 404 403 404"
    assert cast.statuses("GET", "tokens") == expected
    assert cast.statuses("GET", f"tokens/{token['id']}") == expected
    assert ids(cast.ask("GET", "tokens", "product")) == [token["id"]]
    assert cast.ask("GET", "tokens?limit=0", "owner").error == (400, None, "limit")


def test_reading_tokens_takes_its_permission(world: World) -> None:
    license = open_license(world)
    product = f"/v1/products/{license['relationships']['product']['data']['id']}"
    body = {"data": {"type": "tokens", "attributes": {"permissions": ["license.read"]}}}
    answer = world.get(path(license, "tokens"), as_=world.token(product, body))
    reason = "You do not have permission to complete the request (token lacks permission to perform action)"
    assert first(answer) == (403, None, None, reason)
