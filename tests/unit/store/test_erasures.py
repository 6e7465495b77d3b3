"""What hangs on a deleted user, group or entitlement: gone in the end, whatever happens on the way (STORE §4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import fetch, tasks
from chalicelib.store.items import group as groups
from chalicelib.store.loads import people
from chalicelib.store.table import Item, Outbox, Row
from chalicelib.store.tasks import steps
from chalicelib.store.unit import Write, commit
from tests.races.crowd import Watched, crowd, feed, rows
from tests.unit.store.fakes import failed
from tests.unit.store.neighbours import SEVERAL, Neighbours
from tests.world import World

WRITES = ("TransactWriteItems", "UpdateItem", "DeleteItem")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PAGE", 3)


@pytest.fixture
def town(world: World) -> Neighbours:
    return Neighbours(world)


def user_gone(town: Neighbours) -> tuple[Write, ...]:
    world = town.world
    person = fetch.run(world.database, people.by_id(town.account_id, town.one.id, world.clock.now()))
    assert person is not None
    return tasks.erase_user(town.account_id, person.user, world.tools.new_id(), world.clock.now())


def group_gone(town: Neighbours) -> tuple[Write, ...]:
    return tasks.erase_group(town.account_id, town.group, town.world.tools.new_id(), town.world.clock.now())


def entitlement_gone(town: Neighbours) -> tuple[Write, ...]:
    now = town.world.clock.now()
    return tasks.erase_entitlement(town.account_id, town.entitlement, town.world.tools.new_id(), now)


def assert_user_erased(town: Neighbours) -> None:
    kept = {one["id"] for one in town.licenses[town.other.id]}
    assert set(town.facts()) == kept
    assert town.seats() == dict.fromkeys(kept, 0)
    assert town.attached("license-user") == []
    assert {holder for holder, _ in town.attached("license-entitlement")} == kept
    assert town.attached("group-owner") == [(town.group.id, town.other.id)]
    assert town.one.id not in town.bearers()
    assert town.bearers() & {one["id"] for one in town.licenses[town.one.id]} == set()
    assert town.hints() == kept | {town.other.id}
    assert town.members(town.group) == (0, SEVERAL // 2)
    assert town.members(town.other_group) == (1, SEVERAL // 2)
    names = {item["target"] for item in rows(town.world, Row, "unique")}
    assert names & {town.one.id, *(one["id"] for one in town.licenses[town.one.id])} == set()


def assert_group_erased(town: Neighbours) -> None:
    assert town.members(town.group) is None
    assert town.members(town.other_group) == (1, SEVERAL)
    assert town.attached("group-owner") == [(town.other_group.id, town.one.id)]
    members = [*rows(town.world, Row, "user"), *town.facts().values()]
    assert {item.get("group_id") for item in members} == {None, town.other_group.id}
    assert all(("group_id" in item) == ("in_6" in item) for item in members)
    assert sum("group_id" in item for item in members) == 1 + SEVERAL
    hints = [item.get("group_id") for item in rows(town.world, Row, "unique") if "#license-key#" in item["pk"]]
    assert sorted(map(str, hints)) == sorted([str(None)] * SEVERAL + [town.other_group.id] * SEVERAL)
    assert len(town.facts()) == 2 * SEVERAL


def assert_entitlement_erased(town: Neighbours) -> None:
    for kind, holders in (("license-entitlement", set(town.facts())), ("policy-entitlement", set(town.policies))):
        assert town.attached(kind) == sorted((holder, town.other_entitlement.id) for holder in holders)
    assert len(town.facts()) == 2 * SEVERAL


class Case(NamedTuple):
    """A deletion, and what must be true when its task has ended."""

    gone: Callable[[Neighbours], tuple[Write, ...]]
    check: Callable[[Neighbours], None]


CASES = {
    "user": Case(user_gone, assert_user_erased),
    "group": Case(group_gone, assert_group_erased),
    "entitlement": Case(entitlement_gone, assert_entitlement_erased),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def task_of(world: World) -> Item:
    (found,) = rows(world, Outbox, "task")
    return found


def run(world: World, task: Item) -> None:
    tasks.run(world.database, task, world.service.new_id, world.clock.now())


@every_case
def test_two_passes_erase_everything_and_the_task(town: Neighbours, case: Case) -> None:
    commit(town.world.database, case.gone(town))
    run(town.world, task_of(town.world))
    case.check(town)
    run(town.world, task_of(town.world))
    case.check(town)
    assert rows(town.world, Outbox, "task") == []


@every_case
def test_the_stream_and_the_sweep_do_it(town: Neighbours, case: Case) -> None:
    commit(town.world.database, case.gone(town))
    town.world.stream().handle(feed(town.world, "task"))
    case.check(town)
    assert task_of(town.world)["passes"] == 1
    town.world.clock.advance(minutes=2)
    town.world.sweep()
    case.check(town)
    assert rows(town.world, Outbox, "task") == []


@every_case
@pytest.mark.parametrize("fatal", range(1, 30, 2))
def test_interrupted_anywhere_it_is_taken_up_again(town: Neighbours, watched: Watched, case: Case, fatal: int) -> None:
    commit(town.world.database, case.gone(town))
    task, written = task_of(town.world), 0

    def before(operation: str, parameters: Any) -> None:
        nonlocal written
        written += operation in WRITES
        if written >= fatal:
            raise failed("ThrottlingException")

    watched.before = before
    try:
        run(town.world, task)
    except Unavailable:
        watched.before = None
        assert task_of(town.world)["passes"] == 0
        run(town.world, task_of(town.world))
    watched.before = None
    run(town.world, task_of(town.world))
    case.check(town)
    assert rows(town.world, Outbox, "task") == []


@every_case
def test_parallel_and_repeated_runs_do_each_other_no_harm(town: Neighbours, case: Case) -> None:
    commit(town.world.database, case.gone(town))
    task = task_of(town.world)
    crowd([lambda: run(town.world, task)] * 4)
    case.check(town)
    run(town.world, task)
    run(town.world, task)
    case.check(town)


def test_two_deletions_that_meet_leave_right_counters(town: Neighbours) -> None:
    """Licenses of the user are in the group: the first to be erased must not count in what is gone."""
    commit(town.world.database, user_gone(town))
    commit(town.world.database, group_gone(town))
    found = rows(town.world, Outbox, "task")
    crowd([lambda task=task: run(town.world, task) for task in found])  # type: ignore[misc]
    for task in rows(town.world, Outbox, "task"):
        run(town.world, task)
    assert rows(town.world, Outbox, "task") == []
    assert town.members(town.group) is None
    assert town.members(town.other_group) == (1, SEVERAL // 2)
    assert set(town.facts()) == {one["id"] for one in town.licenses[town.other.id]}
    assert {item.get("group_id") for item in town.facts().values()} == {None, town.other_group.id}
    assert town.attached("group-owner") == []


def test_a_group_that_is_gone_is_not_counted_out_of(town: Neighbours) -> None:
    """A license whose group went away before the task came to it can still be deleted."""
    commit(town.world.database, groups.deletion(town.account_id, town.group, town.world.clock.now()))
    for license in town.licenses[town.one.id]:
        assert town.world.send("DELETE", f"/v1/licenses/{license['id']}").status == 204
    assert town.members(town.other_group) == (1, SEVERAL // 2)


@pytest.mark.parametrize(("name", "kind"), [("group", "group-owner"), ("entitlement", "policy-entitlement")])
def test_the_second_pass_catches_what_came_late(town: Neighbours, name: str, kind: str) -> None:
    """Attached while its target or holder was deleted: removed in the end."""
    ends = {
        "group-owner": (town.group.id, town.one.id),
        "policy-entitlement": (town.policies[0], town.entitlement.id),
    }[kind]
    commit(town.world.database, CASES[name].gone(town))
    run(town.world, task_of(town.world))
    town.attach(kind, *ends)
    run(town.world, task_of(town.world))
    assert ends not in town.attached(kind)
    CASES[name].check(town)


def test_a_code_and_an_email_are_free_at_once(town: Neighbours) -> None:
    commit(town.world.database, user_gone(town))
    commit(town.world.database, entitlement_gone(town))
    guards = rows(town.world, Row, "unique")
    assert {item["target"] for item in guards} & {town.one.id, town.entitlement.id} == set()
    again = town.world.create("entitlements", {"name": "Again", "code": "one"})
    for task in rows(town.world, Outbox, "task"):
        run(town.world, task)
    assert town.world.get("/v1/entitlements/one").data["id"] == again["id"]
