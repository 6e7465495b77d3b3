"""When a license first gets an expiry, and what a renewal makes of it (spec licenses.md §4.4, §9.2)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.clock import add_seconds
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.policy import Policy


def first(expiry: datetime | None, policy: Policy, trigger: str, now: datetime) -> datetime | None:
    """The expiry `trigger` (a value of `expirationBasis`) sets now, None when it sets none; it never replaces one."""
    basis = policy.expiration_basis or "FROM_CREATION"
    if expiry is not None or policy.duration is None or basis != trigger:
        return None
    return add_seconds(now, policy.duration)


def renewed(expiry: datetime | None, policy: Policy, now: datetime) -> datetime:
    """One duration more. Raises InvalidState without a duration, without an expiry, and beyond the year 9999."""
    if policy.duration is None:
        raise _refused("the policy does not have a duration")
    if expiry is None:
        raise _refused("it does not have an expiry")
    try:
        return add_seconds(_start(expiry, policy.renewal_basis, now), policy.duration)
    except OverflowError as error:
        raise _refused("its expiry would be too far in the future") from error


def _start(expiry: datetime, basis: str | None, now: datetime) -> datetime:
    return now if basis == "FROM_NOW" or (basis == "FROM_NOW_IF_EXPIRED" and expiry < now) else expiry


def _refused(why: str) -> InvalidState:
    return InvalidState(Problem(f"cannot be renewed because {why}"))
