"""The private names of PynamoDB and botocore the store relies on: a new version that moves them is told here."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

from botocore.client import BaseClient
from pynamodb.attributes import DiscriminatorAttribute
from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Update

from chalicelib.store.items.license import FactsRow, MeterRow
from chalicelib.store.table import Outbox, Row
from chalicelib.store.transport import StoreConnection
from tests.unit.store.fakes import Scripted


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("pynamodb").split(".")[0] == "6"


def test_every_call_passes_one_private_method() -> None:
    assert "_make_api_call" in Connection.__dict__
    assert list(inspect.signature(Connection._make_api_call).parameters)[:3] == [
        "self",
        "operation_name",
        "operation_kwargs",
    ]
    transport = Scripted({"TableNames": []})
    assert StoreConnection(transport).dispatch("ListTables", {}) == {"TableNames": []}
    assert transport.operations == ["ListTables"]


def test_a_connection_alone_makes_no_client() -> None:
    connection = StoreConnection(Scripted({}))
    connection.dispatch("GetItem", {"TableName": "t"})
    assert connection._client is None


def test_botocore_is_called_below_its_own_names() -> None:
    assert list(inspect.signature(BaseClient._make_api_call).parameters) == ["self", "operation_name", "api_params"]


def test_expressions_serialise_into_our_maps() -> None:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    condition: Condition = (FactsRow.revision == 3) & FactsRow.pk.exists()
    assert condition.serialize(names, values) == "(#0 = :0 AND attribute_exists (#1))"
    assert (names, values) == ({"revision": "#0", "pk": "#1"}, {":0": {"N": "3"}})
    update = Update(MeterRow.uses.set(MeterRow.uses + 2), MeterRow.expiry.remove())
    assert update.serialize(names := {}, values := {}) == "SET #0 = #0 + :0 REMOVE #1"
    assert values == {":0": {"N": "2"}}


def test_a_discriminator_finds_its_model() -> None:
    kind = Row.get_attributes()["kind"]
    assert isinstance(kind, DiscriminatorAttribute)
    assert kind.deserialize("license") is FactsRow  # type: ignore[no-untyped-call]


def test_a_schema_has_what_tables_are_made_of() -> None:
    for model, indexes in ((Row, 7), (Outbox, 3)):
        schema = model._get_schema()
        assert {"attribute_definitions", "key_schema", "global_secondary_indexes"} <= set(schema)
        assert len(schema["global_secondary_indexes"]) == indexes
