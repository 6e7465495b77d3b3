from __future__ import annotations

from chalicelib.licensing.errors import InvalidFields, NotFound, Problem, Problems, check, missing
from tests.unit.licensing.make import invalid, refused

ONE = Problem("first", code="A", pointer="/a")
SAME_PLACE = Problem("second", code="A", pointer="/a")
ELSEWHERE = Problem("third", code="A", pointer="/b")


def test_of_one_code_in_one_place_the_first_wins() -> None:
    assert invalid(lambda: check([None, ONE, SAME_PLACE, ELSEWHERE])) == [("A", "/a", "first"), ("A", "/b", "third")]


def test_nothing_found_is_no_refusal() -> None:
    check([None, None])
    Problems().raise_if_any()


def test_the_text_of_a_refusal_names_every_reason() -> None:
    assert str(refused(InvalidFields, lambda: check([ONE, ELSEWHERE]))) == "first; third"


def test_missing_resources() -> None:
    named, unnamed = missing("license", "abc"), missing("group")
    assert isinstance(named, NotFound)
    assert named.problems == (Problem("The requested license 'abc' was not found", code="NOT_FOUND"),)
    assert unnamed.problems[0].detail == "The requested group was not found"
