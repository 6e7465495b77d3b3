"""Which writes may happen side by side: those that touch none of the same items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from chalicelib.store.keys import Key
from chalicelib.store.unit import Put, Write

T = TypeVar("T")

TRANSACTION = 100
"""Items of one transaction at most."""
BYTES = 1_500_000
"""Of resources as they came; a transaction may have 4 MB of items."""


class Pack(NamedTuple, Generic[T]):
    """What one caller writes: members that share no item can be written `at_once`, those of a lane in their order."""

    members: Sequence[T]
    at_once: bool


def touched(writes: Iterable[Write]) -> frozenset[Key]:
    """The items that writes change or depend on."""
    return frozenset(Key(one.row.pk, one.row.sk) if isinstance(one, Put) else one.key for one in writes)


def lanes(these: Sequence[T], items: Callable[[T], Iterable[Key]]) -> list[list[T]]:
    """`these` in groups that share no item, each in the order given."""
    lane_of: dict[Key, int] = {}
    members: dict[int, list[int]] = {}
    for number, one in enumerate(these):
        keys = tuple(items(one))
        met = sorted({lane_of[key] for key in keys if key in lane_of})
        into = met[0] if met else number
        joined = [*(member for lane in met for member in members.pop(lane)), number]
        members[into] = sorted(joined)
        if len(met) > 1:
            lane_of.update((key, into) for key, lane in lane_of.items() if lane in met)
        lane_of.update((key, into) for key in keys)
    return [[these[number] for number in numbers] for numbers in members.values()]


def packs(
    lanes: Iterable[Sequence[T]], items: Callable[[T], Collection[Key]], size: Callable[[T], int]
) -> list[Pack[T]]:
    """Lanes by themselves, and members that are alone in theirs together in few transactions. `size` is in bytes."""
    found: list[Pack[T]] = []
    pack: list[T] = []
    left, room = TRANSACTION, BYTES
    for lane in lanes:
        if len(lane) > 1:
            found.append(Pack(lane, at_once=False))
            continue
        (one,) = lane
        left, room = left - len(items(one)), room - size(one)
        if pack and min(left, room) < 0:
            found.append(Pack(pack, at_once=True))
            pack, left, room = [], TRANSACTION - len(items(one)), BYTES - size(one)
        pack.append(one)
    return [*found, Pack(pack, at_once=True)] if pack else found
