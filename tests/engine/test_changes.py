"""The change feed of streamed tables."""

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Change, Engine
from tests.engine.clock import Clock
from tests.engine.tables import code_of, define, key, put, update

ONE = {":v": {"N": "1"}}


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define(stream="NEW_AND_OLD_IMAGES"))
    return engine


def feed(engine: Engine, after: int = 0, limit: int = 100) -> list[Change]:
    return engine.changes("things", after, limit)


def test_every_change_is_told_once_in_order(things: Engine, clock: Clock) -> None:
    put(things, {**key("a"), "n": {"N": "0"}})
    update(things, key("a"), "ADD n :v", ONE)
    things.call("DeleteItem", {"TableName": "things", "Key": key("a")})
    first, second, third = feed(things)
    assert [change.event for change in (first, second, third)] == ["INSERT", "MODIFY", "REMOVE"]
    assert first.sequence < second.sequence < third.sequence
    assert {change.at for change in (first, second, third)} == {clock()}
    assert [change.keys for change in (first, second, third)] == [key("a")] * 3
    zero, one = {**key("a"), "n": {"N": "0"}}, {**key("a"), "n": {"N": "1"}}
    assert [(change.old_image, change.new_image) for change in (first, second, third)] == [
        (None, zero),
        (zero, one),
        (one, None),
    ]


def test_what_changes_nothing_is_not_told(things: Engine) -> None:
    put(things, key("a"))
    put(things, key("a"))
    update(things, key("a"), "REMOVE nothing")
    things.call("DeleteItem", {"TableName": "things", "Key": key("none")})
    taken = {"TableName": "things", "Item": key("a"), "ConditionExpression": "attribute_not_exists (pk)"}
    assert code_of(things, "PutItem", taken) == "ConditionalCheckFailedException"
    assert len(feed(things)) == 1


@pytest.mark.parametrize(
    ("view", "new", "old"),
    [
        ("KEYS_ONLY", False, False),
        ("NEW_IMAGE", True, False),
        ("OLD_IMAGE", False, True),
        ("NEW_AND_OLD_IMAGES", True, True),
    ],
)
def test_images_are_those_of_the_view(engine: Engine, view: str, new: bool, old: bool) -> None:
    engine.call("CreateTable", define(stream=view))
    put(engine, key("a"))
    put(engine, {**key("a"), "n": {"N": "1"}})
    change = feed(engine)[1]
    assert ((change.new_image is not None), (change.old_image is not None)) == (new, old)


def test_a_reader_goes_on_where_it_stopped_and_trims_behind(things: Engine) -> None:
    for number in range(10):
        put(things, key(str(number)))
    first = feed(things, limit=4)
    rest = feed(things, after=first[-1].sequence)
    assert [change.keys["pk"]["S"] for change in first + rest] == [str(number) for number in range(10)]
    things.trim_changes("things", first[-1].sequence)
    assert feed(things) == rest
    things.trim_changes("things", rest[-1].sequence)
    put(things, key("new"))
    (change,) = feed(things)
    assert change.sequence > rest[-1].sequence


def test_a_transaction_is_told_whole_or_not_at_all(things: Engine) -> None:
    parts = [{"Put": {"TableName": "things", "Item": key(name)}} for name in "ab"]
    things.call("TransactWriteItems", {"TransactItems": parts})
    check = {"TableName": "things", "Key": key("z"), "ConditionExpression": "attribute_exists (pk)"}
    more = [{"Put": {"TableName": "things", "Item": key("c")}}, {"ConditionCheck": check}]
    assert code_of(things, "TransactWriteItems", {"TransactItems": more}) == "TransactionCanceledException"
    assert [change.keys["pk"]["S"] for change in feed(things)] == ["a", "b"]


def test_tables_have_feeds_of_their_own(things: Engine) -> None:
    things.call("CreateTable", define("silent"))
    things.call("CreateTable", define("second", stream="NEW_IMAGE"))
    things.call("PutItem", {"TableName": "silent", "Item": key("a")})
    things.call("PutItem", {"TableName": "second", "Item": {**key("b"), "raw": {"B": b"\x00"}}})
    assert feed(things) == things.changes("silent", 0, 10) == []
    (change,) = things.changes("second", 0, 10)
    assert change.new_image == {**key("b"), "raw": {"B": b"\x00"}}


def test_an_unknown_table_has_no_feed(things: Engine) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        things.changes("nowhere", 0, 1)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        things.trim_changes("nowhere", 1)
