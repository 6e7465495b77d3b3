"""The parameters of a list of licenses that are about time: expiry and activity (spec licenses.md §8.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from chalicelib.licensing.clock import earlier, later
from chalicelib.licensing.filters import kinds as kinds
from chalicelib.licensing.filters import values as values
from chalicelib.licensing.filters.kinds import LicenseFilter, Nothing, Span
from chalicelib.licensing.license import ACTIVE_WITHIN, EXPIRING_WITHIN

TextReader = Callable[[str, str, datetime], LicenseFilter]
"""The filter of a parameter's name and text at an instant."""

_Meaning = Callable[[str, datetime], Span | None]
"""What a text means at an instant, None when it means nothing."""


def expiring(name: str, sent: str, now: datetime) -> LicenseFilter:
    """About to expire, or not: neither at the very ends of the window."""
    soon = later(now, EXPIRING_WITHIN)
    if values.boolean(sent):
        return kinds.Expires(name=name, spans=(Span(start=now, end=soon, open_start=True, open_end=True),))
    outside = (Span(end=now, open_end=True), Span(start=soon, open_start=True))
    return kinds.Expires(name=name, spans=outside, perpetual=True)


def expired(name: str, sent: str, now: datetime) -> LicenseFilter:
    """Expired, or not."""
    if values.boolean(sent):
        return kinds.Expires(name=name, spans=(Span(end=now, open_end=True),))
    return kinds.Expires(name=name, spans=(Span(start=now),), perpetual=True)


def lately_active(name: str, now: datetime, value: bool) -> LicenseFilter:
    """Active as a status means it, or not."""
    return kinds.Active(name=name, since=earlier(now, ACTIVE_WITHIN), now=now, value=value)


def _spanning(meaning: _Meaning) -> TextReader:
    def read(name: str, sent: str, now: datetime) -> LicenseFilter:
        span = meaning(sent, now)
        return Nothing(name=name) if span is None else kinds.Expires(name=name, spans=(span,))

    return read


def _past(meaning: _Meaning) -> TextReader:
    """What of a span lies before now."""

    def past(sent: str, now: datetime) -> Span | None:
        span = meaning(sent, now)
        ended = span is None or (span.end is not None and span.end < now)
        return span if span is None or ended else replace(span, end=now, open_end=True)

    return _spanning(past)


def _to_come(meaning: _Meaning) -> TextReader:
    """What of a span lies at now or after it."""

    def to_come(sent: str, now: datetime) -> Span | None:
        span = meaning(sent, now)
        return None if span is None else replace(span, start=max(span.start or now, now))

    return _spanning(to_come)


def _since_ago(sent: str, now: datetime) -> Span | None:
    duration = values.duration(sent)
    return None if duration is None else Span(start=duration.before(now))


def _until_in(sent: str, now: datetime) -> Span | None:
    duration = values.duration(sent)
    return None if duration is None else Span(end=duration.after(now))


def _before(sent: str, now: datetime) -> Span | None:
    end = values.timestamp(sent)
    return None if end is None else Span(end=end)


def _after(sent: str, now: datetime) -> Span | None:
    start = values.timestamp(sent)
    return None if start is None else Span(start=start)


def _on(sent: str, now: datetime) -> Span | None:
    day = values.day(sent)
    return None if day is None else Span(start=day[0], end=day[1])


def _active(meaning: _Meaning, value: bool) -> TextReader:
    """Active, or not, since the start of a span."""

    def read(name: str, sent: str, now: datetime) -> LicenseFilter:
        span = meaning(sent, now)
        if span is None or span.start is None:
            return Nothing(name=name)
        return kinds.Active(name=name, since=span.start, now=now, value=value)

    return read


# The members of each object in the order in which they count.
EXPIRED: Mapping[str, TextReader] = {
    **dict.fromkeys(("within", "in"), _past(_since_ago)),
    **{"before": _past(_before), "after": _past(_after), "on": _past(_on)},
}
EXPIRES: Mapping[str, TextReader] = {
    **dict.fromkeys(("within", "in"), _to_come(_until_in)),
    **{"before": _to_come(_before), "after": _to_come(_after), "on": _spanning(_on)},
}
ACTIVITY: Mapping[str, TextReader] = {
    "inside": _active(_since_ago, True),
    "outside": _active(_since_ago, False),
    "before": _active(_after, False),
    "after": _active(_after, True),
}
