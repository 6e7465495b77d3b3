"""The decision of a validation against a second reading of the specification, in cases at random.

Case number n is what `Random(n)` makes of it: with VALIDATION_CASE=n in the environment only that one is tried, with
VALIDATION_FIRST_CASE=n the blocks begin there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.licensing.license import License
from chalicelib.licensing.validation.decide import touched, validate
from chalicelib.licensing.validation.scopes import read
from tests.properties.validation_cases import Case, case
from tests.properties.validation_oracle import answer, license_after
from tests.properties.validation_reading import Answer
from tests.properties.validation_snapshot import snapshot

BLOCK = 5000
BLOCKS = 6
FIRST = int(os.environ.get("VALIDATION_FIRST_CASE", "0"))
ONLY = os.environ.get("VALIDATION_CASE")
NUMBERS = (
    [range(FIRST + block * BLOCK, FIRST + (block + 1) * BLOCK) for block in range(BLOCKS)]
    if ONLY is None
    else [range(int(ONLY), int(ONLY) + 1)]
)

FEWEST = 20
"""How often, at least, a block must end with each code; the two ways of a code that has both half as often."""

CODES = """
    BANNED SUSPENDED EXPIRED OVERDUE PRODUCT_SCOPE_MISMATCH PRODUCT_SCOPE_REQUIRED POLICY_SCOPE_MISMATCH
    POLICY_SCOPE_REQUIRED USER_SCOPE_MISMATCH USER_SCOPE_REQUIRED ENTITLEMENTS_SCOPE_EMPTY ENTITLEMENTS_MISSING
    NO_MACHINE NO_MACHINES MACHINE_SCOPE_MISMATCH HEARTBEAT_NOT_STARTED HEARTBEAT_DEAD MACHINE_SCOPE_REQUIRED
    FINGERPRINT_SCOPE_EMPTY FINGERPRINT_SCOPE_MISMATCH FINGERPRINT_SCOPE_REQUIRED COMPONENTS_SCOPE_EMPTY
    COMPONENTS_SCOPE_MISMATCH COMPONENTS_SCOPE_REQUIRED CHECKSUM_SCOPE_MISMATCH CHECKSUM_SCOPE_REQUIRED
    VERSION_SCOPE_MISMATCH VERSION_SCOPE_REQUIRED TOO_MANY_USERS TOO_MANY_MACHINES TOO_MANY_CORES TOO_MUCH_MEMORY
    TOO_MUCH_DISK TOO_MANY_PROCESSES VALID
""".split()
"""All a license that exists can get (spec validation.md §4); environments are for later."""

BOTH_WAYS = ("EXPIRED", *(code for code in CODES if code.startswith("TOO_")))
"""Those that are valid or not."""

DETAILS = {
    "USER_SCOPE_MISMATCH": 3,
    "NO_MACHINE": 3,
    "NO_MACHINES": 3,
    "FINGERPRINT_SCOPE_MISMATCH": 5,
    "FINGERPRINT_SCOPE_REQUIRED": 2,
    "COMPONENTS_SCOPE_MISMATCH": 4,
}
"""How many details a code has, where that is more than one."""


Outcome = tuple[Answer, License]
"""What is answered, and the license it leaves behind."""


def decided(one: Case) -> Outcome:
    """What the service makes of it."""
    world, scope = one.world, read(one.sent)
    verdict = validate(snapshot(world, scope), scope, one.quick)
    after = touched(world.license, world.policy, verdict, quick=one.quick, now=world.now)
    return Answer(verdict.valid, verdict.code, verdict.detail, verdict.version), after


def specified(one: Case) -> Outcome:
    """What the specification makes of it."""
    expected = answer(*one)
    return expected, license_after(one.world, expected, one.quick)


def compared(number: int) -> Answer:
    """The answer both give to case `number`."""
    one = case(Random(number))
    found, expected = decided(one), specified(one)
    assert found == expected, f"VALIDATION_CASE={number}: {one}"
    return expected[0]


def check_spread(answers: Iterable[Answer]) -> None:
    """Fails when the cases would no longer put every rule to the test."""
    seen = list(answers)
    codes = Counter(one.code for one in seen)
    ways = Counter((one.code, one.valid) for one in seen)
    details = Counter(code for code, _ in {(one.code, one.detail) for one in seen})
    assert set(codes) == set(CODES)
    assert {code: count for code, count in codes.items() if count < FEWEST} == {}
    assert [code for code in BOTH_WAYS if min(ways[code, True], ways[code, False]) < FEWEST // 2] == []
    assert details == {code: DETAILS.get(code, 1) for code in CODES}
    assert codes["VALID"] >= len(seen) / 20
    assert sum(one.version is not None for one in seen) >= len(seen) / 50


@pytest.mark.slow
@pytest.mark.parametrize("numbers", NUMBERS, ids=lambda numbers: f"from {numbers.start}")
def test_cases_are_decided_as_specified(numbers: range) -> None:
    answers = [compared(number) for number in numbers]
    if len(answers) == BLOCK:
        check_spread(answers)


@settings(deadline=None, derandomize=True, max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_smallest_case_is_decided_as_specified(random: Random) -> None:
    one = case(random)
    assert decided(one) == specified(one)
