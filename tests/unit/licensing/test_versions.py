"""Versions of releases (spec resources.md §9.1, §9.4)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import versions
from chalicelib.licensing.versions import Version


@pytest.mark.parametrize(
    ("text", "parsed", "stored"),
    [
        ("1.2.3", Version(1, 2, 3), "1.2.3"),
        ("1", Version(1, 0, 0), "1.0.0"),
        ("1.2", Version(1, 2, 0), "1.2.0"),
        ("01.02.03", Version(1, 2, 3), "1.2.3"),
        ("1.0.0-beta.2", Version(1, 0, 0, "beta.2"), "1.0.0-beta.2"),
        ("1.0.0+build.5", Version(1, 0, 0, None, "build.5"), "1.0.0+build.5"),
        ("1.0.0-rc-1.x+20240201", Version(1, 0, 0, "rc-1.x", "20240201"), "1.0.0-rc-1.x+20240201"),
        ("1-dev", Version(1, 0, 0, "dev"), "1.0.0-dev"),
        ("999999999999999999.0.0", Version(999_999_999_999_999_999, 0, 0), "999999999999999999.0.0"),
    ],
)
def test_what_is_a_version(text: str, parsed: Version, stored: str) -> None:
    version = versions.parse(text)
    assert version == parsed
    assert str(version) == stored


@pytest.mark.parametrize(
    "text",
    [
        *("", "v1.0.0", "V1", "1.", "1.2.3.4", "1.x", "-1.0.0", "1.0.0-", "1.0.0+", "1.0.0-a..b"),
        *("1.0.0-ä", "1.0.0+a+b"),
        *("1.0.0\n", " 1.0.0", "latest", "１.0.0", "1" * 19, "1.0.0-" + "a" * 250),
    ],
)
def test_what_is_no_version(text: str) -> None:
    assert versions.parse(text) is None


def test_the_longest_version() -> None:
    assert versions.parse("1.0.0-" + "a" * 249) is not None


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("1.0.0", {"stable"}),
        ("1.0.0+build", {"stable"}),
        ("1.0.0-rc.1", {"rc"}),
        ("1.0.0-rc1", {"rc"}),
        ("1.0.0-beta", {"beta"}),
        ("1.0.0-alpha.1+7", {"alpha"}),
        ("1.0.0-dev-5", {"dev"}),
        ("1.0.0-RC.1", set()),
        ("1.0.0-preview.1", set()),
        ("1.0.0-1.rc", set()),
    ],
)
def test_the_channel_a_version_may_be_in(text: str, channels: set[str]) -> None:
    version = versions.parse(text)
    assert version is not None
    assert {channel for channel in versions.CHANNELS if versions.agrees(version, channel)} == channels


def test_versions_in_order() -> None:
    ascending = """
    0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.2 1.0.0-alpha.10 1.0.0-beta.1 1.0.0-dev.1 1.0.0-rc.1 1.0.0-rc.1+1
    1.0.0-rc.1+build.1 1.0.0-rc.1+build.2 1.0.0-rc.2 1.0.0 1.0.0+1 1.0.0+a 1.0.1 1.2.0 1.10.0 2.0.0-alpha 2.0.0 10.0.0
    """.split()
    orders = [versions.order(version) for text in ascending if (version := versions.parse(text)) is not None]
    assert len(orders) == len(ascending)
    assert all(lower < higher for lower, higher in pairwise(orders))


numbers = st.integers(0, 10**18 - 1)
tags = st.none() | st.from_regex(r"\A[0-9A-Za-z-]{1,9}(\.[0-9A-Za-z-]{1,9}){0,3}\Z")


@given(st.builds(Version, numbers, numbers, numbers, tags, tags))
def test_what_is_stored_reads_as_the_same(version: Version) -> None:
    assert versions.parse(str(version)) == version
