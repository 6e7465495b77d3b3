"""Counts what a request costs at the store: calls, rounds that wait for each other, capacity units."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from chalicelib.store.transport import Transport

_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


@dataclass(slots=True)
class Ledger:
    """`round_trips` counts calls, `sequential` rounds of calls side by side; units as the service bills them."""

    round_trips: int = 0
    sequential: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    operations: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, operation: str, reply: Mapping[str, Any]) -> None:
        """Add one answered call."""
        consumed = reply.get("ConsumedCapacity") or ()
        entries = (consumed,) if isinstance(consumed, Mapping) else consumed
        units = sum(entry.get("CapacityUnits", 0.0) for entry in entries)
        with self._lock:
            self.round_trips += 1
            self.operations.append(operation)
            if operation in _READS:
                self.read_units += units
            else:
                self.write_units += units


_current: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


@contextmanager
def counting() -> Iterator[Ledger]:
    """Collect the cost of everything inside the block."""
    ledger = Ledger()
    token = _current.set(ledger)
    try:
        yield ledger
    finally:
        _current.reset(token)


def new_round() -> None:
    """The calls that follow wait for what came before."""
    ledger = _current.get()
    if ledger is not None:
        ledger.sequential += 1


class Counted:
    """A transport that notes every answered call in the ledger of its context."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Pass the call on."""
        reply = self._inner.call(operation, parameters)
        ledger = _current.get()
        if ledger is not None:
            ledger.note(operation, reply)
        return reply
