"""Records inside another one (spec machines.md §4.7, resources.md §9.1)."""

from __future__ import annotations

import pytest

from chalicelib.licensing import embedded
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.fields import invalid, unrelated
from tests.unit.licensing.make import refused


def test_twenty_records_are_not_too_many() -> None:
    embedded.check_count([object()] * 20)
    refusal = refused(InvalidState, lambda: embedded.check_count([object()] * 21))
    assert refusal.problems == (Problem("too many records"),)


@pytest.mark.parametrize(
    ("problem", "code", "pointer"),
    [
        (
            invalid("name", "TOO_LONG", "is long"),
            "PARTS_NAME_TOO_LONG",
            "/data/relationships/parts/data/3/attributes/name",
        ),
        (
            unrelated("user", "NOT_FOUND", "is long"),
            "PARTS_USER_NOT_FOUND",
            "/data/relationships/parts/data/3/relationships/user",
        ),
    ],
)
def test_problems_are_told_at_their_place(problem: Problem, code: str, pointer: str) -> None:
    assert list(embedded.inside("parts", 3, [None, problem])) == [Problem("is long", code=code, pointer=pointer)]
