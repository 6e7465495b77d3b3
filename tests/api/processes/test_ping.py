"""POST /processes/<id>/actions/ping (spec machines.md §3.2, §9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, first
from tests.api.installing import activated, at, gone, ping, roomy, spawn
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.api.processes.test_spawn import spawned
from tests.races.crowd import rows
from tests.world import START, World

D = 60
DEAD = (422, "PROCESS_HEARTBEAT_DEAD", None, "is dead")


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def watched(world: World, **policy: Any) -> Any:
    """A process whose heartbeat lasts a minute."""
    return spawned(world, activated(world, roomy(world, heartbeatDuration=D, **policy)))


def seconds(number: float) -> str:
    """That long after the beginning."""
    return to_text(START + timedelta(seconds=number))


def test_ping(world: World) -> None:
    made = watched(world)
    world.listen("*")
    world.clock.advance(seconds=5)
    answer = ping(world, made)
    beating = {"lastHeartbeat": seconds(5), "nextHeartbeat": seconds(5 + D), "updated": seconds(5)}
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | beating})
    assert world.get(at(made)).data == answer.data
    assert emitted(world) == [("process.heartbeat.ping", {"data": answer.data})]
    [item] = rows(world, Row, "process")
    assert item["due_at"] == START + timedelta(seconds=5 + D, milliseconds=1)


@pytest.mark.parametrize("body", [{"data": {"type": "licenses"}}, {"meta": {"anything": 1}}])
def test_the_body_is_ignored(shared_world: World, body: Any) -> None:
    assert shared_world.post(at(watched(shared_world), "actions", "ping"), body).status == 200


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None) -> str:
        machine = activated(world, cast.license, owner=owner)
        made = spawned(world, machine)
        found = [ping(world, made, cast.tokens[bearer]) for bearer in BEARERS]
        gone(world, machine)
        return " ".join(str(answer.status) for answer in found)

    assert shown(None) == "401 200 200 403 403 403 200 404 200 403 404 200 404"
    assert shown(cast.attached.id) == "401 200 200 403 403 403 200 404 200 200 404 200 404"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 200 200 403 403 403 200 404 403 403 404 200 404"


def test_missing(shared_world: World) -> None:
    made = watched(shared_world)
    assert gone(shared_world, made).status == 204
    for identifier in (made["id"], NOWHERE, "1"):
        answer = ping(shared_world, {"type": "processes", "id": identifier})
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine process '{identifier}' was not found")


def test_there_is_no_reset(shared_world: World) -> None:
    assert ping(shared_world, watched(shared_world), action="reset").status == 404


def test_the_last_instant(local_world: World) -> None:
    made = watched(local_world)
    local_world.clock.advance(seconds=D)
    assert ping(local_world, made).attributes["status"] == "ALIVE"
    local_world.clock.advance(seconds=D, milliseconds=1)
    assert local_world.get(at(made)).attributes["status"] == "DEAD"
    answer = ping(local_world, made)
    assert (first(answer), answer.errors[0]["title"]) == (DEAD, "Unprocessable entity")


def test_revived_in_time(world: World) -> None:
    made = watched(world, heartbeatResurrectionStrategy="2_MINUTE_REVIVE")
    world.listen("*")
    last = D + 2 * 60
    world.clock.advance(seconds=last)
    answer = ping(world, made)
    assert (answer.status, answer.attributes["status"]) == (200, "RESURRECTED")
    assert emitted(world) == [("process.heartbeat.resurrected", {"data": answer.data})]
    assert world.get(at(made)).attributes["status"] == "ALIVE"
    world.clock.advance(seconds=last, milliseconds=1)
    assert first(ping(world, made)) == DEAD


def test_revived_whenever(local_world: World) -> None:
    policy = {"heartbeatResurrectionStrategy": "ALWAYS_REVIVE", "heartbeatCullStrategy": "KEEP_DEAD"}
    made = watched(local_world, **policy)
    local_world.clock.advance(days=9)
    assert ping(local_world, made).attributes["status"] == "RESURRECTED"


def test_limits_are_not_asked(local_world: World) -> None:
    machine = activated(local_world, roomy(local_world, maxProcesses=1))
    made = spawned(local_world, machine)
    assert spawn(local_world, machine, "2").status == 422
    assert ping(local_world, made).status == 200
