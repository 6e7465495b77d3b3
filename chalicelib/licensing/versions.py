"""Versions of releases: `MAJOR.MINOR.PATCH[-pre][+build]` (spec resources.md §9.1, §9.4)."""

from __future__ import annotations

import re
from typing import NamedTuple

CHANNELS = ("stable", "rc", "beta", "alpha", "dev")
"""All but the first are the words their pre-releases begin with."""

MAXIMUM_LENGTH = 255

_TAGS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
# Eighteen digits fit every client's integers.
_VERSION = re.compile(rf"(\d{{1,18}})(?:\.(\d{{1,18}}))?(?:\.(\d{{1,18}}))?(?:-({_TAGS}))?(?:\+({_TAGS}))?", re.ASCII)

_WORD = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"[0-9]+")


class Version(NamedTuple):
    """The parts of a version, as `semver` shows them."""

    major: int
    minor: int
    patch: int
    prerelease: str | None = None
    build: str | None = None

    def __str__(self) -> str:
        prerelease = "" if self.prerelease is None else f"-{self.prerelease}"
        build = "" if self.build is None else f"+{self.build}"
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"


Order = tuple[int, int, int, bool, str, int, str, int]


def parse(text: str) -> Version | None:
    """The version a text says, None when it says none; minor and patch may be missing, a leading `v` may not be there.

    Its `str` is the form that is stored.
    """
    found = _VERSION.fullmatch(text) if len(text) <= MAXIMUM_LENGTH else None
    if found is None:
        return None
    major, minor, patch, prerelease, build = found.groups()
    return Version(int(major), int(minor or 0), int(patch or 0), prerelease, build)


def agrees(version: Version, channel: str) -> bool:
    """Whether a version may be in a channel: in `stable` without a pre-release, elsewhere with one of that name."""
    if version.prerelease is None or channel == "stable":
        return version.prerelease is None and channel == "stable"
    return version.prerelease.startswith(channel)


def order(version: Version) -> Order:
    """What versions are compared by, the higher the newer: numbers, then releases before pre-releases, then the first
    word and first number of the pre-release, then of the build; none of them is lower than any.
    """
    numbers = (version.major, version.minor, version.patch)
    return (*numbers, version.prerelease is None, *_ranked(version.prerelease), *_ranked(version.build))


def _ranked(tags: str | None) -> tuple[str, int]:
    word, number = _WORD.search(tags or ""), _NUMBER.search(tags or "")
    return (word.group() if word else "", int(number.group()) if number else -1)
