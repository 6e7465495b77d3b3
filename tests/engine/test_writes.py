"""Single writes and batches: keys, return values, batches."""

from typing import Any

import pytest

from infra.local.engine import Engine
from tests.engine.tables import code_of, define, get, index, key, put, update

OLD: dict[str, Any] = {**key("a"), "a": {"N": "1"}, "l": {"L": [{"S": "x"}, {"S": "y"}]}, "gone": {"S": "g"}}


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define("things", index("by_in", "in_1", "position")))
    return engine


@pytest.mark.parametrize(
    "wrong",
    [
        {"pk": {"S": "a"}},
        {**key("a"), "extra": {"S": "x"}},
        {"pk": {"S": "a"}, "other": {"S": "b"}},
        {"pk": {"N": "1"}, "sk": {"S": "s"}},
        {"pk": {"BOOL": True}, "sk": {"S": "s"}},
        {"pk": {"S": ""}, "sk": {"S": "s"}},
        {"pk": {"S": "a"}, "sk": {"S": ""}},
        {"pk": {"S": "x" * 2049}, "sk": {"S": "s"}},
        {"pk": {"S": "a"}, "sk": {"S": "x" * 1025}},
        {},
        None,
    ],
)
@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
def test_a_key_has_exactly_the_key_attributes(things: Engine, operation: str, wrong: object) -> None:
    assert code_of(things, operation, {"TableName": "things", "Key": wrong}) == "ValidationException"


def test_keys_may_be_as_long_as_the_service_allows(things: Engine) -> None:
    longest = {"pk": {"S": "x" * 2048}, "sk": {"S": "y" * 1024}}
    put(things, longest)
    assert get(things, longest) == longest


@pytest.mark.parametrize(
    "wrong", [{"in_1": {"N": "1"}}, {"in_1": {"S": ""}}, {"position": {"N": "1"}}, {"in_1": {"S": "x" * 2049}}]
)
def test_an_index_key_of_a_wrong_type_is_refused(things: Engine, wrong: dict[str, Any]) -> None:
    item = {**key("a"), **wrong}
    assert code_of(things, "PutItem", {"TableName": "things", "Item": item}) == "ValidationException"
    ((name, value),) = wrong.items()
    parameters = {
        "TableName": "things",
        "Key": key("a"),
        "UpdateExpression": f"SET {name} = :v",
        "ExpressionAttributeValues": {":v": value},
    }
    assert code_of(things, "UpdateItem", parameters) == "ValidationException"


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", OLD),
        ("UPDATED_OLD", {"a": {"N": "1"}, "l": OLD["l"], "gone": {"S": "g"}}),
        ("UPDATED_NEW", {"a": {"N": "2"}, "l": {"L": [{"N": "1"}, {"S": "y"}]}, "b": {"N": "1"}}),
        ("ALL_NEW", {**key("a"), "a": {"N": "2"}, "l": {"L": [{"N": "1"}, {"S": "y"}]}, "b": {"N": "1"}}),
    ],
)
def test_return_values_of_an_update(things: Engine, returns: str, expected: dict[str, Any] | None) -> None:
    put(things, OLD)
    expression = "SET l[0] = :v, b = :v REMOVE gone, never ADD a :v"
    answer = update(things, key("a"), expression, {":v": {"N": "1"}}, ReturnValues=returns)
    assert answer.get("Attributes") == expected


def test_return_values_of_put_and_delete(things: Engine) -> None:
    assert "Attributes" not in put(things, OLD, ReturnValues="ALL_OLD")
    assert put(things, key("a"), ReturnValues="ALL_OLD")["Attributes"] == OLD
    wanted = {"TableName": "things", "Key": key("a"), "ReturnValues": "ALL_OLD"}
    assert things.call("DeleteItem", wanted)["Attributes"] == key("a")
    assert "Attributes" not in things.call("DeleteItem", wanted)
    assert code_of(things, "DeleteItem", {**wanted, "ReturnValues": "ALL_NEW"}) == "ValidationException"


