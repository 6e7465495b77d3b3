"""Lists: one walk over ordered streams (STORE §3.1).

A stream is one partition, ordered by position. A walk merges streams, loads what they point at, drops what is dead or
not to be seen, and cuts the page. A stream is only a hint: `load` checks every resource again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Need, Plan
from chalicelib.store.keys import Key
from chalicelib.store.merge import Given, Merge, Rows, Source, Stream
from chalicelib.store.table import Item

T = TypeVar("T")

BUDGET = 2_000
"""How many candidates a request examines; then the page ends, full or not."""
BUDGET_OF_FIRST = 10_000
"""The same where no later request can go on."""
COUNTED = 10_000
CHUNK = 101
"""How many candidates are loaded at a time, at most: the largest page, and the one that promises the next."""


class First(msgspec.Struct, frozen=True):
    """The first `size` resources, without links."""

    size: int
    newest_first: bool = True


class Numbered(msgspec.Struct, frozen=True):
    """Page `number` (from 1), counted up to 10,000 resources."""

    number: int
    size: int
    newest_first: bool = True


class After(msgspec.Struct, frozen=True):
    """What follows the resource `cursor`, or the first page when it is None."""

    cursor: str | None
    size: int
    newest_first: bool = True


PageRequest = First | Numbered | After


class Page(msgspec.Struct, Generic[T], frozen=True):
    """The resources of a page; `count` for numbered pages, `next_cursor` (an id) when more may follow."""

    resources: tuple[T, ...]
    count: int | None = None
    next_cursor: str | None = None


Load = Callable[[Sequence[Entry]], Plan[Sequence[T | None]]]
"""Loads what entries point at, at most `CHUNK` of them; None for what is dead, not visible or not asked for."""


def page(
    streams: Sequence[Source],
    request: PageRequest,
    load: Load[T],
    cursor_keys: Callable[[str], Key],
    *,
    selective: bool = False,
) -> Plan[Page[T]]:
    """One page of the union of `streams`. `cursor_keys` tells where the resource of a cursor is stored.

    `selective`: the streams hold more than is to be seen. Then pages are counted after looking, within the budget,
    and a page has a next one only if something of it was seen. When the budget ends a page, the next one goes on
    behind the last candidate that was examined. `Rows` may say too much for ever, so a page that follows is promised
    as if they were selective, and what they list is counted after looking as long as it is few.
    """
    if isinstance(request, Numbered):
        return (yield from (_sifted if selective else _numbered)(streams, request, load))
    selective = selective or _are_hints(streams)
    if isinstance(request, First):
        sieve = _Sieve(Merge(streams, None, request.newest_first), load)
        yield from sieve.fill(request.size, BUDGET_OF_FIRST)
        return Page(sieve.resources[: request.size])
    after = None
    if request.cursor is not None:
        after = yield from _position_of(cursor_keys(request.cursor), request.cursor)
        if after is None:
            return Page(())
    sieve = _Sieve(Merge(streams, after, request.newest_first), load)
    return (yield from _following(sieve, request.size, cursor_keys, selective))


class _Sieve(Generic[T]):
    """What was seen of a merge, chunk by chunk."""

    def __init__(self, merge: Merge, load: Load[T]) -> None:
        self._merge = merge
        self._load = load
        self.seen: list[tuple[Entry, T]] = []
        self.examined: list[Entry] = []

    @property
    def resources(self) -> tuple[T, ...]:
        """What was seen, in order."""
        return tuple(value for _, value in self.seen)

    @property
    def has_more(self) -> bool:
        """Whether candidates are left."""
        return self._merge.has_more

    def fill(self, wanted: int, budget: int) -> Plan[None]:
        """Examine candidates until `wanted` were seen, at most `budget`."""
        entries: Sequence[Entry] = ()
        seen: list[tuple[Entry, T]] = []
        while self.has_more and len(self.seen) < wanted and len(self.examined) < budget:
            chunk = _chunk(wanted - len(self.seen), len(entries), len(seen))
            entries = yield from self._merge.take(min(CHUNK, chunk, budget - len(self.examined)))
            if entries:
                loaded = yield from self._load(entries)
                seen = [(entry, one) for entry, one in zip(entries, loaded, strict=True) if one is not None]
                self.seen += seen
                self.examined += entries


def _chunk(missing: int, examined: int, seen: int) -> int:
    """How many candidates to examine next, so that few rounds do and little is read in vain: some more than it takes
    if as many of them are seen as of those `examined` last, twice as many if none was.
    """
    if not seen:
        return max(missing, 2 * examined)
    expected = -(-missing * examined // seen)
    return expected + (expected - missing) // 2


def _following(sieve: _Sieve[T], size: int, cursor_keys: Callable[[str], Key], selective: bool) -> Plan[Page[T]]:
    wanted = size + selective
    yield from sieve.fill(wanted, BUDGET)
    next_cursor: str | None = None
    if len(sieve.seen) >= wanted:
        more = len(sieve.seen) > size or sieve.has_more
        next_cursor = sieve.seen[size - 1][0].identifier if more else None
    elif sieve.has_more:
        next_cursor = yield from _resumable(sieve.examined[-CHUNK:], cursor_keys)
    return Page(sieve.resources[:size], next_cursor=next_cursor)


def _resumable(examined: Sequence[Entry], cursor_keys: Callable[[str], Key]) -> Plan[str]:
    """The last candidate that can be found again: a stream may list what never came to be."""
    found = yield Need(tuple(cursor_keys(entry.identifier) for entry in examined))
    there = [entry for entry in examined if found[cursor_keys(entry.identifier)] is not None]
    return (there or examined)[-1].identifier


def _position_of(key: Key, identifier: str) -> Plan[str | None]:
    found = yield Need((key,))
    item: Item | None = found[key]
    return None if item is None else keys.position(item["created"], identifier)


def _numbered(streams: Sequence[Source], request: Numbered, load: Load[T]) -> Plan[Page[T]]:
    entries = yield from Merge(streams, None, request.newest_first).take(COUNTED)
    start = (request.number - 1) * request.size
    if _are_hints(streams) and 0 < len(entries) <= CHUNK:
        seen = [value for value in (yield from load(entries)) if value is not None]
        return Page(tuple(seen[start : start + request.size]), count=len(seen))
    shown = entries[start : start + request.size]
    loaded: Sequence[T | None] = (yield from load(shown)) if shown else ()
    return Page(tuple(value for value in loaded if value is not None), count=len(entries))


def _are_hints(streams: Sequence[Source]) -> bool:
    return any(isinstance(one, Rows) for one in streams)


def _sifted(streams: Sequence[Source], request: Numbered, load: Load[T]) -> Plan[Page[T]]:
    sieve = _Sieve(Merge(streams, None, request.newest_first), load)
    yield from sieve.fill(BUDGET, BUDGET)
    start = (request.number - 1) * request.size
    return Page(sieve.resources[start : start + request.size], count=len(sieve.seen))


__all__ = ["After", "First", "Given", "Load", "Numbered", "Page", "PageRequest", "Rows", "Source", "Stream", "page"]
