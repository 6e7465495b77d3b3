"""Entitlement constraints of a release (spec resources.md §9.3)."""

from __future__ import annotations

from itertools import count

import pytest

from chalicelib.licensing import constraint
from chalicelib.licensing.attachment import Attachment, Wanted
from chalicelib.licensing.errors import InvalidState, Problem
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, entitlement, invalid, refused

ENTITLEMENT = "/data/relationships/entitlement"


def attach(asked: str, attached: str = "") -> tuple[Attachment, ...]:
    numbers = count()
    wanted = Wanted(tuple(asked), {name: entitlement(id=name) for name in "abc"}, frozenset(attached))
    return constraint.attach("r", wanted, lambda: f"c{next(numbers)}", NOW)


def test_a_constraint_ties_an_entitlement_to_a_release() -> None:
    first, second = attach("ba", "c")
    assert (first.id, first.kind, first.holder_id, first.target_id) == ("c0", "release-constraint", "r", "b")
    assert (second.id, second.target_id, second.created) == ("c1", "a", NOW)


@pytest.mark.parametrize(
    ("asked", "attached", "expected"),
    [
        ("ax", "", ("ENTITLEMENT_NOT_FOUND", ENTITLEMENT, "must exist")),
        ("aa", "", ("ENTITLEMENT_TAKEN", ENTITLEMENT, "already exists")),
        ("ab", "b", ("ENTITLEMENT_TAKEN", ENTITLEMENT, "already exists")),
    ],
)
def test_what_cannot_be_attached(asked: str, attached: str, expected: tuple[str, str, str]) -> None:
    assert invalid(attach, asked, attached) == [expected]


def test_constraints_are_detached_by_their_own_ids() -> None:
    attached = {name: make.attachment(id=name, kind="release-constraint", target_id=f"e{name}") for name in "xyz"}
    assert constraint.detach("zx", attached) == (attached["z"], attached["x"])


@pytest.mark.parametrize(("asked", "index", "name"), [("xq", 1, "q"), ("xx", 1, "x"), ("q", 0, "q")])
def test_what_is_not_attached_cannot_be_detached(asked: str, index: int, name: str) -> None:
    refusal = refused(InvalidState, lambda: constraint.detach(asked, {"x": make.attachment(id="x")}))
    detail = f"cannot detach constraint '{name}' (constraint is not attached)"
    assert refusal.problems == (Problem(detail, pointer=f"/data/{index}"),)
