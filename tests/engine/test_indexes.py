"""Queries, scans and indexes: order, pages, projections, and what is refused."""

import sqlite3
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.engine import Engine
from infra.local.engine.values import item_size
from tests.engine.answers import bag
from tests.engine.requests import Spec, item, request
from tests.engine.tables import Attributes, code_of, define, index, key, put, update

KEYS = index("keys", "in_1", "position")
EVERY = index("every", "in_1", "rank", include="ALL")
SOME = index("some", "in_1", include="a,b")
HASH = {":h": {"S": "h"}}


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define("things", KEYS, EVERY, SOME, types={"rank": "N"}))
    return engine


def query(engine: Engine, condition: str, values: Attributes, **more: Any) -> Attributes:
    parameters = {"TableName": "things", "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    return engine.call("Query", {**parameters, **more})


def walk(engine: Engine, operation: str, parameters: Attributes) -> list[list[Attributes]]:
    """All pages."""
    pages: list[list[Attributes]] = []
    start: Attributes = {}
    while True:
        answer = engine.call(operation, {**parameters, **start})
        pages.append(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return pages
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("pk = :h", "a ab abc b ÿ"),
        ("pk = :h AND sk = :l", "ab"),
        ("pk = :h AND sk < :l", "a"),
        ("pk = :h AND sk <= :l", "a ab"),
        ("pk = :h AND sk > :l", "abc b ÿ"),
        ("(sk >= :l AND pk = :h)", "ab abc b ÿ"),
        (":h = pk AND :l < sk", "abc b ÿ"),
        ("(pk = :h AND begins_with (sk, :l))", "ab abc"),
        ("pk = :h AND sk BETWEEN :l AND :u", "ab abc b"),
    ],
)
def test_key_conditions(things: Engine, condition: str, expected: str) -> None:
    for name in ("b", "abc", "ÿ", "a", "ab"):
        put(things, key("h", name))
        put(things, key("other", name))
    values = {name: value for name, value in {**HASH, ":l": {"S": "ab"}, ":u": {"S": "b"}}.items() if name in condition}
    for forward in (True, False):
        found = [found["sk"]["S"] for found in query(things, condition, values, ScanIndexForward=forward)["Items"]]
        assert found == (expected.split() if forward else expected.split()[::-1])


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("sk = :h", HASH),
        ("pk > :h", HASH),
        ("pk = :h OR sk = :h", HASH),
        ("pk = :h AND NOT sk = :h", HASH),
        ("pk = :h AND a = :h", HASH),
        ("pk = :h AND sk <> :h", HASH),
        ("pk = :h AND sk IN (:h)", HASH),
        ("pk = :h AND attribute_exists (sk)", HASH),
        ("pk = :h AND contains (sk, :h)", HASH),
        ("pk = :h AND sk = :h AND sk = :h", HASH),
        ("pk = :h AND pk = :h", HASH),
        ("pk = sk", None),
        ("pk.x = :h", HASH),
        ("pk = :h AND size (sk) > :h", HASH),
        ("pk = :h", {":h": {"N": "1"}}),
        ("pk = :h", {":h": {"S": ""}}),
        ("pk = :h AND sk > :l", {**HASH, ":l": {"S": ""}}),
        ("pk = :h AND sk BETWEEN :h AND :l", {**HASH, ":l": {"S": "a"}}),
        ("", None),
    ],
)
def test_key_conditions_the_service_refuses(things: Engine, condition: str, values: Attributes | None) -> None:
    parameters: Attributes = {"TableName": "things", "KeyConditionExpression": condition}
    if values:
        parameters["ExpressionAttributeValues"] = values
    assert code_of(things, "Query", parameters) == "ValidationException"


@pytest.mark.parametrize(
    "more",
    [
        {"Limit": 0},
        {"Limit": -1},
        {"Limit": True},
        {"IndexName": "nothing"},
        {"Select": "EVERYTHING"},
        {"Select": "SPECIFIC_ATTRIBUTES"},
        {"Select": "COUNT", "ProjectionExpression": "a"},
        {"Select": "ALL_PROJECTED_ATTRIBUTES"},
        {"FilterExpression": "attribute_exists (sk)"},
        {"ExclusiveStartKey": {}},
        {"ExclusiveStartKey": {"pk": {"S": "h"}}},
        {"ExclusiveStartKey": key("other", "a")},
        {"ScanIndexForward": 1},
        {"AttributesToGet": ["a"]},
    ],
)
def test_queries_the_service_refuses(things: Engine, more: Attributes) -> None:
    parameters = {"TableName": "things", "KeyConditionExpression": "pk = :h", "ExpressionAttributeValues": HASH}
    assert code_of(things, "Query", {**parameters, **more}) == "ValidationException"


