"""The heartbeat of machines and processes (spec machines.md §7, §9, validation.md §5.3, policies.md §3.14)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.clock import LATEST, later
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.policy_rules import REVIVAL_MINUTES
from chalicelib.licensing.process import Process

NOT_STARTED = "NOT_STARTED"
ALIVE = "ALIVE"
DEAD = "DEAD"
RESURRECTED = "RESURRECTED"
"""Shown only by the very ping that revived."""

DEFAULT_WINDOW_SECONDS = 600

_REVIVALS = {f"{minutes}_MINUTE_REVIVE": timedelta(minutes=minutes) for minutes in REVIVAL_MINUTES}

Watched = TypeVar("Watched", bound=Machine | Process)


class Beat(msgspec.Struct, Generic[Watched], frozen=True):
    """What a ping or reset leaves, the event to emit, and the status to show in its answer."""

    after: Watched
    event: str
    status: str


def window(policy: Policy) -> timedelta:
    """How long a heartbeat lasts."""
    return timedelta(seconds=policy.heartbeat_duration or DEFAULT_WINDOW_SECONDS)


def status(policy: Policy, last_heartbeat: datetime | None, created: datetime, now: datetime) -> str:
    """`NOT_STARTED`, `ALIVE` or `DEAD`; a machine that pinged once is watched whatever the policy requires."""
    if last_heartbeat is not None:
        return ALIVE if last_heartbeat + window(policy) >= now else DEAD
    return NOT_STARTED if not policy.require_heartbeat or created >= now - window(policy) else DEAD


def is_watched(machine: Machine, policy: Policy) -> bool:
    """The shown `requireHeartbeat`: once a machine has pinged it must go on."""
    return policy.require_heartbeat or machine.last_heartbeat is not None


def next_heartbeat(watched: Machine | Process, policy: Policy) -> datetime | None:
    """Until when the next ping is awaited, None before the first one."""
    return None if watched.last_heartbeat is None else later(watched.last_heartbeat, window(policy))


def revivable_until(watched: Machine | Process, policy: Policy) -> datetime | None:
    """The last instant at which a ping revives what is dead; None never, `LATEST` always."""
    if policy.heartbeat_resurrection_strategy == "ALWAYS_REVIVE":
        return LATEST
    span = _REVIVALS.get(policy.heartbeat_resurrection_strategy)
    due = next_heartbeat(watched, policy)
    return None if span is None or due is None else later(due, span)


def kind(watched: Machine | Process) -> str:
    """The word its events begin with."""
    return "machine" if isinstance(watched, Machine) else "process"


def ping(watched: Watched, policy: Policy, now: datetime) -> Beat[Watched]:
    """Alive from now on (§7.3). Raises InvalidState for what is dead and cannot be revived any more."""
    revived = status(policy, watched.last_heartbeat, watched.created, now) == DEAD
    until = revivable_until(watched, policy)
    if revived and (until is None or now > until):
        raise InvalidState(Problem("is dead", code=f"{kind(watched).upper()}_HEARTBEAT_DEAD"))
    after = replace(watched, last_heartbeat=now, death_sent=None, updated=now)
    if revived:
        return Beat(after, f"{kind(watched)}.heartbeat.resurrected", RESURRECTED)
    return Beat(after, f"{kind(watched)}.heartbeat.ping", ALIVE)


def reset(machine: Machine, policy: Policy, now: datetime) -> Beat[Machine]:
    """As if it had never pinged (§7.4): one that must and is too old for that is dead at once, and stays told."""
    shown = status(policy, None, machine.created, now)
    told = machine.death_sent if shown == DEAD else None
    after = replace(machine, last_heartbeat=None, death_sent=told, updated=now)
    return Beat(after, "machine.heartbeat.reset", shown)
