"""Limits on machines, sizes and processes, and token quotas (spec machines.md §4.5, §4.8, §6.4, §9)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing import activation_limits as limits
from chalicelib.licensing.activation_limits import Bound, Quota
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket, added
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from tests.unit.licensing.make import BIG_INTEGER, license_, machine, policy, token

FACTORS = {
    "NO_OVERAGE": Fraction(1),
    "ALLOW_1_25X_OVERAGE": Fraction(5, 4),
    "ALLOW_1_5X_OVERAGE": Fraction(3, 2),
    "ALLOW_2X_OVERAGE": Fraction(2),
    "ALWAYS_ALLOW_OVERAGE": None,
}
LIMITS = {
    "machines": ("max_machines", "MACHINE_LIMIT_EXCEEDED", "machine count"),
    "cores": ("max_cores", "MACHINE_CORE_LIMIT_EXCEEDED", "machine core count"),
    "memory": ("max_memory", "MACHINE_MEMORY_LIMIT_EXCEEDED", "machine memory"),
    "disk": ("max_disk", "MACHINE_DISK_LIMIT_EXCEEDED", "machine disk"),
}
SIZES = ("cores", "memory", "disk")
PER_USER = "PER_USER"


def terms(**fields: Any) -> Policy:
    return policy(**{"floating": True} | fields)


def said(
    after: Machine,
    license: License,
    policy: Policy,
    bucket: Bucket = EMPTY_BUCKET,
    before: Machine | None = None,
) -> list[tuple[str | None, str | None, str]]:
    found = limits.machine_problems(before, after, license, policy, bucket)
    return [(one.code, one.pointer, one.detail) for one in found if one is not None]


# --- what is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counter", LIMITS)
def test_each_limit_of_the_license(counter: str) -> None:
    maximum, code, words = LIMITS[counter]
    after = machine(cores=1, memory=1, disk=1)
    at_limit, below = license_(**{"machines": 1, counter: 4}), license_(**{"machines": 1, counter: 3})
    detail = f"{words} has exceeded maximum allowed for license (4)"
    assert said(after, at_limit, terms(**{maximum: 4})) == [(code, "/data", detail)]
    assert said(after, below, terms(**{maximum: 4})) == []


@pytest.mark.parametrize("counter", LIMITS)
def test_each_limit_of_a_user(counter: str) -> None:
    maximum, code, words = LIMITS[counter]
    lease = terms(**{"machine_leasing_strategy": PER_USER, maximum: 4})
    after, full = machine(owner_id="u", cores=1, memory=1, disk=1), Bucket(**{"machines": 1} | {counter: 4})
    detail = f"{words} has exceeded maximum allowed for user (4)"
    assert said(after, license_(), lease, full) == [(code, "/data", detail)]
    assert said(after, license_(machines=9, cores=9, memory=9, disk=9), lease) == []


def test_all_that_is_exceeded_is_told_in_order() -> None:
    full = license_(machines=1, cores=1, memory=1, disk=1)
    after = machine(cores=1, memory=1, disk=1)
    found = said(after, full, terms(max_machines=1, max_cores=1, max_memory=1, max_disk=1))
    assert [code for code, _, _ in found] == [code for _, code, _ in LIMITS.values()]


@pytest.mark.parametrize(
    ("strategy", "highest"),
    [("NO_OVERAGE", 4), ("ALLOW_1_25X_OVERAGE", 5), ("ALLOW_1_5X_OVERAGE", 6), ("ALLOW_2X_OVERAGE", 8)],
)
def test_overage_of_machines(strategy: str, highest: int) -> None:
    lease = terms(max_machines=4, overage_strategy=strategy)
    assert said(machine(), license_(machines=highest - 1), lease) == []
    ((code, _, detail),) = said(machine(), license_(machines=highest), lease)
    assert code == "MACHINE_LIMIT_EXCEEDED"
    assert detail.endswith("(4)")


def test_no_limit_and_any_overage_ask_nothing() -> None:
    crowd = license_(machines=10**6, cores=10**6)
    for lease in (terms(), terms(max_machines=1, max_cores=1, overage_strategy="ALWAYS_ALLOW_OVERAGE")):
        assert said(machine(cores=8), crowd, lease) == []
        assert limits.machine_bounds(None, machine(cores=8), crowd, lease) == ()


def test_an_override_counts_unless_it_is_zero() -> None:
    assert said(machine(), license_(machines=2, max_machines=3), terms(max_machines=1)) == []
    assert said(machine(), license_(machines=2, max_machines=0), terms(max_machines=1))


def test_the_first_machine_gets_in_but_not_with_any_size() -> None:
    lease = terms(max_machines=0, max_cores=4)
    assert said(machine(cores=4), license_(), lease) == []
    assert [code for code, _, _ in said(machine(cores=5), license_(), lease)] == ["MACHINE_CORE_LIMIT_EXCEEDED"]


def test_the_first_machine_of_each_user_gets_in() -> None:
    lease = terms(max_machines=0, machine_leasing_strategy=PER_USER)
    assert said(machine(owner_id="u"), license_(machines=5), lease) == []
    assert said(machine(owner_id="u"), license_(machines=5), lease, Bucket(machines=1))


def test_sizes_beyond_the_precision_of_floats() -> None:
    lease = terms(max_memory=BIG_INTEGER, overage_strategy="NO_OVERAGE")
    assert said(machine(memory=2**62), license_(memory=BIG_INTEGER - 2**62), lease) == []
    assert said(machine(memory=2**62), license_(memory=BIG_INTEGER - 2**62 + 1), lease)


# --- changes --------------------------------------------------------------------------------------------------------

LOW = terms(max_machines=1, max_cores=1, max_memory=1, max_disk=1)
OVER = license_(machines=3, cores=30, memory=30, disk=30)
STORED = machine(owner_id="u", cores=8, memory=8, disk=8)


@pytest.mark.parametrize("change", [{"name": "n"}, {"group_id": "g"}, {"metadata": {"a": 1}}, {"ip": "::1"}, {}])
def test_changes_of_anything_else_never_fail_on_limits(change: dict[str, Any]) -> None:
    after = replace(STORED, **change)
    assert said(after, OVER, LOW, before=STORED) == []
    assert limits.machine_bounds(STORED, after, OVER, LOW) == ()


@pytest.mark.parametrize("change", [{"cores": 7}, {"memory": None}, {"disk": 9}, {"owner_id": None}])
def test_changes_of_sizes_or_owner_are_held_against_all_sizes(change: dict[str, Any]) -> None:
    found = said(replace(STORED, **change), OVER, LOW, before=STORED)
    assert [code for code, _, _ in found] == [LIMITS[size][1] for size in SIZES]


def test_the_old_value_is_not_counted_again() -> None:
    stored, lease = machine(cores=8), terms(max_cores=10)
    held = license_(machines=1, cores=8)
    assert said(replace(stored, cores=10), held, lease, before=stored) == []
    assert said(replace(stored, cores=11), held, lease, before=stored)
    assert limits.machine_bounds(stored, replace(stored, cores=10), held, lease) == (
        Bound(lessor="license", counter="cores", highest=8),
    )


def test_a_new_owner_takes_the_whole_machine() -> None:
    stored = machine(owner_id="u", cores=4)
    lease = terms(max_cores=10, max_machines=1, machine_leasing_strategy=PER_USER)
    after = replace(stored, owner_id="v")
    assert said(after, license_(cores=99), lease, Bucket(machines=5, cores=6), before=stored) == []
    assert said(after, license_(), lease, Bucket(cores=7), before=stored)
    (bound,) = limits.machine_bounds(stored, after, license_(), lease)
    assert bound == Bound(lessor="user", counter="cores", highest=6)


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_the_bounds_of_a_new_machine() -> None:
    lease = terms(max_machines=4, max_cores=16, max_disk=100, overage_strategy="ALLOW_1_5X_OVERAGE")
    assert limits.machine_bounds(None, machine(cores=10), license_(), lease) == (
        Bound(lessor="license", counter="machines", highest=5, or_zero=True),
        Bound(lessor="license", counter="cores", highest=14),
        Bound(lessor="license", counter="disk", highest=150),
    )


small = st.none() | st.integers(1, 8)
licenses = st.builds(
    license_,
    machines=st.integers(0, 8),
    cores=st.integers(0, 8),
    memory=st.integers(0, 8),
    disk=st.integers(0, 8),
    processes=st.integers(0, 8),
    max_machines=small,
    max_processes=small,
)
policies = st.builds(
    policy,
    max_machines=small | st.just(0),
    max_cores=small,
    max_memory=small,
    max_disk=small,
    max_processes=small,
    overage_strategy=st.sampled_from(sorted(FACTORS)),
    machine_leasing_strategy=st.sampled_from(["PER_LICENSE", PER_USER]),
    process_leasing_strategy=st.sampled_from(["PER_MACHINE", "PER_LICENSE", PER_USER]),
)
buckets = st.builds(Bucket, **{name: st.integers(0, 8) for name in (*LIMITS, "processes")})
machines = st.builds(
    machine,
    owner_id=st.sampled_from(["u", "v", None]),
    cores=small,
    memory=small,
    disk=small,
    processes=st.integers(0, 8),
    max_processes=small | st.just(0),
)


def holds(bound: Bound, license: License, bucket: Bucket, machine: Machine) -> bool:
    counters = {"license": license, "user": bucket, "machine": machine}
    count: int = getattr(counters[bound.lessor], bound.counter)
    return count <= bound.highest or (bound.or_zero and count == 0)


@given(st.none() | machines, machines, licenses, policies, buckets)
def test_the_write_allows_exactly_what_the_decision_allows(
    before: Machine | None, after: Machine, license: License, policy: Policy, bucket: Bucket
) -> None:
    bounds = limits.machine_bounds(before, after, license, policy)
    refused = [LIMITS[bound.counter][1] for bound in bounds if not holds(bound, license, bucket, after)]
    assert [code for code, _, _ in said(after, license, policy, bucket, before)] == refused


@given(machines, licenses, policies, buckets)
def test_a_new_machine_is_judged_as_the_table_says(
    after: Machine, license: License, policy: Policy, bucket: Bucket
) -> None:
    factor = FACTORS[policy.overage_strategy]
    per_user = policy.machine_leasing_strategy == PER_USER
    counted: Any = bucket if per_user else license
    expected = []
    for name, (maximum, code, _) in LIMITS.items():
        effective = getattr(license, maximum) or getattr(policy, maximum)
        brought = 1 if name == "machines" else getattr(after, name) or 0
        count = getattr(counted, name)
        first = name == "machines" and count == 0
        if effective is not None and factor is not None and not first and count + brought > effective * factor:
            expected.append(code)
    assert [code for code, _, _ in said(after, license, policy, bucket)] == expected


@given(st.lists(machines, max_size=12), policies)
def test_machines_that_were_let_in_are_within_the_limits(arriving: list[Machine], policy: Policy) -> None:
    license, held = license_(), dict[str | None, Bucket]()
    factor = FACTORS[policy.overage_strategy]
    for one in arriving:
        bucket = held.get(one.owner_id, EMPTY_BUCKET)
        if said(one, license, policy, bucket):
            continue
        sums = added(None, one).license
        license = replace(license, **{name: getattr(license, name) + getattr(sums, name) for name in LIMITS})
        held[one.owner_id] = bucket.plus(sums)
    per_user = policy.machine_leasing_strategy == PER_USER
    for counted in held.values() if per_user else [license]:
        for name, (maximum, _, _) in LIMITS.items():
            limit = getattr(policy, maximum)
            count = getattr(counted, name)
            free = name == "machines" and count == 1
            assert limit is None or factor is None or free or count <= limit * factor


# --- processes ------------------------------------------------------------------------------------------------------

FULL = "process count has exceeded maximum allowed for {} ({})"


@pytest.mark.parametrize(
    ("strategy", "counts", "word"),
    [
        ("PER_MACHINE", (0, 9, 9), None),
        ("PER_MACHINE", (3, 0, 0), "machine"),
        ("PER_LICENSE", (9, 2, 9), None),
        ("PER_LICENSE", (0, 3, 0), "license"),
        ("PER_USER", (9, 9, 2), None),
        ("PER_USER", (0, 0, 3), "user"),
    ],
)
def test_processes_are_leased_per(strategy: str, counts: tuple[int, int, int], word: str | None) -> None:
    on_machine, on_license, of_user = counts
    found = limits.process_problem(
        machine(processes=on_machine),
        license_(processes=on_license),
        policy(max_processes=3, process_leasing_strategy=strategy),
        Bucket(processes=of_user),
    )
    told = None if found is None else (found.code, found.pointer, found.detail)
    assert told == (None if word is None else ("MACHINE_PROCESS_LIMIT_EXCEEDED", "/data", FULL.format(word, 3)))


def test_the_override_of_a_machine_counts_only_per_machine() -> None:
    own, license = machine(processes=3, max_processes=9), license_(processes=3, max_processes=3)
    assert limits.process_limit(own, license, policy(max_processes=5)) == 9
    assert limits.process_limit(machine(max_processes=0), license, policy()) == 3
    assert limits.process_limit(machine(), license_(), policy(max_processes=5)) == 5
    assert limits.process_limit(machine(), license_(), policy()) is None
    assert limits.process_problem(own, license, policy(), EMPTY_BUCKET) is None
    assert limits.process_problem(own, license, policy(process_leasing_strategy="PER_LICENSE"), EMPTY_BUCKET)


def test_there_is_no_free_first_process() -> None:
    # A limit of 0 cannot be set; what is stored must not open a hole all the same.
    assert limits.process_problem(machine(), license_(), policy(max_processes=0), EMPTY_BUCKET)


@given(machines, licenses, policies, buckets)
def test_one_more_process_is_judged_as_the_table_says(
    machine: Machine, license: License, policy: Policy, bucket: Bucket
) -> None:
    counted: Any = {"PER_MACHINE": machine, "PER_LICENSE": license, PER_USER: bucket}[policy.process_leasing_strategy]
    own = machine.max_processes if policy.process_leasing_strategy == "PER_MACHINE" else None
    maximum, factor = own or license.max_processes or policy.max_processes, FACTORS[policy.overage_strategy]
    allowed = maximum is None or factor is None or counted.processes + 1 <= maximum * factor
    bound = limits.process_bound(machine, license, policy)
    assert (limits.process_problem(machine, license, policy, bucket) is None) == allowed
    assert (bound is None or holds(bound, license, bucket, machine)) == allowed
    assert (bound is None) == (maximum is None or factor is None)


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counter", ["activations", "deactivations"])
def test_the_quota_of_a_token(counter: Quota) -> None:
    def spent(times: int, maximum: int | None) -> Any:
        return limits.quota_problem(token(**{counter: times, f"max_{counter}": maximum}), counter)

    assert spent(10**6, None) is None
    assert spent(1, 2) is None
    found = spent(2, 2)
    assert (found.code, found.pointer) == (f"{counter.upper()}_LIMIT_EXCEEDED", f"/data/attributes/{counter}")
    assert found.detail == "exceeds maximum allowed (2)"
    assert spent(0, 0) is not None


def test_the_bound_of_a_quota() -> None:
    bearer = token(max_activations=3, activations=9)
    assert limits.quota_bound(bearer, "activations") == Bound(lessor="token", counter="activations", highest=2)
    assert limits.quota_bound(bearer, "deactivations") is None
