"""Every call of every write, failed in every way: it happens once or not at all, and no answer lies (STORE §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from chalicelib.store.table import DEADLINE
from tests.faults.injection import (
    CONFLICT,
    FAULTS,
    IN_PROGRESS,
    LOST_REPLY,
    LOST_REQUEST,
    THROTTLED,
    WRITES,
    Call,
    Fault,
    Parameters,
)
from tests.faults.operation import Operation, Result
from tests.faults.operations import JOBS, REQUESTS
from tests.faults.staging import Stage, stage

OPERATIONS = (*REQUESTS, *JOBS)
NAME = re.compile(r"#\w+")


@cache
def calls_of(operation: Operation) -> Mapping[int, str]:
    """What an undisturbed run sends, by number; it takes effect, and by a write: otherwise it would prove nothing.

    The shards of a deadline index are asked side by side and all alike: one of them stands for the others.
    """
    probe = stage(operation)
    probe.faulty.arm()
    assert probe.act().status < 300
    sent = dict(enumerate(probe.faulty.calls))
    assert probe.effects() == 1
    assert WRITES & {call.operation for call in sent.values()}
    alike = {_shard_of(call): number for number, call in reversed(sent.items())}
    return {
        number: call.operation
        for number, call in sent.items()
        if _shard_of(call) is None or alike[_shard_of(call)] == number
    }


def _shard_of(call: Call) -> str | None:
    """The table whose deadlines are asked for."""
    asked = call.parameters.get("IndexName") == DEADLINE
    return str(call.parameters["TableName"]) if asked else None


def in_turn(operation: Operation, *faults: Fault) -> None:
    """Run the operation once for each of its calls, failing that call; each time in a world of its own."""
    for number, name in calls_of(operation).items():
        if not faults[0].fits(name):
            continue
        staged = stage(operation)
        staged.faulty.once(number, *faults)
        result = staged.act()
        staged.faulty.disarm()
        where = f"{operation} with {[str(fault) for fault in faults]} at call {number} ({name}): {result}"
        judge(staged, result, where)
        if operation.job and result.status != 200:
            finish(staged, where)


def judge(staged: Stage, result: Result, where: str) -> None:
    """Once or not at all; a success only of what is stored, a refusal only of what is not."""
    effects = staged.effects()
    assert effects in (0, 1), where
    assert result.status in (200, 201, 204, 409, 422, 503), where
    if result.status < 300 and not staged.operation.optional:
        assert effects == 1, where
    if result.status in (409, 422):
        assert effects == 0, where
    if result.status == 503 and not staged.operation.job:
        assert (result.headers or {}).get("retry-after"), where
    if staged.operation.subscribed and not staged.operation.job:
        told = staged.events()
        assert told == (1 if staged.operation.optional and result.status < 300 else effects), where
    assert_never_repeated(staged.faulty.calls, where)


def assert_never_repeated(calls: list[Call], where: str) -> None:
    """What adds to a counter is not sent again once its outcome is unknown, however it is told apart."""
    unknown = []
    for call in calls:
        if call.operation == "UpdateItem" and _adds(call.parameters):
            assert call.parameters["Key"] not in unknown, where
            if call.fault is not None and not call.fault.known:
                unknown.append(call.parameters["Key"])


def _adds(parameters: Parameters) -> bool:
    """Whether an update adds once more when it is sent once more: not if it removes what its condition asks for."""
    expression = parameters["UpdateExpression"]
    removed = NAME.findall(expression.partition(" REMOVE ")[2])
    asked = NAME.findall(parameters["ConditionExpression"])
    return {*removed}.isdisjoint(asked) and any(sign in expression for sign in (" + ", " - ", "ADD "))


def finish(staged: Stage, where: str) -> None:
    """A job comes again: after an undisturbed run its work is done, once."""
    staged.world.clock.advance(seconds=31)
    again = staged.act()
    assert again.status == 200, where
    assert staged.effects() == 1, where


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_one_failed_call(operation: Operation, fault: Fault) -> None:
    in_turn(operation, fault)


PAIRS = (
    (LOST_REPLY, CONFLICT),
    (LOST_REPLY, THROTTLED),
    (LOST_REPLY, IN_PROGRESS),
    (LOST_REPLY, LOST_REPLY),
    (LOST_REQUEST, LOST_REPLY),
    (LOST_REQUEST, CONFLICT),
    (CONFLICT, LOST_REPLY),
    (THROTTLED, LOST_REPLY),
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_two_failed_calls_in_a_row(operation: Operation) -> None:
    for pair in PAIRS:
        in_turn(operation, *pair)
