"""Consumed capacity, by the published formula."""

from typing import Any

import pytest

from infra.local.engine import Engine
from infra.local.engine.values import item_size
from tests.engine.tables import Attributes, define, index, key, put, update


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call(
        "CreateTable", define("things", index("keys", "in_1", "position"), index("every", "in_2", include="ALL"))
    )
    return engine


def sized(pk: str, size: int, **more: Any) -> Attributes:
    """An item of `size` bytes."""
    item = {**key(pk), **more, "v": {"S": ""}}
    item["v"] = {"S": "x" * (size - item_size(item))}
    return item


def units(answer: Attributes) -> float:
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


@pytest.mark.parametrize(
    ("size", "strong", "expected"), [(100, True, 1), (4096, True, 1), (4097, True, 2), (4097, False, 1)]
)
def test_reads_go_by_four_kilobytes(things: Engine, size: int, strong: bool, expected: float) -> None:
    put(things, sized("a", size))
    request = {"TableName": "things", "ConsistentRead": strong, "ReturnConsumedCapacity": "TOTAL"}
    assert units(things.call("GetItem", {**request, "Key": key("a")})) == expected
    by_key = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    assert units(things.call("Query", {**request, **by_key})) == expected
    assert units(things.call("Scan", request)) == expected


def test_reading_nothing_costs_the_least(things: Engine) -> None:
    request = {"TableName": "things", "Key": key("none"), "ReturnConsumedCapacity": "TOTAL"}
    assert units(things.call("GetItem", request)) == 0.5
    assert units(things.call("GetItem", {**request, "ConsistentRead": True})) == 1
    assert units(things.call("Scan", {"TableName": "things", "ReturnConsumedCapacity": "TOTAL"})) == 0.5


def test_a_query_adds_up_before_it_rounds_and_a_batch_after(things: Engine) -> None:
    for number in range(4):
        put(things, {**sized("a", 500), "sk": {"S": str(number)}})
    by_key = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    counted = {"ReturnConsumedCapacity": "TOTAL"}
    strong = {"TableName": "things", "ConsistentRead": True}
    assert units(things.call("Query", {**strong, **by_key, **counted})) == 1
    keys = {"Keys": [key("a", str(number)) for number in range(5)], "ConsistentRead": True}
    answer = things.call("BatchGetItem", {"RequestItems": {"things": keys}, **counted})
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 5.0}]


def test_an_index_is_charged_for_what_it_holds(things: Engine) -> None:
    put(things, sized("a", 9000, in_1={"S": "u"}, position={"S": "p"}))
    request = {"TableName": "things", "IndexName": "keys", "ReturnConsumedCapacity": "INDEXES"}
    expected = {
        "TableName": "things",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"keys": {"CapacityUnits": 0.5}},
    }
    assert things.call("Scan", request)["ConsumedCapacity"] == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(None, 1024, 1), (None, 1025, 2), (3000, 100, 3), (100, 3000, 3)]
)
def test_writes_go_by_one_kilobyte_of_the_larger_image(
    things: Engine, before: int | None, after: int, expected: float
) -> None:
    if before:
        put(things, sized("a", before))
    assert units(put(things, sized("a", after), ReturnConsumedCapacity="TOTAL")) == expected


def test_a_delete_costs_what_it_removes(things: Engine) -> None:
    put(things, sized("a", 3000, in_2={"S": "u"}))
    request = {"TableName": "things", "Key": key("a"), "ReturnConsumedCapacity": "TOTAL"}
    assert units(things.call("DeleteItem", request)) == 6
    assert units(things.call("DeleteItem", request)) == 1


@pytest.mark.parametrize(
    ("expression", "value", "charged"),
    [
        ("SET label = :v", "x", {"every": 1.0}),
        ("SET position = :v", "new", {"keys": 2.0, "every": 1.0}),
        ("SET position = :v", "p", {}),
        ("SET in_2 = :v", "new", {"every": 2.0}),
        ("SET label = :v REMOVE in_1", "x", {"keys": 1.0, "every": 1.0}),
    ],
)
def test_an_update_pays_for_the_index_entries_it_writes(
    things: Engine, expression: str, value: str, charged: dict[str, float]
) -> None:
    put(things, {**key("a"), "in_1": {"S": "u"}, "in_2": {"S": "u"}, "position": {"S": "p"}})
    text = expression.replace("position", "#p")
    more: Attributes = {"ExpressionAttributeNames": {"#p": "position"}} if "#p" in text else {}
    answer = update(things, key("a"), text, {":v": {"S": value}}, ReturnConsumedCapacity="INDEXES", **more)
    capacity = answer["ConsumedCapacity"]
    found = capacity.get("GlobalSecondaryIndexes", {})
    assert {name: part["CapacityUnits"] for name, part in found.items()} == charged
    assert capacity["Table"] == {"CapacityUnits": 1.0}
    assert capacity["CapacityUnits"] == 1 + sum(charged.values())


def test_capacity_is_shown_only_when_asked_for(things: Engine) -> None:
    assert "ConsumedCapacity" not in put(things, key("a"))
    assert "ConsumedCapacity" not in put(things, key("a"), ReturnConsumedCapacity="NONE")
    answer = put(things, key("a"))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["RequestId"]
