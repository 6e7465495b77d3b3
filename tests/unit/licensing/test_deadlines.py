from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing.check_in import next_check_in
from chalicelib.licensing.clock import EARLIEST, LATEST
from chalicelib.licensing.deadlines import DueEvent, due_events, next_due
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from tests.unit.licensing.make import DAY, HOUR, NOW, TICK, license_, policy

PLAIN = policy()
DAILY = policy(require_check_in=True, check_in_interval="day", check_in_interval_count=1)
WEEKLY = replace(DAILY, check_in_interval="week")

EXPIRED, SOON = "license.expired", "license.expiring-soon"
OVERDUE, REQUIRED = "license.check-in-overdue", "license.check-in-required-soon"

STAMPS = {
    EXPIRED: "expired_sent",
    SOON: "expiring_soon_sent",
    OVERDUE: "check_in_overdue_sent",
    REQUIRED: "check_in_soon_sent",
}


def names(stored: License, terms: Policy, now: datetime = NOW) -> list[str]:
    return [event.name for event in due_events(stored, terms, now)]


def stamped(stored: License, events: tuple[DueEvent, ...], now: datetime) -> License:
    stamps: dict[str, Any] = {event.stamp_field: now for event in events}
    return replace(stored, **stamps)


# --- 7.1 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, []),
        ({"expiry": NOW + 3 * DAY + TICK}, []),
        ({"expiry": NOW + 3 * DAY}, [SOON]),
        ({"expiry": NOW + HOUR}, [SOON]),
        ({"expiry": NOW}, [SOON]),
        ({"expiry": NOW - TICK}, [EXPIRED]),
        ({"expiry": NOW - 12 * HOUR}, [EXPIRED]),
        ({"expiry": NOW - 12 * HOUR - TICK}, []),
        ({"expiry": NOW - 4 * DAY}, []),
        ({"expiry": NOW + HOUR, "suspended": True}, [SOON]),
        ({"expiry": NOW + HOUR, "expiring_soon_sent": NOW - DAY + TICK}, []),
        ({"expiry": NOW + HOUR, "expiring_soon_sent": NOW - DAY}, [SOON]),
        ({"expiry": NOW - HOUR, "expired_sent": NOW - DAY + TICK}, []),
        ({"expiry": NOW - HOUR, "expired_sent": NOW - DAY}, [EXPIRED]),
        # The stamps are separate, and neither is cleared by a renewal.
        ({"expiry": NOW - HOUR, "expiring_soon_sent": NOW - HOUR}, [EXPIRED]),
        ({"expiry": NOW + HOUR, "expired_sent": NOW - HOUR}, [SOON]),
    ],
)
def test_expirations(fields: dict[str, Any], due: list[str]) -> None:
    assert names(license_(**fields), PLAIN) == due


# --- 7.2, on a policy of one day: the next check-in is a day after the last -----------------------------------------


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, []),
        ({"last_check_in": NOW}, [REQUIRED]),
        ({"last_check_in": NOW + 2 * DAY - TICK}, [REQUIRED]),
        ({"last_check_in": NOW + 2 * DAY}, []),
        ({"last_check_in": NOW - DAY}, [REQUIRED]),
        ({"last_check_in": NOW - DAY - TICK}, [OVERDUE]),
        ({"last_check_in": NOW - DAY - 12 * HOUR}, [OVERDUE]),
        ({"last_check_in": NOW - DAY - 12 * HOUR - TICK}, []),
        ({"last_check_in": NOW, "check_in_soon_sent": NOW - DAY + TICK}, []),
        ({"last_check_in": NOW, "check_in_soon_sent": NOW - DAY}, [REQUIRED]),
        ({"last_check_in": NOW - 2 * DAY, "check_in_overdue_sent": NOW}, []),
        ({"last_check_in": NOW - 30 * HOUR, "check_in_overdue_sent": NOW - DAY}, [OVERDUE]),
        ({"last_check_in": NOW - 30 * HOUR, "check_in_soon_sent": NOW}, [OVERDUE]),
        # An expired license is not asked, one that expires right now is.
        ({"last_check_in": NOW, "expiry": NOW - 9 * DAY}, []),
        ({"last_check_in": NOW, "expiry": NOW}, [SOON, REQUIRED]),
    ],
)
def test_check_ins(fields: dict[str, Any], due: list[str]) -> None:
    assert names(license_(**fields), DAILY) == due


def test_both_jobs_may_fire_at_once() -> None:
    stored = license_(expiry=NOW + HOUR, last_check_in=NOW - DAY - HOUR)
    assert due_events(stored, DAILY, NOW) == (DueEvent(SOON, STAMPS[SOON]), DueEvent(OVERDUE, STAMPS[OVERDUE]))


@pytest.mark.parametrize(
    "terms",
    [
        replace(DAILY, require_check_in=False),
        replace(DAILY, check_in_interval=None),
        replace(DAILY, check_in_interval_count=None),
    ],
    ids=["not required", "no interval", "no count"],
)
def test_policies_without_check_ins_ask_for_none(terms: Policy) -> None:
    stored = license_(last_check_in=NOW)
    assert names(stored, terms) == []
    assert next_due(stored, terms, NOW) is None


