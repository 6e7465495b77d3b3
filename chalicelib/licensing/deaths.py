"""When the sweep must look at a machine or process, and what it then does (spec machines.md §7.5, events.md §7.3).

What comes next and what is to be done now are read from the same step, so they cannot disagree. Instants are whole
milliseconds. Everything follows from the current policy: an edit of it moves deadlines.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, NamedTuple

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.clock import later
from chalicelib.licensing.heartbeat import Watched, kind, next_heartbeat, revivable_until, window
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process

_TICK = timedelta(milliseconds=1)


class Verdict(msgspec.Struct, Generic[Watched], frozen=True, kw_only=True):
    """What to do now. Nothing but to move the deadline, unless there is an `event` to emit or `cull` is set.

    `after` is what to store, the very same value when nothing changes; what is culled is deleted instead, in the same
    write as its event, without one of its own. `due_at` is when to look again, None never.
    """

    after: Watched
    event: str | None = None
    cull: bool = False
    due_at: datetime | None = None


class _Step(NamedTuple):
    """The next thing to be done: a death to `tell`, one that was told to `withdraw`, a `cull`."""

    at: datetime
    tell: bool = False
    withdraw: bool = False
    cull: bool = False


def next_due(watched: Machine | Process, policy: Policy, now: datetime) -> datetime | None:
    """The first instant from `now` on at which something is to be done, None when nothing ever is as things stand."""
    step = _next(watched, policy, now)
    return None if step is None else step.at


def verdict(watched: Watched, policy: Policy, now: datetime) -> Verdict[Watched]:
    """What is to be done at `now`; once stored, the same instant asks for nothing more."""
    step = _next(watched, policy, now)
    if step is None or step.at > now:
        return Verdict(after=watched, due_at=None if step is None else step.at)
    after, event = watched, None
    if step.tell:
        after, event = replace(watched, death_sent=now, updated=now), f"{kind(watched)}.heartbeat.dead"
    if step.withdraw:
        after, event = replace(watched, death_sent=None), f"{kind(watched)}.heartbeat.pong"
    due_at = None if step.cull else next_due(after, policy, now)
    return Verdict(after=after, event=event, cull=step.cull, due_at=due_at)


def _next(watched: Machine | Process, policy: Policy, now: datetime) -> _Step | None:
    death = _death(watched, policy)
    told = watched.death_sent is not None
    if told and (death is None or now < death):
        # Pings clear the mark, so it is the policy that gave it more time.
        return _Step(now, withdraw=True)
    if death is None:
        return None
    end = _end(watched, policy, death)
    if told:
        return None if end is None else _Step(max(now, end), cull=True)
    at = max(now, death)
    return _Step(at, tell=True, cull=end is not None and end <= at)


def _death(watched: Machine | Process, policy: Policy) -> datetime | None:
    """The first instant at which it is dead unless it pings, None when it is not watched."""
    due = next_heartbeat(watched, policy)
    if due is None and policy.require_heartbeat:
        due = later(watched.created, window(policy))
    return None if due is None else later(due, _TICK)


def _end(watched: Machine | Process, policy: Policy, death: datetime) -> datetime | None:
    """The first instant at which the dead are deleted, None when they are kept."""
    kept = policy.heartbeat_cull_strategy == "KEEP_DEAD" or policy.heartbeat_resurrection_strategy == "ALWAYS_REVIVE"
    if kept:
        return None
    until = revivable_until(watched, policy)
    return death if until is None else later(until, _TICK)
