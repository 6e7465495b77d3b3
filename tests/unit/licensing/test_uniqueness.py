"""How far fingerprints are unique, and how names may look (spec policies.md §3.7, machines.md §4.4, §8)."""

from __future__ import annotations

import pytest

from chalicelib.licensing import uniqueness
from chalicelib.licensing.policy_rules import CHOICES
from chalicelib.licensing.uniqueness import Kind, Place, Scope

ACCOUNT, PRODUCT, POLICY, LICENSE, MACHINE = (
    f"UNIQUE_PER_{name}" for name in ("ACCOUNT", "PRODUCT", "POLICY", "LICENSE", "MACHINE")
)
KINDS: tuple[Kind, Kind] = ("machine", "component")

HERE = Place(product_id="p", policy_id="q", license_id="l", machine_id="m")
SAME_LICENSE = Place(product_id="p", policy_id="q", license_id="l", machine_id="x")
SAME_POLICY = Place(product_id="p", policy_id="q", license_id="x", machine_id="x")
SAME_PRODUCT = Place(product_id="p", policy_id="x", license_id="x", machine_id="x")
ELSEWHERE = Place(product_id="x", policy_id="x", license_id="x", machine_id="x")


def test_every_strategy_of_a_policy_has_a_scope() -> None:
    for kind in KINDS:
        for strategy in CHOICES[f"{kind}_uniqueness_strategy"]:
            assert strategy == f"UNIQUE_PER_{uniqueness.scope(strategy).upper()}"


def test_wider_strategies_have_higher_ranks() -> None:
    assert [uniqueness.RANKS[name] for name in (ACCOUNT, PRODUCT, POLICY, LICENSE, MACHINE)] == [4, 3, 2, 1, 0]


def test_a_strategy_is_wide_beyond_what_the_place_itself_ensures() -> None:
    assert [uniqueness.is_wide("machine", one) for one in (ACCOUNT, PRODUCT, POLICY, LICENSE)] == [True] * 3 + [False]
    wide = [uniqueness.is_wide("component", one) for one in (ACCOUNT, PRODUCT, POLICY, LICENSE, MACHINE)]
    assert wide == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("strategy", "holder", "found"),
    [
        (LICENSE, SAME_LICENSE, "license"),
        (LICENSE, SAME_POLICY, None),
        (POLICY, SAME_LICENSE, "license"),
        (POLICY, SAME_POLICY, "policy"),
        (POLICY, SAME_PRODUCT, None),
        (PRODUCT, SAME_LICENSE, "license"),
        (PRODUCT, SAME_POLICY, "product"),
        (PRODUCT, SAME_PRODUCT, "product"),
        (PRODUCT, ELSEWHERE, None),
        (ACCOUNT, SAME_LICENSE, "license"),
        (ACCOUNT, ELSEWHERE, "account"),
    ],
)
def test_where_a_machine_fingerprint_is_held(strategy: str, holder: Place, found: Scope | None) -> None:
    assert uniqueness.taken("machine", strategy, HERE, [holder]) == found


@pytest.mark.parametrize(
    ("strategy", "holder", "found"),
    [
        (MACHINE, HERE, "machine"),
        (MACHINE, SAME_LICENSE, None),
        (LICENSE, HERE, "license"),
        (LICENSE, SAME_LICENSE, "license"),
        (LICENSE, SAME_POLICY, None),
        (POLICY, HERE, "policy"),
        (POLICY, SAME_POLICY, "policy"),
        (POLICY, SAME_PRODUCT, None),
        (PRODUCT, SAME_PRODUCT, "product"),
        (PRODUCT, ELSEWHERE, None),
        (ACCOUNT, ELSEWHERE, "account"),
    ],
)
def test_where_a_component_fingerprint_is_held(strategy: str, holder: Place, found: Scope | None) -> None:
    assert uniqueness.taken("component", strategy, HERE, [holder]) == found


def test_of_several_holders_the_nearest_counts() -> None:
    assert uniqueness.taken("machine", ACCOUNT, HERE, iter([ELSEWHERE, SAME_LICENSE])) == "license"
    assert uniqueness.taken("machine", POLICY, HERE, iter([ELSEWHERE, SAME_POLICY])) == "policy"
    assert uniqueness.taken("machine", ACCOUNT, HERE, []) is None


@pytest.mark.parametrize(
    ("kind", "found", "suffix"),
    [
        ("machine", "license", ""),
        ("machine", "policy", " for this policy"),
        ("machine", "product", " for this product"),
        ("machine", "account", " for this account"),
        ("component", "machine", ""),
        ("component", "license", " for this license"),
        ("component", "policy", " for this policy"),
        ("component", "product", " for this product"),
        ("component", "account", " for this account"),
    ],
)
def test_what_is_said_of_a_fingerprint_that_is_held(kind: Kind, found: Scope, suffix: str) -> None:
    problem = uniqueness.taken_problem(kind, found)
    assert problem is not None
    assert (problem.code, problem.pointer) == ("FINGERPRINT_TAKEN", "/data/attributes/fingerprint")
    assert problem.detail == f"has already been taken{suffix}"


def test_a_free_fingerprint_is_no_problem() -> None:
    assert all(uniqueness.taken_problem(kind, None) is None for kind in KINDS)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a", None),
        ("a" * 4096, None),
        ("ä" * 4096, None),
        ("Action", None),
        ("a\nb ", None),
        ("a" * 4097, "PID_TOO_LONG"),
        ("", "PID_TOO_SHORT"),
        ("action", "PID_NOT_ALLOWED"),
        ("actions", "PID_NOT_ALLOWED"),
    ],
)
def test_names(value: str, code: str | None) -> None:
    problems = [problem for problem in uniqueness.name_problems("pid", value) if problem is not None]
    assert [problem.code for problem in problems] == ([] if code is None else [code])
    assert all(problem.pointer == "/data/attributes/pid" for problem in problems)
