"""A transport that remembers what was asked of the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib.store.transport import Transport
from tests.world import World

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})


class Watched:
    """Passes every call on and notes its name."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.calls: list[str] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        return self._inner.call(operation, parameters)


@contextmanager
def watched(world: World) -> Iterator[list[str]]:
    """The names of the calls made inside the block."""
    assert isinstance(world.transport, Watched)
    start = len(world.transport.calls)
    seen: list[str] = []
    yield seen
    seen += world.transport.calls[start:]


def writes(calls: list[str]) -> int:
    """How many of the calls write."""
    return sum(call in WRITES for call in calls)
