"""Pooled policies and their keys, for tests."""

from __future__ import annotations

from typing import Any

from tests.world import Answer, World, resource


def pooled(world: World, product: str | None = None, **attributes: Any) -> str:
    """The id of a new policy that uses a pool."""
    identifier: str = world.policy(product, usePool=True, **attributes)["id"]
    return identifier


def add(world: World, policy_id: str, key: str, **options: Any) -> Answer:
    """Ask for a new key in a pool."""
    return world.post("/v1/keys", resource("keys", {"key": key}, policy=("policies", policy_id)), **options)


def pool_key(world: World, policy_id: str, key: str) -> Any:
    """A new key in a pool."""
    answer = add(world, policy_id, key)
    assert answer.status == 201, answer.raw
    return answer.data


def fill(world: World, policy_id: str, count: int, start: int = 0) -> list[str]:
    """That many keys in a pool."""
    wanted = [f"pool-key-{number:04}" for number in range(start, start + count)]
    return [pool_key(world, policy_id, key)["attributes"]["key"] for key in wanted]


def left(world: World, policy_id: str) -> set[str]:
    """What the list of a pool shows."""
    return {one["attributes"]["key"] for one in world.get(f"/v1/policies/{policy_id}/pool?limit=100").data}


def license_from(world: World, policy_id: str, **attributes: Any) -> Answer:
    """Ask for a license of a policy."""
    return world.post("/v1/licenses", resource("licenses", attributes, policy=("policies", policy_id)))
