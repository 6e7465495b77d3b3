"""The union of ordered streams, read no further than a walk needs (STORE §3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.store.fetch import ROWS, Entry, Listing, Need, Plan

SMALLEST = 8
"""Entries that are read at once of one of many streams: fewer would cost the same."""
GROWTH = 4


class Stream(msgspec.Struct, frozen=True):
    """One partition of one listing slot."""

    slot: int
    partition: str


class Rows(msgspec.Struct, frozen=True):
    """One partition of the table itself, whose sort keys are positions."""

    partition: str


class Given(msgspec.Struct, frozen=True):
    """Entries that are known already, in any order."""

    entries: tuple[Entry, ...]


Source = Stream | Rows | Given


class Merge:
    """Entries of all streams in order, each position once, behind `after` (exclusive).

    What was read waits in a pool. An entry is taken from it when every stream that may hold more was read up to it
    or beyond. Many streams are read in small pieces, and only those go on that are needed to know what comes next.
    """

    def __init__(self, streams: Sequence[Source], after: str | None, newest_first: bool) -> None:
        self._newest_first = newest_first
        self._after = after
        given = [entry for stream in streams if isinstance(stream, Given) for entry in stream.entries]
        self._pool = {one.position: one for one in given if after is None or self._precedes(after, one.position)}
        self._open = {_opened(stream): _Reach() for stream in streams if not isinstance(stream, Given)}

    @property
    def has_more(self) -> bool:
        """Whether an entry may follow; certain after a `take`."""
        return bool(self._pool or self._open)

    def take(self, count: int) -> Plan[list[Entry]]:
        """The next `count` entries, fewer at the end. One more is read, to know whether it is the end."""
        while behind := self._behind(count + 1):
            yield from self._read(behind, count + 1)
        return [self._pool.pop(position) for position in self._ordered()[:count]]

    def _ordered(self) -> list[str]:
        return sorted(self._pool, reverse=self._newest_first)

    def _precedes(self, one: str, other: str) -> bool:
        return one > other if self._newest_first else one < other

    def _behind(self, wanted: int) -> list[tuple[int, str]]:
        """The streams that may hold one of the next `wanted` entries that is not in the pool yet."""
        positions = self._ordered()
        if len(positions) < wanted:
            return list(self._open)
        last = positions[wanted - 1]
        return [
            one for one, reach in self._open.items() if reach.position is None or self._precedes(reach.position, last)
        ]

    def _read(self, behind: Sequence[tuple[int, str]], wanted: int) -> Plan[None]:
        asks = {one: self._ask(one, wanted) for one in behind}
        found = yield Need(asks=tuple(asks.values()))
        for one, ask in asks.items():
            entries: list[Entry] = found[ask]
            for entry in entries:
                self._pool.setdefault(entry.position, entry)
            if len(entries) < ask.limit:
                del self._open[one]
            else:
                self._open[one] = _Reach(entries[-1].position, ask.limit)

    def _ask(self, one: tuple[int, str], wanted: int) -> Listing:
        missing = wanted - self._ready()
        share = max(-(-missing // len(self._open)), SMALLEST)
        reach = self._open[one]
        limit = min(missing, max(share, GROWTH * reach.read))
        return Listing(*one, self._newest_first, reach.position or self._after, limit)

    def _ready(self) -> int:
        """How many entries of the pool may be taken."""
        reached = [reach.position for reach in self._open.values()]
        if None in reached:
            return 0
        nearest = (max if self._newest_first else min)(filter(None, reached))
        return sum(not self._precedes(nearest, position) for position in self._pool)


class _Reach(msgspec.Struct, frozen=True):
    """How far a stream was read, and how many entries at the last time."""

    position: str | None = None
    read: int = 0


def _opened(stream: Stream | Rows) -> tuple[int, str]:
    return (ROWS, stream.partition) if isinstance(stream, Rows) else (stream.slot, stream.partition)
