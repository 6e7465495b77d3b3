"""Usage under fire: what was answered is what is stored, and the cap holds at every moment (spec licenses.md §9.5)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from chalicelib.store.table import Outbox
from tests.races.crowd import Watched, crowd, rows
from tests.world import Answer, World, resource

THREADS, EACH = 8, 250
LIMIT = (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
BELOW = (422, "USES_INVALID", "/data/attributes/uses")
CONFLICT = (409, None, "/data/attributes/uses")


@dataclass(frozen=True)
class Use:
    """One request and its answer: `amount` was asked for, None is a reset."""

    amount: int | None
    answer: Answer

    @property
    def uses(self) -> int:
        found: int = self.answer.attributes["uses"]
        return found


def act(world: World, license_id: str, amount: int | None) -> Use:
    """Increment, decrement (negative) or reset."""
    path = f"/v1/licenses/{license_id}/actions"
    if amount is None:
        return Use(None, world.post(f"{path}/reset-usage"))
    if amount < 0:
        return Use(amount, world.post(f"{path}/decrement-usage", {"meta": {"decrement": -amount}}))
    return Use(amount, world.post(f"{path}/increment-usage", {"meta": {"increment": amount}}))


def storm(world: World, license_id: str, amounts: list[list[int | None]]) -> list[list[Use]]:
    """Each list in a thread of its own."""
    return crowd([lambda own=own: [act(world, license_id, amount) for amount in own] for own in amounts])  # type: ignore[misc]


def amounts(threads: int, each: int) -> list[list[int | None]]:
    return [[Random(number * 1000 + step).randint(1, 5) for step in range(each)] for number in range(threads)]


def answered(uses: Iterable[Use], *refusals: tuple[int, str | None, str]) -> list[Use]:
    """The uses that succeeded; everything else must be one of `refusals`."""
    found = []
    for use in uses:
        if use.answer.status == 200:
            found.append(use)
        else:
            assert use.answer.error in refusals, use.answer.raw
    return found


def assert_explained(done: Iterable[Use], final: int) -> None:
    """There is an order of the answered uses in which each starts where the one before it ended.

    Every use is an edge from the count before it to the count it answered, and such an order is a walk over all edges
    from 0 to `final`. A reset starts anywhere: it may leave any value that was reached once too often.
    """
    excess = Counter({0: 1})
    excess[final] -= 1
    resets = 0
    for use in done:
        excess[use.uses] += 1
        if use.amount is None:
            assert use.uses == 0
            resets += 1
        else:
            excess[use.uses - use.amount] -= 1
    assert min(excess.values()) >= 0, "a use started from a count that nothing had led to"
    assert excess.total() == resets


def stored_uses(world: World, license_id: str) -> int:
    uses: int = world.get(f"/v1/licenses/{license_id}").attributes["uses"]
    return uses


def told(world: World) -> Counter[tuple[str, int]]:
    """The usage events in the outbox: name and the count they tell."""
    events = [event for event in rows(world, Outbox, "event") if event["name"].startswith("license.usage.")]
    return Counter((event["name"], json.loads(event["payload"])["data"]["attributes"]["uses"]) for event in events)


def events_of(done: Iterable[Use]) -> Counter[tuple[str, int]]:
    return Counter((f"license.usage.{_verb(use.amount)}", use.uses) for use in done)


def _verb(amount: int | None) -> str:
    return "reset" if amount is None else "incremented" if amount > 0 else "decremented"


def updates(watched: Watched) -> list[Any]:
    return [parameters for operation, parameters in watched.applied if operation == "UpdateItem"]


@pytest.mark.slow
def test_every_answered_increment_is_counted_once_under_the_cap(world: World, watched: Watched) -> None:
    cap = 4000
    license_id = world.license(world.policy(maxUses=cap)["id"])["id"]
    watched.applied.clear()
    threads = storm(world, license_id, amounts(THREADS, EACH))
    everything = [use for own in threads for use in own]
    done = answered(everything, LIMIT, CONFLICT)
    total = stored_uses(world, license_id)
    assert sum(use.amount or 0 for use in done) == total <= cap
    assert len({use.uses for use in done}) == len(done)
    assert_explained(done, total)
    for own in threads:
        counts = [use.uses for use in own if use.answer.status == 200]
        assert counts == sorted(counts)
    refused = [use.amount or 0 for use in everything if use.answer.status == 422]
    assert refused, "the cap was never reached: the test proves nothing about it"
    assert min(refused) + total > cap
    assert len(updates(watched)) == len(done)
    assert act(world, license_id, cap - total).answer.status == 200
    assert act(world, license_id, 1).answer.error == LIMIT


@pytest.mark.slow
def test_with_a_subscriber_the_events_are_exactly_the_answers(world: World) -> None:
    cap = 500
    license_id = world.license(world.policy(maxUses=cap)["id"])["id"]
    world.listen("license.usage.incremented")
    threads = storm(world, license_id, amounts(THREADS, 40))
    done = answered((use for own in threads for use in own), LIMIT, CONFLICT)
    total = stored_uses(world, license_id)
    assert sum(use.amount or 0 for use in done) == total <= cap
    assert_explained(done, total)
    assert told(world) == events_of(done)
    assert len(done) >= THREADS


@pytest.mark.parametrize("subscribed", [False, True], ids=["alone", "subscribed"])
def test_increments_decrements_and_resets_have_one_order(world: World, subscribed: bool) -> None:
    cap = 60
    license_id = world.license(world.policy(maxUses=cap)["id"])["id"]
    if subscribed:
        world.listen("*")
    choices: tuple[int | None, ...] = (1, 2, 3, 4, 5, 5, -1, -2, -3, -4, None)
    plans = [[Random(f"{number}.{step}").choice(choices) for step in range(25)] for number in range(THREADS)]
    threads = storm(world, license_id, plans)
    done = answered((use for own in threads for use in own), LIMIT, BELOW, CONFLICT)
    assert all(0 <= use.uses <= cap for use in done)
    assert {_verb(use.amount) for use in done} == {"incremented", "decremented", "reset"}
    assert_explained(done, stored_uses(world, license_id))
    if subscribed:
        assert told(world) == events_of(done)


def test_the_last_use_is_given_to_one_of_many(world: World) -> None:
    license_id = world.license(world.policy(maxUses=1)["id"])["id"]
    uses = crowd([lambda: act(world, license_id, 1)] * 16)
    assert [use.uses for use in answered(uses, LIMIT)] == [1]


def test_the_last_use_is_given_back_by_one_of_many(world: World) -> None:
    license_id = world.license()["id"]
    act(world, license_id, 1)
    uses = crowd([lambda: act(world, license_id, -1)] * 16)
    assert [use.uses for use in answered(uses, BELOW)] == [0]


def test_a_subscriber_that_comes_between_two_uses_changes_no_count(world: World, watched: Watched) -> None:
    license_id = world.license(world.policy(maxUses=9)["id"])["id"]
    watched.between(("UpdateItem",), lambda: act(world, license_id, 4))
    first = act(world, license_id, 5)
    assert (first.answer.status, first.uses) == (200, 9)
    world.listen("license.usage.incremented")
    act(world, license_id, -2)
    watched.between(("TransactWriteItems",), lambda: act(world, license_id, -3))
    second = act(world, license_id, 2)
    assert (second.answer.status, second.uses) == (200, 6)
    assert told(world) == Counter({("license.usage.incremented", 6): 1})


def test_a_cap_reached_between_decision_and_write_refuses(world: World, watched: Watched) -> None:
    license_id = world.license(world.policy(maxUses=9)["id"])["id"]
    watched.between(("UpdateItem",), lambda: act(world, license_id, 5))
    assert act(world, license_id, 5).answer.error == LIMIT
    assert stored_uses(world, license_id) == 5


def test_a_limit_lowered_between_decision_and_write_binds(world: World, watched: Watched) -> None:
    license = world.license(world.policy(maxUses=10)["id"])
    lower = resource("licenses", {"maxUses": 3})
    watched.between(("UpdateItem",), lambda: world.send("PATCH", f"/v1/licenses/{license['id']}", lower))
    answer = world.post(f"/v1/licenses/{license['id']}/actions/increment-usage", {"meta": {"increment": 5}})
    assert answer.error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
    assert world.get(f"/v1/licenses/{license['id']}").attributes["uses"] == 0


def test_a_license_deleted_between_decision_and_write_is_not_used(world: World, watched: Watched) -> None:
    license = world.license()
    watched.between(("UpdateItem",), lambda: world.send("DELETE", f"/v1/licenses/{license['id']}"))
    assert world.post(f"/v1/licenses/{license['id']}/actions/increment-usage").status == 404
