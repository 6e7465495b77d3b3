"""What hangs on a dead machine and cannot be removed: its task sees to that, and nothing else has to wait."""

from __future__ import annotations

import pytest

from chalicelib.store.table import Outbox, Row
from infra.local.engine import Engine, EngineTransport
from tests.api.installing import activated, add, roomy
from tests.faults.injection import CONFLICT, LOST_REQUEST, THROTTLED, Fault, Faulty
from tests.faults.sound import assert_sound
from tests.faults.stored import of_kind
from tests.races.crowd import feed
from tests.world import World


@pytest.mark.parametrize("fault", [THROTTLED, CONFLICT, LOST_REQUEST], ids=str)
def test_parts_that_cannot_be_removed_keep_no_task_from_running(engine: Engine, fault: Fault) -> None:
    faulty = Faulty(EngineTransport(engine))
    world = World(faulty)
    _dying(world)
    _leave_a_task(world)
    world.clock.advance(minutes=11)

    def decide(number: int, operation: str) -> Fault | None:
        return fault if "component#" in str(faulty.calls[number].parameters.get("TransactItems")) else None

    faulty.arm(decide)
    report = world.sweep()
    faulty.disarm()
    assert (report.culled, report.tasks, report.complete) == (1, 1, True)
    assert_sound(world)
    assert len(of_kind(world, Row, "component")) == 1
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    assert of_kind(world, Row, "component") == []
    assert_sound(world)


def _dying(world: World) -> None:
    """A machine that will not ping, with a component."""
    machine = activated(world, roomy(world, requireHeartbeat=True))
    assert add(world, machine).status == 201


def _leave_a_task(world: World) -> None:
    """The second pass of a task."""
    assert world.send("DELETE", f"/v1/policies/{world.policy()['id']}").status == 204
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    assert [task["passes"] for task in of_kind(world, Outbox, "task")] == [1]
