"""What the tests of releases and artifacts share: making them, and asking for what a release asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.world import Answer, World, resource

ATTRIBUTES = "/data/attributes"


def body(product: str, constraints: Sequence[str] | None = None, **attributes: Any) -> dict[str, Any]:
    """The document of a new release, by default 1.0.0 in the stable channel; with the ids of entitlements."""
    sent = resource("releases", {"version": "1.0.0", "channel": "stable", **attributes}, product=("products", product))
    if constraints is not None:
        sent["data"]["relationships"]["constraints"] = {"data": [constraint(one) for one in constraints]}
    return sent


def constraint(entitlement: str, kind: str = "constraints") -> dict[str, Any]:
    """A constraint that does not exist yet."""
    return {"type": kind, "relationships": {"entitlement": {"data": {"type": "entitlements", "id": entitlement}}}}


def release(world: World, product: str, constraints: Sequence[str] | None = None, **attributes: Any) -> Any:
    """A published release made by the admin."""
    answer = world.post("/v1/releases", body(product, constraints, **{"status": "PUBLISHED", **attributes}))
    assert answer.status == 201, answer.raw
    return answer.data


def artifact(world: World, release_id: str, filename: str = "app.zip", **attributes: Any) -> Any:
    """An artifact made by the admin."""
    return world.create("artifacts", {"filename": filename, **attributes}, release=("releases", release_id))


def entitlement(world: World, code: str) -> str:
    """The id of a new entitlement."""
    return str(world.create("entitlements", {"name": code, "code": code})["id"])


def attach(world: World, release_id: str, *entitlements: str, **options: Any) -> Answer:
    """Let a release ask for entitlements."""
    sent = {"data": [constraint(one) for one in entitlements]}
    return world.post(f"/v1/releases/{release_id}/constraints", sent, **options)


def detach(world: World, release_id: str, *constraints: str, **options: Any) -> Answer:
    """Take constraints, by their ids, off a release."""
    sent = {"data": [{"type": "constraints", "id": one} for one in constraints]}
    return world.send("DELETE", f"/v1/releases/{release_id}/constraints", sent, **options)


def ids(answer: Answer) -> list[str]:
    """The ids of a list, in its order."""
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]
