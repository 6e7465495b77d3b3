"""One row of the decision procedure (spec validation.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.licensing.validation.case import Case

Condition = Callable[[Case], bool]


def never(case: Case) -> bool:
    """The condition nothing meets."""
    return False


def always(case: Case) -> bool:
    """The condition everything meets."""
    return True


def unchanged(case: Case) -> str | None:
    """The version a row leaves the license with when it says nothing about it."""
    return None


class Check(NamedTuple):
    """A row: when it matches, it ends the procedure with its code.

    `skipped_by_quick` is the column S. An `overage` row that is valid does not match an expired restricted license
    (§6.2). `version` is the release version the license takes on when the row is passed without matching (§7).
    """

    row: str
    skipped_by_quick: bool
    code: str
    detail: str | Callable[[Case], str]
    matches: Condition
    valid: Condition = never
    overage: bool = False
    version: Callable[[Case], str | None] = unchanged