# --- what comes next ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "terms", "due"),
    [
        ({}, PLAIN, None),
        ({"expiry": NOW + 10 * DAY}, PLAIN, NOW + 7 * DAY),
        ({"expiry": NOW + 3 * DAY}, PLAIN, NOW),
        ({"expiry": NOW + 2 * DAY, "expiring_soon_sent": NOW}, PLAIN, NOW + DAY),
        ({"expiry": NOW + DAY - TICK, "expiring_soon_sent": NOW}, PLAIN, NOW + DAY),
        ({"expiry": NOW - HOUR, "expired_sent": NOW}, PLAIN, None),
        ({"expiry": NOW + HOUR, "expired_sent": NOW, "expiring_soon_sent": NOW}, PLAIN, None),
        ({"expiry": NOW - 13 * HOUR}, PLAIN, None),
        ({"last_check_in": NOW}, WEEKLY, NOW + 4 * DAY + TICK),
        ({"last_check_in": NOW, "check_in_soon_sent": NOW}, DAILY, NOW + DAY),
        ({"last_check_in": NOW, "check_in_soon_sent": NOW + TICK}, DAILY, NOW + DAY + TICK),
        ({"last_check_in": NOW, "expiry": NOW + 4 * DAY}, WEEKLY, NOW + DAY),
        ({"last_check_in": NOW, "expiry": NOW - DAY}, WEEKLY, None),
        ({"expiry": LATEST}, PLAIN, LATEST - 3 * DAY),
        ({"expiry": EARLIEST}, PLAIN, None),
    ],
    ids=range(15),
)
def test_next_due(fields: dict[str, Any], terms: Policy, due: datetime | None) -> None:
    assert next_due(license_(**fields), terms, NOW) == due


def history(stored: License, terms: Policy, start: datetime) -> list[tuple[datetime, str]]:
    """What a sweep that is never late emits from `start` on."""
    emitted: list[tuple[datetime, str]] = []
    now = start
    while (due := next_due(stored, terms, now)) is not None and len(emitted) < 20:
        now = due
        events = due_events(stored, terms, now)
        emitted += [(now, event.name) for event in events]
        stored = stamped(stored, events, now)
    return emitted


def test_expiring_soon_comes_daily_and_expired_once() -> None:
    expiry = NOW + 30 * DAY
    assert history(license_(expiry=expiry), PLAIN, NOW) == [
        (expiry - 3 * DAY, SOON),
        (expiry - 2 * DAY, SOON),
        (expiry - DAY, SOON),
        (expiry, SOON),
        (expiry + TICK, EXPIRED),
    ]


def test_required_soon_comes_daily_and_overdue_once() -> None:
    due = NOW + 7 * DAY
    assert history(license_(last_check_in=NOW), WEEKLY, NOW) == [
        (due - 3 * DAY + TICK, REQUIRED),
        (due - 2 * DAY + TICK, REQUIRED),
        (due - DAY + TICK, REQUIRED),
        (due + TICK, OVERDUE),
    ]


# --- properties -----------------------------------------------------------------------------------------------------

offsets = st.integers(-5 * 86_400, 5 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
edges = st.sampled_from([timedelta(0), 12 * HOUR, DAY, 3 * DAY]).flatmap(
    lambda span: st.sampled_from([span, -span, span + TICK, -span - TICK, span - TICK, TICK - span])
)
moments = st.none() | (offsets | edges).map(lambda offset: NOW + offset)
licenses = st.builds(
    license_,
    expiry=moments,
    last_check_in=moments,
    expired_sent=moments,
    expiring_soon_sent=moments,
    check_in_overdue_sent=moments,
    check_in_soon_sent=moments,
)
policies = st.builds(
    policy,
    require_check_in=st.booleans(),
    check_in_interval=st.sampled_from([None, "day", "week", "month"]),
    check_in_interval_count=st.sampled_from([None, 1, 2, 4]),
)


def naive(stored: License, terms: Policy, now: datetime) -> list[str]:
    """The two tables of the specification, word by word."""
    due = []

    def silent(stamp: datetime | None) -> bool:
        return stamp is not None and stamp > now - DAY

    expiry = stored.expiry
    if expiry is not None and now - 3 * DAY <= expiry <= now + 3 * DAY:
        if expiry < now:
            if not (silent(stored.expired_sent) or expiry < now - 12 * HOUR):
                due.append(EXPIRED)
        elif not silent(stored.expiring_soon_sent):
            due.append(SOON)
    following = next_check_in(stored, terms)
    expired = expiry is not None and expiry < now
    if following is not None and now - 3 * DAY <= following <= now + 3 * DAY and not expired:
        if following < now:
            if not (silent(stored.check_in_overdue_sent) or following < now - 12 * HOUR):
                due.append(OVERDUE)
        elif following < now + 3 * DAY and not silent(stored.check_in_soon_sent):
            due.append(REQUIRED)
    return due


@given(licenses, policies)
def test_what_is_due_follows_the_tables(stored: License, terms: Policy) -> None:
    assert names(stored, terms) == naive(stored, terms, NOW)
    assert all(event.stamp_field == STAMPS[event.name] for event in due_events(stored, terms, NOW))


@given(licenses, policies)
def test_once_emitted_nothing_is_due_and_the_next_is_later(stored: License, terms: Policy) -> None:
    after = stamped(stored, due_events(stored, terms, NOW), NOW)
    assert due_events(after, terms, NOW) == ()
    following = next_due(after, terms, NOW)
    assert following is None or following > NOW


@given(licenses, policies)
def test_something_is_due_exactly_from_the_next_instant_on(stored: License, terms: Policy) -> None:
    following = next_due(stored, terms, NOW)
    assert (following == NOW) == bool(due_events(stored, terms, NOW))
    if following is not None:
        assert due_events(stored, terms, following)


@given(licenses, policies, st.integers(0, 8 * 86_400_000))
@example(license_(expiry=NOW + 3 * DAY + TICK), PLAIN, 0)
def test_nothing_is_due_before_the_next_instant(stored: License, terms: Policy, milliseconds: int) -> None:
    instant = NOW + timedelta(milliseconds=milliseconds)
    following = next_due(stored, terms, NOW)
    if following is None or instant < following:
        assert naive(stored, terms, instant) == []
