"""Many threads at once, and two requests in a chosen order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.store.table import Item, Outbox, Row, decode
from chalicelib.store.transport import Transport
from tests.world import Answer, Clock, World

T = TypeVar("T")
SECONDS = 60


def crowd(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Start every call at the same moment, each in its own thread; the results in order."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], T]) -> T:
        barrier.wait(SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(one, call) for call in calls]]


def aside(call: Callable[[], T]) -> T:
    """Run `call` in a thread of its own and wait for it: Chalice keeps one request per thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(SECONDS)


class Watched:
    """A transport that can be interrupted before a call, and that remembers what was applied."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.before: Callable[[str, Mapping[str, Any]], None] | None = None
        self.applied: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if self.before is not None:
            self.before(operation, parameters)
        reply = self._inner.call(operation, parameters)
        with self._lock:
            self.applied.append((operation, parameters))
        return reply

    def between(self, writes: Iterable[str], action: Callable[[], object]) -> None:
        """Let `action` happen after the next request has decided and before its first write of these kinds is sent."""
        wanted = frozenset(writes)

        def before(operation: str, parameters: Mapping[str, Any]) -> None:
            if operation in wanted:
                self.before = None
                aside(action)

        self.before = before


WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


class TickingClock(Clock):
    """A clock that never shows the same instant twice, so that whoever wrote can be told from the time it wrote."""

    def __init__(self, start: datetime, step: timedelta = timedelta(milliseconds=7)) -> None:
        super().__init__(start)
        self._lock = threading.Lock()
        self._step = step

    def now(self) -> datetime:
        with self._lock:
            self.instant += self._step
            return self.instant


def rows(world: World, table: type[Row] | type[Outbox], kind: str | None = None) -> list[Item]:
    """Everything stored in a table, or everything of a kind."""
    found: list[Item] = []
    request: dict[str, Any] = {"TableName": world.database.table(table), "ConsistentRead": True}
    while True:
        reply = world.database.send("Scan", dict(request))
        found += [decode(table, raw) for raw in reply["Items"]]
        if "LastEvaluatedKey" not in reply:
            return [item for item in found if kind is None or item["kind"] == kind]
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def feed(world: World, kind: str) -> dict[str, Any]:
    """The outbox items of a kind as the event their stream would send."""
    reply = world.database.send("Scan", {"TableName": world.database.names.outbox, "ConsistentRead": True})
    images = [raw for raw in reply["Items"] if raw["kind"]["S"] == kind]
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": image}}
            for number, image in enumerate(images, 1)
        ]
    }


def statuses(answers: Iterable[Answer]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status for answer in answers)
