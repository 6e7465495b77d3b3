from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import usage
from chalicelib.licensing.errors import BadRequest, InvalidFields, Problem, Refusal
from chalicelib.licensing.usage import UsageChange
from tests.unit.licensing.make import DAY, INTEGER, NOW, license_, policy, refused

uses = st.integers(0, 12) | st.integers(0, INTEGER)
amounts = st.integers(-12, 12) | st.integers()
maxima = st.none() | st.integers(0, 12) | st.integers(0, INTEGER)


def change(stored: int, amount: int, maximum: int | None = None) -> UsageChange:
    return usage.increment(license_(uses=stored), policy(max_uses=maximum), amount, NOW)


def legal(stored: int, amount: int, maximum: int | None) -> bool:
    """The rule of the specification, read naively."""
    after = stored + amount
    return after == stored or (after >= 0 and (maximum is None or after <= maximum) and after <= INTEGER)


@given(uses, amounts, maxima)
def test_increment_succeeds_exactly_when_the_rule_allows(stored: int, amount: int, maximum: int | None) -> None:
    try:
        found = change(stored, amount, maximum)
    except Refusal:
        assert not legal(stored, amount, maximum)
    else:
        assert legal(stored, amount, maximum)
        assert (found.amount, found.uses_after) == (amount, stored + amount)


@given(uses, amounts, maxima, uses)
def test_the_bounds_say_for_which_stored_uses_it_would_succeed(
    stored: int, amount: int, maximum: int | None, other: int
) -> None:
    try:
        found = change(stored, amount, maximum)
    except Refusal:
        return
    assert found.low <= stored <= found.high
    for current in (other, found.low, found.high, found.low - 1, found.high + 1):
        if 0 <= current <= INTEGER:
            assert (found.low <= current <= found.high) == legal(current, amount, maximum)


@given(uses, amounts, maxima)
def test_a_decrement_is_an_increment_downwards(stored: int, amount: int, maximum: int | None) -> None:
    def outcome(action: object, count: int) -> object:
        try:
            return action(license_(uses=stored), policy(max_uses=maximum), count, NOW)  # type: ignore[operator]
        except Refusal as refusal:
            return [problem.code for problem in refusal.problems]

    assert outcome(usage.decrement, amount) == outcome(usage.increment, -amount)


@pytest.mark.parametrize(
    ("stored", "amount", "maximum", "after"),
    [
        (0, 1, None, 1),
        (INTEGER - 1, 1, None, INTEGER),
        (INTEGER, -1, None, INTEGER - 1),
        (9, 1, 10, 10),
        (5, -5, None, 0),
        (20, 0, 10, 20),
        (20, -10, 10, 10),
        (0, 0, 0, 0),
    ],
)
def test_increments(stored: int, amount: int, maximum: int | None, after: int) -> None:
    found = change(stored, amount, maximum)
    assert (found.uses_after, found.sets, found.expiry) == (after, False, None)


USES = "/data/attributes/uses"


@pytest.mark.parametrize(
    ("stored", "amount", "maximum", "problem"),
    [
        (0, -1, None, Problem("must be greater than or equal to 0", code="USES_INVALID", pointer=USES)),
        (5, -6, 0, Problem("must be greater than or equal to 0", code="USES_INVALID", pointer=USES)),
        (
            10,
            1,
            10,
            Problem("usage exceeds maximum allowed for license (10)", code="USES_LIMIT_EXCEEDED", pointer=USES),
        ),
        (
            20,
            -5,
            10,
            Problem("usage exceeds maximum allowed for license (10)", code="USES_LIMIT_EXCEEDED", pointer=USES),
        ),
        (0, 1, 0, Problem("usage exceeds maximum allowed for license (0)", code="USES_LIMIT_EXCEEDED", pointer=USES)),
        # The limit comes before the size of the integer.
        (
            0,
            10**30,
            5,
            Problem("usage exceeds maximum allowed for license (5)", code="USES_LIMIT_EXCEEDED", pointer=USES),
        ),
    ],
    ids=range(6),
)
def test_refused_values(stored: int, amount: int, maximum: int | None, problem: Problem) -> None:
    assert refused(InvalidFields, lambda: change(stored, amount, maximum)).problems == (problem,)


@pytest.mark.parametrize(("stored", "amount"), [(INTEGER, 1), (0, INTEGER + 1), (0, 10**30)])
def test_too_large_integers_are_bad_requests(stored: int, amount: int) -> None:
    up = refused(BadRequest, lambda: change(stored, amount))
    down = refused(BadRequest, lambda: usage.decrement(license_(uses=stored), policy(), -amount, NOW))
    assert up.problems == (Problem("integer is too large", pointer="/meta/increment"),)
    assert down.problems == (Problem("integer is too large", pointer="/meta/decrement"),)


def test_the_override_counts_and_overage_does_not() -> None:
    terms = policy(max_uses=1, overage_strategy="ALWAYS_ALLOW_OVERAGE")
    assert usage.increment(license_(uses=1, max_uses=2), terms, 1, NOW).uses_after == 2
    refused(InvalidFields, lambda: usage.increment(license_(uses=1, max_uses=0), terms, 1, NOW))


def test_expired_and_suspended_licenses_count_on() -> None:
    stored = license_(suspended=True, expiry=NOW - DAY)
    assert usage.increment(stored, policy(), 1, NOW).uses_after == 1


@pytest.mark.parametrize("stored", [0, 5, INTEGER])
def test_reset_sets_whatever_is_stored(stored: int) -> None:
    found = usage.reset(license_(uses=stored), policy(max_uses=1), NOW)
    assert found == UsageChange(-stored, 0, INTEGER, 0, sets=True)


def test_only_an_increment_is_a_first_use() -> None:
    terms = policy(duration=86_400, expiration_basis="FROM_FIRST_USE")
    stored = license_(uses=1)
    assert usage.increment(stored, terms, 0, NOW).expiry == NOW + DAY
    assert usage.increment(license_(expiry=NOW), terms, 1, NOW).expiry is None
    assert usage.decrement(stored, terms, 1, NOW).expiry is None
    assert usage.reset(stored, terms, NOW).expiry is None