@pytest.mark.parametrize(
    "more",
    [
        {"ConsistentRead": True},
        {"ProjectionExpression": "a"},
        {"FilterExpression": "attribute_exists (a)"},
        {"FilterExpression": "attribute_exists (in_1)"},
        {"Select": "ALL_ATTRIBUTES"},
        {"ExclusiveStartKey": key("a", "b")},
        {"ExclusiveStartKey": {**key("a", "b"), "in_1": {"S": "other"}, "position": {"S": "x"}}},
    ],
)
def test_queries_of_a_keys_only_index_the_service_refuses(things: Engine, more: Attributes) -> None:
    parameters = {"TableName": "things", "IndexName": "keys", "KeyConditionExpression": "in_1 = :h"}
    wrong = {**parameters, "ExpressionAttributeValues": HASH, **more}
    assert code_of(things, "Query", wrong) == "ValidationException"


def test_a_start_key_lies_within_the_range(things: Engine) -> None:
    values = {**HASH, ":l": {"S": "m"}}
    outside = {"ExclusiveStartKey": key("h", "a")}
    parameters = {"TableName": "things", "KeyConditionExpression": "pk = :h AND sk > :l"}
    wrong = {**parameters, "ExpressionAttributeValues": values, **outside}
    assert code_of(things, "Query", wrong) == "ValidationException"


def test_indexes_are_sparse_and_project(things: Engine) -> None:
    whole = {
        **key("x"),
        "in_1": {"S": "h"},
        "position": {"S": "p"},
        "rank": {"N": "1"},
        "a": {"S": "a"},
        "c": {"S": "c"},
    }
    put(things, whole)
    put(things, {**key("y"), "in_1": {"S": "h"}})
    put(things, {**key("z"), "position": {"S": "p"}})
    keys = query(things, "in_1 = :h", HASH, IndexName="keys")["Items"]
    assert keys == [{**key("x"), "in_1": {"S": "h"}, "position": {"S": "p"}}]
    assert query(things, "in_1 = :h", HASH, IndexName="every")["Items"] == [whole]
    some = query(things, "in_1 = :h", HASH, IndexName="some")["Items"]
    assert some == [{**key("x"), "in_1": {"S": "h"}, "a": {"S": "a"}}, {**key("y"), "in_1": {"S": "h"}}]
    names = {"#p": "position"}
    update(things, key("x"), "REMOVE #p, a SET in_1 = :v", {":v": {"S": "new"}}, ExpressionAttributeNames=names)
    assert things.call("Scan", {"TableName": "things", "IndexName": "keys"})["Items"] == []
    moved = query(things, "in_1 = :v", {":v": {"S": "new"}}, IndexName="some")["Items"]
    assert moved == [{**key("x"), "in_1": {"S": "new"}}]


def test_number_keys_order_as_numbers(things: Engine) -> None:
    ranks = ["-100", "-1.5", "-1", "0", "0.001", "2", "10", "1E+20"]
    for rank in reversed(ranks):
        put(things, {**key(rank), "in_1": {"S": "h"}, "rank": {"N": rank}})
    found = [found["pk"]["S"] for found in query(things, "in_1 = :h", HASH, IndexName="every")["Items"]]
    assert found == ranks
    values = {**HASH, ":l": {"N": "-1"}, ":u": {"N": "2"}}
    condition = "in_1 = :h AND #r BETWEEN :l AND :u"
    within = query(things, condition, values, IndexName="every", ExpressionAttributeNames={"#r": "rank"})["Items"]
    assert [found["pk"]["S"] for found in within] == ["-1", "0", "0.001", "2"]


def test_binary_keys_order_as_bytes(engine: Engine) -> None:
    engine.call("CreateTable", define(types={"sk": "B"}))
    order = [b"\x00", b"\x00\x00", b"a", b"\xfe", b"\xff", b"\xff\xff"]
    for found in reversed(order):
        put(engine, {"pk": {"S": "h"}, "sk": {"B": found}})
    assert [found["sk"]["B"] for found in query(engine, "pk = :h", HASH)["Items"]] == order
    values = {**HASH, ":l": {"B": b"\xff"}}
    last = query(engine, "pk = :h AND begins_with (sk, :l)", values)["Items"]
    assert [found["sk"]["B"] for found in last] == [b"\xff", b"\xff\xff"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 100])
