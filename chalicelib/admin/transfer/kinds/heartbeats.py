"""What lines say about heartbeats of machines and processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import invalid
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process

AHEAD = timedelta(days=1)
"""How far the clock of another deployment may be ahead."""


def problems(watched: Machine | Process, now: datetime) -> Iterator[Problem]:
    """Nobody has pinged in the future."""
    if watched.last_heartbeat is not None and watched.last_heartbeat > now + AHEAD:
        yield invalid("last_heartbeat", "INVALID", "must be in the past")
