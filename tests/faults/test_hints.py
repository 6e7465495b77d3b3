"""Rows that help lists find metadata, under faults: never too few, and too many only where a fault kept them."""

from __future__ import annotations

import pytest

from tests.faults.injection import FAULTS, Fault
from tests.faults.operation import Operation
from tests.faults.operations import PLAIN
from tests.faults.sound import hints, true_hints
from tests.faults.staging import Stage, stage
from tests.faults.stored import read
from tests.faults.test_every_call import calls_of

CHANGES = [operation for operation in PLAIN if operation.name in ("describe-license", "update-user", "update-machine")]
MAKING = ("create-license-of-parents", "create-user", "activate-whole")
CREATIONS = [operation for operation in PLAIN if operation.name in MAKING]


def superfluous(staged: Stage) -> int:
    """How many rows speak of what is not so."""
    stored = read(staged.world)
    assert true_hints(stored) <= hints(stored)
    return len(hints(stored) - true_hints(stored))


@pytest.mark.parametrize("operation", [*CHANGES, *CREATIONS], ids=str)
def test_undisturbed_they_are_exactly_what_is_true(operation: Operation) -> None:
    staged = stage(operation)
    assert superfluous(staged) == 0
    assert staged.act().status < 300
    assert superfluous(staged) == 0


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("operation", CHANGES, ids=str)
def test_a_change_leaves_what_was_true_only_if_dropping_it_failed(operation: Operation, fault: Fault) -> None:
    for number in calls_of(operation):
        staged = stage(operation)
        staged.faulty.once(number, fault)
        staged.act()
        dropping = [call for call in staged.faulty.calls if call.operation == "DeleteItem"]
        staged.faulty.disarm()
        if staged.effects() and all(call.fault is None for call in dropping):
            assert superfluous(staged) == 0
        assert superfluous(staged) <= 1


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("operation", CREATIONS, ids=str)
def test_what_was_not_made_is_spoken_of_at_most_once_a_decision(operation: Operation, fault: Fault) -> None:
    for number in calls_of(operation):
        staged = stage(operation)
        staged.faulty.once(number, fault)
        staged.act()
        puts = {str(call.parameters["Item"]["pk"]) for call in staged.faulty.calls if call.operation == "PutItem"}
        staged.faulty.disarm()
        assert superfluous(staged) <= len(puts)
