"""Several actors of which one runs at a time: who goes on is decided whenever one of them is about to touch the store.

Each actor has a thread of its own, because requests are ordinary calls; but a thread runs only while it has the baton.
So a run is an interleaving that follows from a seed and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from random import Random
from threading import Lock
from typing import Protocol

SECONDS = 60
MOST = 8


class Order(Protocol):
    """Who goes on."""

    def next(self, holder: int, alive: Sequence[int], writes: bool) -> int:
        """One of those that are `alive`; `holder` is about to read or write, unless it is at its end."""


class Restless:
    """With some chance somebody else, anybody."""

    def __init__(self, chance: Random, restlessness: float) -> None:
        self._chance, self._restlessness = chance, restlessness

    def next(self, holder: int, alive: Sequence[int], writes: bool) -> int:
        """See Order."""
        if holder in alive and self._chance.random() >= self._restlessness:
            return holder
        return self._chance.choice(alive)


class Ranked:
    """The first in rank that is alive; at a few of the first `steps`, or writes, whoever runs becomes the last.

    So one may be held up for as long as the others take, which chance alone hardly ever does.
    """

    def __init__(self, chance: Random, ranks: Sequence[int], changes: int, steps: int, *, writes_only: bool) -> None:
        self._ranks = list(ranks)
        self._changes = set(chance.sample(range(steps), changes))
        self._writes_only = writes_only
        self._step = 0

    def next(self, holder: int, alive: Sequence[int], writes: bool) -> int:
        """See Order."""
        if writes or not self._writes_only:
            if self._step in self._changes:
                self._ranks.remove(holder)
                self._ranks.append(holder)
            self._step += 1
        return next(one for one in self._ranks if one in alive)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST, thread_name_prefix="actor")


class Baton:
    """Passed on at every step."""

    def __init__(self) -> None:
        self._order: Order = Restless(Random(0), 0.0)
        self._locks: list[Lock] = []
        self._alive: list[int] = []
        self._end = Lock()
        self.holder = 0

    def run(self, acts: Sequence[Callable[[], None]], order: Order) -> None:
        """Let all of them happen; what one raises is raised when none runs any more."""
        self._order, self._end = order, _held()
        self._locks, self._alive = [_held() for _ in acts], list(range(len(acts)))
        futures = [_threads().submit(self._carry, number, act) for number, act in enumerate(acts)]
        self._give(order.next(0, self._alive, False))
        if not self._end.acquire(timeout=SECONDS):
            raise TimeoutError("nobody passes the baton on")
        for future in futures:
            future.result()

    def step(self, writes: bool) -> None:
        """The holder is about to read or write: somebody else may come first. Nothing outside of a run."""
        if len(self._alive) < 2:
            return
        other = self._order.next(self.holder, self._alive, writes)
        if other != self.holder:
            self.hand(other)

    def hand(self, other: int) -> None:
        """The holder lets somebody else go on, and waits until it has the baton again."""
        own = self.holder
        self._give(other)
        self._locks[own].acquire()

    def _carry(self, number: int, act: Callable[[], None]) -> None:
        self._locks[number].acquire()
        try:
            act()
        finally:
            self._alive.remove(number)
            if self._alive:
                self._give(self._order.next(number, self._alive, False))
            else:
                self._end.release()

    def _give(self, number: int) -> None:
        self.holder = number
        self._locks[number].release()


def _held() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock
