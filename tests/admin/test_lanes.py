"""What may be written side by side, and what together."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.admin.transfer.lanes import BYTES, TRANSACTION, lanes, packs
from chalicelib.store.keys import Key

Items = frozenset[int]
BATCHES = st.lists(st.frozensets(st.integers(0, 30), min_size=1, max_size=4), max_size=30)


def keys(one: tuple[int, Items]) -> Collection[Key]:
    return [Key(str(item), "") for item in one[1]]


@given(BATCHES)
def test_lanes_share_nothing_and_keep_the_order(batch: list[Items]) -> None:
    these = list(enumerate(batch))
    found = lanes(these, keys)
    assert sorted(one for lane in found for one in lane) == sorted(these)
    assert all(lane == sorted(lane) for lane in found)
    touched = [frozenset().union(*(items for _, items in lane)) for lane in found]
    assert sum(map(len, touched)) == len(frozenset().union(*touched))


@given(BATCHES)
def test_a_lane_holds_only_what_must_be_together(batch: list[Items]) -> None:
    for lane in lanes(list(enumerate(batch)), keys):
        reached = set(lane[0][1])
        for _ in lane:
            reached |= {item for _, items in lane if items & reached for item in items}
        assert all(items <= reached for _, items in lane)


def test_who_is_alone_is_packed_into_transactions() -> None:
    these = [(number, frozenset(range(number * 40, number * 40 + 40))) for number in range(5)]
    found = packs(lanes(these, keys), keys, lambda one: 1)
    assert [[one[0] for one in pack.members] for pack in found] == [[0, 1], [2, 3], [4]]
    assert all(pack.at_once for pack in found)
    assert all(sum(len(keys(one)) for one in pack.members) <= TRANSACTION for pack in found)


def test_a_lane_of_several_goes_by_itself() -> None:
    these = [(0, frozenset({1})), (1, frozenset({2})), (2, frozenset({1}))]
    found = packs(lanes(these, keys), keys, lambda one: 1)
    assert [([one[0] for one in pack.members], pack.at_once) for pack in found] == [([0, 2], False), ([1], True)]


def test_a_transaction_has_a_size() -> None:
    these = [(number, frozenset({number})) for number in range(5)]
    found = packs(lanes(these, keys), keys, lambda one: BYTES // 2)
    assert [[one[0] for one in pack.members] for pack in found] == [[0, 1], [2, 3], [4]]
    alone = packs(lanes(these, keys), keys, lambda one: 2 * BYTES)
    assert [len(pack.members) for pack in alone] == [1] * 5
