"""Instants and durations. An instant is an aware UTC `datetime` cut to milliseconds; its text sorts like time.

Everything that adds to an instant raises OverflowError when the sum is no representable date (years 1 to 9999).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "year"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC, microsecond=999_000)

_UNIT_DAYS = {"day": 1, "week": 7}
_UNIT_MONTHS = {"month": 1, "year": 12}
_YEAR_SECONDS = 31_556_952
_MONTH_SECONDS = 2_629_746


def to_text(instant: datetime) -> str:
    """`2017-01-02T20:26:53.464Z`: fixed width, so text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def from_text(text: str) -> datetime:
    """The inverse of `to_text`; raises ValueError for anything that is no ISO instant."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def cut(instant: datetime) -> datetime:
    """`instant` without what is finer than a millisecond."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def parse_input(value: int | str) -> datetime | None:
    """A time as clients send it: Unix seconds (integer or digits) or ISO 8601; `""` is None (spec http.md §5.3).

    Raises ValueError for every other text and for what lies outside the years 1 to 9999.
    """
    if value == "":
        return None
    try:
        if isinstance(value, int) or (value.isascii() and value.isdigit()):
            return EPOCH + timedelta(seconds=int(value))
        return cut(from_text(value.upper()))
    except OverflowError as error:
        raise ValueError("out of range") from error


def add_seconds(instant: datetime, seconds: int) -> datetime:
    """License durations: plain seconds (spec licenses.md D-1)."""
    return instant + timedelta(seconds=seconds)


def add_calendar(instant: datetime, count: int, unit: Unit) -> datetime:
    """`count` days, weeks, months or years later in UTC; the day is clamped to the end of its month."""
    if unit in _UNIT_DAYS:
        return instant + timedelta(days=count * _UNIT_DAYS[unit])
    return _add_months(instant, count * _UNIT_MONTHS[unit])


def add_calendar_seconds(instant: datetime, seconds: int) -> datetime:
    """File expiry: whole years, then whole months on the calendar, the rest exact (spec cryptography.md §4.4)."""
    years, rest = divmod(seconds, _YEAR_SECONDS)
    months, rest = divmod(rest, _MONTH_SECONDS)
    return _add_months(_add_months(instant, years * 12), months) + timedelta(seconds=rest)


def earlier(instant: datetime, span: timedelta) -> datetime:
    """`instant - span`, never before `EARLIEST`."""
    return instant - span if instant - EARLIEST >= span else EARLIEST


def later(instant: datetime, span: timedelta) -> datetime:
    """`instant + span`, never after `LATEST`."""
    return instant + span if LATEST - instant >= span else LATEST


def _add_months(instant: datetime, months: int) -> datetime:
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    return instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))
