"""Every list pages alike (spec http.md §7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World

KINDS = ["products", "policies", "licenses"]


def fill(world: World, count: int) -> None:
    """That many of each kind, some of them at one instant."""
    for number in range(count):
        world.license()
        if number % 3:
            world.clock.advance(milliseconds=1)


def walk(world: World, path: str | None) -> Iterator[str]:
    while path is not None:
        page = world.get(path).document
        yield from (one["id"] for one in page["data"])
        path = page["links"]["next"]


@pytest.mark.parametrize("base", ["/v1", "/v1/accounts/acme"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_walks_see_everything_once_and_in_order(local_world: World, base: str, order: str) -> None:
    fill(local_world, 7)
    for kind in KINDS:
        path = f"{base}/{kind}?order={order}"
        listed = local_world.get(f"{path}&limit=100").data
        keys = [(one["attributes"]["created"], one["id"]) for one in listed]
        assert keys == sorted(keys, reverse=order == "desc")
        ids = [one["id"] for one in listed]
        assert len(ids) == 7
        for size in (1, 2, 3, 7, 8):
            assert list(walk(local_world, f"{path}&page[cursor]=&page[size]={size}")) == ids
            assert list(walk(local_world, f"{path}&page[number]=1&page[size]={size}")) == ids


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_after_a_full_last_one(world: World, kind: str) -> None:
    fill(world, 2)
    for mode in ("page[cursor]=", "page[number]=1"):
        answer = world.get(f"/v1/{kind}?{mode}&page[size]=2").document
        assert (len(answer["data"]), answer["links"]["next"]) == (2, None)


@pytest.mark.parametrize("kind", KINDS)
def test_resources_of_lists_are_those_of_reads(world: World, kind: str) -> None:
    fill(world, 2)
    for one in world.get(f"/v1/{kind}").data:
        assert world.get(f"/v1/{kind}/{one['id']}").data == one


@pytest.mark.parametrize("kind", ["products", "licenses"])
def test_parameters_that_nest_too_deeply(shared_world: World, kind: str) -> None:
    answer = shared_world.get(f"/v1/{kind}?metadata" + "[a]" * 3_000 + "=1")
    assert answer.error[:2] == (400, "PARAMETERS_INVALID")
