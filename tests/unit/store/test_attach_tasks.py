"""More attachments than one transaction holds: the rest is announced, and each is settled once (STORE §4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.errors import Unavailable
from chalicelib.store import fetch, keys, tasks
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items.license import MeterRow
from chalicelib.store.table import Outbox, Row
from chalicelib.store.tasks import attach
from chalicelib.store.unit import Change, commit
from tests.races.crowd import Watched, crowd, rows
from tests.unit.store.fakes import failed
from tests.unit.store.test_erasures import run, task_of
from tests.world import World

USERS = 8
WRITES = ("PutItem", "TransactWriteItems", "UpdateItem", "DeleteItem")


@pytest.fixture(autouse=True)
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "AT_ONCE", 3)


@pytest.fixture
def license_id(world: World) -> str:
    return str(world.license()["id"])


def made(
    world: World, holder_id: str, count: int = USERS, target: str = "user-{}", kind: str = "license-user"
) -> list[Attachment]:
    """Attachments that are not stored yet."""
    now = world.clock.now()
    return [
        Attachment(
            id=world.tools.new_id(),
            kind=kind,
            holder_id=holder_id,
            target_id=target.format(number),
            target_created=now,
            created=now,
            updated=now,
        )
        for number in range(count)
    ]


def announce(world: World, name: str, found: Sequence[Attachment], seats: int) -> None:
    """What a request commits: the first attachments, the seats, and the rest as a task."""
    now, account_id = world.clock.now(), world.account["account"]
    writes = attach.split(account_id, name, found, now, world.tools.new_id(), now)
    counted = Change(
        MeterRow, keys.meter(account_id, found[0].holder_id), (MeterRow.users.set(MeterRow.users + seats),)
    )
    commit(world.database, (*writes, counted))


def attaching(world: World, license_id: str) -> list[Attachment]:
    found = made(world, license_id)
    announce(world, attach.ATTACH, found, len(found))
    return found


def detaching(world: World, license_id: str) -> list[Attachment]:
    found = attaching(world, license_id)
    run(world, task_of(world))
    run(world, task_of(world))
    announce(world, attach.DETACH, found, -attach.at_once(found))
    return found


def detach(world: World, one: Attachment) -> None:
    """As a request does it that comes in between."""
    meter = keys.meter(world.account["account"], one.holder_id)
    left = Change(MeterRow, meter, (MeterRow.users.set(MeterRow.users - 1),))
    commit(world.database, (attachments.remove(world.account["account"], one), left))


def stored(world: World) -> set[str]:
    """The ids of all attachments."""
    return {item["id"] for item in rows(world, Row, "attachment")}


def seats(world: World, license_id: str) -> int:
    item = fetch.get(world.database, keys.meter(world.account["account"], license_id))
    assert item is not None
    return int(item["users"])


def finish(world: World) -> None:
    for _ in range(tasks.PASSES):
        for task in rows(world, Outbox, "task"):
            run(world, task)
    assert rows(world, Outbox, "task") == []


@pytest.mark.parametrize(("count", "split"), [(1, 0), (3, 0), (4, 1), (8, 1)])
def test_what_fits_needs_no_task(world: World, license_id: str, count: int, split: int) -> None:
    found = made(world, license_id, count)
    assert attach.at_once(found) == min(count, 3)
    announce(world, attach.ATTACH, found, count)
    assert stored(world) == {one.id for one in found[:3]}
    assert len(rows(world, Outbox, "task")) == split


def test_the_rest_is_attached_as_it_was_announced(world: World, license_id: str) -> None:
    found = attaching(world, license_id)
    finish(world)
    back = {item["id"]: attachments.attachment_of(item) for item in rows(world, Row, "attachment")}
    assert back == {one.id: one for one in found}
    assert seats(world, license_id) == USERS


def test_the_rest_is_detached_with_its_seats(world: World, license_id: str) -> None:
    detaching(world, license_id)
    assert (len(stored(world)), seats(world, license_id)) == (USERS - 3, USERS - 3)
    finish(world)
    assert (stored(world), seats(world, license_id)) == (set(), 0)


@pytest.mark.parametrize("name", ["attach", "detach"])
@pytest.mark.parametrize("fatal", range(1, 8))
def test_interrupted_anywhere_it_is_taken_up_again(
    world: World, watched: Watched, license_id: str, name: str, fatal: int
) -> None:
    found = attaching(world, license_id) if name == "attach" else detaching(world, license_id)
    written = 0

    def before(operation: str, parameters: Any) -> None:
        nonlocal written
        written += operation in WRITES
        if written >= fatal:
            raise failed("ThrottlingException")

    watched.before = before
    try:
        run(world, task_of(world))
    except Unavailable:
        watched.before = None
        assert task_of(world)["passes"] == 0
    watched.before = None
    finish(world)
    assert stored(world) == ({one.id for one in found} if name == "attach" else set())
    assert seats(world, license_id) == len(stored(world))


@pytest.mark.parametrize("name", ["attach", "detach"])
def test_parallel_and_repeated_runs_do_each_other_no_harm(world: World, license_id: str, name: str) -> None:
    found = attaching(world, license_id) if name == "attach" else detaching(world, license_id)
    task = task_of(world)
    crowd([lambda: run(world, task)] * 4)
    run(world, task)
    assert stored(world) == ({one.id for one in found} if name == "attach" else set())
    assert seats(world, license_id) == len(stored(world))


def test_who_was_detached_since_is_not_attached_again(world: World, license_id: str) -> None:
    found = attaching(world, license_id)
    task = task_of(world)
    run(world, task)
    detach(world, found[-1])
    run(world, task)
    finish(world)
    assert stored(world) == {one.id for one in found[:-1]}
    assert seats(world, license_id) == USERS - 1


def test_a_seat_taken_for_who_is_attached_already_is_given_back_once(world: World, license_id: str) -> None:
    found = attaching(world, license_id)
    (elsewhere,) = made(world, license_id, 1, found[-1].target_id)
    announce(world, attach.ATTACH, [elsewhere], 1)
    task = task_of(world)
    for _ in range(3):
        run(world, task)
    finish(world)
    assert stored(world) == {*(one.id for one in found[:-1]), elsewhere.id}
    assert seats(world, license_id) == USERS


def test_who_came_back_since_keeps_its_seat(world: World, license_id: str) -> None:
    """Attached by the task, detached, attached by another request: three different things."""
    found = attaching(world, license_id)
    task = task_of(world)
    run(world, task)
    detach(world, found[-1])
    (again,) = made(world, license_id, 1, found[-1].target_id)
    announce(world, attach.ATTACH, [again], 1)
    run(world, task)
    finish(world)
    assert again.id in stored(world)
    assert seats(world, license_id) == USERS == len(stored(world))


def test_who_was_attached_anew_is_not_detached_by_the_old_task(world: World, license_id: str) -> None:
    found = detaching(world, license_id)
    task = task_of(world)
    run(world, task)
    (again,) = made(world, license_id, 1, found[-1].target_id)
    announce(world, attach.ATTACH, [again], 1)
    run(world, task)
    finish(world)
    assert (stored(world), seats(world, license_id)) == ({again.id}, 1)


def test_only_users_of_licenses_are_counted(world: World) -> None:
    """Owners of a group and entitlements have no seats."""
    now, account_id = world.clock.now(), world.account["account"]
    group_id = world.create("groups", {"name": "Team"})["id"]
    found = made(world, group_id, kind="group-owner")
    commit(world.database, attach.split(account_id, attach.ATTACH, found, now, world.tools.new_id(), now))
    finish(world)
    assert stored(world) == {one.id for one in found}
    commit(world.database, attach.split(account_id, attach.DETACH, found, now, world.tools.new_id(), now))
    finish(world)
    assert stored(world) == set()
