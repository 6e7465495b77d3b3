"""Which event each operation leaves in the outbox: one when somebody subscribed and it succeeded, else none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.scene import OPERATION, Scene
from tests.api.stage import Stage
from tests.world import Answer, World

EVENTS = {
    "product.create": "product.created",
    "product.update": "product.updated",
    "product.delete": "product.deleted",
    "product.tokens.generate": "token.generated",
    "policy.create": "policy.created",
    "policy.update": "policy.updated",
    "policy.delete": "policy.deleted",
    "policy.entitlements.attach": "policy.entitlements.attached",
    "policy.entitlements.detach": "policy.entitlements.detached",
    "policy.pool.pop": "policy.pool.popped",
    "key.create": "key.created",
    "key.update": "key.updated",
    "key.delete": "key.deleted",
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
    "license.check-out": "license.checked-out",
    "license.check-out-file": "license.checked-out",
    "license.usage.increment": "license.usage.incremented",
    "license.usage.decrement": "license.usage.decremented",
    "license.usage.reset": "license.usage.reset",
    "license.tokens.generate": "token.generated",
    "license.users.attach": "license.users.attached",
    "license.users.detach": "license.users.detached",
    "license.entitlements.attach": "license.entitlements.attached",
    "license.entitlements.detach": "license.entitlements.detached",
    "license.policy.update": "license.policy.updated",
    "license.owner.update": "license.owner.updated",
    "license.group.update": "license.group.updated",
    "machine.create": "machine.created",
    "machine.update": "machine.updated",
    "machine.delete": "machine.deleted",
    "machine.heartbeat.ping": "machine.heartbeat.ping",
    "machine.heartbeat.ping-alias": "machine.heartbeat.ping",
    "machine.heartbeat.reset": "machine.heartbeat.reset",
    "machine.heartbeat.reset-alias": "machine.heartbeat.reset",
    "machine.check-out": "machine.checked-out",
    "machine.check-out-file": "machine.checked-out",
    "machine.owner.update": "machine.owner.updated",
    "machine.group.update": "machine.group.updated",
    "component.create": "component.created",
    "component.update": "component.updated",
    "component.delete": "component.deleted",
    "process.create": "process.created",
    "process.update": "process.updated",
    "process.delete": "process.deleted",
    "process.heartbeat.ping": "process.heartbeat.ping",
    "release.create": "release.created",
    "release.update": "release.updated",
    "release.delete": "release.deleted",
    "release.publish": "release.published",
    "release.yank": "release.yanked",
    "release.constraints.attach": "release.constraints.attached",
    "release.constraints.detach": "release.constraints.detached",
    "artifact.create": "artifact.created",
    "artifact.update": "artifact.updated",
    "artifact.delete": "artifact.deleted",
    "token.generate": "token.generated",
    "token.regenerate": "token.regenerated",
    "token.regenerate-presented": "token.regenerated",
    "token.revoke": "token.revoked",
    "entitlement.create": "entitlement.created",
    "entitlement.update": "entitlement.updated",
    "entitlement.delete": "entitlement.deleted",
    "group.create": "group.created",
    "group.update": "group.updated",
    "group.delete": "group.deleted",
    "group.owners.attach": "group.owners.attached",
    "group.owners.detach": "group.owners.detached",
    "user.create": "user.created",
    "user.update": "user.updated",
    "user.delete": "user.deleted",
    "user.ban": "user.banned",
    "user.unban": "user.unbanned",
    "user.password.forgotten": "user.password-reset",
    "user.group.update": "user.group.updated",
    "user.tokens.generate": "token.generated",
}
"""What else there is emits nothing (spec licenses.md §11.1, policies.md §4, resources.md, auth.md §3)."""
TOKENS = [name for name, event in EVENTS.items() if event in ("token.generated", "token.regenerated")]


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """As it was built, with nobody who listens."""
    return stage.put_back()


def succeed(scene: Scene, name: str) -> Answer:
    """The answer to a request that succeeds."""
    if name == "license.reinstate":
        answer = scene.send(name, id=scene.ids["suspended-license"])
    else:
        answer = scene.send(name, "owner" if name == "user.password.update" else "admin")
    assert answer.status < 300, answer.raw
    return answer


def outbox(world: World) -> list[tuple[str, Any]]:
    """Names and payloads of the events in the outbox."""
    found = [(item["name"]["S"], item["payload"]["S"]) for item in rows(world) if item["kind"]["S"] == "event"]
    return [(name, json.loads(payload)) for name, payload in found]


def rows(world: World) -> list[Any]:
    """All items of the outbox."""
    table = world.database.names.outbox
    found: list[Any] = world.transport.call("Scan", {"TableName": table, "ConsistentRead": True})["Items"]
    return found


@pytest.mark.parametrize("name", OPERATION)
def test_one_event_of_a_success(scene: Scene, name: str) -> None:
    scene.world.listen("*")
    succeed(scene, name)
    assert [event for event, _ in outbox(scene.world)] == ([EVENTS[name]] if name in EVENTS else [])


CHECK_OUTS = ["license.check-out", "license.check-out-file", "machine.check-out", "machine.check-out-file"]
ANSWERED = [
    name
    for name in EVENTS
    if OPERATION[name].methods[0] != "DELETE" or name == "policy.pool.pop"
    if name not in (*CHECK_OUTS, "user.password.forgotten")
]


@pytest.mark.parametrize("name", ANSWERED)
def test_an_event_tells_what_was_answered(scene: Scene, name: str) -> None:
    scene.world.listen("*")
    expected = succeed(scene, name).document
    if name in TOKENS:
        assert expected["data"]["attributes"].pop("token")
    assert outbox(scene.world) == [(EVENTS[name], expected)]


@pytest.mark.parametrize("name", TOKENS)
def test_nothing_tells_the_value_of_a_token(scene: Scene, name: str) -> None:
    scene.world.listen("*")
    value = succeed(scene, name).attributes["token"]
    assert value not in json.dumps(rows(scene.world))


READ_BY = {"license.revoke": "license.read", "token.revoke": "token.read"}
DELETIONS = [name for name in EVENTS if name.endswith(".delete") or name in READ_BY]


@pytest.mark.parametrize("name", DELETIONS)
def test_a_deletion_tells_what_was(scene: Scene, name: str) -> None:
    scene.world.listen("*")
    before = scene.send(READ_BY.get(name) or name.replace(".delete", ".read")).document
    assert scene.send(name).status == 204
    assert outbox(scene.world) == [(EVENTS[name], before)]


DETACHED = [name for name in EVENTS if name.endswith(".detach")]


@pytest.mark.parametrize("name", DETACHED)
def test_a_detachment_tells_what_was_attached(scene: Scene, name: str) -> None:
    attaching = name.replace("detach", "attach")
    attached = scene.send(attaching).document
    [made] = attached["data"]
    body = {"data": [{"type": made["type"], "id": made["id"]}]} if "constraints" in name else scene.body(attaching)
    scene.world.listen("*")
    assert scene.send(name, body=body).status == 204
    assert outbox(scene.world) == [(EVENTS[name], attached)]


@pytest.mark.parametrize("name", CHECK_OUTS)
def test_a_check_out_tells_of_what_was_checked_out(scene: Scene, name: str) -> None:
    scene.world.listen("*")
    succeed(scene, name)
    [(_, payload)] = outbox(scene.world)
    assert payload == {"data": scene.send(f"{name.partition('.')[0]}.read").data}
    assert payload["data"]["attributes"]["lastCheckOut"] == "2026-03-01T12:00:00.000Z"


def test_a_forgotten_password(scene: Scene) -> None:
    """The token is for the subscriber alone: whoever reads the store does not see it."""
    scene.world.listen("*")
    succeed(scene, "user.password.forgotten")
    assert outbox(scene.world) == [("user.password-reset", {"data": scene.send("user.read").data})]


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("subscribed", [None, "license.expired"])
def test_nobody_listens(scene: Scene, name: str, subscribed: str | None) -> None:
    if subscribed is not None:
        scene.world.listen(subscribed)
    succeed(scene, name)
    assert outbox(scene.world) == []


def test_refusals_emit_nothing(scene: Scene) -> None:
    world = scene.world
    world.listen("*")
    for name in set(EVENTS) - {"user.password.forgotten"}:
        for bearer in ("malformed", "other-license", "idle"):
            assert scene.send(name, bearer).status >= 400
    unknown = {"meta": {"key": "unknown"}}
    assert world.post("/v1/licenses/actions/validate-key", unknown, as_=None).status == 200
    unknown = {"meta": {"email": "unknown@acme.example"}}
    assert world.post("/v1/passwords", unknown, as_=None).status == 204
    assert scene.send("license.usage.decrement", body={"meta": {"decrement": 9}}).status == 422
    assert outbox(world) == []


def test_a_failed_validation(scene: Scene) -> None:
    scene.world.listen("license.validation.failed")
    scene.send("license.validate")
    answer = scene.send("license.validate", body={"meta": {"scope": {"product": "x"}}})
    assert outbox(scene.world) == [("license.validation.failed", answer.document)]
