"""Releases (spec resources.md §9.1)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import release as releases
from chalicelib.licensing.attachment import Wanted
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.release import Draft, Release
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK, codes, entitlement, invalid, product, refused

VERSION, TAG = "/data/attributes/version", "/data/attributes/tag"
BIG = {"a": "x" * 16_384}


def created(**given: Any) -> Release:
    """Names of the draft, else attributes sent."""
    known = {name: given.pop(name) for name in Draft.__struct_fields__ if name in given}
    fields = {"version": "1.0.0", "channel": "stable"} | given
    return releases.create(Draft(release_id="r", fields=fields, **{"product": product()} | known), NOW)


def wanted(asked: str, found: str = "abcdefghijklmnopqrstuvwxyz") -> Wanted:
    return Wanted(tuple(asked), {name: entitlement(id=name) for name in found})


def test_a_release_is_a_draft_unless_it_is_published() -> None:
    sent: dict[str, Any] = {
        "name": "N",
        "description": "D",
        "tag": "latest",
        "metadata": {"a": 1},
        "backdated": NOW - TICK,
    }
    assert created(**sent, product=product(id="p")) == Release(
        id="r", product_id="p", version="1.0.0", channel="stable", status="DRAFT", created=NOW, updated=NOW, **sent
    )
    assert created(status="PUBLISHED").status == "PUBLISHED"
    assert created(tag=None, metadata=None) == created()


def test_a_version_is_stored_in_full() -> None:
    assert created(version="1.2-beta", channel="beta").version == "1.2.0-beta"
    assert releases.normal_version("01.2-beta") == "1.2.0-beta"
    assert releases.normal_version("v1") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"product": None}, ("PRODUCT_NOT_FOUND", "/data/relationships/product", "must exist")),
        ({"version": "v1.0.0"}, ("VERSION_INVALID", VERSION, "must be a valid version")),
        (
            {"version": "1.0.0-beta.1"},
            (
                "VERSION_CHANNEL_INVALID",
                VERSION,
                "does not match the stable channel (expected x.y.z, got 1.0.0-beta.1)",
            ),
        ),
        (
            {"channel": "rc"},
            ("VERSION_CHANNEL_INVALID", VERSION, "does not match the rc channel (expected x.y.z-rc.n, got 1.0.0)"),
        ),
        ({"version_taken": True}, ("VERSION_TAKEN", VERSION, "version already exists")),
        ({"tag_taken": True, "tag": "t"}, ("TAG_TAKEN", TAG, "tag already exists")),
        ({"tag": "x" * 256}, ("TAG_TOO_LONG", TAG, "is too long (maximum is 255 characters)")),
        ({"name": "x" * 256}, ("NAME_TOO_LONG", "/data/attributes/name", "is too long (maximum is 255 characters)")),
        (
            {"description": "x" * 16_385},
            (
                "DESCRIPTION_TOO_LONG",
                "/data/attributes/description",
                "is too long (maximum is 16384 characters)",
            ),
        ),
        ({"backdated": NOW}, ("BACKDATED_INVALID", "/data/attributes/backdated", "must be in the past")),
        (
            {"metadata": BIG},
            ("METADATA_TOO_LONG", "/data/attributes/metadata", "too large (exceeded limit of 16384 bytes)"),
        ),
    ],
)
def test_what_a_release_cannot_be(given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(created, **given) == [expected]


def test_constraints_are_judged_with_their_release() -> None:
    place = "/data/relationships/constraints/data/{}/relationships/entitlement"
    assert codes(created, constraints=wanted("ab")) == []
    assert invalid(created, product=None, constraints=wanted("axa", "a"), version="v1") == [
        ("PRODUCT_NOT_FOUND", "/data/relationships/product", "must exist"),
        ("CONSTRAINTS_ENTITLEMENT_CONFLICT", place.format(0), "is duplicated"),
        ("CONSTRAINTS_ENTITLEMENT_NOT_FOUND", place.format(1), "must exist"),
        ("CONSTRAINTS_ENTITLEMENT_CONFLICT", place.format(2), "is duplicated"),
        ("VERSION_INVALID", VERSION, "must be a valid version"),
    ]


def test_at_most_twenty_constraints_come_with_a_release() -> None:
    assert codes(created, constraints=wanted("abcdefghijklmnopqrst")) == []
    refusal = refused(InvalidState, lambda: created(constraints=wanted("abcdefghijklmnopqrstu"), version="v1"))
    assert refusal.problems == (Problem("too many records"),)


STORED = make.release(tag="t", name="n", description="d", backdated=make.LONG_AGO, metadata={"a": 1})


def test_an_update_changes_what_was_sent() -> None:
    after = releases.update(STORED, {"name": "m", "metadata": {}}, tag_taken=False, now=NOW)
    assert after == replace(STORED, name="m", metadata={}, updated=NOW)
    cleared: dict[str, Any] = dict.fromkeys(["tag", "name", "description", "backdated"])
    after = releases.update(STORED, cleared | {"metadata": None}, tag_taken=False, now=NOW)
    assert after == replace(STORED, **cleared, updated=NOW)


def test_what_an_update_cannot_set() -> None:
    sent = {"tag": "x" * 256, "backdated": NOW + DAY}
    found = codes(releases.update, STORED, sent, tag_taken=True, now=NOW)
    assert found == ["TAG_TAKEN", "TAG_TOO_LONG", "BACKDATED_INVALID"]


def test_a_release_is_published_and_withdrawn() -> None:
    draft = make.release(status="DRAFT")
    published = releases.publish(draft, NOW)
    assert published == replace(draft, status="PUBLISHED", updated=NOW)
    yanked = releases.yank(published, NOW)
    assert yanked == replace(published, status="YANKED", yanked=NOW)
    assert releases.yank(yanked, NOW + DAY).yanked == NOW
    assert releases.publish(yanked, NOW + DAY) == replace(draft, status="PUBLISHED", updated=NOW + DAY)
