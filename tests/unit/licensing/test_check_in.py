from __future__ import annotations

from datetime import datetime

import pytest
from msgspec.structs import replace

from chalicelib.licensing import check_in, clock
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.policy import Policy
from tests.unit.licensing.make import DAY, NOW, TICK, license_, policy, refused

DAILY = policy(require_check_in=True, check_in_interval="day", check_in_interval_count=1)


def at(text: str) -> datetime:
    return clock.from_text(text)


@pytest.mark.parametrize(
    ("last", "count", "interval", "due"),
    [
        ("2024-01-01", 1, "day", "2024-01-02"),
        ("2024-01-01", 2, "week", "2024-01-15"),
        ("2024-01-31", 1, "month", "2024-02-29"),
        ("2023-01-31", 1, "month", "2023-02-28"),
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2024-01-01", 365, "year", "2389-01-01"),
    ],
)
def test_next_check_in_is_on_the_calendar(last: str, count: int, interval: str, due: str) -> None:
    terms = policy(require_check_in=True, check_in_interval=interval, check_in_interval_count=count)
    assert check_in.next_check_in(license_(last_check_in=at(last)), terms) == at(due)


@pytest.mark.parametrize(
    ("terms", "last"),
    [
        (replace(DAILY, require_check_in=False), NOW),
        (replace(DAILY, check_in_interval=None), NOW),
        (replace(DAILY, check_in_interval="fortnight"), NOW),
        (replace(DAILY, check_in_interval_count=None), NOW),
        (DAILY, None),
    ],
    ids=["not required", "no interval", "unknown interval", "no count", "never checked in"],
)
def test_nothing_is_due_otherwise(terms: Policy, last: datetime | None) -> None:
    stored = license_(last_check_in=last)
    assert check_in.next_check_in(stored, terms) is None
    assert not check_in.is_overdue(stored, terms, NOW + 1000 * DAY)


def test_overdue_is_strictly_after() -> None:
    stored = license_(last_check_in=NOW)
    assert not check_in.is_overdue(stored, DAILY, NOW + DAY)
    assert check_in.is_overdue(stored, DAILY, NOW + DAY + TICK)


def test_beyond_the_calendar_means_never() -> None:
    terms = replace(DAILY, check_in_interval="year", check_in_interval_count=365)
    assert check_in.next_check_in(license_(last_check_in=at("9900-01-01")), terms) == clock.LATEST


def test_check_in_is_possible_in_every_state() -> None:
    stored = license_(suspended=True, expiry=NOW - DAY, last_check_in=NOW - 99 * DAY)
    assert check_in.check_in(stored, DAILY, NOW) == replace(stored, last_check_in=NOW, updated=NOW)
    assert check_in.check_in(license_(), policy(require_check_in=True), NOW).last_check_in == NOW


def test_check_in_needs_a_policy_that_requires_it() -> None:
    refusal = refused(InvalidState, lambda: check_in.check_in(license_(), policy(), NOW))
    assert refusal.problems == (Problem("cannot be checked in because the policy does not require it"),)
