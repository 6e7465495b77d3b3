from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import clock
from chalicelib.licensing.clock import Unit
from tests.unit.licensing.make import TICK

VECTORS = json.loads((Path(__file__).parent / "vectors" / "duration-arithmetic.json").read_text(encoding="utf-8"))

instants = st.datetimes(timezones=st.just(UTC)).map(clock.cut)


def at(text: str) -> datetime:
    return clock.from_text(text)


@given(instants)
def test_text_is_the_inverse_of_from_text(instant: datetime) -> None:
    assert clock.from_text(clock.to_text(instant)) == instant


@given(instants, instants)
def test_text_sorts_like_time(one: datetime, other: datetime) -> None:
    assert (clock.to_text(one) < clock.to_text(other)) == (one < other)


def test_text_is_utc_with_three_digits_cut_not_rounded() -> None:
    berlin = timezone(timedelta(hours=1))
    assert clock.to_text(datetime(2017, 1, 2, 21, 26, 53, 464_999, tzinfo=berlin)) == "2017-01-02T20:26:53.464Z"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("", None),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
        (1_700_000_000, "2023-11-14T22:13:20.000Z"),
        ("1700000000", "2023-11-14T22:13:20.000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ("2024-02-29T10:00:00", "2024-02-29T10:00:00.000Z"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00.000Z"),
        ("2024-02-29t10:00:00z", "2024-02-29T10:00:00.000Z"),
        ("2024-02-29 10:00:00", "2024-02-29T10:00:00.000Z"),
        ("2024-02-29T10:00:00+02:00", "2024-02-29T08:00:00.000Z"),
        ("2024-02-29T10:00:00.123456Z", "2024-02-29T10:00:00.123Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_input_is_read(sent: int | str, expected: str | None) -> None:
    parsed = clock.parse_input(sent)
    assert (parsed and clock.to_text(parsed)) == expected


@pytest.mark.parametrize(
    "sent",
    [
        *("tomorrow", " ", "2024-13-01", "2024-02-30", "12:00", "-5", "1.5", "P1D", "null", "٢٠٢٤", "²"),
        *(10**12, -(10**12), 10**30, "9" * 40, "9" * 5000, "10000-01-01", "0001-01-01T00:00:00+23:00"),
    ],
)
def test_input_that_is_no_time_is_a_value_error(sent: int | str) -> None:
    with pytest.raises(ValueError):
        clock.parse_input(sent)


@given(st.text() | st.integers())
def test_input_never_fails_in_another_way(sent: int | str) -> None:
    try:
        parsed = clock.parse_input(sent)
    except ValueError:
        return
    assert parsed is None or parsed == clock.cut(parsed)


def test_license_durations_are_plain_seconds() -> None:
    assert clock.add_seconds(at("2024-01-31T00:00:00Z"), 2_629_746) == at("2024-03-01T10:29:06Z")


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        ("2024-01-31", 1, "month", "2024-02-29"),
        ("2023-01-31", 1, "month", "2023-02-28"),
        ("2024-01-31", 2, "month", "2024-03-31"),
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2024-02-29", 4, "year", "2028-02-29"),
        ("2024-12-31", 2, "month", "2025-02-28"),
        ("2024-11-30", 12, "month", "2025-11-30"),
        ("2024-02-28", 2, "day", "2024-03-01"),
        ("2024-02-28", 52, "week", "2025-02-26"),
        ("2024-06-15", 365, "year", "2389-06-15"),
    ],
)
def test_calendar_units_are_clamped_to_the_month(start: str, count: int, unit: Unit, expected: str) -> None:
    assert clock.add_calendar(at(start), count, unit) == at(expected)


@given(instants, st.integers(1, 365), st.sampled_from(["day", "week", "month", "year"]))
def test_calendar_steps_go_forward_and_keep_the_time_of_day(start: datetime, count: int, unit: Unit) -> None:
    try:
        end = clock.add_calendar(start, count, unit)
    except OverflowError:
        assert start.year + count > 9998 or start.year > 9990
        return
    assert end > start
    assert end.timetz() == start.timetz()
    assert unit not in ("month", "year") or end.day in (start.day, 28, 29, 30)


@given(instants, st.integers(0, 120), st.integers(0, 120))
def test_months_need_not_be_added_at_once_unless_clamped(start: datetime, one: int, other: int) -> None:
    start = start.replace(year=1000 + start.year % 1000, day=min(start.day, 28))
    steps = clock.add_calendar(clock.add_calendar(start, one, "month"), other, "month")
    assert steps == clock.add_calendar(start, one + other, "month")


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['start']}+{case['seconds']}")
def test_file_expiry_follows_the_vectors(case: dict[str, str | int]) -> None:
    end = clock.add_calendar_seconds(at(str(case["start"])), int(case["seconds"]))
    assert clock.to_text(end) == case["result"]


@given(instants, st.integers(0, 2_629_745))
def test_below_a_month_both_rules_agree(start: datetime, seconds: int) -> None:
    start = min(start, at("9999-01-01"))
    try:
        assert clock.add_calendar_seconds(start, seconds) == clock.add_seconds(start, seconds)
    except OverflowError:
        assert start.year > 9998


LAST = at("9999-12-31T23:59:59.999Z")


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_beyond_the_last_year_is_an_overflow(unit: Unit) -> None:
    for count in (1, 10**6, 10**12, 10**30):
        with pytest.raises(OverflowError):
            clock.add_calendar(LAST, count, unit)


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_before_the_first_year_is_an_overflow(unit: Unit) -> None:
    for count in (-1, -(10**6)):
        with pytest.raises(OverflowError):
            clock.add_calendar(clock.EARLIEST, count, unit)


@pytest.mark.parametrize("seconds", [1, 2_629_746, 31_556_952, 10**15, 10**40])
def test_beyond_the_last_second_is_an_overflow(seconds: int) -> None:
    for add in (clock.add_seconds, clock.add_calendar_seconds):
        with pytest.raises(OverflowError):
            add(LAST, seconds)


@given(instants, st.timedeltas(min_value=timedelta(0)))
def test_earlier_and_later_stay_within_the_calendar(instant: datetime, span: timedelta) -> None:
    assert clock.EARLIEST <= clock.earlier(instant, span) <= instant <= clock.later(instant, span) <= clock.LATEST


def test_earlier_and_later_are_exact_inside() -> None:
    instant = at("2024-01-01")
    assert clock.earlier(instant, TICK) + TICK == instant == clock.later(instant, TICK) - TICK
    assert clock.LATEST == LAST
