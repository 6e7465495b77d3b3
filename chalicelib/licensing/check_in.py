"""Regular check-ins a policy may ask for (spec licenses.md §9.4)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from chalicelib.licensing.clock import LATEST, Unit, add_calendar
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy

_UNITS: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}


def next_check_in(license: License, policy: Policy) -> datetime | None:
    """Until when the next check-in must happen; None when none is asked for or none was ever made."""
    unit = _UNITS.get(policy.check_in_interval or "")
    count = policy.check_in_interval_count
    if not policy.require_check_in or unit is None or not count or license.last_check_in is None:
        return None
    try:
        return add_calendar(license.last_check_in, count, unit)
    except OverflowError:
        return LATEST


def is_overdue(license: License, policy: Policy, now: datetime) -> bool:
    """Whether the next check-in lies before `now`."""
    due = next_check_in(license, policy)
    return due is not None and due < now


def check_in(license: License, policy: Policy, now: datetime) -> License:
    """Checked in, suspended, expired or overdue as it may be. Raises InvalidState when the policy asks for none."""
    if not policy.require_check_in:
        raise InvalidState(Problem("cannot be checked in because the policy does not require it"))
    return replace(license, last_check_in=now, updated=now)
