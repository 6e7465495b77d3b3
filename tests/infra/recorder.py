"""What functions ask of the store, written down as what they must be allowed to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import ReadTimeoutError

from infra.local.engine import Engine, EngineTransport

TABLES = {"resources": "ResourcesTable", "outbox": "OutboxTable"}
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
SETUP = frozenset({"ListTables", "CreateTable", "UpdateTimeToLive"})
"""Sent by `create_tables` alone, which no function calls."""


class Grant(NamedTuple):
    """An action on a resource: a table's logical name, `/index` appended where one of its indexes is meant."""

    action: str
    resource: str


def grants_of(operation: str, parameters: Mapping[str, Any]) -> Iterator[Grant]:
    """What a caller must be allowed for one request."""
    if operation == "TransactWriteItems":
        for entry in parameters["TransactItems"]:
            ((kind, one),) = entry.items()
            yield Grant(f"dynamodb:{TRANSACTED[kind]}", TABLES[one["TableName"]])
    elif operation == "BatchGetItem":
        for name in parameters["RequestItems"]:
            yield Grant("dynamodb:BatchGetItem", TABLES[name])
    else:
        index = "/index" if "IndexName" in parameters else ""
        yield Grant(f"dynamodb:{operation}", TABLES[parameters["TableName"]] + index)


class Recorder:
    """Writes down what was called. It can lose the answer to the next counter write, and hold the indexes back."""

    def __init__(self, engine: Engine) -> None:
        self.transport = EngineTransport(engine, before=self._before, after=self._after)
        self.seen: set[Grant] = set()
        self.lose_next_update = False
        self.indexes_lag = False

    def _before(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.seen.update(grants_of(operation, parameters) if operation not in SETUP else ())

    def _after(self, operation: str, parameters: Mapping[str, Any], result: dict[str, Any] | BaseException) -> None:
        if self.indexes_lag and operation == "Query" and "listing" in parameters.get("IndexName", ""):
            assert isinstance(result, dict)
            result["Items"] = []
        if self.lose_next_update and operation == "UpdateItem":
            self.lose_next_update = False
            raise ReadTimeoutError(endpoint_url="http://localhost")

    @contextmanager
    def recording(self, function: set[Grant]) -> Iterator[None]:
        """What happens inside is the work of one function."""
        self.seen.clear()
        yield
        function |= self.seen
