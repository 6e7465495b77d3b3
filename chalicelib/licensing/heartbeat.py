"""The heartbeat of a machine (spec validation.md §5.3, policies.md §3.14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.licensing.policy import Policy

NOT_STARTED = "NOT_STARTED"
ALIVE = "ALIVE"
DEAD = "DEAD"

DEFAULT_WINDOW_SECONDS = 600


def window(policy: Policy) -> timedelta:
    """How long a heartbeat lasts."""
    return timedelta(seconds=policy.heartbeat_duration or DEFAULT_WINDOW_SECONDS)


def status(policy: Policy, last_heartbeat: datetime | None, created: datetime, now: datetime) -> str:
    """`NOT_STARTED`, `ALIVE` or `DEAD`; a machine that pinged once is watched whatever the policy requires."""
    if last_heartbeat is not None:
        return ALIVE if last_heartbeat + window(policy) >= now else DEAD
    return NOT_STARTED if not policy.require_heartbeat or created >= now - window(policy) else DEAD
