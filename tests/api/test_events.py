"""Which event each operation leaves in the outbox: one when somebody subscribed and it succeeded, else none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.test_matrix import OPERATION, Scene
from tests.world import World, resource

EVENTS = {
    "product.create": "product.created",
    "product.update": "product.updated",
    "product.delete": "product.deleted",
    "product.tokens.generate": "token.generated",
    "policy.create": "policy.created",
    "policy.update": "policy.updated",
    "policy.delete": "policy.deleted",
    "license.create": "license.created",
    "license.validate": "license.validation.succeeded",
    "license.validate-key": "license.validation.succeeded",
    "license.update": "license.updated",
    "license.delete": "license.deleted",
    "license.revoke": "license.revoked",
    "license.suspend": "license.suspended",
    "license.reinstate": "license.reinstated",
    "license.renew": "license.renewed",
    "license.check-in": "license.checked-in",
    "license.usage.increment": "license.usage.incremented",
    "license.usage.decrement": "license.usage.decremented",
    "license.usage.reset": "license.usage.reset",
    "license.tokens.generate": "token.generated",
    "token.generate": "token.generated",
}


def prepared(world: World, name: str) -> Scene:
    """A scene in which the admin's request succeeds."""
    scene = Scene(world)
    path = f"/v1/licenses/{scene.license['id']}"
    if name == "license.reinstate":
        world.post(f"{path}/actions/suspend")
    if name == "license.renew":
        world.send("PATCH", f"/v1/policies/{scene.policy}", resource("policies", {"duration": 86_400}))
        world.send("PATCH", path, resource("licenses", {"expiry": "2027-01-01"}))
    return scene


def outbox(world: World) -> list[tuple[str, Any]]:
    """Names and payloads of the events in the outbox."""
    table = world.database.names.outbox
    items = world.transport.call("Scan", {"TableName": table, "ConsistentRead": True})["Items"]
    found = [(item["name"]["S"], item["payload"]["S"]) for item in items if item["kind"]["S"] == "event"]
    return [(name, json.loads(payload)) for name, payload in found]


@pytest.mark.parametrize("name", OPERATION)
def test_one_event_of_a_success(local_world: World, name: str) -> None:
    scene = prepared(local_world, name)
    local_world.listen("*")
    answer = scene.send(name, "admin")
    assert answer.status < 300, answer.raw
    events = outbox(local_world)
    assert [event for event, _ in events] == ([EVENTS[name]] if name in EVENTS else [])
    if name in EVENTS and answer.status != 204:
        [(_, payload)] = events
        expected = answer.document
        expected["data"]["attributes"].pop("token", None)
        assert payload == expected


@pytest.mark.parametrize("name", ["product.delete", "policy.delete", "license.delete", "license.revoke"])
def test_a_deletion_tells_what_was(local_world: World, name: str) -> None:
    scene = Scene(local_world)
    local_world.listen("*")
    before = scene.send(f"{name.partition('.')[0]}.read", "admin").document
    assert scene.send(name, "admin").status == 204
    assert outbox(local_world) == [(EVENTS[name], before)]


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("subscribed", [None, "license.expired"])
def test_nobody_listens(local_world: World, name: str, subscribed: str | None) -> None:
    scene = prepared(local_world, name)
    if subscribed is not None:
        local_world.listen(subscribed)
    assert scene.send(name, "admin").status < 300
    assert outbox(local_world) == []


def test_refusals_emit_nothing(local_world: World) -> None:
    scene = Scene(local_world)
    local_world.listen("*")
    for name in EVENTS:
        for bearer in ("malformed", "other-license"):
            assert scene.send(name, bearer).status >= 400
    unknown = {"meta": {"key": "unknown"}}
    assert local_world.post("/v1/licenses/actions/validate-key", unknown, as_=None).status == 200
    path = f"/v1/licenses/{scene.license['id']}/actions"
    assert local_world.post(f"{path}/decrement-usage", {"meta": {"decrement": 9}}).status == 422
    assert outbox(local_world) == []


def test_a_failed_validation(local_world: World) -> None:
    scene = Scene(local_world)
    local_world.listen("license.validation.failed")
    path = f"/v1/licenses/{scene.license['id']}/actions/validate"
    local_world.post(path)
    answer = local_world.post(path, {"meta": {"scope": {"product": "x"}}})
    assert outbox(local_world) == [("license.validation.failed", answer.document)]