def test_pages_cover_a_partition_once_even_where_index_keys_are_equal(things: Engine, most: int, forward: bool) -> None:
    names = [f"{number:02}" for number in range(12)]
    for name in names:
        put(things, {**key("p", name), "in_1": {"S": "h"}, "position": {"S": f"tie{int(name) // 5}"}})
    wanted = {"TableName": "things", "Limit": most, "ScanIndexForward": forward}
    on_index = {**wanted, "IndexName": "keys", "KeyConditionExpression": "in_1 = :h", "ExpressionAttributeValues": HASH}
    on_table = {**wanted, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    for parameters in (on_index, on_table):
        pages = walk(things, "Query", parameters)
        assert [found["sk"]["S"] for page in pages for found in page] == (names if forward else names[::-1])
        assert all(len(page) == most for page in pages[:-1])


def test_a_full_page_always_names_where_it_ended(things: Engine) -> None:
    put(things, {**key("h", "1"), "in_1": {"S": "h"}, "position": {"S": "p"}})
    on_table = query(things, "pk = :h", HASH, Limit=1)
    assert on_table["LastEvaluatedKey"] == key("h", "1")
    on_index = query(things, "in_1 = :h", HASH, Limit=1, IndexName="keys")
    assert on_index["LastEvaluatedKey"] == {**key("h", "1"), "in_1": {"S": "h"}, "position": {"S": "p"}}
    assert "LastEvaluatedKey" not in query(things, "pk = :h", HASH, Limit=2)


def test_a_limit_counts_what_is_examined_not_what_a_filter_keeps(things: Engine) -> None:
    for number in range(6):
        put(things, {**key("h", str(number)), "even": {"BOOL": number % 2 == 0}})
    values = {**HASH, ":t": {"BOOL": True}}
    answer = query(things, "pk = :h", values, FilterExpression="even = :t", Limit=3)
    assert (answer["Count"], answer["ScannedCount"]) == (2, 3)
    assert answer["LastEvaluatedKey"] == key("h", "2")
    counted = query(things, "pk = :h", values, FilterExpression="even = :t", Select="COUNT")
    assert (counted["Count"], counted["ScannedCount"], "Items" in counted) == (3, 6, False)


def test_a_page_ends_at_one_megabyte(things: Engine) -> None:
    for number in range(5):
        put(things, {**key("h", str(number)), "v": {"S": "x" * 390_000}})
    answer = query(things, "pk = :h", HASH)
    assert answer["Count"] == 3
    assert answer["LastEvaluatedKey"] == key("h", "2")
    scan = walk(things, "Scan", {"TableName": "things"})
    assert [len(page) for page in scan] == [3, 2]


@pytest.mark.parametrize("name", [None, "keys", "some"])
def test_a_scan_covers_everything_once(things: Engine, name: str | None) -> None:
    for number in range(20):
        put(things, {**key(str(number % 4), str(number)), "in_1": {"S": "uv"[number % 2]}, "position": {"S": "p"}})
    parameters: Attributes = {"TableName": "things", "Limit": 3}
    if name:
        parameters["IndexName"] = name
    found = [int(found["sk"]["S"]) for page in walk(things, "Scan", parameters) for found in page]
    assert sorted(found) == list(range(20))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 2**32), max_size=40))
def test_an_index_is_the_projection_of_its_table(table_seed: int, seeds: list[int]) -> None:
    spec = Spec.of(Random(table_seed))
    engine = Engine(":memory:")
    engine.call("CreateTable", spec.define("things"))
    for seed in seeds:
        try_call(engine, seed, spec)
    table = engine.call("Scan", {"TableName": "things"})["Items"]
    described = engine.call("DescribeTable", {"TableName": "things"})["Table"]
    assert described["TableSizeBytes"] == sum(map(item_size, table))
    for wanted in spec.define("things").get("GlobalSecondaryIndexes", []):
        names = [entry["AttributeName"] for entry in wanted["KeySchema"]]
        held = [found for found in table if all(name in found for name in names)]
        if wanted["Projection"]["ProjectionType"] != "ALL":
            kept = {"pk", "sk", *names, *wanted["Projection"].get("NonKeyAttributes", [])}
            held = [{name: value for name, value in found.items() if name in kept} for found in held]
        scan = {"TableName": "things", "IndexName": wanted["IndexName"]}
        assert bag(engine.call("Scan", scan)["Items"]) == bag(held)
    engine.close()


def try_call(engine: Engine, seed: int, spec: Spec) -> None:
    """A random request, or a put where it is refused."""
    operation, parameters, _ = request(seed, spec, "things")
    try:
        engine.call(operation, parameters)
    except Exception:
        engine.call("PutItem", {"TableName": "things", "Item": item(Random(seed), spec)})


@pytest.mark.parametrize(
    ("rows", "clause", "order"),
    [
        ("items", "range > x'61'", "range"),
        ("items", "range >= x'61' AND (range) < (x'62')", "range DESC"),
        ("entries", "(range, item_hash, item_range) > (x'61', x'61', x'61')", "range, item_hash, item_range"),
        (
            "entries",
            "(range, item_hash, item_range) < (x'61', x'61', x'61')",
            "range DESC, item_hash DESC, item_range DESC",
        ),
    ],
)
def test_a_page_is_one_range_of_one_tree(tmp_path: Path, rows: str, clause: str, order: str) -> None:
    file = tmp_path / "engine.db"
    Engine(file).close()
    connection = sqlite3.connect(file)
    sql = f"EXPLAIN QUERY PLAN SELECT body FROM {rows} WHERE space = 1 AND hash = x'61' AND {clause} ORDER BY {order}"
    plan = " ".join(row[3] for row in connection.execute(sql))
    connection.close()
    assert "SEARCH" in plan
    assert "range" in plan
    assert "TEMP B-TREE" not in plan
