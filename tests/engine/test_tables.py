"""Tables: definitions, descriptions, time to live."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.engine import Engine
from tests.engine.clock import Clock
from tests.engine.tables import Attributes, code_of, define, get, index, key, put, refused

TTL = {"Enabled": True, "AttributeName": "ttl"}


def test_a_described_table(engine: Engine, clock: Clock) -> None:
    definition = define("things", index("keys", "in_1", "position"), stream="NEW_IMAGE")
    created = engine.call("CreateTable", definition)["TableDescription"]
    described = engine.call("DescribeTable", {"TableName": "things"})["Table"]
    assert created == described
    for name in ("TableName", "AttributeDefinitions", "KeySchema", "StreamSpecification"):
        assert described[name] == definition[name]
    assert described["TableStatus"] == "ACTIVE"
    assert described["CreationDateTime"] == datetime.fromtimestamp(clock(), UTC)
    assert described["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    (found,) = described["GlobalSecondaryIndexes"]
    assert found["IndexStatus"] == "ACTIVE"
    assert found["KeySchema"] == definition["GlobalSecondaryIndexes"][0]["KeySchema"]


def test_counts_are_those_of_now(engine: Engine) -> None:
    engine.call("CreateTable", define("things", index("keys", "in_1")))
    put(engine, {**key("a"), "in_1": {"S": "u"}})
    put(engine, key("b"))
    described = engine.call("DescribeTable", {"TableName": "things"})["Table"]
    assert described["ItemCount"] == 2
    assert described["GlobalSecondaryIndexes"][0]["ItemCount"] == 1


def test_tables_are_listed_in_order_and_pages(engine: Engine) -> None:
    for name in ("ccc", "aaa", "bbb"):
        engine.call("CreateTable", define(name))
    first = engine.call("ListTables", {"Limit": 2})
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (["aaa", "bbb"], "bbb")
    rest = engine.call("ListTables", {"ExclusiveStartTableName": "bbb"})
    assert rest["TableNames"] == ["ccc"]
    assert "LastEvaluatedTableName" not in rest


def test_a_deleted_table_takes_its_items_along(engine: Engine) -> None:
    definition = define("things", index("keys", "in_1"), stream="NEW_IMAGE")
    engine.call("CreateTable", definition)
    put(engine, {**key("a"), "in_1": {"S": "u"}})
    assert code_of(engine, "CreateTable", definition) == "ResourceInUseException"
    engine.call("DeleteTable", {"TableName": "things"})
    assert code_of(engine, "DeleteTable", {"TableName": "things"}) == "ResourceNotFoundException"
    assert code_of(engine, "GetItem", {"TableName": "things", "Key": key("a")}) == "ResourceNotFoundException"
    engine.call("CreateTable", definition)
    assert get(engine, key("a")) is None
    assert engine.call("Scan", {"TableName": "things", "IndexName": "keys"})["Count"] == 0
    assert engine.changes("things", 0, 10) == []


def without(name: str) -> Callable[[Attributes], Any]:
    return lambda definition: definition.pop(name)


def having(**more: Any) -> Callable[[Attributes], Any]:
    return lambda definition: definition.update(more)


@pytest.mark.parametrize(
    "spoil",
    [
        without("KeySchema"),
        without("AttributeDefinitions"),
        without("BillingMode"),
        having(TableName="x"),
        having(TableName="with space"),
        having(KeySchema=[{"AttributeName": "pk", "KeyType": "RANGE"}]),
        having(KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}]),
        having(KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}] * 2),
        having(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "L"}]),
        having(BillingMode="FREE"),
        having(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
        having(StreamSpecification={"StreamEnabled": True}),
        having(StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}),
        having(GlobalSecondaryIndexes=[]),
        having(GlobalSecondaryIndexes=[index("keys", "nothing")]),
        having(GlobalSecondaryIndexes=[index("keys", "sk"), index("keys", "sk")]),
        having(GlobalSecondaryIndexes=[{**index("keys", "sk"), "Projection": {"ProjectionType": "INCLUDE"}}]),
        having(GlobalSecondaryIndexes=[{**index("keys", "sk"), "Projection": {}}]),
        having(LocalSecondaryIndexes=[]),
    ],
)
def test_malformed_definitions_are_refused(engine: Engine, spoil: Callable[[Attributes], Any]) -> None:
    definition = define()
    spoil(definition)
    assert code_of(engine, "CreateTable", definition) == "ValidationException"
    assert engine.call("ListTables", {})["TableNames"] == []


def test_time_to_live_is_described(engine: Engine) -> None:
    engine.call("CreateTable", define())
    described = {"TableName": "things"}
    enabled = {**described, "TimeToLiveSpecification": TTL}
    assert engine.call("DescribeTimeToLive", described)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    assert engine.call("UpdateTimeToLive", enabled)["TimeToLiveSpecification"] == TTL
    expected = {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert engine.call("DescribeTimeToLive", described)["TimeToLiveDescription"] == expected
    assert code_of(engine, "UpdateTimeToLive", enabled) == "ValidationException"
    other = {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "other"}}
    assert code_of(engine, "UpdateTimeToLive", {**described, **other}) == "ValidationException"
    malformed = {"TimeToLiveSpecification": {"Enabled": "yes", "AttributeName": "ttl"}}
    assert code_of(engine, "UpdateTimeToLive", {**described, **malformed}) == "ValidationException"


@pytest.fixture
def expiring(engine: Engine) -> Engine:
    engine.call("CreateTable", define("things", index("keys", "in_1"), stream="NEW_AND_OLD_IMAGES"))
    put(engine, {**key("before"), "ttl": {"N": "900"}, "in_1": {"S": "u"}})
    engine.call("UpdateTimeToLive", {"TableName": "things", "TimeToLiveSpecification": TTL})
    return engine


def test_a_sweep_takes_what_expired_and_nothing_else(expiring: Engine) -> None:
    now = 1_000_000_000
    kept = {
        "later": {"N": str(now + 1)},
        "now": {"N": str(now)},
        "text": {"S": "1"},
        "ages ago": {"N": str(now - 6 * 365 * 86_400)},
        "far future": {"N": "1E+100"},
    }
    for name, value in kept.items():
        put(expiring, {**key(name), "ttl": value})
    put(expiring, {**key("gone"), "ttl": {"N": f"{now - 1}.9"}})
    assert expiring.sweep_expired(now) == 1
    assert expiring.sweep_expired(now) == 0
    names = {item["pk"]["S"] for item in expiring.call("Scan", {"TableName": "things"})["Items"]}
    assert names == {"before", *kept}


def test_a_sweep_cleans_indexes_and_tells_who_deleted(expiring: Engine) -> None:
    assert expiring.sweep_expired(1000) == 1
    assert expiring.call("Scan", {"TableName": "things", "IndexName": "keys"})["Count"] == 0
    inserted, removed = expiring.changes("things", 0, 10)
    assert (inserted.event, inserted.user_identity) == ("INSERT", None)
    assert (removed.event, removed.at) == ("REMOVE", 1000.0)
    assert removed.user_identity == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert removed.old_image == {**key("before"), "ttl": {"N": "900"}, "in_1": {"S": "u"}}


def test_an_item_whose_expiry_was_moved_stays(expiring: Engine) -> None:
    put(expiring, {**key("before"), "ttl": {"N": "2000"}})
    assert expiring.sweep_expired(1000) == 0
    put(expiring, key("before"))
    assert expiring.sweep_expired(3000) == 0


def test_a_sweep_goes_on_over_batches_and_stops_when_disabled(expiring: Engine) -> None:
    for number in range(450):
        put(expiring, {**key(f"n{number}"), "ttl": {"N": str(number + 1)}})
    assert expiring.sweep_expired(1000) == 451
    put(expiring, {**key("late"), "ttl": {"N": "5"}})
    disabled = {"TableName": "things", "TimeToLiveSpecification": {**TTL, "Enabled": False}}
    expiring.call("UpdateTimeToLive", disabled)
    assert expiring.sweep_expired(1000) == 0


def test_unknown_operations_and_parameters_are_refused_by_name(engine: Engine) -> None:
    assert "PartiQL" in refused(engine, "PartiQL", {})["Error"]["Message"]
    assert "Colour" in refused(engine, "ListTables", {"Colour": "red"})["Error"]["Message"]
