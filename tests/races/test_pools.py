"""Pools under fire: every key is given away once, and no two are the same (spec policies.md §6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from chalicelib.store.table import Outbox, Row
from tests.api.keys.pools import add, fill, left, license_from, pool_key, pooled
from tests.races.crowd import WRITES, Watched, crowd, rows, statuses
from tests.world import Answer, World, resource

EMPTY = (422, "POLICY_POOL_EMPTY", "/data/relationships/policy")
NOTHING_LEFT = (422, None, "/data/relationships/pool")
KEY_TAKEN = (422, "KEY_TAKEN", "/data/attributes/key")
KEY_CONFLICT = (422, "KEY_CONFLICT", "/data/attributes/key")


def pop(world: World, policy: str) -> Answer:
    return world.send("DELETE", f"/v1/policies/{policy}/pool")


def taken(answers: Sequence[Answer], refusal: tuple[int, str | None, str]) -> list[str]:
    """The keys that were given away; everything else must be the refusal of an empty pool."""
    refused = [answer for answer in answers if answer.status >= 300]
    assert {answer.error for answer in refused} <= {refusal}
    return [answer.attributes["key"] for answer in answers if answer.status < 300]


def assert_pool_is_whole(world: World, policy: str, expected: set[str]) -> None:
    """What is left of a pool: the keys themselves, the ways to them by id, and their guards."""
    stored = rows(world, Row, "key")
    assert {item["key"] for item in stored} == expected
    assert {item["target_sk"] for item in rows(world, Row, "pointer") if item["target_sk"].startswith("key#")} == {
        item["sk"] for item in stored
    }
    guards = {item["target"] for item in rows(world, Row, "unique") if "#pool-key#" in item["pk"]}
    assert guards == {item["id"] for item in stored}
    assert left(world, policy) == expected


@pytest.mark.parametrize(("count", "creators"), [(1, 8), (12, 24), (24, 24)])
def test_creators_share_a_pool(world: World, count: int, creators: int) -> None:
    policy = pooled(world)
    wanted = fill(world, policy, count)
    world.listen("*")
    answers = crowd([lambda: license_from(world, policy)] * creators)
    assert statuses(answers) == Counter({201: count, 422: creators - count}) - Counter()
    assert sorted(taken(answers, EMPTY)) == sorted(wanted)
    assert sorted(item["key"] for item in rows(world, Row, "license")) == sorted(wanted)
    assert_pool_is_whole(world, policy, set())
    assert Counter(event["name"] for event in rows(world, Outbox, "event")) == {"license.created": count}


def test_those_who_pop_share_a_pool(world: World) -> None:
    policy, count = pooled(world), 10
    wanted = fill(world, policy, count)
    world.listen("policy.pool.popped")
    answers = crowd([lambda: pop(world, policy)] * (count + 6))
    assert statuses(answers) == {200: count, 422: 6}
    assert sorted(taken(answers, NOTHING_LEFT)) == sorted(wanted)
    assert_pool_is_whole(world, policy, set())
    assert len(rows(world, Outbox, "event")) == count


def test_pops_and_creations_share_a_pool(world: World) -> None:
    policy, count = pooled(world), 14
    wanted = fill(world, policy, count)
    calls: list[Callable[[], Answer]] = [lambda: pop(world, policy), lambda: license_from(world, policy)]
    answers = crowd(calls * 10)
    popped, created = taken(answers[::2], NOTHING_LEFT), taken(answers[1::2], EMPTY)
    assert sorted(popped + created) == sorted(wanted)
    assert {item["key"] for item in rows(world, Row, "license")} == set(created)
    assert_pool_is_whole(world, policy, set())


def test_a_pool_that_is_filled_while_it_is_emptied(world: World) -> None:
    policy = pooled(world)
    first = fill(world, policy, 4)
    later = [f"later-key-{number}" for number in range(8)]
    calls: list[Callable[[], Answer]] = [lambda: license_from(world, policy)] * 8
    answers = crowd([*calls, *(lambda key=key: add(world, policy, key) for key in later)])
    assert statuses(answers[8:]) == {201: 8}
    created = taken(answers[:8], EMPTY)
    assert len(set(created)) == len(created) >= 4
    assert_pool_is_whole(world, policy, {*first, *later} - set(created))


def test_the_last_key_is_popped_between_decision_and_write(world: World, watched: Watched) -> None:
    policy = pooled(world)
    fill(world, policy, 1)
    watched.between(WRITES, lambda: pop(world, policy))
    assert license_from(world, policy).error == EMPTY
    assert rows(world, Row, "license") == []


def test_the_key_drawn_is_given_to_a_license_between_decision_and_write(world: World, watched: Watched) -> None:
    """An explicit key may be one of a pool; who drew it takes another."""
    policy, plain = pooled(world), world.policy()["id"]
    [only] = fill(world, policy, 1)

    def interfere() -> None:
        assert license_from(world, plain, key=only).status == 201
        fill(world, policy, 1, start=1)

    watched.between(WRITES, interfere)
    assert license_from(world, policy).attributes["key"] == "pool-key-0001"
    assert left(world, policy) == {only}


def test_a_key_changed_between_decision_and_write_is_given_as_it_is(world: World, watched: Watched) -> None:
    policy = pooled(world)
    identifier = pool_key(world, policy, "first-key")["id"]
    change = resource("keys", {"key": "second-key"})
    watched.between(WRITES, lambda: world.send("PATCH", f"/v1/keys/{identifier}", change))
    assert license_from(world, policy).attributes["key"] == "second-key"
    assert_pool_is_whole(world, policy, set())
    assert add(world, policy, "first-key").status == 201


def test_one_of_many_adds_the_key(world: World) -> None:
    policies = [pooled(world), pooled(world)]
    answers = crowd([lambda one=one: add(world, one, "the-same-key") for one in policies * 12])  # type: ignore[misc]
    assert [answer.error for answer in answers if answer.status != 201] == [KEY_TAKEN] * 23
    [winner] = [answer for answer in answers if answer.status == 201]
    assert [item["id"] for item in rows(world, Row, "key")] == [winner.data["id"]]
    assert_pool_is_whole(world, winner.data["relationships"]["policy"]["data"]["id"], {"the-same-key"})


def test_a_key_that_became_a_license_s_is_not_added(world: World, watched: Watched) -> None:
    policy, plain = pooled(world), world.policy()["id"]
    watched.between(WRITES, lambda: license_from(world, plain, key="contested"))
    assert add(world, policy, "contested").error == KEY_CONFLICT
    identifier = pool_key(world, policy, "first-key")["id"]
    watched.between(WRITES, lambda: license_from(world, plain, key="contested too"))
    change = resource("keys", {"key": "contested too"})
    assert world.send("PATCH", f"/v1/keys/{identifier}", change).error == KEY_CONFLICT
    assert_pool_is_whole(world, policy, {"first-key"})


def test_a_key_that_became_a_license_s_id_is_not_added(world: World, watched: Watched) -> None:
    policy, name = pooled(world), "0d9b1c5e-3a52-4c37-9f0a-2f6a7f4f8d11"
    body = resource("licenses", {}, policy=("policies", world.policy()["id"]))
    body["data"]["id"] = name
    watched.between(WRITES, lambda: world.post("/v1/licenses", body))
    assert add(world, policy, name.upper()).error == KEY_CONFLICT
    assert_pool_is_whole(world, policy, set())


def test_keys_that_change_places_are_never_the_same(world: World) -> None:
    policy = pooled(world)
    identifiers = [pool_key(world, policy, f"place-number-{number}")["id"] for number in range(4)]

    def change(number: int) -> list[Answer]:
        wanted = [resource("keys", {"key": f"place-number-{(number + step) % 6}"}) for step in range(1, 7)]
        return [world.send("PATCH", f"/v1/keys/{identifiers[number]}", one) for one in wanted]

    answers = [one for own in crowd([lambda n=n: change(n) for n in range(4)]) for one in own]  # type: ignore[misc]
    for answer in answers:
        assert answer.status in (200, 409) or answer.error == KEY_TAKEN, answer.raw
    stored = {item["key"] for item in rows(world, Row, "key")}
    assert len(stored) == 4
    assert_pool_is_whole(world, policy, stored)


def test_a_key_is_deleted_or_given_away_but_not_both(world: World) -> None:
    policy = pooled(world)
    for number in range(6):
        identifier = pool_key(world, policy, f"contested-{number}")["id"]
        delete = lambda identifier=identifier: world.send("DELETE", f"/v1/keys/{identifier}")  # noqa: E731
        calls: list[Callable[[], Answer]] = [delete, lambda: license_from(world, policy), lambda: pop(world, policy)]
        deleted, created, popped = crowd(calls)
        assert [deleted.status, created.status, popped.status] in ([204, 422, 422], [404, 201, 422], [404, 422, 200])
    assert_pool_is_whole(world, policy, set())
