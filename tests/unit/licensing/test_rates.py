from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.licensing.rates import Rate, TooManyAttempts, window_at
from tests.unit.licensing.make import NOW

MINUTE = Rate(name="auth", most=5, seconds=60)
NOON = int(NOW.timestamp())


@pytest.mark.parametrize(("seconds", "start"), [(0, 0), (59, 0), (59.999, 0), (60, 60), (-0.001, -60), (3_600, 3_600)])
def test_windows_begin_with_the_clock(seconds: float, start: int) -> None:
    window = window_at(MINUTE, NOW + timedelta(seconds=seconds))
    assert (window.start, window.end) == (NOON + start, NOON + start + 60)


@pytest.mark.parametrize("seconds", [1, 7, 600, 3_600])
def test_windows_follow_each_other(seconds: int) -> None:
    rate = Rate(name="any", most=1, seconds=seconds)
    window = window_at(rate, NOW)
    after = window_at(rate, datetime.fromtimestamp(window.end, UTC))
    assert after.start == window.end


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (0.5, 60), (59, 1), (59.999, 1)])
def test_how_long_to_wait(seconds: float, wait: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    refusal = TooManyAttempts(window_at(MINUTE, now), now)
    assert refusal.wait == wait
    assert [problem.code for problem in refusal.problems] == ["TOO_MANY_REQUESTS"]
