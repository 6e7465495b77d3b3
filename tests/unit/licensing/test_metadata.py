from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import metadata

keys = st.text() | st.from_regex(r"[A-Za-z0-9_\- .]{0,12}", fullmatch=True)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("sent", "stored", "shown"),
    [
        # spec http.md §5.4 and licenses.md §4.6
        ("customerId", "customer_id", "customerId"),
        ("customer_id", "customer_id", "customerId"),
        ("customer-id", "customer_id", "customerId"),
        ("Customer ID", "customer_id", "customerId"),
        ("customer.id", "customer_id", "customerId"),
        ("customerID", "customer_id", "customerId"),
        ("ABC", "abc", "abc"),
        ("HTMLParser", "html_parser", "htmlParser"),
        ("key_1", "key_1", "key1"),
        ("key-1", "key_1", "key1"),
        ("key1", "key1", "key1"),
        ("example_key_1", "example_key_1", "exampleKey1"),
        ("example key 1", "example_key_1", "exampleKey1"),
        ("deletedAt", "deleted_at", "deletedAt"),
        ("DeletedAt", "deleted_at", "deletedAt"),
        # the same rules further out
        ("key1Name", "key1_name", "key1Name"),
        ("__a--b__", "a_b", "aB"),
        ("a...b", "a_b", "aB"),
        ("$ref", "ref", "ref"),
        ("", "", ""),
        ("___", "", ""),
        ("日本", "", ""),
        ("Größe", "grosse", "grosse"),
        ("Éclair", "eclair", "eclair"),
        ("ØresundBroen", "oresund_broen", "oresundBroen"),
        ("ﬁeld", "field", "field"),
        ("é", "e", "e"),
        ("max_machines", "max_machines", "maxMachines"),
    ],
)
def test_keys_in_and_out(sent: str, stored: str, shown: str) -> None:
    assert metadata.normal_key(sent) == stored
    assert metadata.camel(stored) == shown


def test_digits_after_an_underscore_do_not_come_back() -> None:
    assert metadata.normal_key(metadata.camel("key_1")) == "key1"


@given(keys)
def test_stored_keys_are_plain_and_stay(key: str) -> None:
    stored = metadata.normal_key(key)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*|", stored)
    assert metadata.normal_key(stored) == stored


@given(st.from_regex(r"[a-z]{2,}[0-9]?(_[a-z]{2,}[0-9]?)*", fullmatch=True))
def test_shown_keys_come_back_as_stored(stored: str) -> None:
    assert metadata.normal_key(metadata.camel(stored)) == stored


@given(keys.map(lambda key: key * 40))
def test_long_keys_follow_the_same_rules(key: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]*", metadata.normal_key(key))
    assert "_" not in metadata.camel(metadata.normal_key(key))


def test_long_keys_are_not_remembered() -> None:
    before = metadata._short_normal.cache_info().currsize
    for index in range(10):
        metadata.normal_key(f"{index}" * 100)
    assert metadata._short_normal.cache_info().currsize == before


def test_every_depth_is_renamed_and_the_last_of_equal_keys_wins() -> None:
    sent = {"fooBar": [{"innerKey": 1}, "camelValue"], "foo_bar": {"a-b": {"C D": None}}}
    assert metadata.normal_keys(sent) == {"foo_bar": {"a_b": {"c_d": None}}}
    assert metadata.camel_keys({"foo_bar": [{"a_b": "c_d"}]}) == {"fooBar": [{"aB": "c_d"}]}


@given(values)
def test_renaming_keeps_values_and_the_sent_object(value: Any) -> None:
    def leaves(node: Any) -> int:
        if isinstance(node, dict):
            return sum(map(leaves, node.values()))
        return sum(map(leaves, node)) if isinstance(node, list) else 1

    copy = repr(value)
    assert leaves(metadata.normal_keys(value)) <= leaves(value)
    assert repr(value) == copy


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, None),
        ({"a": 1}, None),
        ({"a": {"b": {"c": 1}}}, None),
        ({"a": {"b": {}}}, None),
        ({"a": [[1, 2]]}, None),
        ({"a": {"b": {"c": {}}}}, ["a", "b", "c"]),
        ({"a": {"b": {"c": []}}}, ["a", "b", "c"]),
        ({"array": [1, [[2]]]}, ["array", 1, 0]),
        ({"array": [[], [[]]], "b": {"c": [{}]}}, ["array", 1, 0]),
        ({"a": 1, "b": {"c": [0, {}]}}, ["b", "c", 1]),
        ({"z": {"y": {"x": {}}}, "a": {"b": {"c": {}}}}, ["z", "y", "x"]),
    ],
)
def test_the_first_container_below_two_levels_is_named(sent: dict[str, Any], path: list[str | int] | None) -> None:
    assert metadata.depth_problem_path(sent) == path


@given(st.dictionaries(keys, values, max_size=3))
def test_depth_agrees_with_a_naive_measure(sent: dict[str, Any]) -> None:
    def depth(node: Any) -> int:
        children = node.values() if isinstance(node, dict) else node
        return max((1 + depth(child) for child in children if isinstance(child, dict | list)), default=0)

    assert (metadata.depth_problem_path(sent) is None) == (depth(sent) <= 2)


def test_hostile_depth_does_no_harm() -> None:
    sent: Any = {}
    for _ in range(50_000):
        sent = {"aB": [sent]}
    renamed = metadata.normal_keys(sent)
    assert metadata.depth_problem_path(renamed) == ["a_b", 0, "a_b"]
    # Taken apart step by step: comparing or printing it would recurse.
    for node in (sent, renamed):
        while node:
            [[node]] = node.values()
