"""Work that rolls forward: resumable, repeatable, finished (STORE §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.composition import sweep
from chalicelib.licensing.errors import Unavailable
from chalicelib.store import keys, tasks
from chalicelib.store.items import license as licenses
from chalicelib.store.items.outbox import LATE
from chalicelib.store.keys import Key
from chalicelib.store.table import Item, Outbox, Row
from chalicelib.store.tasks import steps
from chalicelib.store.unit import commit
from tests.races.crowd import Watched, crowd, rows
from tests.unit.licensing import make
from tests.unit.store.fakes import failed
from tests.world import World

THROTTLED = failed("ThrottlingException")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PAGE", 3)


def doomed(world: World, licenses: int) -> tuple[str, list[Any]]:
    """A deleted policy with licenses and tokens that are still stored."""
    policy_id = world.policy()["id"]
    made = []
    for _ in range(licenses):
        world.clock.advance(seconds=1)
        made.append(world.license(policy_id))
    for _ in range(4):
        world.token(f"/v1/licenses/{made[0]['id']}")
    assert world.send("DELETE", f"/v1/policies/{policy_id}").status == 204
    return policy_id, made


def task_of(world: World) -> Item:
    (found,) = rows(world, Outbox, "task")
    return found


def run(world: World, task: Item) -> None:
    tasks.run(world.database, task, world.service.new_id, world.clock.now())


def living(world: World) -> int:
    return len(rows(world, Row, "license"))


def assert_erased(world: World, made: list[Any]) -> None:
    assert living(world) == len(rows(world, Row, "license-meter")) == 0
    assert [item["bearer_kind"] for item in rows(world, Row, "token")] == ["user"]
    assert len(rows(world, Row, "pointer")) == 1
    assert [item["target"] for item in rows(world, Row, "unique") if "#license-key#" in item["pk"]] == []
    stones = [item for item in rows(world, Row, "tombstone") if item["sk"] == "license"]
    assert len(stones) == len(made)


def test_two_passes_erase_everything_and_the_task(world: World) -> None:
    _, made = doomed(world, 8)
    run(world, task_of(world))
    assert_erased(world, made)
    task = task_of(world)
    assert task["passes"] == 1
    assert task["due_at"] == world.clock.now() + tasks.SECOND_PASS_AFTER
    assert task["due_shard"] == keys.due_shard(task["id"])
    assert "after" not in task
    run(world, task)
    assert rows(world, Outbox, "task") == []


def test_the_second_pass_catches_what_came_late(world: World) -> None:
    policy_id, _ = doomed(world, 2)
    run(world, task_of(world))
    late = _late_license(world, policy_id)
    assert world.get(f"/v1/licenses/{late}").status == 404
    run(world, task_of(world))
    assert living(world) == 0


def test_the_sweep_does_what_the_stream_lost(world: World) -> None:
    _, made = doomed(world, 8)
    assert (world.sweep().tasks, living(world)) == (0, 8)
    world.clock.advance(seconds=LATE.total_seconds())
    report = world.sweep()
    assert (report.tasks, report.complete) == (1, True)
    assert_erased(world, made)
    world.clock.advance(seconds=tasks.SECOND_PASS_AFTER.total_seconds())
    assert (world.sweep().tasks, rows(world, Outbox, "task")) == (1, [])


def test_a_sweep_without_time_leaves_the_rest_to_a_later_one(world: World) -> None:
    _, made = doomed(world, 8)
    world.clock.advance(seconds=LATE.total_seconds())
    left = iter([True, True])
    report = sweep(world.service, lambda: next(left, False)).run()
    assert (report.tasks, report.complete, living(world)) == (0, False, 2)
    assert world.sweep().tasks == 1
    assert_erased(world, made)


def _late_license(world: World, policy_id: str) -> str:
    late = make.license_(id="00000000-0000-4000-8000-000000000001", policy_id=policy_id, key="LATE-KEY")
    commit(world.database, licenses.creation(world.account["account"], late, make.policy(), make.NOW))
    return late.id


@pytest.mark.parametrize("fatal", range(1, 12))
def test_a_task_interrupted_anywhere_is_taken_up_again(world: World, watched: Watched, fatal: int) -> None:
    _, made = doomed(world, 7)
    task, written = task_of(world), 0

    def before(operation: str, parameters: Any) -> None:
        nonlocal written
        if operation in ("TransactWriteItems", "UpdateItem"):
            written += 1
            if written >= fatal:
                raise THROTTLED

    watched.before = before
    with pytest.raises(Unavailable):
        run(world, task)
    watched.before = None
    assert task_of(world)["passes"] == 0
    run(world, task_of(world))
    run(world, task_of(world))
    assert_erased(world, made)
    assert rows(world, Outbox, "task") == []


def test_progress_is_saved_between_pages(world: World, watched: Watched) -> None:
    _, made = doomed(world, 7)
    run(world, task_of(world))
    saved = [
        parameters["ExpressionAttributeValues"]
        for operation, parameters in watched.applied
        if operation == "UpdateItem" and parameters["TableName"] == "outbox"
    ]
    assert len(saved) == 3
    assert f"{made[2]['attributes']['created']}#{made[2]['id']}" in str(saved[0])
    assert f"{made[5]['attributes']['created']}#{made[5]['id']}" in str(saved[1])


def test_running_it_again_after_the_end_changes_nothing(world: World) -> None:
    _, made = doomed(world, 4)
    first = task_of(world)
    run(world, first)
    run(world, task_of(world))
    run(world, first)
    run(world, first)
    assert_erased(world, made)
    assert rows(world, Outbox, "task") == []


def test_parallel_runs_do_each_other_no_harm(world: World) -> None:
    _, made = doomed(world, 12)
    task = task_of(world)
    crowd([lambda: run(world, task)] * 4)
    assert_erased(world, made)


def test_only_what_belongs_to_the_policy_is_erased(world: World) -> None:
    kept = world.license()
    _, made = doomed(world, 4)
    run(world, task_of(world))
    assert [item["id"] for item in rows(world, Row, "license")] == [kept["id"]]
    assert world.get(f"/v1/licenses/{kept['id']}").status == 200


def test_a_key_taken_again_is_not_freed_by_the_old_task(world: World) -> None:
    _, made = doomed(world, 1)
    run(world, task_of(world))
    again = world.license(key=made[0]["attributes"]["key"])
    run(world, task_of(world))
    assert world.get(f"/v1/licenses/{again['attributes']['key']}").data["id"] == again["id"]


def test_a_product_takes_its_tokens_and_policies_along(world: World) -> None:
    product_id = world.product()["id"]
    for _ in range(8):
        world.license(world.policy(product_id)["id"])
    for _ in range(7):
        world.token(f"/v1/products/{product_id}")
    assert world.send("DELETE", f"/v1/products/{product_id}").status == 204
    for _ in range(3):
        for task in rows(world, Outbox, "task"):
            run(world, task)
    assert rows(world, Outbox, "task") == []
    assert [rows(world, Row, kind) for kind in ("product", "policy", "license", "license-meter")] == [[], [], [], []]
    assert [item["bearer_kind"] for item in rows(world, Row, "token")] == ["user"]


def test_rearming_sets_every_deadline_once_more(world: World) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="month", checkInIntervalCount=1)
    for _ in range(7):
        world.clock.advance(seconds=1)
        world.license(policy["id"])
    body = {"data": {"type": "policies", "attributes": {"checkInInterval": "year"}}}
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    before = {item["id"]: item["due_at"] for item in rows(world, Row, "license-meter")}
    run(world, task_of(world))
    after = {item["id"]: item["due_at"] for item in rows(world, Row, "license-meter")}
    assert all((after[one] - before[one]).days > 300 for one in before)
    off = {"data": {"type": "policies", "attributes": {"requireCheckIn": False}}}
    run(world, task_of(world))
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", off).status == 200
    run(world, task_of(world))
    assert all("due_at" not in item and "due_shard" not in item for item in rows(world, Row, "license-meter"))


def test_rearming_a_policy_that_is_gone_ends(world: World) -> None:
    policy = world.policy()
    world.license(policy["id"])
    body = {"data": {"type": "policies", "attributes": {"expirationBasis": "FROM_FIRST_USE"}}}
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    task = task_of(world)
    assert world.send("DELETE", f"/v1/policies/{policy['id']}").status == 204
    run(world, task)
    run(world, next(one for one in rows(world, Outbox, "task") if one["id"] == task["id"]))
    assert task["id"] not in {one["id"] for one in rows(world, Outbox, "task")}
    assert Key(task["pk"], task["sk"]) == keys.task(world.account["account"], task["id"])
