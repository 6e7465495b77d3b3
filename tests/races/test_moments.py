"""What must happen once: the first expiry, the touch of an interval, each event of the sweep (spec events.md §7)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chalicelib.licensing.deadlines import next_due
from chalicelib.store import fetch, keys
from chalicelib.store.loads import license as loads
from chalicelib.store.table import Outbox
from tests.races.crowd import TickingClock, Watched, crowd, feed, rows
from tests.races.test_usage import CONFLICT, Use, act, answered, assert_explained, stored_uses
from tests.world import START, Answer, World

DAY = 86_400


@pytest.fixture
def ticking(world: World) -> World:
    """A world in which no two decisions share an instant."""
    world.clock = TickingClock(START)
    world.serve()
    return world


def stored(world: World, license_id: str) -> Any:
    return world.get(f"/v1/licenses/{license_id}").attributes


def events(world: World, *names: str) -> Counter[str]:
    found = Counter(event["name"] for event in rows(world, Outbox, "event"))
    return Counter({name: found[name] for name in names}) if names else found


def assert_armed(world: World, license_id: str) -> None:
    """The stored deadline is the one that follows from everything else that is stored."""
    account_id = world.account["account"]
    licensed = fetch.run(world.database, loads.by_exact_id(account_id, license_id))
    meter = fetch.get(world.database, keys.meter(account_id, license_id))
    assert licensed is not None
    assert meter is not None
    due = next_due(licensed.license, licensed.policy, world.clock.instant)
    assert meter.get("due_at") == due
    assert meter.get("due_shard") == (None if due is None else keys.due_shard(license_id))


@pytest.mark.parametrize("subscribed", [False, True], ids=["alone", "subscribed"])
def test_the_first_use_sets_the_expiry_once(ticking: World, subscribed: bool) -> None:
    policy = ticking.policy(duration=30 * DAY, expirationBasis="FROM_FIRST_USE")
    license_id = ticking.license(policy["id"])["id"]
    if subscribed:
        ticking.listen("*")
    uses = answered(crowd([lambda: act(ticking, license_id, 1)] * 16), CONFLICT)
    final = stored(ticking, license_id)
    assert {use.answer.attributes["expiry"] for use in uses} == {final["expiry"]}
    assert final["expiry"] is not None
    assert_explained(uses, final["uses"])
    assert_armed(ticking, license_id)


@pytest.mark.parametrize("subscribed", [False, True], ids=["alone", "subscribed"])
def test_the_first_validation_sets_the_expiry_once(ticking: World, watched: Watched, subscribed: bool) -> None:
    policy = ticking.policy(duration=30 * DAY, expirationBasis="FROM_FIRST_VALIDATION")
    license_id = ticking.license(policy["id"])["id"]
    if subscribed:
        ticking.listen("license.validation.succeeded")
    watched.applied.clear()
    answers = crowd([lambda: ticking.post(f"/v1/licenses/{license_id}/actions/validate")] * 16)
    assert {answer.status for answer in answers} <= {200, 409}
    good = [answer for answer in answers if answer.status == 200]
    expiry = stored(ticking, license_id)["expiry"]
    assert {answer.attributes["expiry"] for answer in good} == {expiry}
    assert expiry is not None
    assert len(good) >= 8
    assert events(ticking)["license.validation.succeeded"] == (len(good) if subscribed else 0)
    assert_armed(ticking, license_id)


def test_first_use_and_first_validation_with_a_check_in_agree_on_one_deadline(ticking: World) -> None:
    policy = ticking.policy(
        duration=2 * DAY,
        expirationBasis="FROM_FIRST_USE",
        requireCheckIn=True,
        checkInInterval="day",
        checkInIntervalCount=1,
    )
    for _ in range(6):
        license_id = ticking.license(policy["id"])["id"]
        path = f"/v1/licenses/{license_id}/actions"
        calls = [lambda path=path: ticking.post(f"{path}/check-in")] * 3
        calls += [lambda path=path: ticking.post(f"{path}/increment-usage")] * 3
        calls += [lambda path=path: ticking.post(f"{path}/validate")] * 3
        answers = crowd(calls)
        assert {answer.status for answer in answers} <= {200, 409}
        ticking.sweep()
        assert_armed(ticking, license_id)


def touches(watched: Watched) -> int:
    """Stored writes of `lastValidated`."""
    updates = [str(parameters) for operation, parameters in watched.applied if operation == "UpdateItem"]
    return sum("last_validated" in update for update in updates)


def test_one_touch_an_interval_is_stored(ticking: World, watched: Watched) -> None:
    created = ticking.license()
    body = {"meta": {"key": created["attributes"]["key"]}}
    for _ in range(3):
        watched.applied.clear()
        answers = crowd([lambda: ticking.post("/v1/licenses/actions/validate-key", body, as_=None)] * 16)
        assert [answer.status for answer in answers] == [200] * 16
        shown = [answer.attributes["lastValidated"] for answer in answers]
        assert touches(watched) == 1
        assert stored(ticking, created["id"])["lastValidated"] in shown
        ticking.clock.advance(seconds=61)


def test_of_two_validations_decided_at_once_one_is_stored(ticking: World, watched: Watched) -> None:
    created = ticking.license()
    body = {"meta": {"key": created["attributes"]["key"]}}
    inner: list[Answer] = []

    def validate() -> None:
        inner.append(ticking.post("/v1/licenses/actions/validate-key", body, as_=None))

    watched.applied.clear()
    watched.between(("UpdateItem",), validate)
    outer = ticking.post("/v1/licenses/actions/validate-key", body, as_=None)
    assert (outer.status, inner[0].status) == (200, 200)
    assert touches(watched) == 1
    assert stored(ticking, created["id"])["lastValidated"] == inner[0].attributes["lastValidated"]


def test_a_touch_never_takes_an_expiry_or_a_use_back(ticking: World) -> None:
    policy = ticking.policy(duration=30 * DAY, expirationBasis="FROM_FIRST_USE")
    created = ticking.license(policy["id"])
    body = {"meta": {"key": created["attributes"]["key"]}}

    def validations() -> list[Answer]:
        found = []
        for _ in range(10):
            ticking.clock.advance(seconds=61)
            found.append(ticking.post("/v1/licenses/actions/validate-key", body, as_=None))
        return found

    def uses() -> list[Use]:
        return [act(ticking, created["id"], 1) for _ in range(10)]

    results: list[Any] = crowd([validations, uses, validations, uses])
    assert all(answer.status == 200 for answer in results[0] + results[2])
    done = answered(results[1] + results[3], CONFLICT)
    assert len(done) == 20
    assert_explained(done, stored_uses(ticking, created["id"]))
    assert stored(ticking, created["id"])["expiry"] == done[0].answer.attributes["expiry"]


def test_parallel_sweeps_emit_each_event_once(world: World) -> None:
    policy = world.policy(duration=DAY)
    licenses = [world.license(policy["id"])["id"] for _ in range(20)]
    world.listen("*")
    world.clock.advance(seconds=1)
    crowd([world.sweep] * 4)
    assert events(world)["license.expiring-soon"] == len(licenses)
    world.clock.advance(days=1)
    reports = crowd([world.sweep] * 4)
    assert events(world, "license.expired", "license.expiring-soon") == {
        "license.expired": len(licenses),
        "license.expiring-soon": len(licenses),
    }
    assert sum(report.emitted for report in reports) == len(licenses)
    assert world.sweep().looked_at == 0
    for license_id in licenses:
        assert_armed(world, license_id)


def test_check_ins_sweeps_and_uses_at_once(world: World) -> None:
    policy = world.policy(
        duration=3 * DAY, requireCheckIn=True, checkInInterval="day", checkInIntervalCount=2, maxUses=1000
    )
    license_id = world.license(policy["id"])["id"]
    world.listen("license.expiring-soon", "license.check-in-required-soon", "license.checked-in")
    world.clock.advance(hours=1)
    path = f"/v1/licenses/{license_id}/actions"

    def check_ins() -> list[Answer]:
        return [world.post(f"{path}/check-in") for _ in range(6)]

    def uses() -> list[Use]:
        return [act(world, license_id, 2) for _ in range(12)]

    def sweeps() -> int:
        return sum(world.sweep().emitted for _ in range(6))

    results: list[Any] = crowd([check_ins, uses, sweeps, check_ins, uses, sweeps])
    done = answered(results[1] + results[4], CONFLICT)
    assert_explained(done, stored_uses(world, license_id))
    assert len(done) == 24
    checked = [answer for answer in results[0] + results[3] if answer.status == 200]
    assert {answer.status for answer in results[0] + results[3]} <= {200, 409}
    world.sweep()
    assert events(world) == {
        "license.expiring-soon": 1,
        "license.check-in-required-soon": 1,
        "license.checked-in": len(checked),
    }
    assert_armed(world, license_id)


def test_a_check_in_between_the_sweep_s_read_and_write_wins(world: World, watched: Watched) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    license_id = world.license(policy["id"])["id"]
    world.listen("license.check-in-overdue")
    world.clock.advance(days=1, minutes=1)
    watched.between(
        ("UpdateItem", "TransactWriteItems"), lambda: world.post(f"/v1/licenses/{license_id}/actions/check-in")
    )
    report = world.sweep()
    assert (report.due, report.lost, report.emitted) == (1, 1, 0)
    assert events(world) == {}
    assert world.sweep().emitted == 0
    assert_armed(world, license_id)


def test_a_policy_edit_between_read_and_write_leaves_the_deadline_right(world: World, watched: Watched) -> None:
    """The sweep decided under the old interval; re-arming runs twice, so the last word is the new one's."""
    policy = world.policy(requireCheckIn=True, checkInInterval="week", checkInIntervalCount=1)
    license_id = world.license(policy["id"])["id"]
    world.clock.advance(days=4, minutes=1)

    def edit() -> None:
        body = {"data": {"type": "policies", "attributes": {"checkInInterval": "month"}}}
        assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
        work_off(world)

    watched.between(("UpdateItem", "TransactWriteItems"), edit)
    world.sweep()
    world.clock.advance(minutes=2)
    world.sweep()
    assert rows(world, Outbox, "task") == []
    assert_armed(world, license_id)


