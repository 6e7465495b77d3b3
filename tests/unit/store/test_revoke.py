"""Removing tokens that ended with others of their user: resumable, repeatable, and never one that lives."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing import token as tokens
from chalicelib.licensing import user as users
from chalicelib.licensing.user import User
from chalicelib.store import keys, tasks
from chalicelib.store.items import token as stored
from chalicelib.store.items import user as stored_users
from chalicelib.store.keys import Key
from chalicelib.store.table import Item, Outbox, Row
from chalicelib.store.tasks import steps
from chalicelib.store.tasks.revoke import revoke_tokens
from chalicelib.store.unit import commit
from tests.api.helpers import user, user_token
from tests.races.crowd import rows
from tests.world import World


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PAGE", 3)


def revoke(world: World, one: User) -> User:
    """The tokens of a user end; removing them is announced."""
    account_id, after = world.account["account"], users.tokens_revoked(one)
    announced = revoke_tokens(account_id, after, world.service.new_id(), world.clock.now())
    commit(world.database, (*stored_users.update(account_id, one, after), announced))
    return replace(after, revision=one.revision + 1)


def of(world: World, one: User) -> list[Item]:
    return [item for item in rows(world, Row, "token") if item["bearer_id"] == one.id]


def run(world: World, *passes: int) -> None:
    for number in passes:
        for task in rows(world, Outbox, "task"):
            if task["passes"] == number:
                tasks.run(world.database, task, world.service.new_id, world.clock.now())


def test_every_token_goes_and_its_pointer_stays_as_a_tombstone(world: World) -> None:
    one, other = user(world), user(world)
    for _ in range(7):
        user_token(world, one)
    user_token(world, other)
    revoke(world, one)
    ids = {item["id"] for item in of(world, one)}
    run(world, 0, 1)
    assert of(world, one) == []
    assert len(of(world, other)) == 1
    assert rows(world, Outbox, "task") == []
    stones = {item["pk"] for item in rows(world, Row, "tombstone")}
    assert stones == {keys.pointer(world.account["account"], "token", one).pk for one in ids}


def test_what_is_of_the_present_generation_stays(world: World) -> None:
    one = user(world)
    for _ in range(4):
        user_token(world, one)
    kept = of(world, one)[0]
    after = revoke(world, one)
    before = stored.token_of(kept)
    commit(world.database, (stored.keeping(Key(kept["pk"], kept["sk"]), before, tokens.kept(before, after)),))
    user_token(world, after)
    run(world, 0, 1)
    assert len(of(world, one)) == 2
    assert kept["id"] in {item["id"] for item in of(world, one)}


def test_an_old_task_leaves_a_later_generation_alone(world: World) -> None:
    one = user(world)
    user_token(world, one)
    first = revoke(world, one)
    user_token(world, first)
    (task,) = rows(world, Outbox, "task")
    second = revoke(world, first)
    user_token(world, second)
    tasks.run(world.database, task, world.service.new_id, world.clock.now())
    assert sorted(item["generation"] for item in of(world, one)) == [1, 2]
    run(world, 0, 1)
    assert [item["generation"] for item in of(world, one)] == [2]


def test_running_it_again_changes_nothing(world: World) -> None:
    one = user(world)
    for _ in range(4):
        user_token(world, one)
    revoke(world, one)
    (task,) = rows(world, Outbox, "task")
    for _ in range(3):
        tasks.run(world.database, task, world.service.new_id, world.clock.now())
    assert of(world, one) == []
