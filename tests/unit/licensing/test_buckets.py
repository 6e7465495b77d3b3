"""What machines sum up to (spec machines.md §4.5, §11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing import buckets
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.licensing.machine import Machine
from tests.unit.licensing.make import machine

BIG = machine(owner_id="u", cores=4, memory=8, disk=16, processes=2)
WEIGHT = Bucket(machines=1, cores=4, memory=8, disk=16, processes=2)


def test_what_a_machine_does_not_tell_counts_nothing() -> None:
    assert buckets.weight(machine()) == Bucket(machines=1)
    assert buckets.weight(BIG) == WEIGHT


def test_a_new_machine_is_counted_with_its_license_and_its_owner() -> None:
    added = buckets.added(None, BIG)
    assert added.license == WEIGHT
    assert added.owners == {"u": WEIGHT}
    assert buckets.added(None, machine()).owners == {None: Bucket(machines=1)}


def test_a_machine_that_goes_takes_everything_with_it() -> None:
    added = buckets.added(BIG, None)
    assert added.license == EMPTY_BUCKET.plus(WEIGHT, -1)
    assert added.owners == {"u": EMPTY_BUCKET.plus(WEIGHT, -1)}


def test_only_differences_are_added_by_a_change() -> None:
    added = buckets.added(BIG, replace(BIG, cores=6, memory=None))
    assert added.license == Bucket(cores=2, memory=-8)
    assert added.owners == {"u": Bucket(cores=2, memory=-8)}


@pytest.mark.parametrize("name", ["name", "group_id", "ip"])
def test_other_changes_add_nothing(name: str) -> None:
    added = buckets.added(BIG, replace(BIG, **{name: "other"}))
    assert added.license == EMPTY_BUCKET
    assert added.owners == {}


def test_a_machine_moves_from_bucket_to_bucket() -> None:
    added = buckets.added(BIG, replace(BIG, owner_id=None, cores=5))
    assert added.license == Bucket(cores=1)
    assert added.owners == {"u": EMPTY_BUCKET.plus(WEIGHT, -1), None: WEIGHT.plus(Bucket(cores=1))}


sizes = st.none() | st.integers(1, 5)
machines = st.builds(
    machine,
    owner_id=st.sampled_from(["a", "b", None]),
    cores=sizes,
    memory=sizes,
    disk=sizes,
    processes=st.integers(0, 3),
)


@given(st.lists(st.tuples(machines | st.none(), machines | st.none())))
def test_sums_kept_by_changes_are_the_sums(history: list[tuple[Machine | None, Machine | None]]) -> None:
    """Each pair is a machine that comes as the first and becomes the second."""
    license_sums: Bucket = EMPTY_BUCKET
    owner_sums: dict[str | None, Bucket] = {}
    for first, second in history:
        for before, after in ((None, first), (first, second)):
            added = buckets.added(before, after)
            license_sums = license_sums.plus(added.license)
            for owner, sums in added.owners.items():
                owner_sums[owner] = owner_sums.get(owner, EMPTY_BUCKET).plus(sums)
    left = [after for _, after in history if after is not None]
    assert license_sums == total(left)
    for owner in ("a", "b", None):
        assert owner_sums.get(owner, EMPTY_BUCKET) == total([one for one in left if one.owner_id == owner])


def total(held: list[Machine]) -> Bucket:
    return Bucket(
        machines=len(held),
        cores=sum(one.cores or 0 for one in held),
        memory=sum(one.memory or 0 for one in held),
        disk=sum(one.disk or 0 for one in held),
        processes=sum(one.processes for one in held),
    )
