"""Time cut into weeks and years: what covers a range holds all of it, in few periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.clock import EARLIEST, LATEST, cut
from chalicelib.licensing.periods import Periods, covering, week, year

anytime = some.datetimes(timezones=some.just(UTC)).map(cut)
nowadays = some.datetimes(datetime(2008, 1, 1), datetime(2053, 1, 1), timezones=some.just(UTC)).map(cut)
instants = nowadays | anytime


def day(year: int, month: int, day: int, **time: int) -> datetime:
    return datetime(year, month, day, **time, tzinfo=UTC)


def held(instant: datetime, periods: Periods) -> bool:
    return week(instant) in periods.weeks or year(instant) in periods.years


@pytest.mark.parametrize(
    ("instant", "name"),
    [
        (day(2026, 3, 1, hour=23), "2026-W09"),
        (day(2026, 3, 2), "2026-W10"),
        (day(2027, 1, 1), "2026-W53"),
        (day(2024, 12, 30), "2025-W01"),
        (EARLIEST, "0001-W01"),
        (LATEST, "9999-W52"),
    ],
)
def test_weeks(instant: datetime, name: str) -> None:
    assert week(instant) == name


@pytest.mark.parametrize(
    ("instant", "name"),
    [
        (EARLIEST, "2010"),
        (day(2009, 12, 31), "2010"),
        (day(2026, 3, 1), "2026"),
        (day(2050, 1, 1), "2050"),
        (day(2051, 1, 1), "2050"),
        (LATEST, "2050"),
    ],
)
def test_years(instant: datetime, name: str) -> None:
    assert year(instant) == name


def test_a_short_range_is_its_weeks() -> None:
    assert covering(day(2026, 12, 25), day(2027, 1, 10)) == Periods(weeks=("2026-W52", "2026-W53", "2027-W01"))
    assert covering(LATEST, LATEST) == Periods(weeks=("9999-W52",))
    assert len(covering(day(2026, 1, 1), day(2026, 1, 1) + timedelta(weeks=59)).weeks) == 60


def test_a_long_range_is_whole_years_between_a_few_weeks() -> None:
    found = covering(day(2023, 12, 20), day(2026, 1, 6))
    assert found == Periods(weeks=("2023-W51", "2023-W52", "2026-W01", "2026-W02"), years=("2024", "2025"))


def test_an_edge_of_many_weeks_is_its_year() -> None:
    assert covering(day(2023, 2, 1), day(2026, 11, 6)) == Periods(years=("2023", "2024", "2025", "2026"))


def test_open_ends_reach_to_the_outermost_years() -> None:
    past, future = covering(None, day(2012, 1, 3)), covering(day(2048, 12, 30), None)
    assert past == Periods(weeks=("2011-W52", "2012-W01"), years=("2010", "2011"))
    assert future == Periods(weeks=("2048-W53",), years=("2049", "2050"))
    assert covering(None, None).years == tuple(map(str, range(2010, 2051)))


def test_what_lies_outside_is_in_the_outermost_years() -> None:
    assert covering(day(1970, 1, 1), day(2009, 1, 1)) == Periods(years=("2010",))
    assert covering(day(1970, 1, 1), day(2010, 3, 1)) == Periods(years=("2010",))
    assert covering(day(2050, 6, 1), day(3000, 1, 1)) == Periods(years=("2050",))
    assert covering(day(1970, 1, 1), day(2011, 12, 31)) == Periods(years=("2010", "2011"))


def test_nothing_covers_a_range_that_ends_before_it_starts() -> None:
    assert covering(day(2026, 3, 1), day(2026, 2, 28)) == Periods()


@given(bounds=some.tuples(instants, instants), inside=instants)
def test_every_instant_of_a_range_is_held(bounds: tuple[datetime, datetime], inside: datetime) -> None:
    start, end = sorted(bounds)
    for one in (start, end, min(max(inside, start), end)):
        assert held(one, covering(start, end))


@given(bound=instants, inside=instants)
def test_every_instant_of_an_open_range_is_held(bound: datetime, inside: datetime) -> None:
    assert held(min(bound, inside), covering(None, bound))
    assert held(max(bound, inside), covering(bound, None))
    assert held(inside, covering(None, None))


@given(start=some.none() | instants, end=some.none() | instants)
def test_periods_are_few(start: datetime | None, end: datetime | None) -> None:
    found = covering(start, end)
    assert len(found.weeks) <= 60
    assert len(found.weeks) + len(found.years) < 100
    assert len(set(found.weeks)) == len(found.weeks)


@given(present=some.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1), timezones=some.just(UTC)))
def test_what_lists_usually_ask_for_needs_fewer_than_sixty(present: datetime) -> None:
    for found in (covering(None, present), covering(present, None), covering(present - timedelta(days=90), present)):
        assert len(found.weeks) + len(found.years) < 60
