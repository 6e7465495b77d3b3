"""An import leaves room for others: no more than so many resources a second."""

from __future__ import annotations

import pytest

from chalicelib.admin.transfer import Pace
from tests.admin.files import brought, license
from tests.world import World


class Watch:
    """A clock that only moves when somebody sleeps, or works."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept = 0.0

    def seconds(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.slept += seconds


@pytest.mark.parametrize(("rate", "seconds"), [(500.0, 0.0), (100.0, 4.0), (1.0, 499.0)])
def test_the_rate_is_kept(world: World, rate: float, seconds: float) -> None:
    """The first second's worth is free."""
    watch, policy = Watch(), world.policy()["id"]
    pace = Pace(rate, watch.seconds, watch.sleep)
    brought(world, [license(number, policy) for number in range(500)], pace=pace)
    assert watch.slept == pytest.approx(seconds)


def test_time_that_went_by_is_not_waited_for(world: World) -> None:
    watch, policy = Watch(), world.policy()["id"]

    def work(report: object) -> None:
        watch.now += 10

    lines = [license(number, policy) for number in range(600)]
    brought(world, lines, pace=Pace(200, watch.seconds, watch.sleep), progress=work)
    assert watch.slept == 0


def test_what_changes_nothing_waits_for_nothing(world: World) -> None:
    watch, policy = Watch(), world.policy()["id"]
    lines = [license(number, policy) for number in range(50)]
    brought(world, lines)
    assert brought(world, lines, pace=Pace(1, watch.seconds, watch.sleep)).unchanged == 50
    assert watch.slept == 0


def test_progress_is_told_batch_by_batch(world: World) -> None:
    policy, told = world.policy()["id"], []
    lines = [license(number, policy) for number in range(450)]
    brought(world, lines, progress=lambda report: told.append((report.lines, report.created)))
    assert told == [(200, 200), (400, 400), (450, 450)]


def test_lines_are_read_as_they_are_needed(world: World) -> None:
    """A file of any size takes the memory of a batch."""
    policy, read, ahead = world.policy()["id"], 0, []

    def lines() -> object:
        nonlocal read
        for number in range(1_000):
            read += 1
            yield license(number, policy)

    brought(world, lines(), progress=lambda report: ahead.append(read - report.lines))  # type: ignore[arg-type]
    assert max(ahead) <= 1
