"""What the service really sends, call by call to both engines: every operation of the road and the jobs.

The random test beside this one looks for differences anywhere in the grammar; this one makes sure that there is none
where we live. Both engines start empty and get the same requests, so whatever they answer must be the same. Capacity
is left to the random test, which knows where DynamoDB Local counts otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.store.direct import DirectTransport
from infra.local.engine import Engine
from tests.engine.answers import bag, plain
from tests.faults.operation import Operation
from tests.faults.operations import JOBS, REQUESTS
from tests.world import World

pytestmark = pytest.mark.dynamodb_local

TABLES = ("resources", "outbox")
ADMINISTRATION = frozenset({"ListTables", "CreateTable", "UpdateTimeToLive"})
LEFT_OUT = frozenset({"ConsumedCapacity", "ResponseMetadata", "ScannedCount"})


class Twins:
    """A transport that asks both engines and insists on one answer; ours is passed on."""

    def __init__(self, engine: Engine, oracle: DirectTransport) -> None:
        self._engine, self._oracle = engine, oracle
        self.compared = 0

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """One call to both."""
        theirs, _ = told(self._oracle, operation, parameters)
        ours, outcome = told(self._engine, operation, parameters)
        if operation not in ADMINISTRATION:
            assert ours == theirs, (operation, parameters)
            self.compared += 1
        if isinstance(outcome, ClientError):
            raise outcome
        return outcome


def told(engine: Any, operation: str, parameters: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | ClientError]:
    """An answer as it is compared, and as it came."""
    try:
        reply: dict[str, Any] = engine.call(operation, deepcopy(dict(parameters)))
    except ClientError as error:
        response: Any = error.response
        reasons = [(reason["Code"], plain(reason.get("Item"))) for reason in response.get("CancellationReasons", [])]
        return (response["Error"]["Code"], plain(response.get("Item")), reasons), error
    shown = {name: plain(part) for name, part in reply.items() if name not in LEFT_OUT}
    if operation == "BatchGetItem":
        shown["Responses"] = {table: bag(items) for table, items in reply["Responses"].items()}
    if operation == "Scan":
        shown["Items"] = bag(reply["Items"])
    return shown, reply


@pytest.fixture
def oracle(dynamodb_local: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DirectTransport]:
    """DynamoDB Local without our tables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    transport = DirectTransport(dynamodb_local, "eu-central-1")
    _drop(transport)
    yield transport
    _drop(transport)


def _drop(transport: DirectTransport) -> None:
    for table in TABLES:
        with suppress(ClientError):
            transport.call("DeleteTable", {"TableName": table})


@pytest.mark.parametrize("operation", [*REQUESTS, *JOBS], ids=str)
def test_both_engines_answer_alike(operation: Operation, oracle: DirectTransport) -> None:
    engine = Engine(":memory:")
    twins = Twins(engine, oracle)
    world = World(twins)
    if operation.subscribed:
        world.listen(*operation.subscribed)
    context = operation.prepare(world)
    before = twins.compared
    assert operation.act(world, context).status < 500
    assert twins.compared > before
    engine.close()
