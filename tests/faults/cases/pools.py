"""Keys that wait in pools, and licenses that get one."""

from __future__ import annotations

from typing import Any

from tests.faults.operation import Context, Operation, count, either, fixed, http, stored, with_
from tests.world import World, resource

KEY = "/v1/keys/{key}"


def _pool(world: World) -> Context:
    return {"policy": world.policy(usePool=True)["id"]}


def _filled(world: World) -> Context:
    """A pool with two keys."""
    context = _pool(world)
    for key in ("first-key", "second-key"):
        made = world.create("keys", {"key": key}, policy=("policies", context["policy"]))
        context["key"] = made["id"]
    return context


def _key_body(context: Context) -> Any:
    return resource("keys", {"key": "third-key"}, policy=("policies", context["policy"]))


def _license_body(context: Context) -> Any:
    return resource("licenses", {}, policy=("policies", context["policy"]))


def _left(world: World, context: Context) -> int:
    return len(with_(world, "key"))


def _taken(world: World, context: Context) -> int:
    """One key is a license's, or both still wait; none is both, none is lost."""
    waiting = [item["key"] for item in with_(world, "key")]
    given = [item["key"] for item in with_(world, "license")]
    assert sorted((*waiting, *given)) == ["first-key", "second-key"]
    return len(given)


def _text(world: World, context: Context) -> Any:
    found = stored(world, "key", context["key"])
    return found["key"], found["revision"]


OPERATIONS = (
    Operation("create-key", _pool, http("POST", "/v1/keys", _key_body), count("key")),
    Operation(
        "update-key",
        _filled,
        http("PATCH", KEY, fixed(resource("keys", {"key": "third-key"}))),
        either(_text, ("second-key", 0), ("third-key", 1)),
    ),
    Operation("delete-key", _filled, http("DELETE", KEY), either(_left, 2, 1)),
    Operation("pop-key", _filled, http("DELETE", "/v1/policies/{policy}/pool"), either(_left, 2, 1)),
    Operation("create-license-of-pool", _filled, http("POST", "/v1/licenses", _license_body), _taken),
)
