from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import limits
from tests.unit.licensing.make import BIG_INTEGER

MULTIPLES = {
    "NO_OVERAGE": Fraction(1),
    "ALLOW_1_25X_OVERAGE": Fraction(5, 4),
    "ALLOW_1_5X_OVERAGE": Fraction(3, 2),
    "ALLOW_2X_OVERAGE": Fraction(2),
}

bounded = st.sampled_from(sorted(MULTIPLES))
counts = st.integers(0, 40) | st.integers(0, BIG_INTEGER)


@given(counts, counts, bounded)
def test_allowed_is_exact(count: int, limit: int, strategy: str) -> None:
    assert limits.allowed(count, limit, strategy) == (count <= limit * MULTIPLES[strategy])


@given(counts, bounded)
def test_highest_is_the_last_that_is_allowed(limit: int, strategy: str) -> None:
    highest = limits.highest(limit, strategy)
    assert highest == limit * MULTIPLES[strategy] // 1
    assert limits.allowed(highest, limit, strategy)
    assert not limits.allowed(highest + 1, limit, strategy)


@pytest.mark.parametrize(
    ("count", "limit", "strategy", "allowed"),
    [
        (5, 4, "ALLOW_1_25X_OVERAGE", True),
        (6, 4, "ALLOW_1_25X_OVERAGE", False),
        (4, 3, "ALLOW_1_25X_OVERAGE", False),
        (3, 2, "ALLOW_1_5X_OVERAGE", True),
        (2, 1, "ALLOW_1_5X_OVERAGE", False),
        (2, 1, "ALLOW_2X_OVERAGE", True),
        (1, 0, "ALLOW_2X_OVERAGE", False),
        (10**30, 1, "ALWAYS_ALLOW_OVERAGE", True),
        (10**30, None, "NO_OVERAGE", True),
        (2, 1, None, False),
        (2, 1, "SOMETHING_ELSE", False),
        # Beyond the 53 bits of a float.
        (BIG_INTEGER, BIG_INTEGER - 1, "NO_OVERAGE", False),
        ((2**60 + 4) * 5 // 4 + 1, 2**60 + 4, "ALLOW_1_25X_OVERAGE", False),
    ],
)
def test_examples(count: int, limit: int | None, strategy: str | None, allowed: bool) -> None:
    assert limits.allowed(count, limit, strategy) is allowed


def test_no_bound_is_none() -> None:
    assert limits.highest(None, "NO_OVERAGE") is None
    assert limits.highest(5, "ALWAYS_ALLOW_OVERAGE") is None
    assert limits.factor("ALWAYS_ALLOW_OVERAGE") is None
    assert limits.factor(None) == limits.factor("NO_OVERAGE") == (1, 1)
