"""Transactions: all or nothing, reasons in order, one application per token."""

from typing import Any

import pytest

from infra.local.engine import Engine
from tests.engine.clock import Clock
from tests.engine.tables import Attributes, code_of, define, get, index, key, put, refused, update

TOKEN_SECONDS = 600


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define("things", index("by_in", "in_1")))
    put(engine, {**key("a"), "n": {"N": "1"}})
    return engine


def write(kind: str, pk: str, **more: Any) -> Attributes:
    """One part of a transaction on `things`."""
    of = {"Item": key(pk)} if kind == "Put" else {"Key": key(pk)}
    return {kind: {"TableName": "things", **of, **more}}


def count_up(pk: str, **more: Any) -> Attributes:
    values = {":one": {"N": "1"}}
    return write("Update", pk, UpdateExpression="ADD n :one", ExpressionAttributeValues=values, **more)


def check(pk: str, condition: str, **more: Any) -> Attributes:
    return write("ConditionCheck", pk, ConditionExpression=condition, **more)


def together(*parts: Attributes, **more: Any) -> Attributes:
    return {"TransactItems": list(parts), **more}


def everything(engine: Engine) -> list[Any]:
    found: list[Any] = engine.call("Scan", {"TableName": "things"})["Items"]
    return found


def test_all_parts_are_applied(things: Engine) -> None:
    put(things, key("d"))
    parts = (count_up("a"), write("Put", "b"), check("c", "attribute_not_exists (n)"), write("Delete", "d"))
    things.call("TransactWriteItems", together(*parts))
    assert everything(things) == [{**key("a"), "n": {"N": "2"}}, key("b")]


def test_a_failed_condition_undoes_everything_and_gives_reasons_in_order(things: Engine) -> None:
    before = everything(things)
    parts = (
        write("Put", "b"),
        check("a", "attribute_not_exists (pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        count_up("z", ConditionExpression="attribute_exists (pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        write("Delete", "c", ConditionExpression="attribute_exists (pk)"),
    )
    answer = refused(things, "TransactWriteItems", together(*parts))
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    reasons = answer["CancellationReasons"]
    failed = "ConditionalCheckFailed"
    assert [reason["Code"] for reason in reasons] == ["None", failed, failed, failed]
    assert [reason.get("Item") for reason in reasons] == [None, before[0], None, None]
    assert (
        "[None, ConditionalCheckFailed, ConditionalCheckFailed, ConditionalCheckFailed]" in answer["Error"]["Message"]
    )
    assert everything(things) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"Put": {"TableName": "things", "Item": {"pk": {"N": "1"}, "sk": {"S": "s"}}}},
        {"Put": {"TableName": "things", "Item": {**key("b"), "in_1": {"N": "1"}}}},
        write("Update", "b", UpdateExpression="SET in_1 = :v", ExpressionAttributeValues={":v": {"N": "1"}}),
        write("Update", "b", UpdateExpression="REMOVE pk"),
    ],
)
def test_a_key_that_cannot_be_is_a_reason(things: Engine, wrong: Attributes) -> None:
    answer = refused(things, "TransactWriteItems", together(count_up("a"), wrong, write("Put", "c")))
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["None", "ValidationError", "None"]
    assert everything(things) == [{**key("a"), "n": {"N": "1"}}]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [write("Put", str(number)) for number in range(101)],
        [write("Put", "b"), write("Delete", "b")],
        [check("b", "attribute_exists (pk)"), write("Put", "b")],
        [{**write("Put", "b"), **write("Delete", "c")}],
        [{}],
        [{"Get": {"TableName": "things", "Key": key("a")}}],
        [write("ConditionCheck", "a")],
        [write("Put", "b", ReturnValues="ALL_OLD")],
        [write("Put", "b"), write("Update", "a", UpdateExpression="SET b = :v")],
        [write("Put", "b"), write("Update", "a", UpdateExpression="SET b = absent")],
        [write("Put", "b"), write("Update", "a", UpdateExpression="SET b.c = n")],
        [write("Delete", "")],
        [{"Put": {"TableName": "things", "Item": {**key("b"), "v": {"S": "x" * 410_000}}}}],
        [{"Put": {"TableName": "things", "Item": {**key(str(n)), "v": {"S": "x" * 400_000}}}} for n in range(11)],
    ],
)
def test_malformed_transactions_write_nothing(things: Engine, parts: list[Attributes]) -> None:
    assert code_of(things, "TransactWriteItems", together(*parts)) == "ValidationException"
    assert everything(things) == [{**key("a"), "n": {"N": "1"}}]


