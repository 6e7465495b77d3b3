"""Time cut into weeks and, more coarsely, into years: where licenses are listed by expiry and by activity (STORE §2.1).

Every instant has one week and one year, both by name. A range is covered by a few of either; what covers it may hold
more than the range, never less.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

FIRST_YEAR, LAST_YEAR = 2010, 2050
"""All earlier instants are in the first year, all later ones in the last."""

WEEKS_AT_MOST = 60
WEEKS_OF_AN_EDGE = 26

_DAYS = 7


class Periods(msgspec.Struct, frozen=True, kw_only=True):
    """Names of weeks and of years; fewer than 120 together."""

    weeks: tuple[str, ...] = ()
    years: tuple[str, ...] = ()


def week(instant: datetime) -> str:
    """The ISO week, such as `2026-W09`; it may lie in two calendar years."""
    return _week_of(instant.date())


def year(instant: datetime) -> str:
    """The calendar year, within `FIRST_YEAR` and `LAST_YEAR`."""
    return str(_year(instant))


def covering(start: datetime | None, end: datetime | None) -> Periods:
    """Periods that hold every instant from `start` to `end`, both inclusive; None leaves an end open.

    A short range is covered by its weeks. A long one by its years, of which the first and the last are replaced by
    their weeks within the range where these are few.
    """
    if start is not None and end is not None:
        if start > end:
            return Periods()
        if _count_weeks(start, end) <= WEEKS_AT_MOST:
            return Periods(weeks=_weeks(start, end))
    first = FIRST_YEAR if start is None else _year(start)
    last = LAST_YEAR if end is None else _year(end)
    if first == last:
        return Periods(years=(str(first),))
    opening = _edge(start, _end_of(first)) if start is not None and start.year == first else ()
    closing = _edge(_start_of(last), end) if end is not None and end.year == last else ()
    whole = range(first + bool(opening), last + (not closing))
    return Periods(weeks=tuple(dict.fromkeys(opening + closing)), years=tuple(map(str, whole)))


def _edge(start: datetime, end: datetime) -> tuple[str, ...]:
    """The weeks of a part of a year, none when they are many."""
    return _weeks(start, end) if _count_weeks(start, end) <= WEEKS_OF_AN_EDGE else ()


def _weeks(start: datetime, end: datetime) -> tuple[str, ...]:
    days = range(_monday(start), end.toordinal() + 1, _DAYS)
    return tuple(_week_of(date.fromordinal(day)) for day in days)


def _count_weeks(start: datetime, end: datetime) -> int:
    return (_monday(end) - _monday(start)) // _DAYS + 1


def _monday(instant: datetime) -> int:
    return instant.toordinal() - instant.weekday()


def _week_of(day: date) -> str:
    number = day.isocalendar()
    return f"{number.year:04d}-W{number.week:02d}"


def _year(instant: datetime) -> int:
    return min(max(instant.year, FIRST_YEAR), LAST_YEAR)


def _start_of(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


def _end_of(number: int) -> datetime:
    return datetime(number, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
