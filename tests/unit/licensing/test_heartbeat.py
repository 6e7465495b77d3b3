from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.licensing import heartbeat
from tests.unit.licensing.make import NOW, TICK, policy

WINDOW = timedelta(seconds=600)
OLD = NOW - WINDOW - TICK
EDGE = NOW - WINDOW


@pytest.mark.parametrize(
    ("required", "last", "created", "status"),
    [
        (False, None, NOW, "NOT_STARTED"),
        (False, None, OLD, "NOT_STARTED"),
        (True, None, NOW, "NOT_STARTED"),
        (True, None, EDGE, "NOT_STARTED"),
        (True, None, OLD, "DEAD"),
        (True, NOW, OLD, "ALIVE"),
        (True, EDGE, OLD, "ALIVE"),
        (True, OLD, OLD, "DEAD"),
        # A machine that pinged once is watched even if nobody asks for heartbeats.
        (False, EDGE, OLD, "ALIVE"),
        (False, OLD, OLD, "DEAD"),
    ],
)
def test_status(required: bool, last: datetime | None, created: datetime, status: str) -> None:
    assert heartbeat.status(policy(require_heartbeat=required), last, created, NOW) == status


def test_the_window_is_that_of_the_policy() -> None:
    assert heartbeat.window(policy()) == WINDOW
    assert heartbeat.window(policy(heartbeat_duration=60)) == timedelta(seconds=60)
    assert heartbeat.status(policy(heartbeat_duration=60), NOW - timedelta(seconds=61), OLD, NOW) == "DEAD"
