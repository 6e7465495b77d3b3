"""What is due, and nothing else, page by page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.store import due, keys
from chalicelib.store.items.license import MeterRow
from chalicelib.store.table import Outbox, Row
from chalicelib.store.unit import Put, commit
from tests.races.crowd import Watched
from tests.unit.licensing.make import NOW, TICK
from tests.world import World

COUNTERS = ("basis", "uses", "users", "machines", "cores", "memory", "disk", "processes")


def arm(world: World, number: int, due_at: datetime, shard: str | None = None) -> None:
    identifier = f"license-{number}"
    row = MeterRow(pk=f"A#license#{identifier}", sk="meter", id=identifier, updated=NOW)
    for counter in COUNTERS:
        setattr(row, counter, 0)
    row.due_at, row.due_shard = due_at, shard or keys.due_shard(identifier)
    commit(world.database, [Put(row)])


def found(world: World) -> list[str]:
    return [key.pk.rpartition("#")[2] for page in due.pages(world.database, Row, NOW) for key in page]


def test_what_is_due_now_is_due_and_what_comes_next_is_not(world: World) -> None:
    for number, moment in enumerate((NOW - timedelta(days=400), NOW - TICK, NOW, NOW + TICK, NOW + timedelta(days=1))):
        arm(world, number, moment)
    assert sorted(found(world)) == ["license-0", "license-1", "license-2"]


def test_nothing_due_costs_one_question_a_shard(world: World, watched: Watched) -> None:
    world.license()
    watched.applied.clear()
    assert found(world) == []
    assert [operation for operation, _ in watched.applied] == ["Query"] * 16
    assert list(due.pages(world.database, Outbox, NOW)) == []


def test_every_page_of_a_shard_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAGE", 3)
    for number in range(11):
        arm(world, number, NOW - timedelta(seconds=number // 2), keys.SHARDS[0])
    for number in range(11, 15):
        arm(world, number, NOW, keys.SHARDS[1])
    pages = list(due.pages(world.database, Row, NOW))
    assert max(map(len, pages)) <= 3
    everything = [key.pk for page in pages for key in page]
    assert len(everything) == len(set(everything)) == 15


def test_pages_are_read_only_when_asked_for(world: World, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAGE", 1)
    for number in range(3):
        arm(world, number, NOW, keys.SHARDS[0])
    watched.applied.clear()
    next(due.pages(world.database, Row, NOW))
    assert len(watched.applied) == 16
