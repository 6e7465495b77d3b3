"""Lists as one walk over ordered streams, over a query that is a plain function (STORE §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.store import keys, walk
from chalicelib.store.fetch import Entry, Listing, Need, Plan
from chalicelib.store.keys import Key
from chalicelib.store.walk import After, First, Numbered, Page, PageRequest, Stream, page
from tests.unit.licensing.make import NOW, TICK

ACCOUNT = "A"


def created(number: int) -> Any:
    return NOW + TICK * number


def name(number: int) -> str:
    return f"id-{number:05d}"


def position(number: int) -> str:
    return keys.position(created(number), name(number))


def key(identifier: str) -> Key:
    return keys.resource(ACCOUNT, "thing", identifier)


class Index:
    """Streams by partition, asked as the store asks; counts what it was asked for."""

    def __init__(self, **streams: Sequence[int]) -> None:
        self.streams = streams
        self.asked: list[Listing] = []
        self.loaded: list[str] = []
        self.rounds = 0

    def answer(self, ask: Listing) -> list[Entry]:
        self.asked.append(ask)
        found = sorted((position(number) for number in self.streams[ask.partition]), reverse=ask.newest_first)
        if ask.after is not None:
            after = ask.after
            found = [one for one in found if (one < after if ask.newest_first else one > after)]
        return [Entry(one, key(one.partition("#")[2])) for one in found[: ask.limit]]

    def run(self, plan: Plan[Page[str]]) -> Page[str]:
        known: dict[Any, Any] = {}
        try:
            wanted = next(plan)
            while True:
                self.rounds += 1
                for one in wanted.keys:
                    number = int(one.pk.rpartition("-")[2])
                    everything = {number for stream in self.streams.values() for number in stream}
                    known[one] = {"created": created(number)} if number in everything else None
                known |= {ask: self.answer(ask) for ask in wanted.asks if isinstance(ask, Listing)}
                wanted = plan.send(known)
        except StopIteration as end:
            result: Page[str] = end.value
            return result

    def page(self, request: PageRequest, hidden: Sequence[int] = (), selective: bool = False) -> Page[str]:
        dead = {name(number) for number in hidden}

        def load(entries: Sequence[Entry]) -> Plan[Sequence[str | None]]:
            self.loaded += [entry.position for entry in entries]
            yield Need()
            found = [entry.position.partition("#")[2] for entry in entries]
            return [None if one in dead else one for one in found]

        streams = [Stream(1, partition) for partition in self.streams]
        return self.run(page(streams, request, load, key, selective=selective))


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(name(number) for number in numbers)


def test_the_newest_come_first() -> None:
    assert Index(one=range(5)).page(First(3)).resources == names(4, 3, 2)


def test_the_oldest_come_first_when_asked() -> None:
    assert Index(one=range(5)).page(First(3, newest_first=False)).resources == names(0, 1, 2)


def test_a_page_reads_one_more_than_it_shows() -> None:
    index = Index(one=range(1000))
    index.page(After(None, 10))
    assert [ask.limit for ask in index.asked] == [11]
    assert len(index.loaded) == 10


def test_streams_are_merged_in_order_without_repeats() -> None:
    index = Index(one=[0, 2, 4, 6], two=[1, 2, 3, 6], three=[])
    assert index.page(First(100)).resources == names(6, 4, 3, 2, 1, 0)
    assert index.page(First(100, newest_first=False)).resources == names(0, 1, 2, 3, 4, 6)


def test_a_page_is_filled_past_what_is_not_to_be_seen() -> None:
    index = Index(one=range(20))
    found = index.page(After(None, 5), hidden=range(10, 20))
    assert found.resources == names(9, 8, 7, 6, 5)
    assert found.next_cursor == name(5)


def test_the_last_page_has_no_cursor() -> None:
    assert Index(one=range(5)).page(After(None, 5)).next_cursor is None
    assert Index(one=range(6)).page(After(None, 5)).next_cursor == name(1)
    assert Index(one=[]).page(After(None, 5)) == Page(())


def test_a_cursor_of_nothing_leads_nowhere() -> None:
    assert Index(one=range(5)).page(After(name(99), 5)) == Page(())


def test_the_budget_ends_a_page_honestly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BUDGET", 20)
    index = Index(one=range(100))
    found = index.page(After(None, 10), hidden=range(50, 100))
    assert found.resources == ()
    assert len(index.loaded) < 20 + 10
    assert found.next_cursor is not None
    rest = index.page(After(found.next_cursor, 10), hidden=range(50, 100))
    assert found.next_cursor != rest.next_cursor


def test_numbered_pages_skip_without_loading() -> None:
    index = Index(one=range(100))
    found = index.page(Numbered(3, 10))
    assert found.resources == names(*range(79, 69, -1))
    assert found.count == 100
    assert len(index.loaded) == 10
    assert index.page(Numbered(11, 10)) == Page((), count=100)


def test_a_count_ends_at_its_reach() -> None:
    index = Index(one=range(10_050))
    assert index.page(Numbered(100, 100)).count == 10_000
    assert [ask.limit for ask in index.asked] == [10_000]


def test_pages_of_a_selective_walk_count_what_is_to_be_seen() -> None:
    found = Index(one=range(30)).page(Numbered(2, 4), hidden=range(0, 30, 2), selective=True)
    assert found == Page(names(21, 19, 17, 15), count=15)


numbers = some.lists(some.integers(0, 60), max_size=40)


@given(one=numbers, two=numbers, hidden=numbers, size=some.integers(1, 7), newest_first=some.booleans())
def test_cursors_walk_over_everything_once(
    one: list[int], two: list[int], hidden: list[int], size: int, newest_first: bool
) -> None:
    index = Index(one=sorted(set(one)), two=sorted(set(two)))
    expected = sorted((set(one) | set(two)) - set(hidden), reverse=newest_first)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(200):
        found = index.page(After(cursor, size, newest_first), hidden)
        assert len(found.resources) <= size
        seen += found.resources
        cursor = found.next_cursor
        if cursor is None:
            break
    assert tuple(seen) == names(*expected)


@given(one=numbers, two=numbers, size=some.integers(1, 7), number=some.integers(1, 12))
def test_numbered_pages_are_slices(one: list[int], two: list[int], size: int, number: int) -> None:
    everything = sorted(set(one) | set(two), reverse=True)
    found = Index(one=one and sorted(set(one)), two=two and sorted(set(two))).page(Numbered(number, size))
    assert found.resources == names(*everything[(number - 1) * size : number * size])
    assert found.count == len(everything)


def test_what_is_newer_than_the_cursor_does_not_disturb_the_walk() -> None:
    index = Index(one=list(range(10)))
    first = index.page(After(None, 4))
    index.streams = {"one": [*range(10), 50, 51]}
    second = index.page(After(first.next_cursor, 4))
    assert first.resources + second.resources == names(9, 8, 7, 6, 5, 4, 3, 2)


def test_two_of_one_instant_are_told_apart_by_id() -> None:
    moment = NOW + timedelta(hours=1)
    assert keys.position(moment, "a") < keys.position(moment, "b") < keys.position(moment + TICK, "a")
