"""What a license reaches (spec resources.md §9.4, validation.md §5.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from chalicelib.licensing.reach import Candidate, Reach, accessible, version_of_checksum
from tests.unit.licensing.make import DAY, LONG_AGO, NOW, TICK, artifact, license_, policy, product, release

STRATEGIES = ("LICENSED", "OPEN", "CLOSED", None)


def reach(
    *, expiry: datetime | None = None, strategy: str = "RESTRICT_ACCESS", distribution: Any = "LICENSED", held: str = ""
) -> Reach:
    return Reach(
        license=license_(expiry=expiry),
        policy=policy(expiration_strategy=strategy),
        product=product(distribution_strategy=distribution),
        entitlement_ids=frozenset(held),
        now=NOW,
    )


@pytest.mark.parametrize(
    ("distribution", "reached"), [("LICENSED", True), ("OPEN", True), ("CLOSED", False), (None, True)]
)
def test_releases_are_distributed_as_their_product_says(distribution: str | None, reached: bool) -> None:
    assert accessible(reach(distribution=distribution), release(), ()) is reached


@pytest.mark.parametrize("status", ["DRAFT", "YANKED"])
@pytest.mark.parametrize("distribution", STRATEGIES)
def test_only_what_is_published_is_reached(status: str, distribution: str | None) -> None:
    assert not accessible(reach(distribution=distribution), release(status=status), ())


@pytest.mark.parametrize("distribution", STRATEGIES)
def test_releases_of_other_products_are_out_of_reach(distribution: str | None) -> None:
    assert not accessible(reach(distribution=distribution), release(product_id="other"), ())


@pytest.mark.parametrize("distribution", ["LICENSED", "OPEN"])
@pytest.mark.parametrize(("asked", "reached"), [("", True), ("a", True), ("ab", True), ("abx", False)])
def test_every_constraint_must_be_met(distribution: str, asked: str, reached: bool) -> None:
    assert accessible(reach(distribution=distribution, held="abc"), release(), frozenset(asked)) is reached


EXPIRED = NOW - DAY
LATER = NOW + DAY


@pytest.mark.parametrize(
    ("strategy", "expiry", "created", "backdated", "reached"),
    [
        *[(strategy, None, NOW, None, True) for strategy in ("RESTRICT_ACCESS", "REVOKE_ACCESS", "MAINTAIN_ACCESS")],
        ("ALLOW_ACCESS", EXPIRED, NOW, None, True),
        ("REVOKE_ACCESS", NOW, LATER, None, True),
        ("REVOKE_ACCESS", NOW - TICK, LONG_AGO, None, False),
        ("RESTRICT_ACCESS", EXPIRED, EXPIRED, None, True),
        ("RESTRICT_ACCESS", EXPIRED, EXPIRED + TICK, None, False),
        ("RESTRICT_ACCESS", EXPIRED, NOW, EXPIRED, True),
        ("RESTRICT_ACCESS", EXPIRED, NOW, EXPIRED + TICK, False),
        ("RESTRICT_ACCESS", LATER, NOW, None, True),
        ("RESTRICT_ACCESS", LATER, LATER + TICK, None, False),
        ("MAINTAIN_ACCESS", EXPIRED, EXPIRED, None, True),
        ("MAINTAIN_ACCESS", EXPIRED, NOW, None, False),
    ],
)
def test_the_window_of_an_expiry(
    strategy: str, expiry: datetime | None, created: datetime, backdated: datetime | None, reached: bool
) -> None:
    found = release(created=created, backdated=backdated)
    assert accessible(reach(strategy=strategy, expiry=expiry), found, ()) is reached
    # Who would reach it without a license at all is not asked when it ends.
    assert accessible(reach(strategy=strategy, expiry=expiry, distribution="OPEN"), found, ())
    open_to = reach(strategy=strategy, expiry=expiry, distribution="OPEN", held="a")
    assert accessible(open_to, found, ("a",)) is reached


# --- artifacts ------------------------------------------------------------------------------------------------------


def candidate(version: str, asked: str = "", *, created: datetime = NOW, **given: Any) -> Candidate:
    status = given.pop("release_status", "PUBLISHED")
    file = artifact(**{"checksum": "sum", "created": created} | given)
    return Candidate(artifact=file, release=release(version=version, status=status), constraints=frozenset(asked))


def found(*candidates: Candidate) -> str | None:
    return version_of_checksum(reach(held="a"), "sum", candidates)


def test_the_version_of_an_artifact() -> None:
    assert found(candidate("1.2.0", "a")) == "1.2.0"
    assert found() is None


@pytest.mark.parametrize(
    "hidden",
    [
        candidate("9.0.0", checksum="SUM"),
        candidate("9.0.0", checksum=None),
        candidate("9.0.0", status="WAITING"),
        candidate("9.0.0", status="YANKED"),
        candidate("9.0.0", release_status="DRAFT"),
        candidate("9.0.0", "x"),
    ],
)
def test_what_is_not_accessible_does_not_count(hidden: Candidate) -> None:
    assert found(hidden) is None
    assert found(hidden, candidate("1.0.0")) == "1.0.0"


def test_of_several_the_highest_version_counts() -> None:
    assert found(candidate("1.9.0"), candidate("1.10.0"), candidate("2.0.0", "x"), candidate("1.10.0-rc.1")) == "1.10.0"


def test_of_equal_rank_the_newest_counts() -> None:
    # The second numbers of pre-releases do not count.
    older, newer = candidate("1.0.0-rc.1.1", created=LONG_AGO), candidate("1.0.0-rc.1.0", created=NOW)
    assert found(older, newer) == found(newer, older) == "1.0.0-rc.1.0"
