"""Operations about to run, each run in a world as it was prepared.

Preparing takes longer than running, so each operation is prepared once a process, and its store is put back.
"""

from __future__ import annotations

import sqlite3
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from chalicelib.store.table import Outbox
from infra.local.engine import Engine, EngineTransport
from tests.faults.injection import WRITES, Faulty
from tests.faults.operation import Context, Operation, Result
from tests.faults.sound import assert_sound
from tests.faults.stored import of_kind
from tests.world import World


class Rewound(Engine):
    """A store in memory that can be put back to what it held."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)

    def keep(self) -> None:
        """Remember what is stored."""
        with self._database.reading() as connection:
            connection.backup(self._kept)

    def rewind(self) -> None:
        """Store what was remembered, and nothing else."""
        with self._database.reading() as connection:
            self._kept.backup(connection)


@dataclass
class Stage:
    """A world, its faulty transport and an operation about to run."""

    operation: Operation
    world: World
    faulty: Faulty
    context: Context
    known_events: int

    def act(self) -> Result:
        return self.operation.act(self.world, self.context)

    def effects(self) -> int:
        """How often the operation took effect; never in part. What nothing was written to is as sound as it was."""
        if any(call.applied and call.operation in WRITES for call in self.faulty.calls):
            assert_sound(self.world)
        return self.operation.effects(self.world, self.context)

    def events(self) -> int:
        """Events in the outbox that the operation added."""
        return len(of_kind(self.world, Outbox, "event")) - self.known_events


@dataclass(frozen=True)
class _Prepared:
    engine: Rewound
    world: World
    faulty: Faulty
    context: Context
    instant: datetime
    events: int


@cache
def _prepared(operation: Operation) -> _Prepared:
    engine = Rewound()
    faulty = Faulty(EngineTransport(engine))
    world = World(faulty)
    context = operation.prepare(world)
    if operation.subscribed:
        world.listen(*operation.subscribed)
    world.service.accounts.find(world.slug)
    assert_sound(world)
    engine.keep()
    return _Prepared(engine, world, faulty, context, world.clock.instant, len(of_kind(world, Outbox, "event")))


def stage(operation: Operation) -> Stage:
    """Everything ready for `act`, until the same operation is staged again; nothing fails yet."""
    ready = _prepared(operation)
    ready.faulty.disarm()
    ready.engine.rewind()
    ready.world.clock.instant = ready.instant
    if operation.remembers:
        ready.world.serve()
        ready.world.service.accounts.find(ready.world.slug)
    return Stage(operation, ready.world, ready.faulty, deepcopy(ready.context), ready.events)
