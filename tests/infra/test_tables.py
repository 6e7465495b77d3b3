"""One source for both tables: the models. The template says the same, and so do tables made by `create_tables`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from chalicelib.store.database import Database, TableNames
from chalicelib.store.transport import Transport
from infra import tables
from infra.local.engine import Engine, EngineTransport
from infra.package import ROOT

NAMES = count(1)


def properties(name: str) -> dict[str, Any]:
    """The template's properties of a table, as the committed file says."""
    found: dict[str, Any] = json.loads(tables.FILE.read_text("utf-8"))["Resources"][name]["Properties"]
    return found


def described(transport: Transport, name: str) -> dict[str, Any]:
    """An existing table in the template's words."""
    table = transport.call("DescribeTable", {"TableName": name})["Table"]
    live = transport.call("DescribeTimeToLive", {"TableName": name})["TimeToLiveDescription"]
    found = {
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "AttributeDefinitions": sorted(table["AttributeDefinitions"], key=lambda entry: str(entry["AttributeName"])),
        "KeySchema": table["KeySchema"],
        "GlobalSecondaryIndexes": sorted(
            (
                {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
                for index in table["GlobalSecondaryIndexes"]
            ),
            key=lambda index: str(index["IndexName"]),
        ),
        "TimeToLiveSpecification": {
            "AttributeName": live["AttributeName"],
            "Enabled": live["TimeToLiveStatus"] in ("ENABLED", "ENABLING"),
        },
    }
    stream = table.get("StreamSpecification")
    if stream:
        assert stream["StreamEnabled"] is True
        found["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    return found


def schema(name: str) -> dict[str, Any]:
    """The members of the template that a created table shows as well."""
    kept = {"PointInTimeRecoverySpecification", "SSESpecification", "DeletionProtectionEnabled"}
    return {member: value for member, value in properties(name).items() if member not in kept}


@pytest.fixture
def engine() -> Iterator[Transport]:
    """The local engine, empty."""
    made = Engine(":memory:")
    yield EngineTransport(made)
    made.close()


class Botocore:
    """DynamoDB Local through botocore, which the service itself does not use."""

    def __init__(self, endpoint: str) -> None:
        session = botocore.session.get_session()
        session.set_credentials("local", "local")
        self.client = session.create_client("dynamodb", region_name="eu-central-1", endpoint_url=endpoint)

    def call(self, operation: str, parameters: Any) -> dict[str, Any]:
        reply: dict[str, Any] = self.client._make_api_call(operation, parameters)
        return reply


@pytest.fixture
def local(dynamodb_local: str) -> Iterator[Transport]:
    """DynamoDB Local."""
    made = Botocore(dynamodb_local)
    yield made
    made.client.close()


def test_the_committed_fragment_is_what_the_models_say() -> None:
    assert tables.FILE == ROOT / "infra" / "tables.json"
    assert tables.FILE.read_text("utf-8") == tables.text()


def test_the_command_writes_and_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables, "FILE", tmp_path / "tables.json")
    assert tables.main(["--check"]) == 1
    assert "python -m infra.tables" in capsys.readouterr().err
    assert tables.main([]) == 0
    assert tables.main(["--check"]) == 0
    (tmp_path / "tables.json").write_text("{}\n")
    assert tables.main(["--check"]) == 1


@pytest.mark.parametrize("name", ["ResourcesTable", "OutboxTable"])
def test_tables_are_kept(name: str) -> None:
    resource = json.loads(tables.FILE.read_text("utf-8"))["Resources"][name]
    assert resource["Type"] == "AWS::DynamoDB::Table"
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    found = resource["Properties"]
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["DeletionProtectionEnabled"] is True
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    key = found["SSESpecification"]["KMSMasterKeyId"]["Fn::GetAtt"][0]
    others = json.loads((ROOT / "infra" / "resources.json").read_text("utf-8"))["Resources"]
    assert (found["SSESpecification"]["SSEType"], others[key]["Type"]) == ("KMS", "AWS::KMS::Key")


def test_only_the_outbox_has_a_stream() -> None:
    assert "StreamSpecification" not in properties("ResourcesTable")
    assert properties("OutboxTable")["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


def test_indexes_are_sparse_hints() -> None:
    """Every index holds keys alone: what is listed is loaded and checked again."""
    for name in tables.TABLES:
        for index in properties(name)["GlobalSecondaryIndexes"]:
            assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def create(transport: Transport) -> TableNames:
    """Both tables under names of their own."""
    suffix = f"{os.getpid()}-{next(NAMES)}"
    names = TableNames(f"resources-{suffix}", f"outbox-{suffix}")
    database = Database(transport, names)
    database.create_tables()
    database.create_tables()
    return names


def test_the_engine_has_the_tables_of_the_template(engine: Transport) -> None:
    names = create(engine)
    assert described(engine, names.resources) == schema("ResourcesTable")
    assert described(engine, names.outbox) == schema("OutboxTable")


@pytest.mark.slow
@pytest.mark.dynamodb_local
def test_dynamodb_local_has_the_tables_of_the_template(local: Transport) -> None:
    names = create(local)
    assert described(local, names.resources) == schema("ResourcesTable")
    assert described(local, names.outbox) == schema("OutboxTable")
