"""Limits and the overage a policy allows beyond them, in exact integers (spec policies.md §3.9, validation.md §6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Factor(NamedTuple):
    """A multiple of the limit as a fraction."""

    numerator: int
    denominator: int


FACTORS: Mapping[str, Factor | None] = {
    "NO_OVERAGE": Factor(1, 1),
    "ALLOW_1_25X_OVERAGE": Factor(5, 4),
    "ALLOW_1_5X_OVERAGE": Factor(3, 2),
    "ALLOW_2X_OVERAGE": Factor(2, 1),
    "ALWAYS_ALLOW_OVERAGE": None,
}


def factor(strategy: str | None) -> Factor | None:
    """What `strategy` multiplies a limit by, None for without bound; null and unknown values allow no overage."""
    return FACTORS.get(strategy or "NO_OVERAGE", FACTORS["NO_OVERAGE"])


def highest(limit: int | None, strategy: str | None) -> int | None:
    """The highest count that is allowed, None when there is none."""
    multiple = factor(strategy)
    if limit is None or multiple is None:
        return None
    return limit * multiple.numerator // multiple.denominator


def allowed(count: int, limit: int | None, strategy: str | None) -> bool:
    """Whether `count` is within `limit` and its overage."""
    bound = highest(limit, strategy)
    return bound is None or count <= bound
