"""PynamoDB on the engine: whatever its models and connections send has to be understood."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from infra.local.engine import Engine, EngineTransport


class OnEngine(Connection):  # type: ignore[misc, unused-ignore]
    """A connection whose calls go to an engine."""

    transport: EngineTransport

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any], settings: Any = None) -> Any:
        return self.transport.call(operation_name, operation_kwargs)


class ByOwner(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Everything of an owner."""

    class Meta:
        projection = AllProjection()

    owner = UnicodeAttribute(hash_key=True)
    rank = NumberAttribute(range_key=True)


class ByKind(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Keys by kind."""

    class Meta:
        projection = KeysOnlyProjection()

    kind = UnicodeAttribute(hash_key=True)


class Thing(Model):
    """One of everything."""

    class Meta:
        table_name = "things"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = "NEW_IMAGE"
        region = "us-east-1"

    pk = UnicodeAttribute(hash_key=True)
    sk = NumberAttribute(range_key=True)
    owner = UnicodeAttribute(null=True)
    rank = NumberAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    raw = BinaryAttribute(null=True, legacy_encoding=False)
    active = BooleanAttribute(null=True)
    tags = UnicodeSetAttribute(null=True)
    parts: ListAttribute[Any] = ListAttribute(null=True)
    data: MapAttribute[str, Any] = MapAttribute(null=True)  # type: ignore[no-untyped-call]
    by_owner = ByOwner()
    by_kind = ByKind()


@pytest.fixture
def connection(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnEngine]:
    made = OnEngine(region="us-east-1")
    made.transport = EngineTransport(engine)
    table = Thing._get_connection()
    made.add_meta_table(table.get_meta_table())
    monkeypatch.setattr(table, "connection", made)
    Thing.create_table(wait=False)
    yield made


def thing(sk: int, **more: Any) -> Thing:
    made = Thing("p", sk, **{"owner": "o", "rank": -sk, "kind": "k", **more})
    made.save()
    return made


def test_models_are_saved_read_and_deleted(connection: OnEngine) -> None:
    thing(1, name="n", raw=b"\x00", active=True, tags={"a", "b"}, parts=[1, {"x": "y"}], data={"deep": {"er": 1}})
    found = Thing.get("p", 1, consistent_read=True)
    assert (found.raw, found.active, found.tags) == (b"\x00", True, {"a", "b"})
    assert dict(found.data.attribute_values) == {"deep": {"er": 1}}
    found.delete(condition=(Thing.active == True) & Thing.name.startswith("n"))  # noqa: E712
    with pytest.raises(Thing.DoesNotExist):
        Thing.get("p", 1)


def test_updates_of_every_kind(connection: OnEngine) -> None:
    made = thing(1, name="n", tags={"a", "b"}, parts=["x"], rank=1, data={"deep": {"er": 1}})
    made.update(
        [
            Thing.rank.set(Thing.rank + 1),
            Thing.parts.set(Thing.parts.append(["y"])),
            Thing.name.set(Thing.kind | "default"),
            Thing.tags.delete({"a"}),
            Thing.data["deep"]["er"].set(2),
            Thing.owner.remove(),
        ],
        condition=(Thing.rank.between(0, 5) | Thing.name.is_in("a", "b"))
        & ~Thing.raw.exists()
        & Thing.tags.contains("a"),
    )
    assert (made.rank, made.parts, made.name, made.tags) == (2, ["x", "y"], "k", {"b"})
    made.update([Thing.rank.add(3), Thing.tags.add({"z"})])
    assert (made.rank, made.tags) == (5, {"b", "z"})
    assert made.owner is None


def test_queries_scans_and_pages(connection: OnEngine) -> None:
    for sk in range(7):
        thing(sk, name="even" if sk % 2 == 0 else "odd")
    assert [found.sk for found in Thing.query("p", Thing.sk >= 3)] == [3, 4, 5, 6]
    assert [found.sk for found in Thing.query("p", filter_condition=Thing.name == "even", page_size=2)] == [0, 2, 4, 6]
    assert [found.sk for found in Thing.by_owner.query("o", Thing.rank < 0, scan_index_forward=False, limit=3)] == [
        1,
        2,
        3,
    ]
    assert Thing.count("p", Thing.sk.between(1, 3)) == 3
    assert {found.sk for found in Thing.scan(Thing.name == "odd", attributes_to_get=["pk", "sk"])} == {1, 3, 5}
    keys = connection.query("things", "p", index_name=None, limit=2, select="COUNT")
    assert keys["Count"] == 2


def test_batches(connection: OnEngine) -> None:
    with Thing.batch_write() as batch:
        for sk in range(30):
            batch.save(Thing("p", sk))
    with Thing.batch_write() as batch:
        batch.delete(Thing("p", 0))
    found = Thing.batch_get([("p", sk) for sk in range(30)], consistent_read=True)
    assert sorted(made.sk for made in found) == list(range(1, 30))


def test_transactions_and_their_reasons(connection: OnEngine) -> None:
    made = thing(1)
    with TransactWrite(connection=connection, client_request_token="once", return_consumed_capacity="TOTAL") as write:
        write.save(Thing("p", 2), condition=Thing.pk.does_not_exist())
        write.update(made, actions=[Thing.name.set("new")], condition=Thing.name.does_not_exist())
        write.condition_check(Thing, "p", 3, condition=Thing.pk.does_not_exist())
    with TransactGet(connection=connection) as read:
        first, second = read.get(Thing, "p", 1), read.get(Thing, "p", 2)
    assert (first.get().name, second.get().sk) == ("new", 2)
    with (
        pytest.raises(TransactWriteError) as caught,
        TransactWrite(connection=connection) as write,
    ):
        write.save(Thing("p", 9))
        write.delete(Thing("p", 1), condition=Thing.name == "old")
    assert isinstance(caught.value.cause, ClientError)
    response: Any = caught.value.cause.response
    reasons = {reason["Code"] for reason in response["CancellationReasons"]}
    assert reasons == {"ConditionalCheckFailed", "None"}


def test_a_failed_condition_is_pynamodbs_own_error(connection: OnEngine) -> None:
    thing(1)
    with pytest.raises(PutError) as caught:
        Thing("p", 1).save(condition=Thing.pk.does_not_exist())
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"


def test_a_table_tells_its_ttl_and_description(connection: OnEngine) -> None:
    connection.update_time_to_live("things", "ttl")
    assert Thing.describe_table()["ItemCount"] == 0
    assert Thing.exists()
    assert connection.list_tables()["TableNames"] == ["things"]
    Thing.delete_table()
    assert not Thing.exists()
