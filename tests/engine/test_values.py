"""AttributeValues: one canonical form, sizes, order, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine import Engine
from infra.local.engine.codec import decode, encode
from infra.local.engine.decimals import add, canonical_number, number_key
from infra.local.engine.errors import Refusal
from infra.local.engine.values import canonical, item_size, value_size
from tests.engine.tables import code_of, define, get, key, put

NUMBERS = st.builds(
    lambda digits, exponent: f"{digits}E{exponent}",
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-130, 87),
)
VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, st.text(max_size=5)),
        st.builds(lambda number: {"N": str(number)}, st.integers(-1000, 1000)),
        st.builds(lambda content: {"B": content}, st.binary(max_size=5)),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.builds(lambda members: {"BS": sorted(members)}, st.sets(st.binary(max_size=2), min_size=1, max_size=3)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=3)),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0E500", "0"),
        ("0.00", "0"),
        ("1E+2", "100"),
        ("1.5E10", "15000000000"),
        ("0.10", "0.1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+5", "5"),
        ("00012", "12"),
        ("-.5e-3", "-0.0005"),
        ("1" * 38 + "0", "1" * 38 + "0"),
        ("1e125", "1" + "0" * 125),
        ("1e-130", "0." + "0" * 129 + "1"),
    ],
)
def test_a_number_has_one_spelling(given_text: str, expected: str) -> None:
    assert canonical_number(given_text) == expected


@pytest.mark.parametrize(
    "wrong", ["", " 1", "1 ", "abc", "1e", "0x1", "NaN", "Infinity", "1_0", "1E126", "1E-131", "1" * 39, 1, None, "--1"]
)
def test_what_is_no_number_of_the_service_is_refused(wrong: object) -> None:
    with pytest.raises(Refusal):
        canonical_number(wrong)


@given(NUMBERS, NUMBERS)
def test_key_bytes_order_as_numbers_do(left: str, right: str) -> None:
    try:
        first, second = canonical_number(left), canonical_number(right)
    except Refusal:
        return
    keys = number_key(first), number_key(second)
    assert (keys[0] < keys[1]) == (Decimal(first) < Decimal(second))
    assert (keys[0] == keys[1]) == (Decimal(first) == Decimal(second))


@given(NUMBERS)
def test_the_canonical_spelling_is_exact_and_stable(text: str) -> None:
    try:
        spelt = canonical_number(text)
    except Refusal:
        return
    assert Decimal(spelt) == Decimal(text)
    assert canonical_number(spelt) == spelt


def test_a_sum_is_exact_or_refused() -> None:
    assert add("9" * 37, "1") == "1" + "0" * 37
    with pytest.raises(Refusal):
        add("1", "0." + "0" * 37 + "1")


@given(st.dictionaries(st.text(min_size=1, max_size=6), VALUES, max_size=4))
def test_an_item_survives_the_database(item: dict[str, Any]) -> None:
    assert decode(encode(item)) == item


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é€😀"}, 9),
        ({"N": "0"}, 1),
        ({"N": "12"}, 2),
        ({"N": "-123"}, 4),
        ({"N": "1200"}, 2),
        ({"N": "1.5"}, 3),
        ({"N": "120.5"}, 4),
        ({"N": "0.001"}, 2),
        ({"N": "9" * 38}, 20),
        ({"B": b"abc"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 8),
        ({"M": {"k": {"S": "a"}, "kk": {"N": "12"}}}, 11),
        ({"SS": ["a", "bb"]}, 3),
        ({"NS": ["1", "12", "123"]}, 7),
    ],
)
def test_sizes_are_those_dynamodb_local_charges(value: dict[str, Any], size: int) -> None:
    assert value_size(canonical(value)) == size
    assert item_size({"name": canonical(value)}) == size + 4


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"S": "a", "N": "1"},
        {"X": "a"},
        {"S": 1},
        {"S": "\ud800"},
        {"B": 1},
        {"BOOL": 1},
        {"NULL": False},
        {"L": "ab"},
        {"L": [{"S": 1}]},
        {"M": {"": {"S": "a"}}},
        {"M": []},
        {"SS": []},
        {"SS": ["a", "a"]},
        {"SS": "ab"},
        {"NS": ["1", "1.0"]},
        {"BS": [b"a", b"a"]},
        "text",
        None,
    ],
)
def test_malformed_values_are_refused(engine: Engine, wrong: object) -> None:
    engine.call("CreateTable", define())
    parameters = {"TableName": "things", "Item": {**key("a"), "v": wrong}}
    assert code_of(engine, "PutItem", parameters) == "ValidationException"
    assert get(engine, key("a")) is None


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


def test_nesting_ends_at_31_levels(engine: Engine) -> None:
    engine.call("CreateTable", define())
    put(engine, {**key("a"), "v": nested(31)})
    refused = {"TableName": "things", "Item": {**key("a"), "v": nested(32)}}
    assert code_of(engine, "PutItem", refused) == "ValidationException"


def test_an_item_ends_at_400_kilobytes(engine: Engine) -> None:
    engine.call("CreateTable", define())
    room = 400 * 1024 - item_size({**key("a"), "v": {"S": ""}})
    put(engine, {**key("a"), "v": {"S": "x" * room}})
    refused = {"TableName": "things", "Item": {**key("a"), "v": {"S": "x" * (room + 1)}}}
    assert code_of(engine, "PutItem", refused) == "ValidationException"


def test_sets_and_numbers_come_back_canonical_and_bytes_as_bytes(engine: Engine) -> None:
    engine.call("CreateTable", define())
    odd = {"n": {"N": "1E2"}, "ns": {"NS": ["10", "9.0"]}, "b": {"B": bytearray(b"\x00\xff")}, "t": {"B": "é"}}
    put(engine, {**key("a"), **odd})
    found = get(engine, key("a"))
    expected = {"n": {"N": "100"}, "ns": {"NS": ["9", "10"]}, "b": {"B": b"\x00\xff"}, "t": {"B": "é".encode()}}
    assert found == {**key("a"), **expected}
    assert type(found["b"]["B"]) is bytes
