"""Products, policies and entitlements."""

from __future__ import annotations

from typing import Any

from tests.faults.operation import (
    Context,
    Effects,
    Operation,
    Prepare,
    count,
    either,
    fixed,
    http,
    links,
    nothing,
    tasks,
    with_,
)
from tests.world import World, resource

PRODUCT = fixed(resource("products", {"name": "New"}))
CODED = fixed(resource("products", {"name": "New", "code": "new"}))
RENAMED = fixed(resource("products", {"name": "Renamed", "code": "second"}))
MONTHLY = fixed(resource("policies", {"requireCheckIn": True, "checkInInterval": "month", "checkInIntervalCount": 1}))
ENTITLEMENT = fixed(resource("entitlements", {"name": "New", "code": "new"}))
RECODED = fixed(resource("entitlements", {"name": "Renamed", "code": "second"}))
BOTH = links("entitlements", "one", "other")
OF_POLICY = "/v1/policies/{policy}/entitlements"


def _product(world: World) -> Context:
    return {"product": world.product(code="first")["id"]}


def policy(**attributes: Any) -> Prepare:
    """A policy of a product of its own."""
    return lambda world: {"policy": world.policy(**attributes)["id"]}


def _entitlement(world: World) -> Context:
    return {"entitlement": entitlement(world, "first")}


def entitlement(world: World, code: str) -> str:
    """The id of a new entitlement."""
    return str(world.create("entitlements", {"name": "First", "code": code})["id"])


def _spare(world: World) -> Context:
    return policy()(world) | {name: entitlement(world, name) for name in ("one", "other")}


def _entitled(world: World) -> Context:
    context = _spare(world)
    assert world.post(OF_POLICY.format(**context), BOTH(context)).status == 200
    return context


def _policy_body(context: Context) -> Any:
    return resource("policies", {"name": "New"}, product=("products", context["product"]))


def gone(*kinds: str) -> Effects:
    """Everything of these kinds has disappeared, each with a task that removes what is left."""

    def effects(world: World, context: Context) -> int:
        left = [kind for kind in kinds if with_(world, kind)]
        assert left in ([], list(kinds))
        assert len(tasks(world)) == (0 if left else len(kinds))
        return 0 if left else 1

    return effects


def _name_and_code(kind: str) -> Any:
    def read(world: World, context: Context) -> Any:
        (item,) = with_(world, kind)
        return item["name"], item["code"], item["revision"]

    return read


def _rearmed(world: World, context: Context) -> tuple[bool, int]:
    (found,) = with_(world, "policy")
    return found["require_check_in"], len(tasks(world))


def attachments(world: World, context: Context) -> int:
    """How many attachments there are."""
    return len(with_(world, "attachment"))


OPERATIONS = (
    Operation("create-product", nothing, http("POST", "/v1/products", PRODUCT), count("product")),
    Operation("create-coded-product", nothing, http("POST", "/v1/products", CODED), count("product")),
    Operation(
        "update-product",
        _product,
        http("PATCH", "/v1/products/{product}", RENAMED),
        either(_name_and_code("product"), ("App", "first", 0), ("Renamed", "second", 1)),
    ),
    Operation("delete-product", _product, http("DELETE", "/v1/products/{product}"), gone("product")),
    Operation("create-policy", _product, http("POST", "/v1/policies", _policy_body), count("policy")),
    Operation(
        "update-policy",
        policy(),
        http("PATCH", "/v1/policies/{policy}", MONTHLY),
        either(_rearmed, (False, 0), (True, 1)),
    ),
    Operation("delete-policy", policy(), http("DELETE", "/v1/policies/{policy}"), gone("policy")),
    Operation("create-entitlement", nothing, http("POST", "/v1/entitlements", ENTITLEMENT), count("entitlement")),
    Operation(
        "update-entitlement",
        _entitlement,
        http("PATCH", "/v1/entitlements/{entitlement}", RECODED),
        either(_name_and_code("entitlement"), ("First", "first", 0), ("Renamed", "second", 1)),
    ),
    Operation(
        "delete-entitlement", _entitlement, http("DELETE", "/v1/entitlements/{entitlement}"), gone("entitlement")
    ),
    Operation("attach-to-policy", _spare, http("POST", OF_POLICY, BOTH), either(attachments, 0, 2)),
    Operation("detach-from-policy", _entitled, http("DELETE", OF_POLICY, BOTH), either(attachments, 2, 0)),
)
