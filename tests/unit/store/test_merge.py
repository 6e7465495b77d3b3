"""The union of ordered streams, read no further than is needed (STORE §3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.store.merge import SMALLEST, Given, Merge, Stream
from tests.unit.store.test_walk import Index, entry, position


class Reading(Index):
    """A merge of the streams of an index, taken from step by step."""

    def __init__(
        self,
        streams: Mapping[str, Sequence[int]],
        given: Sequence[int] = (),
        after: int | None = None,
        newest_first: bool = True,
    ) -> None:
        super().__init__(**streams)
        sources = [*self.sources, Given(tuple(map(entry, given)))]
        self.merge = Merge(sources, None if after is None else position(after), newest_first)

    def take(self, count: int) -> list[int]:
        """The numbers of the next entries."""
        return [int(one.identifier.rpartition("-")[2]) for one in self.run(self.merge.take(count))]


def parts(count: int, length: int) -> dict[str, Sequence[int]]:
    """Streams that take turns."""
    return {f"s{part}": range(part, count * length, count) for part in range(count)}


numbers = some.lists(some.integers(0, 300), max_size=60)
streams = some.dictionaries(some.integers(0, 119).map(lambda part: f"s{part}"), numbers, max_size=12)


@given(
    streams=streams,
    given=numbers,
    after=some.none() | some.integers(-1, 301),
    newest_first=some.booleans(),
    counts=some.lists(some.integers(1, 150), min_size=1, max_size=6),
)
def test_a_merge_is_a_sort(
    streams: dict[str, list[int]], given: list[int], after: int | None, newest_first: bool, counts: list[int]
) -> None:
    everything = sorted({*given, *(one for part in streams.values() for one in part)}, reverse=newest_first)
    if after is not None:
        everything = [one for one in everything if (one < after if newest_first else one > after)]
    reading = Reading(streams, given, after, newest_first)
    for count in counts:
        expected, everything = everything[:count], everything[count:]
        assert reading.take(count) == expected
        assert reading.merge.has_more is bool(everything)


@pytest.mark.parametrize("newest_first", [True, False])
def test_one_stream_is_read_once_and_by_one_more(newest_first: bool) -> None:
    reading = Reading({"one": range(1_000)}, newest_first=newest_first)
    reading.take(100)
    reading.take(50)
    assert [ask.limit for ask in reading.asked] == [101, 50]


def test_many_streams_are_read_in_small_pieces() -> None:
    reading = Reading(parts(120, 100))
    assert reading.take(10) == list(range(11_999, 11_989, -1))
    assert len(reading.asked) == 120
    assert {ask.limit for ask in reading.asked} == {SMALLEST}


def test_a_large_page_of_many_streams_is_shared_among_them() -> None:
    reading = Reading(parts(5, 100))
    assert reading.take(100) == list(range(499, 399, -1))
    assert {ask.limit for ask in reading.asked[:5]} == {21}
    assert reading.rounds == 1


def test_only_streams_that_run_dry_are_read_further() -> None:
    reading = Reading({**parts(60, 10), "hot": range(10_000, 11_000)})
    assert reading.take(100) == list(range(10_999, 10_899, -1))
    assert (len(reading.asked[:61]), {ask.partition for ask in reading.asked[61:]}) == (61, {"hot"})
    assert reading.rounds <= 3
    assert sum(ask.limit for ask in reading.asked[61:]) <= 101


def test_what_was_read_is_not_read_again() -> None:
    reading = Reading(parts(12, 200))
    for _ in range(24):
        reading.take(100)
    assert not reading.merge.has_more
    asked = [(ask.partition, ask.after) for ask in reading.asked]
    assert len(asked) == len(set(asked))
    assert reading.rounds <= 30


def test_streams_named_twice_are_one() -> None:
    index = Index(one=range(5))
    index.run(Merge([Stream(1, "one"), Stream(1, "one")], None, True).take(3))
    assert len(index.asked) == 1


def test_of_two_entries_of_one_position_the_first_stays() -> None:
    reading = Reading({"one": [1, 2], "two": [2, 3]})
    assert [one.key.pk for one in reading.run(reading.merge.take(5))] == ["two", "one", "one"]
