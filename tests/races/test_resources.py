"""Policies edited at once, products deleted under load (STORE §4.2)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.store.table import Outbox, Row
from tests.races.crowd import WRITES, Watched, crowd, feed, rows
from tests.world import Answer, World, resource

GONE = {"tombstone"}


def patch(world: World, policy_id: str, attributes: Mapping[str, Any]) -> Answer:
    return world.send("PATCH", f"/v1/policies/{policy_id}", resource("policies", attributes))


def work_off(world: World) -> None:
    """Both passes of every task: the stream, then the sweep that finds the second pass due."""
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    world.clock.advance(minutes=2)
    world.sweep()
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    world.clock.advance(minutes=2)
    world.sweep()


def test_two_edits_that_exclude_each_other_are_not_both_stored(world: World, watched: Watched) -> None:
    policy = world.policy(checkInInterval="day", checkInIntervalCount=1)
    watched.between(WRITES, lambda: patch(world, policy["id"], {"checkInInterval": None}))
    late = patch(world, policy["id"], {"requireCheckIn": True})
    stored = world.get(f"/v1/policies/{policy['id']}").attributes
    assert late.status == 422, "decided on a policy that had changed"
    assert (stored["requireCheckIn"], stored["checkInInterval"]) == (False, None)


def test_an_edit_answers_with_what_is_stored(world: World, watched: Watched) -> None:
    policy = world.policy(maxUses=1)
    watched.between(WRITES, lambda: patch(world, policy["id"], {"maxUses": 2}))
    answer = patch(world, policy["id"], {"name": "Renamed"})
    assert answer.status == 200
    stored = world.get(f"/v1/policies/{policy['id']}").attributes
    assert answer.attributes["maxUses"] == stored["maxUses"] == 2


def test_edits_of_one_policy_are_applied_one_after_the_other(world: World) -> None:
    policy = world.policy(maxUses=1)
    answers = crowd([lambda n=n: patch(world, policy["id"], {"maxUses": n}) for n in range(2, 14)])  # type: ignore[misc]
    good = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 409}
    assert good
    assert world.get(f"/v1/policies/{policy['id']}").attributes["maxUses"] in {
        answer.attributes["maxUses"] for answer in good
    }
    (row,) = rows(world, Row, "policy")
    assert row["revision"] == len(good)


def left_of(world: World, identifiers: set[str]) -> list[Any]:
    """Live rows that still name one of the ids."""
    return [
        item
        for item in rows(world, Row)
        if item["kind"] not in GONE and identifiers & {str(value) for value in item.values()}
    ]


def test_a_product_deleted_under_load_is_gone_at_once_and_altogether(world: World) -> None:
    product_id = world.product(code="doomed")["id"]
    policies = [world.policy(product_id)["id"] for _ in range(3)]
    old = [world.license(policy_id) for policy_id in policies for _ in range(10)]
    world.token(f"/v1/products/{product_id}")
    world.token(f"/v1/licenses/{old[0]['id']}")
    deleted = threading.Event()
    made: list[str] = []

    def delete() -> None:
        answers = [world.send("DELETE", f"/v1/products/{product_id}") for _ in range(2)]
        deleted.set()
        assert [answer.status for answer in answers] in ([204, 404], [409, 204])

    def create() -> None:
        for number in range(12):
            after = deleted.is_set()
            body = resource("licenses", {}, policy=("policies", policies[number % 3]))
            answer = world.post("/v1/licenses", body)
            if answer.status == 201:
                assert not after
                made.append(answer.data["id"])
            else:
                assert answer.error == (422, "POLICY_NOT_FOUND", "/data/relationships/policy")

    def validate() -> None:
        for one in old:
            after = deleted.is_set()
            answer = world.post(
                "/v1/licenses/actions/validate-key", {"meta": {"key": one["attributes"]["key"]}}, as_=None
            )
            assert answer.status == 200
            code = answer.document["meta"]["code"]
            assert code == "NOT_FOUND" if after else code in ("VALID", "NOT_FOUND")

    def use() -> None:
        for one in old:
            answer = world.post(f"/v1/licenses/{one['id']}/actions/increment-usage")
            assert answer.status in (200, 404)

    crowd([delete, create, validate, use, create, validate])
    for identifier in made + [one["id"] for one in old]:
        assert world.get(f"/v1/licenses/{identifier}").status == 404
    work_off(world)
    identifiers = {product_id, *policies, *made, *(one["id"] for one in old)}
    assert left_of(world, identifiers) == []
    assert rows(world, Outbox, "task") == []
    assert world.get("/v1/licenses").data == []
    again = world.license(world.policy()["id"], key=old[0]["attributes"]["key"])
    assert again["id"] != old[0]["id"]
    world.product(code="doomed")


@pytest.mark.slow
def test_a_product_with_many_policies_disappears_with_all_of_them(world: World) -> None:
    product_id = world.product()["id"]
    policies = [world.policy(product_id)["id"] for _ in range(50)]
    licenses = [world.license(policy_id) for policy_id in policies]
    assert world.send("DELETE", f"/v1/products/{product_id}").status == 204
    codes, late = set(), set()
    for policy_id, one in zip(policies, licenses, strict=True):
        assert world.get(f"/v1/policies/{policy_id}").status == 404
        body = {"meta": {"key": one["attributes"]["key"]}}
        codes.add(world.post("/v1/licenses/actions/validate-key", body, as_=None).document["meta"]["code"])
        late.add(world.post("/v1/licenses", resource("licenses", {}, policy=("policies", policy_id))).status)
    assert (codes, late) == ({"NOT_FOUND"}, {422})
    work_off(world)
    assert left_of(world, {product_id, *policies, *(one["id"] for one in licenses)}) == []


def test_a_policy_created_while_its_product_dies_leaves_nothing(world: World, watched: Watched) -> None:
    product_id = world.product()["id"]
    watched.between(("PutItem",), lambda: world.send("DELETE", f"/v1/products/{product_id}"))
    answer = world.post("/v1/policies", resource("policies", {"name": "Late"}, product=("products", product_id)))
    assert answer.status in (201, 422)
    if answer.status == 201:
        policy_id = answer.data["id"]
        assert world.get(f"/v1/policies/{policy_id}").status == 404
        late = world.post("/v1/licenses", resource("licenses", {}, policy=("policies", policy_id)))
        assert late.status == 422
    work_off(world)
    assert left_of(world, {product_id}) == []


def test_a_license_created_while_its_policy_dies_leaves_nothing(world: World, watched: Watched) -> None:
    policy_id = world.policy()["id"]
    watched.between(("TransactWriteItems",), lambda: world.send("DELETE", f"/v1/policies/{policy_id}"))
    answer = world.post("/v1/licenses", resource("licenses", {"key": "the-late-key"}, policy=("policies", policy_id)))
    assert answer.status in (201, 422)
    assert world.get("/v1/licenses/the-late-key").status == 404
    work_off(world)
    assert left_of(world, {policy_id}) == []
    world.license(key="the-late-key")


def test_tasks_that_run_twice_at_once_finish(world: World) -> None:
    policy_id = world.policy()["id"]
    licenses = [world.license(policy_id)["id"] for _ in range(60)]
    assert world.send("DELETE", f"/v1/policies/{policy_id}").status == 204
    event = feed(world, "task")
    replies = crowd([lambda: world.stream().handle(event)] * 4)
    assert replies[0] is not None
    if any(reply["batchItemFailures"] for reply in replies):
        world.stream().handle(event)
    assert left_of(world, set(licenses)) == []
    work_off(world)
    assert rows(world, Outbox, "task") == []
