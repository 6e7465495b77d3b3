"""The sweep of machines and processes: told once, revived or deleted in time (spec machines.md §7.5)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store.table import Outbox, Row
from tests.races.crowd import Watched, rows
from tests.world import World, resource

WINDOW = 60
DEAD, PONG = "machine.heartbeat.dead", "machine.heartbeat.pong"


def beating(world: World, **policy: Any) -> tuple[Any, Any]:
    """A license and a machine of it that has pinged; everybody listens."""
    made = world.policy(floating=True, heartbeatDuration=WINDOW, **policy)
    license = world.license(made["id"])
    sent = resource("machines", {"fingerprint": "fp", "cores": 4}, license=("licenses", license["id"]))
    machine = world.post("/v1/machines", sent).data
    assert world.post(f"/v1/machines/{machine['id']}/actions/ping").status == 200
    world.listen("*")
    return license, machine


def told(world: World) -> list[str]:
    return sorted(event["name"] for event in rows(world, Outbox, "event"))


def count(world: World, license: Any) -> Any:
    return world.get(f"/v1/licenses/{license['id']}").data["relationships"]["machines"]["meta"]["count"]


def spawned(world: World, machine: Any, pid: str = "1") -> Any:
    return world.post("/v1/processes", resource("processes", {"pid": pid}, machine=("machines", machine["id"]))).data


def test_a_dead_machine_is_told_and_deleted(world: World) -> None:
    license, machine = beating(world)
    world.clock.advance(seconds=WINDOW // 2)
    spawned(world, machine)
    before = told(world)
    world.clock.advance(seconds=WINDOW // 2)
    assert world.sweep().looked_at == 0
    world.clock.advance(seconds=1)
    report = world.sweep()
    assert (report.culled, report.lost) == (1, 0)
    assert told(world) == sorted([*before, DEAD])
    assert world.get(f"/v1/machines/{machine['id']}").status == 404
    assert count(world, license) == 0
    assert [rows(world, Row, kind) for kind in ("machine", "process", "fingerprint")] == [[], [], []]
    sent = resource("machines", {"fingerprint": "fp"}, license=("licenses", license["id"]))
    assert world.post("/v1/machines", sent).status == 201
    assert world.sweep().culled == 0


def test_who_pings_lives(world: World) -> None:
    _, machine = beating(world)
    for _ in range(5):
        world.clock.advance(seconds=WINDOW - 1)
        assert world.post(f"/v1/machines/{machine['id']}/actions/ping").status == 200
        assert world.sweep().looked_at == 0
    assert DEAD not in told(world)


def test_the_dead_may_be_kept(world: World) -> None:
    license, machine = beating(world, heartbeatCullStrategy="KEEP_DEAD")
    for _ in range(3):
        world.clock.advance(seconds=WINDOW + 1)
        assert world.sweep().culled == 0
    assert told(world).count(DEAD) == 1
    assert count(world, license) == 1
    assert world.get(f"/v1/machines/{machine['id']}").attributes["heartbeatStatus"] == "DEAD"


def test_the_dead_may_come_back_in_time(world: World) -> None:
    license, machine = beating(world, heartbeatResurrectionStrategy="1_MINUTE_REVIVE")
    path = f"/v1/machines/{machine['id']}"
    world.clock.advance(seconds=WINDOW + 1)
    assert world.sweep().culled == 0
    assert told(world).count(DEAD) == 1
    revived = world.post(f"{path}/actions/ping")
    assert (revived.status, revived.attributes["heartbeatStatus"]) == (200, "RESURRECTED")
    world.clock.advance(seconds=WINDOW + 1)
    world.sweep()
    assert told(world).count(DEAD) == 2
    world.clock.advance(seconds=60)
    assert world.sweep().culled == 1
    assert told(world).count(DEAD) == 2
    assert count(world, license) == 0


def test_a_ping_before_the_sweep_wins(world: World) -> None:
    """A ping that was in time lands after the sweep read the machine dead: it is not deleted."""
    watched = world.transport
    assert isinstance(watched, Watched)
    license, machine = beating(world)
    path = f"/v1/machines/{machine['id']}"

    def ping_in_time() -> None:
        world.clock.advance(seconds=-2)
        assert world.post(f"{path}/actions/ping").status == 200
        world.clock.advance(seconds=2)

    world.clock.advance(seconds=WINDOW + 1)
    watched.between(["TransactWriteItems"], ping_in_time)
    report = world.sweep()
    assert (report.looked_at, report.culled) == (1, 0)
    assert world.get(path).attributes["heartbeatStatus"] == "ALIVE"
    assert count(world, license) == 1


def _policy(license: Any) -> str:
    return str(license["relationships"]["policy"]["data"]["id"])


def test_processes_die_alone(world: World) -> None:
    license, machine = beating(world)
    process = spawned(world, machine)
    path = f"/v1/machines/{machine['id']}"
    world.clock.advance(seconds=WINDOW - 1)
    world.post(f"{path}/actions/ping")
    world.clock.advance(seconds=2)
    world.sweep()
    assert told(world).count("process.heartbeat.dead") == 1
    assert world.get(f"/v1/processes/{process['id']}").status == 404
    assert world.get(path).status == 200
    assert spawned(world, machine)["attributes"]["pid"] == "1"
    assert count(world, license) == 1


def test_a_shorter_window_counts_at_once(world: World) -> None:
    """The policy's edit re-arms the deadlines of machines that pinged under the old one."""
    license, machine = beating(world, heartbeatCullStrategy="KEEP_DEAD")
    path = f"/v1/policies/{_policy(license)}"
    assert world.send("PATCH", path, resource("policies", {"heartbeatDuration": 600})).status == 200
    _work(world)
    world.clock.advance(seconds=WINDOW + 1)
    assert world.sweep().due == 0
    assert world.get(f"/v1/machines/{machine['id']}").attributes["heartbeatStatus"] == "ALIVE"
    world.clock.advance(seconds=600)
    world.sweep()
    assert told(world).count(DEAD) == 1


def _work(world: World) -> None:
    """Carry out what was announced."""
    from chalicelib.store import tasks

    for task in rows(world, Outbox, "task"):
        tasks.run(world.database, task, world.service.new_id, world.clock.now())


@pytest.mark.parametrize("require", [True, False])
def test_machines_that_never_pinged(world: World, require: bool) -> None:
    made = world.policy(
        floating=True, heartbeatDuration=WINDOW, requireHeartbeat=require, heartbeatBasis="FROM_FIRST_PING"
    )
    license = world.license(made["id"])
    sent = resource("machines", {"fingerprint": "fp"}, license=("licenses", license["id"]))
    assert world.post("/v1/machines", sent).status == 201
    world.clock.advance(seconds=WINDOW + 1)
    assert world.sweep().culled == int(require)
    assert count(world, license) == int(not require)