def test_an_update_without_expression_creates_the_item(things: Engine) -> None:
    things.call("UpdateItem", {"TableName": "things", "Key": key("a")})
    assert get(things, key("a")) == key("a")


def test_returned_items_are_the_callers_own(things: Engine) -> None:
    put(things, OLD)
    found = get(things, key("a"))
    assert found is not None
    found["l"]["L"].clear()
    assert get(things, key("a")) == OLD


def test_a_missing_table_is_named_as_such(things: Engine) -> None:
    assert code_of(things, "GetItem", {"TableName": "nowhere", "Key": key("a")}) == "ResourceNotFoundException"
    assert code_of(things, "GetItem", {"TableName": "x", "Key": key("a")}) == "ValidationException"
    assert code_of(things, "GetItem", {"Key": key("a")}) == "ValidationException"
    assert code_of(things, "UpdateTable", {"TableName": "things"}) == "UnknownOperationException"


def batch(*requests: dict[str, Any], table: str = "things") -> dict[str, Any]:
    return {"RequestItems": {table: list(requests)}}


def test_a_batch_writes_and_deletes(things: Engine) -> None:
    put(things, OLD)
    answer = things.call(
        "BatchWriteItem", batch({"DeleteRequest": {"Key": key("a")}}, {"PutRequest": {"Item": key("b")}})
    )
    assert answer["UnprocessedItems"] == {}
    assert get(things, key("a")) is None
    assert get(things, key("b")) == key("b")


@pytest.mark.parametrize(
    "wrong",
    [
        batch(),
        batch({"PutRequest": {"Item": key("a")}}, {"DeleteRequest": {"Key": key("a")}}),
        batch(*({"PutRequest": {"Item": key(str(number))}} for number in range(26))),
        batch({"PutRequest": {"Item": key("a")}, "DeleteRequest": {"Key": key("b")}}),
        batch({}),
        batch({"UpdateRequest": {"Key": key("a")}}),
        batch({"PutRequest": {"Item": {"pk": {"S": "a"}}}}),
        batch({"PutRequest": {"Item": key("a"), "ConditionExpression": "attribute_exists (pk)"}}),
        {"RequestItems": {}},
    ],
)
def test_malformed_batches_write_nothing(things: Engine, wrong: dict[str, Any]) -> None:
    assert code_of(things, "BatchWriteItem", wrong) == "ValidationException"
    assert things.call("Scan", {"TableName": "things"})["Count"] == 0


def test_a_batch_reads_what_there_is(things: Engine) -> None:
    put(things, OLD)
    keys = [key("a"), key("none")]
    answer = things.call("BatchGetItem", {"RequestItems": {"things": {"Keys": keys, "ProjectionExpression": "a"}}})
    assert answer["Responses"] == {"things": [{"a": {"N": "1"}}]}
    assert answer["UnprocessedKeys"] == {}


@pytest.mark.parametrize(
    "keys", [[], [key("a"), key("a")], [key(str(number)) for number in range(101)], [{"pk": {"S": "a"}}]]
)
def test_malformed_batch_reads_are_refused(things: Engine, keys: list[Any]) -> None:
    assert code_of(things, "BatchGetItem", {"RequestItems": {"things": {"Keys": keys}}}) == "ValidationException"


def test_a_batch_read_hands_back_what_passes_16_megabytes(things: Engine) -> None:
    keys = [key(f"big{number}") for number in range(50)]
    for found in keys:
        put(things, {**found, "v": {"S": "x" * 390_000}})
    answer = things.call("BatchGetItem", {"RequestItems": {"things": {"Keys": keys, "ConsistentRead": True}}})
    read = len(answer["Responses"]["things"])
    assert read < 50
    assert answer["UnprocessedKeys"] == {"things": {"Keys": keys[read:], "ConsistentRead": True}}
