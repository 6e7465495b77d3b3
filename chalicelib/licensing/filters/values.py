"""Values of list filters (spec licenses.md §8.2): what was sent, and what it means.

`text` and `member` look at the shape: None says that the filter is to be skipped. The readers of a text answer None
for one that means nothing: such a filter leaves an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from chalicelib.licensing.clock import EARLIEST, LATEST, add_calendar, earlier, later, parse_input
from chalicelib.licensing.identifiers import is_uuid, normal_uuid

_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "off", "OFF", "no", "NO"})

# More than all years there are, and still small enough to calculate with.
_MOST_MONTHS, _MOST_SECONDS, _MOST_COUNT = 1_000_000, 10**12, 10**18

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"(?:(\d+)Y)?(?:(\d+)M)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?(?<!T)|{_NUMBER}W",
    re.ASCII | re.IGNORECASE,
)
_SECONDS_OF = (86_400, 3_600, 60, 1, 604_800)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY = timedelta(days=1) - timedelta(milliseconds=1)


class Duration(msgspec.Struct, frozen=True):
    """Months of the calendar, and exact time."""

    months: int
    span: timedelta

    def before(self, instant: datetime) -> datetime:
        """So much earlier than `instant`, never before `EARLIEST`."""
        try:
            return earlier(add_calendar(instant, -self.months, "month"), self.span)
        except OverflowError:
            return EARLIEST

    def after(self, instant: datetime) -> datetime:
        """So much later than `instant`, never after `LATEST`."""
        try:
            return later(add_calendar(instant, self.months, "month"), self.span)
        except OverflowError:
            return LATEST


def text(value: Any) -> str | None:
    """A text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def member(value: Any, order: Collection[str]) -> tuple[str, str] | None:
    """Name and text of the one member of an object that counts: the first of `order`, of others any.

    Blank members, and those that are no texts, are as good as absent.
    """
    if not isinstance(value, dict):
        return None
    present = {name: one for name, one in value.items() if text(one) is not None}
    chosen = next((name for name in (*order, *present) if name in present), None)
    return None if chosen is None else (chosen, present[chosen])


def is_blank(value: Any) -> bool:
    """Whether no text in a value of any shape and depth says anything."""
    return not any(one.strip() for one in _texts(value))


def boolean(sent: str) -> bool:
    """False for its few spellings, true for everything else."""
    return sent not in _FALSE


def duration(sent: str) -> Duration | None:
    """Seconds, or an ISO 8601 duration in any case of which the leading `P` may be missing."""
    if _is_number(sent):
        return Duration(0, _span(float(sent)))
    match = _DURATION.fullmatch(sent.removeprefix("P"))
    parts = [part.replace(",", ".") for part in match.groups() if part] if match else []
    # Only the last part may have a fraction.
    if match is None or not parts or any("." in part for part in parts[:-1]):
        return None
    years, months, *exact = match.groups(default="0")
    seconds = (float(part.replace(",", ".")) * unit for part, unit in zip(exact, _SECONDS_OF, strict=True))
    return Duration(_most(years, _MOST_MONTHS) * 12 + _most(months, _MOST_MONTHS), _span(sum(seconds)))


def timestamp(sent: str) -> datetime | None:
    """Unix seconds, or an ISO 8601 time in UTC unless it says otherwise."""
    try:
        return parse_input(sent)
    except ValueError:
        return None


def day(sent: str) -> tuple[datetime, datetime] | None:
    """First and last instant of a UTC day; of a timestamp its date counts."""
    instant = timestamp(sent)
    if instant is None:
        return None
    named = date.fromisoformat(sent[:10]) if _DATE.match(sent) else instant.date()
    start = datetime.combine(named, time(), UTC)
    return start, start + _DAY


def uuid(sent: str) -> str | None:
    """The id of a resource as it is stored."""
    return normal_uuid(sent) if is_uuid(sent) else None


def count(sent: str) -> int:
    """The number a text begins with, 0 when it begins with none."""
    match = re.match(r"\d+", sent, re.ASCII)
    return _most(match[0], _MOST_COUNT) if match else 0


def _texts(value: Any) -> Iterator[str]:
    # A loop, because clients decide how deep their queries are.
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            yield node
        else:
            todo.extend(node.values() if isinstance(node, dict) else node)


def _is_number(sent: str) -> bool:
    return sent.isascii() and sent.isdigit()


def _most(digits: str, most: int) -> int:
    """A number, or `most` when it is larger: clients decide how many digits they send."""
    significant = digits.lstrip("0")
    return most if len(significant) > len(str(most)) else min(int(significant or "0"), most)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, _MOST_SECONDS))
