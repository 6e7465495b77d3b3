"""When the sweep must look at a license, and which events are due then (spec events.md §7.1, §7.2).

Every event has a window of time, and between two of its kind lie 24 hours. What is due and what comes next are read
from the same windows, so they cannot disagree. Instants are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from chalicelib.licensing.check_in import next_check_in
from chalicelib.licensing.clock import LATEST, earlier, later
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy

SOON = timedelta(days=3)
SPACING = timedelta(hours=24)
GRACE = timedelta(hours=12)

_TICK = timedelta(milliseconds=1)


class DueEvent(msgspec.Struct, frozen=True):
    """An event to emit, and the field of the license that is set to now for it, conditionally and first."""

    name: str
    stamp_field: str


class _Window(NamedTuple):
    """From `opens` to `closes`, both inclusive, the event may be emitted."""

    event: DueEvent
    opens: datetime
    closes: datetime


_EXPIRING_SOON = DueEvent("license.expiring-soon", "expiring_soon_sent")
_EXPIRED = DueEvent("license.expired", "expired_sent")
_CHECK_IN_SOON = DueEvent("license.check-in-required-soon", "check_in_soon_sent")
_CHECK_IN_OVERDUE = DueEvent("license.check-in-overdue", "check_in_overdue_sent")


def next_due(license: License, policy: Policy, now: datetime) -> datetime | None:
    """The first instant from `now` on at which an event is due, None when none ever is as things stand."""
    found = [_first(license, window, now) for window in _windows(license, policy)]
    return min((instant for instant in found if instant is not None), default=None)


def due_events(license: License, policy: Policy, now: datetime) -> tuple[DueEvent, ...]:
    """What is due at `now`, at most one event of each job."""
    return tuple(window.event for window in _windows(license, policy) if _first(license, window, now) == now)


def _first(license: License, window: _Window, now: datetime) -> datetime | None:
    stamp: datetime | None = getattr(license, window.event.stamp_field)
    silent_until = window.opens if stamp is None else later(stamp, SPACING)
    instant = max(now, window.opens, silent_until)
    return instant if instant <= window.closes else None


def _windows(license: License, policy: Policy) -> Iterator[_Window]:
    if license.expiry is not None:
        yield _Window(_EXPIRING_SOON, earlier(license.expiry, SOON), license.expiry)
        yield _Window(_EXPIRED, later(license.expiry, _TICK), later(license.expiry, GRACE))
    due = next_check_in(license, policy)
    if due is not None:
        # An expired license is not asked to check in.
        last = license.expiry or LATEST
        yield _Window(_CHECK_IN_SOON, later(earlier(due, SOON), _TICK), min(due, last))
        yield _Window(_CHECK_IN_OVERDUE, later(due, _TICK), min(later(due, GRACE), last))
