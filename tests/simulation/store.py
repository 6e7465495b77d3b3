"""The store of a simulation: calls wait for their turn, fail by chance, and all of it can be put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from chalicelib.store import meter
from chalicelib.store.database import Database
from chalicelib.store.transport import Transport
from infra.local.engine import Engine, EngineTransport
from tests.faults.injection import CONFLICT, FAULTS, WRITES, Fault
from tests.simulation.baton import Baton

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One call: who made it, what it was, how it failed."""

    actor: int
    operation: str
    fault: Fault | None

    def __str__(self) -> str:
        return f"{self.actor}: {self.operation}" + ("" if self.fault is None else f" ({self.fault})")


class Weather:
    """Faults that come by chance, never more than `most` of them."""

    def __init__(self, chance: Random, rate: float, most: int = 6) -> None:
        self._chance, self._rate, self._left = chance, rate, most
        self.uncertain = False
        self.conflicts = False

    def fault(self, operation: str) -> Fault | None:
        """What a call is hit by."""
        if not self._left or not self._rate or self._chance.random() >= self._rate:
            return None
        fault = self._chance.choice(FAULTS)
        if not fault.fits(operation):
            return None
        self._left -= 1
        self.uncertain = True
        self.conflicts = self.conflicts or fault.name == "conflict"
        return fault


class Turns:
    """A transport below which only one actor moves at a time; each call is a step, and may fail.

    While `locking`, transactions take time, and whoever meets one is turned away: as in the cloud, and on no local
    engine.
    """

    def __init__(self, inner: Transport, baton: Baton) -> None:
        self._inner, self._baton = inner, baton
        self._locks: dict[tuple[str, str], int] = {}
        self.weather: Weather | None = None
        self.locking = False
        self.applied: Callable[[Mapping[str, Any]], None] | None = None
        self.steps: list[Step] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if self.weather is None:
            return self._inner.call(operation, parameters)
        self._baton.step(operation in WRITES)
        fault = self._conflict(operation, parameters) or self.weather.fault(operation)
        self.steps.append(Step(self._baton.holder, operation, fault))
        if fault is not None and not fault.applied:
            raise fault.error(operation, parameters)
        reply = self._apply(operation, parameters)
        if fault is not None:
            raise fault.error(operation, parameters)
        return reply

    def pause(self, seconds: float) -> None:
        """Whoever waits outlasts a transaction."""
        others = set(self._locks.values()) - {self._baton.holder}
        if others:
            self._baton.hand(min(others))
        else:
            self._baton.step(False)

    def _conflict(self, operation: str, parameters: Mapping[str, Any]) -> Fault | None:
        met = self._locks and operation in WRITES and any(key in self._locks for key in _keys(operation, parameters))
        return CONFLICT if met else None

    def _apply(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation != "TransactWriteItems":
            return self._inner.call(operation, parameters)
        locked = _keys(operation, parameters) if self.locking else []
        self._locks |= dict.fromkeys(locked, self._baton.holder)
        try:
            if locked:
                self._baton.step(False)
            reply = self._inner.call(operation, parameters)
        finally:
            for key in locked:
                del self._locks[key]
        if self.applied is not None:
            self.applied(parameters)
        return reply


def _keys(operation: str, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The keys of what a write is about."""
    if operation == "TransactWriteItems":
        return [_key(next(iter(entry.values()))) for entry in parameters["TransactItems"]]
    return [_key(parameters)]


def _key(request: Mapping[str, Any]) -> tuple[str, str]:
    named = request.get("Key") or request["Item"]
    return named["pk"]["S"], named["sk"]["S"]


class OneAfterTheOther(Database):
    """A database whose calls side by side come one after the other, in any order."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(turns, pause=turns.pause)
        self.chance = Random(0)

    def together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """As the other database does, but in this thread."""
        meter.new_round()
        found, failed = dict[int, T](), dict[int, Exception]()
        for number in self.chance.sample(range(len(calls)), len(calls)):
            try:
                found[number] = calls[number]()
            except Exception as error:
                failed[number] = error
        if failed:
            raise failed[min(failed)]
        return [found[number] for number in range(len(calls))]


class Memory:
    """An engine in memory, and copies of it."""

    def __init__(self) -> None:
        self._engine = Engine(":memory:", clock=lambda: 0.0)
        self.transport: Transport = EngineTransport(self._engine)

    def keep(self) -> sqlite3.Connection:
        """The store as it is now."""
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with self._engine._database.reading() as connection:
            connection.backup(kept)
        return kept

    def put_back(self, kept: sqlite3.Connection) -> None:
        """The store as it was then."""
        with self._engine._database.reading() as connection:
            kept.backup(connection)
