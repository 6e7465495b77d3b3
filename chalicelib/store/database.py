"""The store as one object: tables by name, single calls with their repeats, calls side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, TypeVar

import msgspec
from pynamodb.models import Model

from chalicelib.licensing.errors import Problem, Unavailable
from chalicelib.store import meter, retry
from chalicelib.store.retry import Outcome
from chalicelib.store.table import Outbox, Row
from chalicelib.store.transport import StoreConnection, Transport

T = TypeVar("T")

BUSY = Problem("The service is busy, please try again")
UNKNOWN = Problem("The outcome of the request is unknown, please check before trying again")


class TableNames(msgspec.Struct, frozen=True):
    """What the two tables are called in this deployment."""

    resources: str = "resources"
    outbox: str = "outbox"


class Database:
    """Access to both tables through one transport; safe for many threads."""

    def __init__(
        self,
        transport: Transport,
        names: TableNames | None = None,
        pause: retry.Pause = retry.pause,
        side_by_side: int = 8,
    ) -> None:
        self.names = names or TableNames()
        self.pause = pause
        self._connection = StoreConnection(meter.Counted(transport))
        self._side_by_side = side_by_side
        self._pool: ThreadPoolExecutor | None = None

    def table(self, model: type[Model]) -> str:
        """The name of the table `model` lives in."""
        return self.names.outbox if issubclass(model, Outbox) else self.names.resources

    def send(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """One attempt, nothing repeated."""
        return self._connection.dispatch(operation, parameters)

    def read(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """A read, repeated while it fails for reasons of its own."""
        for attempt in range(retry.REPEATS + 1):
            if attempt:
                self.pause(retry.delay(attempt))
            try:
                return self.send(operation, parameters)
            except Exception as error:
                if retry.outcome(error) is Outcome.REFUSED:
                    raise
        raise Unavailable(BUSY)

    def together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run `calls` side by side as one round; results in order. What fails is raised once none runs any more."""
        meter.new_round()
        if len(calls) == 1:
            return [calls[0]()]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._side_by_side, thread_name_prefix="store")
        futures = [self._pool.submit(copy_context().run, call) for call in calls]
        wait(futures)
        return [future.result() for future in futures]

    def create_tables(self) -> None:
        """Create both tables where they are missing (local engines and tests; the cloud has its template)."""
        existing = set(self._connection.dispatch("ListTables", {})["TableNames"])
        for model in (Row, Outbox):
            if self.table(model) not in existing:
                self.send("CreateTable", table_definition(model, self.table(model)))
                self.send("UpdateTimeToLive", time_to_live(self.table(model)))


def table_definition(model: type[Model], name: str) -> dict[str, Any]:
    """`CreateTable` parameters of `model`, the single source of both tables' definitions."""
    schema: dict[str, Any] = model._get_schema()  # type: ignore[assignment]
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": model.Meta.billing_mode,
        "AttributeDefinitions": sorted(schema["attribute_definitions"], key=lambda entry: str(entry["AttributeName"])),
        "KeySchema": _key_schema(schema["key_schema"]),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index["index_name"],
                "KeySchema": _key_schema(index["key_schema"]),
                "Projection": index["projection"],
            }
            for index in sorted(schema["global_secondary_indexes"], key=lambda entry: str(entry["index_name"]))
        ],
    }
    view = getattr(model.Meta, "stream_view_type", None)
    if view:
        definition["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    return definition


def time_to_live(name: str) -> dict[str, Any]:
    """`UpdateTimeToLive` parameters of either table."""
    return {"TableName": name, "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True}}


def _key_schema(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(
        ({"AttributeName": entry["AttributeName"], "KeyType": entry["KeyType"]} for entry in entries),
        key=lambda entry: entry["KeyType"],
    )
