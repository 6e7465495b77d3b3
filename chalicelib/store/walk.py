"""Lists: one walk over ordered streams (STORE §3.1).

A stream is one partition of a listing index, ordered by position. A walk merges streams, loads what they point at,
drops what is dead or not to be seen, and cuts the page. An index is only a hint: `load` checks every resource again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Listing, Need, Plan
from chalicelib.store.keys import Key
from chalicelib.store.table import Item

T = TypeVar("T")

BUDGET = 2_000
COUNTED = 10_000


class Stream(msgspec.Struct, frozen=True):
    """One partition of one listing slot."""

    slot: int
    partition: str


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
"""Loads what entries point at, None for what is dead or not visible."""


def page(
    streams: Sequence[Stream],
    request: PageRequest,
    load: Load[T],
    cursor_keys: Callable[[str], Key],
    *,
    selective: bool = False,
) -> Plan[Page[T]]:
    """One page of the union of `streams`. `cursor_keys` tells where the resource of a cursor is stored.

    `selective`: the streams hold more than is to be seen, so pages are counted after looking, within the budget.
    """
    if isinstance(request, Numbered):
        return (yield from (_sifted if selective else _numbered)(streams, request, load))
    after = None
    if isinstance(request, After) and request.cursor is not None:
        after = yield from _position_of(cursor_keys(request.cursor), request.cursor)
        if after is None:
            return Page(())
    return (yield from _following(streams, after, request, load))


def _position_of(key: Key, identifier: str) -> Plan[str | None]:
    found = yield Need((key,))
    item: Item | None = found[key]
    return None if item is None else keys.position(item["created"], identifier)


def _following(streams: Sequence[Stream], after: str | None, request: First | After, load: Load[T]) -> Plan[Page[T]]:
    size, examined = request.size, 0
    taken: list[tuple[Entry, T]] = []
    more = True
    while more and len(taken) < size and examined < BUDGET:
        wanted = size - len(taken)
        entries = yield from _merged(streams, after, wanted + 1, request.newest_first)
        more, entries = len(entries) > wanted, entries[:wanted]
        if entries:
            loaded = yield from load(entries)
            taken += [(entry, value) for entry, value in zip(entries, loaded, strict=True) if value is not None]
            after, examined = entries[-1].position, examined + len(entries)
    last = taken[-1][0].position if taken else after
    return Page(tuple(value for _, value in taken), next_cursor=_identifier(last) if more and last else None)


def _numbered(streams: Sequence[Stream], request: Numbered, load: Load[T]) -> Plan[Page[T]]:
    entries = yield from _merged(streams, None, COUNTED, request.newest_first)
    start = (request.number - 1) * request.size
    shown = entries[start : start + request.size]
    loaded: Sequence[T | None] = (yield from load(shown)) if shown else ()
    return Page(tuple(value for value in loaded if value is not None), count=len(entries))


def _sifted(streams: Sequence[Stream], request: Numbered, load: Load[T]) -> Plan[Page[T]]:
    everything = First(BUDGET, request.newest_first)
    found = yield from _following(streams, None, everything, load)
    start = (request.number - 1) * request.size
    return Page(found.resources[start : start + request.size], count=len(found.resources))


def _merged(streams: Sequence[Stream], after: str | None, limit: int, newest_first: bool) -> Plan[list[Entry]]:
    asks = tuple(Listing(stream.slot, stream.partition, newest_first, after, limit) for stream in streams)
    found = yield Need(asks=asks)
    by_position = {entry.position: entry for ask in asks for entry in found[ask]}
    return [by_position[position] for position in sorted(by_position, reverse=newest_first)][:limit]


def _identifier(position: str) -> str:
    return position.partition("#")[2]
