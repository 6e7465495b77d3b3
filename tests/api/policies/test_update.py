from typing import Any

import pytest

from tests.api.helpers import NOWHERE, first, staff
from tests.world import World, resource


def patch(world: World, policy: Any, as_: str | None = "admin", **attributes: Any) -> Any:
    return world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", attributes), as_=as_)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes_what_is_sent(world: World, method: str) -> None:
    policy = world.policy(maxUses=5, metadata={"a": 1})
    world.clock.advance(seconds=1)
    sent: dict[str, Any] = {"name": "New", "maxUses": None, "duration": 86_400, "metadata": {"b": {}}, "strict": None}
    answer = world.send(method, f"/v1/policies/{policy['id']}", resource("policy", sent))
    changed = {**sent, "strict": False, "updated": "2026-03-01T12:00:01.000Z"}
    assert answer.document == {"data": policy | {"attributes": policy["attributes"] | changed}}
    assert world.get(f"/v1/policies/{policy['id']}").document == answer.document


@pytest.mark.parametrize("name", ["scheme", "encrypted", "usePool"])
@pytest.mark.parametrize("value", [None, False])
def test_fixed_at_creation(shared_world: World, name: str, value: Any) -> None:
    answer = patch(shared_world, shared_world.policy(), **{name: value})
    assert first(answer) == (400, None, f"/data/attributes/{name}", "unpermitted parameter")


def test_documents(local_world: World) -> None:
    path = f"/v1/policies/{local_world.policy()['id']}"
    linked = resource("policies", {}, product=("products", NOWHERE))
    assert local_world.send("PATCH", path).error == (400, None, "/data")
    assert local_world.send("PATCH", path, linked).error == (400, None, "/data/relationships")
    assert local_world.send("PATCH", path, {"data": {"type": "policies"}}).error == (400, None, "/data/attributes")


@pytest.mark.parametrize(
    ("before", "sent", "code"),
    [
        ({"floating": True, "maxMachines": 5}, {"floating": False}, "MAX_MACHINES_INVALID"),
        ({"floating": True}, {"maxMachines": 0}, "MAX_MACHINES_INVALID"),
        ({}, {"maxMachines": 2}, "MAX_MACHINES_INVALID"),
        ({}, {"duration": 5}, "DURATION_INVALID"),
        ({}, {"requireCheckIn": True}, "CHECK_IN_INTERVAL_NOT_ALLOWED"),
        ({}, {"heartbeatResurrectionStrategy": "ALWAYS_REVIVE"}, "HEARTBEAT_CULL_STRATEGY_NOT_ALLOWED"),
        ({"floating": True, "maxCores": 6}, {"overageStrategy": "ALLOW_1_25X_OVERAGE"}, "OVERAGE_STRATEGY_NOT_ALLOWED"),
        ({}, {"expirationBasis": "NEVER"}, "EXPIRATION_BASIS_NOT_ALLOWED"),
    ],
)
def test_rules_hold_for_the_merged_policy(
    shared_world: World, before: dict[str, Any], sent: dict[str, Any], code: str
) -> None:
    policy = shared_world.policy(**before)
    assert patch(shared_world, policy, **sent).error[:2] == (422, code)
    assert shared_world.get(f"/v1/policies/{policy['id']}").data == policy


def test_becoming_node_locked_forces_nothing(local_world: World) -> None:
    policy = local_world.policy(floating=True)
    assert patch(local_world, policy, floating=False).attributes["maxMachines"] is None


def test_licenses_follow(world: World) -> None:
    policy = world.policy(maxUses=5)
    license = world.license(policy["id"])
    patch(world, policy, maxUses=7, strict=True, floating=True, maxMachines=3, protected=True)
    shown = world.get(f"/v1/licenses/{license['id']}").attributes
    followed = {"maxUses": 7, "strict": True, "floating": True, "maxMachines": 3, "protected": False}
    assert shown == license["attributes"] | followed


def test_order_of_refusals(world: World) -> None:
    policy = world.policy()
    bad, agent, support = {"data": 1}, staff(world, "sales-agent"), staff(world, "support-agent")
    foreign = world.token(f"/v1/products/{world.product()['id']}")
    own = world.token(f"/v1/products/{policy['relationships']['product']['data']['id']}")
    path = f"/v1/policies/{policy['id']}"
    assert world.send("PATCH", "/v1/policies/name", bad).error == (404, "NOT_FOUND", None)
    assert world.send("PATCH", path, bad, as_=foreign).error == (404, "NOT_FOUND", None)
    assert world.send("PATCH", path, bad, as_=support).error == (403, None, None)
    assert world.send("PATCH", path, bad, as_=agent).error == (400, None, "/data")
    assert patch(world, policy, as_=own, name="Mine").status == 200
