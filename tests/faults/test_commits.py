"""What is written beside the commit: before it, maybe in vain; after it, maybe later. Answers are about the commit."""

from __future__ import annotations

import threading

import pytest

from chalicelib import runtime
from chalicelib.licensing.errors import Unavailable
from chalicelib.store.database import BUSY
from infra.local.engine import Engine, EngineTransport
from tests.faults.injection import CONFLICT, LOST_REQUEST, THROTTLED, Fault, Faulty
from tests.faults.operation import Operation, tasks
from tests.faults.operations import REQUESTS
from tests.faults.staging import stage

COMMIT = frozenset({"TransactWriteItems"})
SECONDS = 30


def subscribed(*names: str) -> list[Operation]:
    """Operations that commit by a transaction: with an event all do, without one those that are silent."""
    wanted = {name for one in names for name in (f"{one}-subscribed", one)}
    return [one for one in REQUESTS if one.name in wanted and (one.subscribed or one.silent)]


@pytest.mark.parametrize("fault", [THROTTLED, CONFLICT, LOST_REQUEST], ids=str)
@pytest.mark.parametrize(
    "operation",
    subscribed(
        "describe-license",
        "update-user",
        "update-machine",
        "update-password",
        "reset-password",
        "forget-password",
        "log-in",
    ),
    ids=str,
)
def test_a_commit_that_never_gets_through_leaves_what_came_before_in_vain(operation: Operation, fault: Fault) -> None:
    staged = stage(operation)
    staged.faulty.always(fault, COMMIT)
    result = staged.act()
    staged.faulty.disarm()
    assert [
        call.operation for call in staged.faulty.calls if call.applied and call.operation in ("PutItem", "UpdateItem")
    ]
    assert result.status == (409 if fault is CONFLICT else 503)
    assert (staged.effects(), staged.events()) == (0, 0)


@pytest.mark.parametrize(
    "operation",
    subscribed(
        "delete-user",
        "delete-product",
        "describe-license",
        "update-user",
        "update-machine",
        "deactivate",
        "detach-machine-owner",
    ),
    ids=str,
)
def test_what_follows_the_commit_costs_the_answer_nothing(operation: Operation) -> None:
    staged = stage(operation)
    committed: list[int] = []

    def decide(number: int, name: str) -> Fault | None:
        if committed:
            return THROTTLED
        committed.extend([number] if name in COMMIT else [])
        return None

    staged.faulty.arm(decide)
    result = staged.act()
    staged.faulty.disarm()
    assert any(call.fault is not None for call in staged.faulty.calls)
    assert result.status in (200, 204)
    assert (staged.effects(), staged.events()) == (1, 1)
    assert all(task["passes"] == 0 for task in tasks(staged.world))


def test_calls_side_by_side_have_ended_when_one_is_told_to_have_failed(engine: Engine) -> None:
    """Else what a decision began would go on beside the next one."""
    failing, ended = threading.Event(), list[str]()

    def fails() -> None:
        failing.set()
        raise Unavailable(BUSY)

    def goes_on() -> None:
        assert failing.wait(SECONDS)
        ended.append("done")

    database = runtime.database({}, Faulty(EngineTransport(engine)), pause=lambda seconds: None)
    with pytest.raises(Unavailable):
        database.together([fails, goes_on])
    assert ended == ["done"]
