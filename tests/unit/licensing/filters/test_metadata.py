"""The filter by metadata and the index texts it looks up (spec licenses.md §8.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.filters.metadata import Metadata, asks_for_one_scalar, metadata_asks, metadata_rows, parse
from chalicelib.licensing.metadata import normal_keys
from tests.unit.licensing.make import license_

ENDLESS = "9" * 5000


def asked(**sent: Any) -> Metadata:
    found = parse(sent)
    assert found is not None
    return found


def fits(sent: dict[str, Any], stored: dict[str, Any]) -> bool:
    return asked(**sent).matches(license_(metadata=stored))


@pytest.mark.parametrize("key", ["deletedAt", "deleted_at", "DeletedAt", "deleted-at"])
def test_keys_are_read_as_those_of_documents(key: str) -> None:
    assert fits({key: "x"}, {"deleted_at": "x"})
    assert fits({"a": {key: "x"}}, {"a": {"deleted_at": "x"}})
    assert fits({"a": {"b": {key: "x"}}}, {"a": {"b": {"deleted_at": "x"}}})


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        ("pro", "pro", True),
        ("pro", "Pro", False),
        ("pro", "pro ", False),
        ("pro", "prod", False),
        ("pro", ["pro"], False),
        ("pro", {"pro": "pro"}, False),
        ("1", "1", True),
        ("1", 1, True),
        ("1", 1.0, True),
        ("1", "1.0", False),
        ("1", True, False),
        ("1.0", 1, True),
        ("1.0", 1.0, True),
        ("1.50", 1.5, True),
        ("1.0", "1", False),
        ("007", 7, True),
        ("0", False, False),
        ("0", None, False),
        ("-1", -1, False),
        ("-1", "-1", True),
        ("1e3", 1000, False),
        ("1.", 1, False),
        (".5", 0.5, False),
        ("1,5", 1.5, False),
        ("١", 1, False),
        ("true", True, True),
        ("true", "true", True),
        ("true", 1, False),
        ("True", True, False),
        ("false", False, True),
        ("false", 0, False),
        ("false", None, False),
        ("null", None, True),
        ("null", "null", True),
        ("null", False, False),
        ("NULL", None, False),
        ("10000000000000000000000", 1e22, True),
        ("9007199254740993", 9007199254740992.0, False),
        (ENDLESS, ENDLESS, True),
        (ENDLESS, 1, False),
        ("9" * 400 + ".0", 1, False),
    ],
)
def test_a_text_matches_itself_and_what_it_reads_as(sent: str, stored: Any, expected: bool) -> None:
    assert fits({"k": sent}, {"k": stored, "other": "x"}) is expected


def test_null_needs_the_key() -> None:
    assert not fits({"k": "null"}, {})
    assert not fits({"k": {"a": "null"}}, {"k": {}})


def test_every_key_must_fit() -> None:
    assert fits({"a": "1", "b": "x"}, {"a": 1, "b": "x", "c": None})
    assert not fits({"a": "1", "b": "x"}, {"a": 1, "b": "y"})
    assert not fits({"a": "1", "b": "x"}, {"a": 1})


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"cores": "64"}, True),
        ({"cores": "64", "memory": 1}, True),
        ({"cores": 64}, False),
        ({"cores": ["64"]}, False),
        ({}, False),
        ("64", False),
        (["64"], False),
        (None, False),
    ],
)
def test_below_the_top_texts_are_texts(stored: Any, expected: bool) -> None:
    assert fits({"hw": {"cores": "64"}}, {"hw": stored}) is expected


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        (["a"], ["a", "b"], True),
        (["b", "a"], ["a", "b", "c"], True),
        (["a", "d"], ["a", "b", "c"], False),
        (["1"], [1], False),
        (["1"], ["1"], True),
        (["true"], [True], False),
        (["a"], "a", False),
        (["a"], {"a": "a"}, False),
        (["a"], [["a"]], False),
    ],
)
def test_arrays_hold_the_texts_asked_for(sent: list[str], stored: Any, expected: bool) -> None:
    assert fits({"k": sent}, {"k": stored}) is expected
    assert fits({"outer": {"k": sent}}, {"outer": {"k": stored}}) is expected


@pytest.mark.parametrize("sent", [None, "", "x", [], ["x"], {}, {"a": ""}, {"a": " ", "b": {"c": [""]}}])
def test_skipped(sent: Any) -> None:
    assert parse(sent) is None


def test_blank_members_are_as_good_as_absent() -> None:
    assert fits({"a": "", "b": "x", "c": []}, {"b": "x"})
    assert not fits({"a": {"b": "x", "c": ""}}, {"a": {"b": "x"}})


def test_of_keys_that_become_equal_the_last_counts() -> None:
    assert fits({"fooBar": "1", "foo_bar": "2"}, {"foo_bar": "2"})


def test_hostile_depth_does_no_harm() -> None:
    sent: Any = "x"
    for _ in range(5_000):
        sent = {"a": sent}
    found = asked(**sent)
    assert not found.matches(license_(metadata={"a": {"a": {"a": "x"}}}))
    assert len(metadata_asks(found)) == 1


def test_rows_are_the_scalars_reached_through_objects() -> None:
    metadata = {
        "plan": "pro",
        "seats": 5,
        "ratio": 0.5,
        "trial": False,
        "ended": None,
        "hw": {"cores": 64, "os": {"name": "x=y"}},
        "tags": ["a", 1],
        "nothing": {},
    }
    assert metadata_rows(metadata) == (
        *("plan=pro", "seats:5", "ratio:0.5", "trial:false", "ended:null"),
        *("hw.cores:64", "hw.os.name=x=y"),
    )


@pytest.mark.parametrize(
    "alike", [(1, 1.0), (0, -0.0), (10**22, 1e22), (1e-7, 0.0000001), (-5, -5.0), (10**400, 10**400)]
)
def test_numbers_of_one_value_are_one_text(alike: tuple[Any, Any]) -> None:
    one, other = alike
    assert metadata_rows({"k": one}) == metadata_rows({"k": other})


def test_texts_of_different_scalars_differ() -> None:
    scalars: list[Any] = ["1", 1, "1.0", 1.5, "true", True, "false", False, "null", None, 0, "", "=", ":1", -1]
    assert len({row for value in scalars for row in metadata_rows({"k": value})}) == len(scalars)


@pytest.mark.parametrize(
    ("sent", "texts", "exact"),
    [
        ({"plan": "pro"}, ("plan=pro",), True),
        ({"seats": "5"}, ("seats=5", "seats:5"), True),
        ({"seats": "5.0"}, ("seats=5.0", "seats:5"), True),
        ({"k": "null"}, ("k=null", "k:null"), True),
        ({"k": "-5"}, ("k=-5",), True),
        ({"hw": {"cores": "64"}}, ("hw.cores=64",), True),
        ({"hw": {"cores": "64", "os": "x"}}, ("hw.cores=64",), False),
        ({"hw": {"tags": ["a"], "os": "x"}}, ("hw.os=x",), False),
        ({"tags": ["a"]}, (), False),
        ({"tags": ["a"], "plan": "pro"}, ("plan=pro",), False),
        ({"plan": "pro", "seats": "5"}, ("plan=pro",), False),
        ({"customerId": "x"}, ("customer_id=x",), True),
    ],
)
def test_asks(sent: dict[str, Any], texts: tuple[str, ...], exact: bool) -> None:
    found = asked(**sent)
    assert (metadata_asks(found), asks_for_one_scalar(found)) == (texts, exact)


words = some.sampled_from(["a", "b", "1", "1.0", "2.5", "true", "null", "-1", "aB"])
scalars = words | some.sampled_from([1, 1.0, 2.5, True, False, None, -1, 0])


def nested(leaves: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    level = leaves | some.lists(leaves, max_size=2) | some.dictionaries(words, leaves, max_size=2)
    return some.dictionaries(words, level, min_size=1, max_size=3)


@given(sent=nested(words), stored=nested(scalars).map(normal_keys))
def test_what_fits_has_one_of_the_texts(sent: Any, stored: Any) -> None:
    found = parse(sent)
    if found is None:
        return
    asks, rows = set(metadata_asks(found)), set(metadata_rows(stored))
    if found.matches(license_(metadata=stored)) and asks:
        assert asks & rows
    if asks_for_one_scalar(found):
        assert found.matches(license_(metadata=stored)) is bool(asks & rows)
    assert len(asks) <= 2


@given(stored=nested(words).map(normal_keys))
def test_a_resource_fits_its_own_metadata(stored: Any) -> None:
    found = parse(stored)
    assert found is None or found.matches(license_(metadata=stored))
