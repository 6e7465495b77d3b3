"""What values of list filters mean (spec licenses.md §8.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.clock import EARLIEST, LATEST
from chalicelib.licensing.filters import values as values
from tests.unit.licensing.make import DAY, HOUR, NOW, TICK

ENDLESS = "9" * 5000
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)

shapes: some.SearchStrategy[Any] = some.recursive(
    some.text(max_size=3), lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=2), inner)
)


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize("sent", ["0", "f", "F", "false", "FALSE", "off", "OFF", "no", "NO"])
def test_false(sent: str) -> None:
    assert values.boolean(sent) is False


@pytest.mark.parametrize("sent", ["1", "t", "true", "TRUE", "False", "Off", "n", "N", "No", "00", "nil", "?", "-1"])
def test_everything_else_is_true(sent: str) -> None:
    assert values.boolean(sent) is True


@pytest.mark.parametrize(
    ("sent", "span"),
    [
        ("0", timedelta(0)),
        ("60", MINUTE),
        ("2629746", timedelta(seconds=2_629_746)),
        ("30d", 30 * DAY),
        ("30D", 30 * DAY),
        ("P30D", 30 * DAY),
        ("2w", 14 * DAY),
        ("P2W", 14 * DAY),
        ("P13DT59M59S", 13 * DAY + 59 * MINUTE + 59 * SECOND),
        ("13dt59m59s", 13 * DAY + 59 * MINUTE + 59 * SECOND),
        ("T30M", 30 * MINUTE),
        ("PT36H", 36 * HOUR),
        ("1.5d", 36 * HOUR),
        ("PT0,5S", SECOND / 2),
        ("1DT1.5H", 25.5 * HOUR),
    ],
)
def test_durations_of_exact_time(sent: str, span: timedelta) -> None:
    duration = values.duration(sent)
    assert duration is not None
    assert (duration.before(NOW), duration.after(NOW)) == (NOW - span, NOW + span)


@pytest.mark.parametrize(
    ("sent", "instant", "before", "after"),
    [
        ("1m", (2024, 3, 31), (2024, 2, 29), (2024, 4, 30)),
        ("P1M", (2024, 2, 1), (2024, 1, 1), (2024, 3, 1)),
        ("1y", (2024, 2, 29), (2023, 2, 28), (2025, 2, 28)),
        ("P1Y2M3D", (2024, 1, 10), (2022, 11, 7), (2025, 3, 13)),
        ("13m", (2024, 1, 31), (2022, 12, 31), (2025, 2, 28)),
    ],
)
def test_months_and_years_are_of_the_calendar(sent: str, instant: Any, before: Any, after: Any) -> None:
    duration = values.duration(sent)
    assert duration is not None
    assert duration.before(day(*instant)) == day(*before)
    assert duration.after(day(*instant)) == day(*after)


@pytest.mark.parametrize(
    "sent",
    [
        *("P", "T", "PT", "p30d", "1h", "P30", "1dT", "P1W2D", "P1WT1H", "1d2d", "1d1m", "T1S1M", "PP1D"),
        *("-1d", "+1d", "1.5y", "1.5dT1h", "1.5", "1 d", " 30d", "tomorrow", "2024-01-01", "1d ", "١d", "١"),
    ],
)
def test_no_durations(sent: str) -> None:
    assert values.duration(sent) is None


@pytest.mark.parametrize("sent", [ENDLESS, *(ENDLESS + unit for unit in "ymwd"), f"T{ENDLESS}S", "P10000Y"])
def test_durations_beyond_the_calendar_reach_its_ends(sent: str) -> None:
    duration = values.duration(sent)
    assert duration is not None
    assert (duration.before(NOW), duration.after(NOW)) == (EARLIEST, LATEST)


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1706788800", NOW),
        ("2024-02-01T12:00:00.000Z", NOW),
        ("2024-02-01T12:00:00", NOW),
        ("2024-02-01t12:00:00z", NOW),
        ("2024-02-01T14:00:00+02:00", NOW),
        ("2024-02-01", NOW - 12 * HOUR),
    ],
)
def test_timestamps(sent: str, instant: datetime) -> None:
    assert values.timestamp(sent) == instant


@pytest.mark.parametrize(
    "sent", ["30d", "P30D", "tomorrow", "-1", "1.5", "2024-02-30", "2024-13-01", "24-02-01", ENDLESS, "99999999999999"]
)
def test_no_timestamps(sent: str) -> None:
    assert values.timestamp(sent) is None
    assert values.day(sent) is None


@pytest.mark.parametrize(
    "sent",
    ["2024-02-01", "2024-02-01T23:59:59Z", "2024-02-01T23:59:59-08:00", "2024-02-01T00:00:00+08:00", "1706788800"],
)
def test_days(sent: str) -> None:
    assert values.day(sent) == (NOW - 12 * HOUR, NOW + 12 * HOUR - TICK)


def test_the_last_day_ends_with_the_calendar() -> None:
    assert values.day("9999-12-31") == (LATEST - DAY + TICK, LATEST)


@pytest.mark.parametrize(
    "sent",
    ["8784C72F-7A47-48AA-B0D7-3C4E8EFE4F15", "8784c72f7a4748aab0d73c4e8efe4f15", "8784c72f-7a4748aa-b0d73c4e8efe4f15"],
)
def test_uuids(sent: str) -> None:
    assert values.uuid(sent) == "8784c72f-7a47-48aa-b0d7-3c4e8efe4f15"


@pytest.mark.parametrize("sent", ["", "x", "8784c72f-7a47-48aa-b0d7-3c4e8efe4f1", "me@acme.example"])
def test_no_uuids(sent: str) -> None:
    assert values.uuid(sent) is None


@pytest.mark.parametrize(
    ("sent", "number"), [("3", 3), ("12abc", 12), ("007", 7), ("abc", 0), ("-5", 0), (" 5", 0), ("1.9", 1), ("٣", 0)]
)
def test_counts(sent: str, number: int) -> None:
    assert values.count(sent) == number


def test_counts_have_an_end() -> None:
    assert values.count(ENDLESS) == 10**18
    assert values.count("0" * 5000 + "7") == 7


@pytest.mark.parametrize("sent", [None, "", " ", "\t\n", [], ["x"], {}, {"x": "y"}])
def test_no_texts(sent: Any) -> None:
    assert values.text(sent) is None


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [
        ({"after": "1", "before": "2"}, ("before", "2")),
        ({"in": "3", "before": "2"}, ("in", "3")),
        ({"in": "3", "within": "4"}, ("within", "4")),
        ({"in": "", "before": " ", "after": "1"}, ("after", "1")),
        ({"in": ["3"], "before": {"x": "y"}, "after": "1"}, ("after", "1")),
        ({"other": "1"}, ("other", "1")),
        ({"other": "1", "after": "2"}, ("after", "2")),
        ({"Before": "1"}, ("Before", "1")),
        ({"in": "", "other": ""}, None),
        ({}, None),
        ("text", None),
        (["text"], None),
        (None, None),
    ],
)
def test_one_member_counts(sent: Any, chosen: tuple[str, str] | None) -> None:
    assert values.member(sent, ("within", "in", "before", "after")) == chosen


@pytest.mark.parametrize(
    ("sent", "blank"),
    [
        ("", True),
        (" ", True),
        ("x", False),
        ([], True),
        (["", " "], True),
        (["", "x"], False),
        ({"a": {"b": [""]}}, True),
    ],
)
def test_blank(sent: Any, blank: bool) -> None:
    assert values.is_blank(sent) is blank


def test_hostile_depth_does_no_harm() -> None:
    sent: Any = ""
    for _ in range(20_000):
        sent = {"a": [sent]}
    assert values.is_blank(sent)


@given(sent=some.text())
def test_no_text_is_an_error(sent: str) -> None:
    values.boolean(sent)
    values.timestamp(sent)
    values.day(sent)
    values.uuid(sent)
    assert values.count(sent) >= 0
    duration = values.duration(sent)
    if duration is not None:
        assert duration.before(NOW) <= NOW <= duration.after(NOW)


@given(sent=some.from_regex(r"P?(\d{1,5}[YMD]){1,3}(T(\d{1,7}[HMS]){1,3})?", fullmatch=True))
def test_longer_durations_reach_further(sent: str) -> None:
    duration = values.duration(sent)
    if duration is not None:
        assert duration.before(NOW) <= NOW <= duration.after(NOW)
        assert values.duration(sent.lower().removeprefix("p")) == duration


@given(sent=shapes)
def test_no_shape_is_an_error(sent: Any) -> None:
    values.text(sent)
    values.member(sent, ("a", "b"))
    values.is_blank(sent)
