"""Transports without a database behind them, and databases over a small engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.store.database import Database
from chalicelib.store.keys import Key
from chalicelib.store.table import Row
from chalicelib.store.transport import Transport

Reply = dict[str, Any] | Exception


class Scripted:
    """Answers calls from a list, and remembers what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]


class Shelf:
    """Items by key, read like the service would; `stale` holds what weak reads still see."""

    def __init__(self, *rows: Row) -> None:
        self.items = {Key(row.pk, row.sk): row.serialize() for row in rows}
        self.stale: dict[Key, dict[str, Any] | None] = {}
        self.batches: list[list[Key]] = []
        self.weak: list[bool] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "GetItem":
            found = self._found([parameters["Key"]], parameters["ConsistentRead"])
            return {"Item": found[0]} if found else {}
        assert operation == "BatchGetItem", operation
        ((table, wanted),) = parameters["RequestItems"].items()
        return {"Responses": {table: self._found(wanted["Keys"], wanted["ConsistentRead"])}}

    def _found(self, wanted: list[dict[str, Any]], strong: bool) -> list[dict[str, Any]]:
        keys = [Key(one["pk"]["S"], one["sk"]["S"]) for one in wanted]
        assert len(set(keys)) == len(keys) <= 100
        self.batches.append(keys)
        self.weak.append(not strong)
        seen = self.items if strong else {**self.items, **self.stale}
        return [item for key in keys if (item := seen.get(key)) is not None]


def database(transport: Transport, pauses: list[float] | None = None) -> Database:
    """A store that does not wait; `pauses` collects how long it would have."""
    record: Callable[[float], None] = (lambda seconds: None) if pauses is None else pauses.append
    return Database(transport, pause=record)


def failed(code: str, status: int = 400, **more: Any) -> ClientError:
    """An error of the service."""
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, "Operation")


def cancelled(*codes: str, **more: Any) -> ClientError:
    """A cancelled transaction with a reason for each item."""
    return failed("TransactionCanceledException", CancellationReasons=[{"Code": code, **more} for code in codes])
