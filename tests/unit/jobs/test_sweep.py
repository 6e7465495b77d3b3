"""The sweep: windows, spacing, repeats, lateness (spec events.md §7.1, §7.2)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.composition import sweep
from chalicelib.store.table import Outbox, Row
from tests.races.crowd import Watched, rows
from tests.world import World

DAY = 86_400
SOON, EXPIRED = "license.expiring-soon", "license.expired"
CHECK_SOON, OVERDUE = "license.check-in-required-soon", "license.check-in-overdue"


def told(world: World) -> Counter[str]:
    names = Counter(event["name"] for event in rows(world, Outbox, "event"))
    return Counter({name: names[name] for name in (SOON, EXPIRED, CHECK_SOON, OVERDUE) if names[name]})


def expiring(world: World, duration: int) -> str:
    identifier: str = world.license(world.policy(duration=duration)["id"])["id"]
    world.listen("*")
    return identifier


def every(world: World, hours: float, until: float) -> None:
    """Sweep again and again while time passes, never at the very instant of an expiry."""
    world.clock.advance(minutes=1)
    passed = 0.0
    while passed < until:
        world.sweep()
        world.clock.advance(hours=hours)
        passed += hours


def test_soon_about_three_times_and_expired_once(world: World) -> None:
    expiring(world, 10 * DAY)
    every(world, 1, 12 * 24)
    assert told(world) == {SOON: 3, EXPIRED: 1}


@pytest.mark.parametrize("hours", [0.25, 3, 7])
def test_how_often_the_sweep_runs_changes_nothing(world: World, hours: float) -> None:
    expiring(world, 4 * DAY)
    every(world, hours, 6 * 24)
    assert told(world) == {SOON: 3, EXPIRED: 1}


def test_nothing_before_its_time(world: World) -> None:
    expiring(world, 10 * DAY)
    world.clock.advance(days=7, seconds=-1)
    assert world.sweep().looked_at == 0
    world.clock.advance(seconds=1)
    assert world.sweep().emitted == 1


def test_a_repeated_run_looks_at_nothing(world: World) -> None:
    expiring(world, DAY)
    world.clock.advance(minutes=1)
    assert (world.sweep().emitted, world.sweep().looked_at, world.sweep().looked_at) == (1, 0, 0)


def test_twelve_hours_late_is_still_told_and_later_is_not(world: World) -> None:
    expiring(world, DAY)
    world.clock.advance(seconds=DAY, hours=12)
    world.sweep()
    assert told(world) == {EXPIRED: 1}
    expiring(world, DAY)
    world.clock.advance(seconds=DAY + 1, hours=12)
    report = world.sweep()
    assert (report.looked_at, report.due) == (1, 0)
    assert told(world) == {EXPIRED: 1}
    assert world.sweep().looked_at == 0


def test_a_perpetual_license_is_never_looked_at(world: World) -> None:
    world.license()
    world.clock.advance(days=4000)
    assert world.sweep().looked_at == 0


def test_suspended_licenses_are_told_about(world: World) -> None:
    world.license(world.policy(duration=DAY)["id"], suspended=True)
    world.listen("*")
    world.clock.advance(days=1, seconds=1)
    assert world.sweep().emitted == 1


def test_stamps_are_set_for_nobody_too_and_only_once(world: World) -> None:
    world.license(world.policy(duration=DAY)["id"])
    world.clock.advance(minutes=1)
    report = world.sweep()
    assert (report.due, report.emitted) == (1, 0)
    world.listen("*")
    assert world.sweep().looked_at == 0
    assert told(world) == {}


def test_an_event_shows_the_license_as_it_is(world: World) -> None:
    identifier = expiring(world, DAY)
    world.clock.advance(days=1, seconds=1)
    world.sweep()
    (event,) = [one for one in rows(world, Outbox, "event") if one["name"] == EXPIRED]
    shown = json.loads(event["payload"])["data"]
    assert shown == world.get(f"/v1/licenses/{identifier}").data
    assert shown["attributes"]["status"] == "EXPIRED"
    assert shown["attributes"]["updated"].startswith("2026-03-02T12:00:01")
    assert event["account_id"] == world.account["account"]


def checked(world: World, interval: str = "week", **policy: Any) -> str:
    made = world.policy(requireCheckIn=True, checkInInterval=interval, checkInIntervalCount=1, **policy)
    identifier: str = world.license(made["id"])["id"]
    world.listen("*")
    return identifier


def test_a_missed_check_in_is_told_three_times_before_and_once_after(world: World) -> None:
    checked(world)
    every(world, 1, 9 * 24)
    assert told(world) == {CHECK_SOON: 3, OVERDUE: 1}


def test_a_daily_check_in_is_asked_for_every_day(world: World) -> None:
    identifier = checked(world, "day")
    for _ in range(5):
        every(world, 1, 22)
        assert world.post(f"/v1/licenses/{identifier}/actions/check-in").status == 200
        world.clock.advance(hours=1)
    assert told(world) == {CHECK_SOON: 5}


def test_an_expired_license_is_not_asked_to_check_in(world: World) -> None:
    checked(world, duration=5 * DAY)
    every(world, 1, 10 * 24)
    assert set(told(world)) == {SOON, EXPIRED, CHECK_SOON}
    assert told(world)[CHECK_SOON] == 1


def test_both_jobs_of_one_instant_are_one_write(world: World, watched: Watched) -> None:
    checked(world, "day", duration=DAY)
    world.clock.advance(minutes=1)
    watched.applied.clear()
    assert world.sweep().emitted == 2
    writes = [operation for operation, _ in watched.applied if "Write" in operation or "Update" in operation]
    assert writes == ["TransactWriteItems"]
    assert told(world) == {SOON: 1, CHECK_SOON: 1}


def test_exact_names_are_heard(world: World) -> None:
    world.license(world.policy(duration=DAY)["id"])
    world.listen(EXPIRED)
    world.clock.advance(minutes=1)
    assert (world.sweep().emitted, told(world)) == (0, {})
    world.clock.advance(days=1)
    assert (world.sweep().emitted, told(world)) == (1, {EXPIRED: 1})


def test_a_license_without_parents_loses_its_deadline(world: World) -> None:
    policy = world.policy(duration=DAY)
    world.license(policy["id"])
    world.listen("*")
    assert world.send("DELETE", f"/v1/policies/{policy['id']}").status == 204
    world.clock.advance(minutes=1)
    world.sweep()
    (meter,) = rows(world, Row, "license-meter")
    assert "due_at" not in meter
    assert "due_shard" not in meter
    assert told(world) == {}


def test_a_run_out_of_time_says_so_and_the_next_goes_on(world: World) -> None:
    policy = world.policy(duration=DAY)
    for _ in range(40):
        world.license(policy["id"])
    world.listen("*")
    world.clock.advance(minutes=1)
    report = sweep(world.service, lambda: False).run()
    assert not report.complete
    assert 0 < report.emitted < 40
    assert world.sweep().emitted == 40 - report.emitted
    assert told(world) == {SOON: 40}


def test_two_accounts_do_not_hear_each_other(world: World) -> None:
    expiring(world, DAY)
    other = World(world.transport, slug="other")
    other.license(other.policy(duration=DAY)["id"])
    world.clock.advance(minutes=1)
    report = world.sweep()
    assert (report.due, report.emitted) == (2, 1)


def test_deadlines_follow_the_clock_of_the_run(world: World) -> None:
    expiring(world, 4 * DAY)
    world.clock.advance(days=1, minutes=1)
    world.sweep()
    (meter,) = rows(world, Row, "license-meter")
    assert meter["due_at"] == world.clock.now() + timedelta(hours=24)