def test_rearming_a_license_that_is_being_touched_is_not_lost(world: World, watched: Watched) -> None:
    """A touch moves no deadline: it must not keep the new one from being stored, in either pass."""
    policy = world.policy(requireCheckIn=True, checkInInterval="month", checkInIntervalCount=1)
    license_id = world.license(policy["id"])["id"]
    body = {"data": {"type": "policies", "attributes": {"checkInInterval": "day"}}}
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert touched_once(world, watched, license_id, lambda: work_off(world))
    world.clock.advance(minutes=2)
    assert touched_once(world, watched, license_id, world.sweep)
    assert_armed(world, license_id)


def touched_once(world: World, watched: Watched, license_id: str, job: Any) -> bool:
    """Run `job`, with a validation just before its write of the meter."""
    done: list[bool] = []

    def validate() -> None:
        world.clock.advance(seconds=0.5)
        done.append(world.get(f"/v1/licenses/{license_id}/actions/validate").status == 200)

    world.clock.advance(seconds=90)
    watched.between(("UpdateItem",), validate)
    job()
    return done == [True]


def work_off(world: World) -> None:
    """Hand every task of the outbox to the stream function, as its first delivery would."""
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}


def test_a_touch_without_interval_is_no_error(world: World) -> None:
    world.serve(LICENSING_TOUCH_SECONDS="0")
    license_id = world.license()["id"]
    path = f"/v1/licenses/{license_id}/actions/validate"
    assert [world.get(path).status, world.get(path).status] == [200, 200]