def test_a_hundred_items_fit_and_a_missing_table_is_named(things: Engine) -> None:
    things.call("TransactWriteItems", together(*(write("Put", f"p{number}") for number in range(100))))
    assert len(everything(things)) == 101
    lost = together({"Put": {"TableName": "nowhere", "Item": key("a")}})
    assert code_of(things, "TransactWriteItems", lost) == "ResourceNotFoundException"


def test_one_token_applies_once_within_ten_minutes(things: Engine, clock: Clock) -> None:
    request = together(count_up("a"), ClientRequestToken="once")
    things.call("TransactWriteItems", request)
    clock.move(TOKEN_SECONDS - 1)
    ((kind, part),) = request["TransactItems"][0].items()
    reordered = {"TransactItems": [{kind: dict(reversed(part.items()))}]}
    things.call("TransactWriteItems", {**request, **reordered, "ReturnConsumedCapacity": "TOTAL"})
    assert everything(things)[0]["n"] == {"N": "2"}
    clock.move(1)
    things.call("TransactWriteItems", request)
    assert everything(things)[0]["n"] == {"N": "3"}


def test_one_token_means_one_set_of_parameters(things: Engine) -> None:
    things.call("TransactWriteItems", together(count_up("a"), ClientRequestToken="once"))
    other = together(write("Put", "b"), ClientRequestToken="once")
    assert code_of(things, "TransactWriteItems", other) == "IdempotentParameterMismatchException"
    assert get(things, key("b")) is None
    too_long = together(write("Put", "b"), ClientRequestToken="t" * 37)
    assert code_of(things, "TransactWriteItems", too_long) == "ValidationException"


def test_a_cancelled_transaction_leaves_its_token_free(things: Engine) -> None:
    request = together(check("b", "attribute_exists (pk)"), count_up("a"), ClientRequestToken="again")
    assert code_of(things, "TransactWriteItems", request) == "TransactionCanceledException"
    put(things, key("b"))
    things.call("TransactWriteItems", request)
    assert everything(things)[0]["n"] == {"N": "2"}


def test_transactions_cost_by_item(things: Engine) -> None:
    large = {**key("b"), "v": {"S": "x" * 1500}, "in_1": {"S": "u"}}
    parts = (
        {"Put": {"TableName": "things", "Item": large}},
        check("c", "attribute_not_exists (pk)"),
        count_up("a"),
    )
    request = together(*parts, ReturnConsumedCapacity="INDEXES", ClientRequestToken="cost")
    assert things.call("TransactWriteItems", request)["ConsumedCapacity"] == [
        {
            "TableName": "things",
            "CapacityUnits": 10.0,
            "Table": {"CapacityUnits": 8.0},
            "GlobalSecondaryIndexes": {"by_in": {"CapacityUnits": 2.0}},
        }
    ]
    again = things.call("TransactWriteItems", {**request, "ReturnConsumedCapacity": "TOTAL"})
    assert again["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 6.0}]


def test_reads_in_a_transaction(things: Engine) -> None:
    gets = [
        {"Get": {"TableName": "things", "Key": key("a"), "ProjectionExpression": "n"}},
        {"Get": {"TableName": "things", "Key": key("none")}},
    ]
    answer = things.call("TransactGetItems", {"TransactItems": gets, "ReturnConsumedCapacity": "TOTAL"})
    assert answer["Responses"] == [{"Item": {"n": {"N": "1"}}}, {}]
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0}]
    half = {"Get": {"TableName": "things", "Key": {"pk": {"S": "a"}}}}
    malformed: list[list[Attributes]] = [[], [gets[1], gets[1]], [{"Put": {}}], [half]]
    for wrong in malformed:
        assert code_of(things, "TransactGetItems", {"TransactItems": wrong}) == "ValidationException"


def test_an_update_beside_a_transaction_sees_its_result(things: Engine) -> None:
    things.call("TransactWriteItems", together(count_up("a")))
    answer = update(things, key("a"), "ADD n :v", {":v": {"N": "1"}}, ReturnValues="ALL_NEW")
    assert answer["Attributes"]["n"] == {"N": "3"}
