"""Owners by the dozen, and what listeners are told of them (resources.md §3)."""

from __future__ import annotations

import pytest

from chalicelib.store.table import Outbox, Row
from chalicelib.store.tasks import attach as tasks
from tests.api.groups.crowd import attach, group, owner_ids, owners, path_of
from tests.api.helpers import NOWHERE, user
from tests.api.test_events import outbox
from tests.races.crowd import rows
from tests.world import World


def test_events_carry_the_arrays(local_world: World) -> None:
    made, one, other = group(local_world), user(local_world), user(local_world)
    local_world.listen("*")
    attached = attach(local_world, made, one, other).document
    local_world.post(path_of(made), owners(one))
    local_world.send("DELETE", path_of(made), owners(other, one))
    local_world.send("DELETE", path_of(made), owners(one))
    backwards = {"data": attached["data"][::-1]}
    assert sorted(outbox(local_world), key=lambda event: event[0]) == [
        ("group.owners.attached", attached),
        ("group.owners.detached", backwards),
    ]


class TestManyAtOnce:
    """More than one transaction holds."""

    @pytest.fixture(autouse=True)
    def small_transactions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "AT_ONCE", 3)

    def test_all_are_there_when_it_is_answered(self, world: World) -> None:
        world.listen("*")
        made, many = group(world), [user(world) for _ in range(8)]
        answer = attach(world, made, *many)
        assert [one["relationships"]["user"]["data"]["id"] for one in answer.data] == [one.id for one in many]
        assert sorted(owner_ids(world, made)) == sorted(one.id for one in many)
        assert ("group.owners.attached", answer.document) in outbox(world)
        assert world.send("DELETE", path_of(made), owners(*many)).status == 204
        assert owner_ids(world, made) == []
        assert ("group.owners.detached", answer.document) in outbox(world)

    def test_who_was_detached_meanwhile_stays_detached(self, world: World) -> None:
        made, many = group(world), [user(world) for _ in range(8)]
        attach(world, made, *many)
        assert world.send("DELETE", path_of(made), owners(many[-1])).status == 204
        world.clock.advance(minutes=2)
        world.sweep()
        assert rows(world, Outbox, "task") == []
        assert sorted(owner_ids(world, made)) == sorted(one.id for one in many[:-1])

    def test_one_problem_among_many_attaches_nobody(self, world: World) -> None:
        made, many = group(world), [user(world) for _ in range(8)]
        sent = owners(*many)["data"]
        assert (
            world.post(path_of(made), {"data": [*sent, {"type": "users", "id": NOWHERE}]}).error[1] == "USER_NOT_FOUND"
        )
        assert owner_ids(world, made) == []
        assert rows(world, Outbox, "task") == []


def test_as_many_as_a_request_may_name(local_world: World) -> None:
    local_world.listen("*")
    made, many = group(local_world), [user(local_world) for _ in range(400)]
    answer = attach(local_world, made, *many)
    assert len(answer.data) == 400
    assert local_world.get(f"{path_of(made)}?page[number]=1").document["links"]["meta"]["count"] == 400
    stored = {item["target_id"] for item in rows(local_world, Row, "attachment")}
    assert stored == {one.id for one in many}
    ((_, payload),) = [event for event in outbox(local_world) if event[0] == "group.owners.attached"]
    assert payload == answer.document
