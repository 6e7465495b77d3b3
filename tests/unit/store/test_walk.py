"""Lists as one walk over ordered streams, over a query that is a plain function (STORE §3.1)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.store import keys, walk
from chalicelib.store.fetch import ROWS, Entry, Listing, Need, Plan
from chalicelib.store.keys import Key
from chalicelib.store.walk import After, First, Given, Numbered, Page, PageRequest, Rows, Source, Stream, page
from tests.unit.licensing.make import NOW, TICK

T = TypeVar("T")

ACCOUNT = "A"


def created(number: int) -> Any:
    return NOW + TICK * number


def name(number: int) -> str:
    return f"id-{number:05d}"


@cache
def position(number: int) -> str:
    return keys.position(created(number), name(number))


def key(identifier: str) -> Key:
    return keys.resource(ACCOUNT, "thing", identifier)


def entry(number: int, stream: str = "given") -> Entry:
    return Entry(position(number), Key(stream, position(number)))


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(name(number) for number in numbers)


class Index:
    """Streams by partition, asked as the store asks; counts what it was asked for.

    `deleted` leave a tombstone at their key and may still be listed; `ghosts` are listed but never came to be.
    """

    def __init__(self, **streams: Iterable[int]) -> None:
        self.streams = {partition: sorted(set(numbers)) for partition, numbers in streams.items()}
        self.known = {number for numbers in self.streams.values() for number in numbers}
        self.deleted: set[int] = set()
        self.ghosts: set[int] = set()
        self.sources: list[Source] = [Stream(1, partition) for partition in self.streams]
        self.asked: list[Listing] = []
        self.loads: list[int] = []
        self.rounds = 0

    def create(self, partition: str, *numbers: int) -> None:
        self.streams[partition] = sorted({*self.streams[partition], *numbers})
        self.known |= set(numbers)

    def answer(self, ask: Listing) -> list[Entry]:
        self.asked.append(ask)
        numbers = self.streams[ask.partition]
        if ask.after is not None and ask.newest_first:
            numbers = numbers[: bisect_left(numbers, ask.after, key=position)]
        elif ask.after is not None:
            numbers = numbers[bisect_right(numbers, ask.after, key=position) :]
        found = numbers[: -ask.limit - 1 : -1] if ask.newest_first else numbers[: ask.limit]
        return [entry(number, ask.partition) for number in found]

    def run(self, plan: Plan[T]) -> T:
        known: dict[Any, Any] = {}
        try:
            wanted = next(plan)
            while True:
                self.rounds += bool(wanted.asks)
                for one in wanted.keys:
                    number = int(one.pk.rpartition("-")[2])
                    there = number in self.known and number not in self.ghosts
                    known[one] = {"created": created(number)} if there else None
                known |= {ask: self.answer(ask) for ask in wanted.asks if isinstance(ask, Listing)}
                wanted = plan.send(known)
        except StopIteration as end:
            result: T = end.value
            return result

    def page(
        self,
        request: PageRequest,
        hidden: Iterable[int] | Callable[[int], bool] = (),
        selective: bool = False,
    ) -> Page[str]:
        unseen = hidden if callable(hidden) else frozenset(hidden).__contains__

        def load(entries: Sequence[Entry]) -> Plan[Sequence[str | None]]:
            self.loads.append(len(entries))
            yield Need()
            return [self.seen(one.identifier, unseen) for one in entries]

        return self.run(page(self.sources, request, load, key, selective=selective))

    def seen(self, identifier: str, unseen: Callable[[int], bool]) -> str | None:
        number = int(identifier.rpartition("-")[2])
        return None if unseen(number) or number in self.deleted | self.ghosts else identifier

    @property
    def examined(self) -> int:
        return sum(self.loads)

    def walk(self, size: int, newest_first: bool = True, **how: Any) -> list[str]:
        """Everything the cursors lead to."""
        seen: list[str] = []
        cursor: str | None = None
        while True:
            found = self.page(After(cursor, size, newest_first), **how)
            assert len(found.resources) <= size
            seen += found.resources
            cursor = found.next_cursor
            if cursor is None:
                return seen


def test_the_newest_come_first() -> None:
    assert Index(one=range(5)).page(First(3)).resources == names(4, 3, 2)


def test_the_oldest_come_first_when_asked() -> None:
    assert Index(one=range(5)).page(First(3, newest_first=False)).resources == names(0, 1, 2)


def test_a_page_reads_one_more_than_it_shows() -> None:
    index = Index(one=range(1000))
    index.page(After(None, 10))
    assert [ask.limit for ask in index.asked] == [11]
    assert index.loads == [10]


def test_streams_are_merged_in_order_without_repeats() -> None:
    index = Index(one=[0, 2, 4, 6], two=[1, 2, 3, 6], three=[])
    assert index.page(First(100)).resources == names(6, 4, 3, 2, 1, 0)
    assert index.page(First(100, newest_first=False)).resources == names(0, 1, 2, 3, 4, 6)


def test_no_streams_list_nothing() -> None:
    index = Index()
    for request in (First(5), After(None, 5)):
        assert index.page(request) == Page(())
    assert index.page(Numbered(1, 5)) == index.page(Numbered(1, 5), selective=True) == Page((), count=0)


def test_streams_are_slots_rows_and_what_is_known_already() -> None:
    index = Index(slot=[1, 4], rows=[2, 4])
    index.known |= {3, 0}
    index.sources = [Stream(5, "slot"), Rows("rows"), Given((entry(0), entry(3), entry(4))), Given(())]
    for newest_first in (True, False):
        expected = names(*sorted(range(5), reverse=newest_first))
        assert index.page(First(10, newest_first)).resources == expected
        assert tuple(index.walk(2, newest_first)) == expected
        assert index.page(Numbered(2, 2, newest_first)) == Page(expected[2:4], count=5)
    assert {(ask.slot, ask.partition) for ask in index.asked} == {(5, "slot"), (ROWS, "rows")}


def test_what_is_known_already_needs_no_query() -> None:
    index = Index()
    index.known = set(range(10))
    index.sources = [Given(tuple(map(entry, range(10))))]
    assert index.walk(3) == list(names(*range(9, -1, -1)))
    assert index.rounds == 0


def test_a_page_is_filled_past_what_is_not_to_be_seen() -> None:
    index = Index(one=range(20))
    found = index.page(After(None, 5), hidden=range(10, 20))
    assert found.resources == names(9, 8, 7, 6, 5)
    assert found.next_cursor == name(5)


@pytest.mark.parametrize("selective", [False, True])
def test_the_last_page_has_no_cursor(selective: bool) -> None:
    assert Index(one=range(5)).page(After(None, 5), selective=selective).next_cursor is None
    assert Index(one=range(6)).page(After(None, 5), selective=selective).next_cursor == name(1)
    assert Index(one=[]).page(After(None, 5), selective=selective) == Page(())


def test_a_selective_page_only_has_a_next_one_where_something_was_seen() -> None:
    index = Index(one=range(20))
    assert index.page(After(None, 5), hidden=range(15), selective=True) == Page(names(19, 18, 17, 16, 15))
    assert index.page(After(None, 5), hidden=range(1, 15), selective=True).next_cursor == name(15)


def test_the_first_page_has_no_cursor() -> None:
    assert Index(one=range(20)).page(First(5)).next_cursor is None


def test_a_cursor_of_nothing_leads_nowhere() -> None:
    assert Index(one=range(5)).page(After(name(99), 5)) == Page(())


def test_a_cursor_may_have_been_deleted() -> None:
    index = Index(one=range(10))
    first = index.page(After(None, 4))
    index.deleted = {6, 5}
    assert first.next_cursor == name(6)
    assert index.page(After(first.next_cursor, 4)).resources == names(4, 3, 2, 1)
    index.streams["one"] = [0, 1, 2, 3, 4, 7, 8, 9]
    assert index.page(After(first.next_cursor, 4)).resources == names(4, 3, 2, 1)


def test_the_budget_ends_a_page_honestly() -> None:
    index = Index(one=range(5_000))
    found = index.page(After(None, 10), hidden=range(1_500, 5_000), selective=True)
    assert found == Page((), next_cursor=name(3_000))
    assert index.examined == walk.BUDGET
    rest = index.page(After(found.next_cursor, 10), hidden=range(1_500, 5_000), selective=True)
    assert rest.resources == names(*range(1_499, 1_489, -1))


def test_a_page_the_budget_ends_goes_on_behind_what_was_examined() -> None:
    index = Index(one=range(5_000))
    found = index.page(After(None, 10), hidden=lambda number: number != 4_998, selective=True)
    assert found == Page(names(4_998), next_cursor=name(3_000))


def test_the_first_page_has_a_larger_budget() -> None:
    index = Index(one=range(15_000))
    assert index.page(First(10), hidden=lambda number: number >= 5_000).resources == ()
    assert index.examined == walk.BUDGET_OF_FIRST
    assert index.page(First(10), hidden=lambda number: number >= 5_001).resources == names(5_000)


def test_a_budget_never_ends_at_what_never_came_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BUDGET", 20)
    index = Index(one=range(100))
    index.ghosts = {80, 81, 82}
    found = index.page(After(None, 10), hidden=range(50, 100))
    assert found == Page((), next_cursor=name(83))
    assert index.walk(10, hidden=range(50, 100)) == list(names(*range(49, -1, -1)))


def test_candidates_are_loaded_in_growing_chunks() -> None:
    index = Index(one=range(5_000))
    index.page(After(None, 10), hidden=range(5_000))
    assert index.loads[:6] == [10, 20, 40, 80, 101, 101]
    assert max(index.loads) == 101
    assert len(index.loads) < 25
    dense = Index(one=range(5_000))
    dense.page(After(None, 100), hidden=lambda number: number % 2 == 1)
    assert dense.loads == [100, 101]


def test_no_more_candidates_are_loaded_than_the_last_ones_promise() -> None:
    everything = Index(one=range(5_000))
    everything.page(After(None, 100), selective=True)
    assert everything.loads == [101]
    most = Index(one=range(5_000))
    most.page(After(None, 100), hidden=lambda number: number % 10 == 0, selective=True)
    assert most.loads == [101, 13]
    few = Index(one=range(5_000))
    few.page(After(None, 9), hidden=lambda number: number % 5 != 0, selective=True)
    assert few.loads == [10, 56]


def test_numbered_pages_skip_without_loading() -> None:
    index = Index(one=range(100))
    found = index.page(Numbered(3, 10))
    assert found == Page(names(*range(79, 69, -1)), count=100)
    assert index.loads == [10]
    assert index.page(Numbered(11, 10)) == Page((), count=100)


def test_a_count_ends_at_its_reach() -> None:
    index = Index(one=range(7_000), two=range(7_000, 11_000))
    found = index.page(Numbered(100, 100))
    assert found == Page(names(*range(1_099, 999, -1)), count=10_000)
    assert index.loads == [100]
    assert index.rounds <= 5


def test_pages_of_a_selective_walk_count_what_is_to_be_seen() -> None:
    found = Index(one=range(30)).page(Numbered(2, 4), hidden=range(0, 30, 2), selective=True)
    assert found == Page(names(21, 19, 17, 15), count=15)


def test_a_selective_count_stays_within_the_budget() -> None:
    index = Index(one=range(3_000))
    assert index.page(Numbered(1, 10), hidden=lambda number: number % 2 == 0, selective=True).count == 1_000
    assert index.examined == walk.BUDGET


def test_two_of_one_instant_are_told_apart_by_id() -> None:
    moment = NOW + timedelta(hours=1)
    assert keys.position(moment, "a") < keys.position(moment, "b") < keys.position(moment + TICK, "a")


def test_what_is_newer_than_the_cursor_does_not_disturb_the_walk() -> None:
    index = Index(one=range(10))
    first = index.page(After(None, 4))
    index.create("one", 50, 51)
    second = index.page(After(first.next_cursor, 4))
    assert first.resources + second.resources == names(9, 8, 7, 6, 5, 4, 3, 2)


numbers = some.lists(some.integers(0, 60), max_size=40)


@given(
    streams=some.dictionaries(some.sampled_from("abcde"), numbers, min_size=1),
    hidden=numbers,
    size=some.integers(1, 7),
    newest_first=some.booleans(),
    selective=some.booleans(),
    budget=some.integers(5, 100),
)
def test_cursors_walk_over_everything_once(
    streams: dict[str, list[int]], hidden: list[int], size: int, newest_first: bool, selective: bool, budget: int
) -> None:
    index = Index(**streams)
    expected = sorted(index.known - set(hidden), reverse=newest_first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "BUDGET", budget)
        seen = index.walk(size, newest_first, hidden=hidden, selective=selective)
    assert tuple(seen) == names(*expected)


@given(one=numbers, two=numbers, size=some.integers(1, 7), number=some.integers(1, 12), hidden=numbers)
def test_numbered_pages_are_slices(one: list[int], two: list[int], size: int, number: int, hidden: list[int]) -> None:
    index = Index(one=one, two=two)
    part = slice((number - 1) * size, number * size)
    everything = names(*sorted(index.known, reverse=True))
    assert index.page(Numbered(number, size)) == Page(everything[part], count=len(everything))
    left = names(*sorted(index.known - set(hidden), reverse=True))
    assert index.page(Numbered(number, size), hidden, selective=True) == Page(left[part], count=len(left))


@given(data=some.data(), size=some.integers(1, 5), selective=some.booleans())
def test_a_walk_sees_what_stays_once_whatever_comes_and_goes(data: some.DataObject, size: int, selective: bool) -> None:
    """Others create in front (newer than everything) and delete anywhere, also what a cursor names."""
    index = Index(a=range(0, 40, 2), b=range(0, 40, 3))
    before = set(index.known)
    seen: list[str] = []
    cursor: str | None = None
    newest = 100
    for _ in range(100):
        found = index.page(After(cursor, size), selective=selective)
        seen += found.resources
        cursor = found.next_cursor
        if cursor is None:
            break
        index.create(data.draw(some.sampled_from("ab")), newest)
        newest += 1
        gone = data.draw(some.sets(some.sampled_from(sorted(before)), max_size=3))
        index.deleted |= gone
        if data.draw(some.booleans()):
            # The index has caught up with the deletes.
            index.streams = {part: [n for n in stream if n not in gone] for part, stream in index.streams.items()}
    assert cursor is None
    assert len(set(seen)) == len(seen)
    assert set(names(*(before - index.deleted))) <= set(seen) <= set(names(*before))
    assert seen == sorted(seen, reverse=True)
