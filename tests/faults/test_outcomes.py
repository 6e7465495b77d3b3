"""What is answered when a failure lasts, and when an outcome stays unknown (STORE §6, spec licenses.md §9.5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.admin.bootstrap import bootstrap, find, subscribe
from chalicelib.store import fetch, keys
from chalicelib.store.loads import resources
from chalicelib.store.table import Outbox, Row
from infra.local.engine import Engine, EngineTransport
from tests.faults.injection import (
    CONFLICT,
    FAULTS,
    LOST_REPLY,
    LOST_REQUEST,
    READS,
    RESET_AFTER,
    THROTTLED,
    UNAVAILABLE,
    WRITES,
    Call,
    Fault,
    Faulty,
    Unprocessed,
)
from tests.faults.operation import Operation
from tests.faults.operations import JOBS, REQUESTS
from tests.faults.staging import stage
from tests.races.crowd import aside, feed, rows
from tests.world import Answer, World, known_pairs, resource

USES = "/data/attributes/uses"
CONFLICTING = "failed to increment due to another conflicting update"
BY_NAME = {operation.name: operation for operation in (*REQUESTS, *JOBS)}
USAGE = ("increment", "decrement", "reset", "first-use")


@pytest.fixture
def faulty(engine: Engine) -> Faulty:
    return Faulty(EngineTransport(engine))


@pytest.fixture
def world(faulty: Faulty) -> World:
    return World(faulty)


@pytest.mark.parametrize("operation", REQUESTS, ids=str)
def test_writes_that_never_get_through(operation: Operation) -> None:
    for fault in FAULTS:
        if not fault.applied:
            _never_gets_through(operation, fault)


def _never_gets_through(operation: Operation, fault: Fault) -> None:
    staged = stage(operation)
    staged.faulty.always(fault)
    result = staged.act()
    staged.faulty.disarm()
    failed = [call for call in staged.faulty.calls if call.fault is not None]
    assert len(failed) <= 40, "repeats must be bounded"
    only_a_touch = operation.optional and not operation.subscribed
    if only_a_touch or not failed:
        assert result.status < 300, fault
        return
    assert staged.effects() == 0, fault
    assert result.status == (409 if fault is CONFLICT else 503), (fault, result)
    assert staged.events() == 0, fault
    error = result.document["errors"][0]
    if fault is CONFLICT and operation.name.removesuffix("-subscribed") in USAGE:
        assert (error["title"], error["detail"]) == ("Conflict", CONFLICTING)
        assert error["source"] == {"pointer": USES}
    if result.status == 503:
        assert result.headers is not None
        assert int(result.headers["retry-after"]) >= 1


@pytest.mark.parametrize("operation", REQUESTS, ids=str)
def test_reads_that_never_get_through(operation: Operation) -> None:
    for fault in (THROTTLED, LOST_REQUEST, UNAVAILABLE):
        staged = stage(operation)
        staged.faulty.always(fault, READS)
        result = staged.act()
        staged.faulty.disarm()
        assert (result.status, staged.effects()) == (503, 0), fault
        assert result.headers is not None
        assert result.headers["retry-after"]


@pytest.mark.parametrize("fault", [THROTTLED, CONFLICT, LOST_REQUEST, LOST_REPLY, UNAVAILABLE], ids=str)
@pytest.mark.parametrize("name", ["validate", "check-out", "check-out-machine"])
def test_a_touch_that_is_lost_costs_nothing_but_the_touch(name: str, fault: Fault) -> None:
    staged = stage(BY_NAME[name])
    staged.faulty.always(fault)
    result = staged.act()
    assert result.status == 200
    assert len([call for call in staged.faulty.calls if call.operation == "UpdateItem"]) == 1


def use(world: World, license_id: str, amount: int = 1) -> Answer:
    return world.post(f"/v1/licenses/{license_id}/actions/increment-usage", {"meta": {"increment": amount}})


def uses(world: World, license_id: str) -> int:
    found: int = world.get(f"/v1/licenses/{license_id}").attributes["uses"]
    return found


def lose_reply(faulty: Faulty, operations: frozenset[str] = WRITES, fault: Fault = LOST_REPLY) -> None:
    """The next write of these kinds is applied, its reply never comes."""
    seen: list[int] = []

    def decide(number: int, operation: str) -> Fault | None:
        if operation not in operations or seen:
            return None
        seen.append(number)
        return fault

    faulty.arm(decide)


@pytest.mark.parametrize("fault", [LOST_REPLY, RESET_AFTER], ids=str)
def test_a_use_whose_reply_was_lost_is_recognised(world: World, faulty: Faulty, fault: Fault) -> None:
    license_id = world.license()["id"]
    use(world, license_id, 3)
    lose_reply(faulty, fault=fault)
    answer = use(world, license_id, 4)
    assert (answer.status, answer.attributes["uses"]) == (200, 7)
    assert Counter(call.operation for call in faulty.calls)["UpdateItem"] == 1


def test_a_use_overtaken_after_its_reply_was_lost_claims_nothing(world: World, faulty: Faulty) -> None:
    license_id = world.license()["id"]
    lose_reply(faulty)
    interrupt(faulty, lambda: use(world, license_id, 5))
    answer = use(world, license_id, 2)
    assert answer.status == 503
    assert "unknown" in answer.errors[0]["detail"]
    assert uses(world, license_id) == 7


def test_a_use_that_cannot_be_read_back_does_not_invite_to_try_again(world: World, faulty: Faulty) -> None:
    """The write was applied: whoever is told that the service was merely busy would use twice."""
    license_id = world.license()["id"]
    lost: list[int] = []

    def decide(number: int, operation: str) -> Fault | None:
        if operation == "UpdateItem":
            lost.append(number)
            return LOST_REPLY
        return THROTTLED if lost else None

    faulty.arm(decide)
    answer = use(world, license_id, 2)
    faulty.disarm()
    assert answer.status == 503
    assert uses(world, license_id) == 2
    assert "unknown" in answer.errors[0]["detail"]


def interrupt(faulty: Faulty, action: Any) -> None:
    """Let `action` happen right after the next write was applied and before anything else is sent."""

    def after(call: Call) -> None:
        if call.operation in WRITES:
            faulty.after = None
            aside(action)

    faulty.after = after


@pytest.mark.parametrize("subscribed", [False, True], ids=["alone", "subscribed"])
def test_a_reset_whose_reply_was_lost_erases_no_later_use(world: World, faulty: Faulty, subscribed: bool) -> None:
    license_id = world.license()["id"]
    use(world, license_id, 9)
    if subscribed:
        world.listen("*")
        world.get(f"/v1/licenses/{license_id}")
    later: list[Answer] = []
    lose_reply(faulty)
    interrupt(faulty, lambda: later.append(use(world, license_id, 5)))
    answer = world.post(f"/v1/licenses/{license_id}/actions/reset-usage")
    assert (later[0].status, later[0].attributes["uses"]) == (200, 5)
    assert answer.status in (200, 503)
    assert uses(world, license_id) == 5


def test_an_update_whose_reply_was_lost_erases_no_later_one(world: World, faulty: Faulty) -> None:
    policy_id = world.policy(maxUses=1)["id"]

    def patch(number: int) -> Answer:
        body = {"data": {"type": "policies", "attributes": {"maxUses": number}}}
        return world.send("PATCH", f"/v1/policies/{policy_id}", body)

    later: list[Answer] = []
    lose_reply(faulty)
    interrupt(faulty, lambda: later.append(patch(3)))
    answer = patch(2)
    assert later[0].status == 200
    assert answer.status in (200, 503)
    assert world.get(f"/v1/policies/{policy_id}").attributes["maxUses"] == 3


def test_a_check_in_whose_reply_was_lost_erases_no_later_one(world: World, faulty: Faulty) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="month", checkInIntervalCount=1)
    license_id = world.license(policy["id"])["id"]
    world.clock.advance(hours=1)
    path = f"/v1/licenses/{license_id}/actions/check-in"

    def later() -> None:
        world.clock.advance(hours=1)
        assert world.post(path).status == 200

    lose_reply(faulty)
    interrupt(faulty, later)
    assert world.post(path).status in (200, 503)
    shown = world.get(f"/v1/licenses/{license_id}").attributes["lastCheckIn"]
    assert shown == "2026-03-01T14:00:00.000Z"


def test_a_transaction_repeats_one_token_and_one_body(world: World, faulty: Faulty) -> None:
    policy_id = world.policy()["id"]
    wanted = [LOST_REQUEST, THROTTLED, LOST_REPLY]
    faulty.arm(lambda number, operation: wanted.pop(0) if operation == "TransactWriteItems" and wanted else None)
    body = resource("licenses", {"key": "one-key-only"}, policy=("policies", policy_id))
    assert world.post("/v1/licenses", body).status == 201
    sent = [call.parameters for call in faulty.calls if call.operation == "TransactWriteItems"]
    assert len(sent) == 4
    assert all(one["TransactItems"] == sent[0]["TransactItems"] for one in sent)
    assert {one["ClientRequestToken"] for one in sent} == {sent[0]["ClientRequestToken"]}


def test_a_decision_made_anew_has_a_new_token(world: World, faulty: Faulty) -> None:
    policy_id = world.policy()["id"]
    wanted = [CONFLICT]
    faulty.arm(lambda number, operation: wanted.pop(0) if operation == "TransactWriteItems" and wanted else None)
    assert world.post("/v1/licenses", resource("licenses", {}, policy=("policies", policy_id))).status == 201
    sent = [call.parameters for call in faulty.calls if call.operation == "TransactWriteItems"]
    assert len({one["ClientRequestToken"] for one in sent}) == len(sent) == 2


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_an_account_is_made_once_or_not_at_all(world: World, faulty: Faulty, fault: Fault) -> None:
    faulty.once(0, fault)
    made = bootstrap(world.tools, "second", "admin@second.example", pairs=known_pairs())
    faulty.disarm()
    assert find(world.tools, "second") == made["account"]
    assert len(rows(world, Row, "account")) == 2


def test_two_subscribers_at_once_are_both_kept(world: World, faulty: Faulty) -> None:
    account_id = world.account["account"]
    fired: list[bool] = []

    def decide(number: int, operation: str) -> None:
        if operation == "PutItem" and not fired:
            fired.append(True)
            aside(lambda: subscribe(world.tools, account_id, "log", ["license.created"]))

    faulty.arm(decide)
    subscribe(world.tools, account_id, "log", ["license.deleted"])
    found = fetch.run(world.database, resources.subscribers(account_id))
    assert sorted(one["events"][0] for one in found) == ["license.created", "license.deleted"]


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_batches_that_leave_keys_unread_are_completed(engine: Engine, kept: int) -> None:
    partial = Unprocessed(EngineTransport(engine), kept, 0)
    world = World(partial)
    license_id = world.license()["id"]
    expected = world.get(f"/v1/licenses/{license_id}").attributes
    partial._left = 3
    assert world.get(f"/v1/licenses/{license_id}").attributes == expected
    assert partial.batches
    partial._left = 3
    assert use(world, license_id, 2).attributes["uses"] == 2


def test_batches_that_never_read_everything_end_as_busy(engine: Engine) -> None:
    partial = Unprocessed(EngineTransport(engine), 1, 0)
    world = World(partial)
    license_id = world.license()["id"]
    partial._kept, partial._left = 0, 10_000
    answer = use(world, license_id)
    assert answer.status == 503
    assert len(partial.batches) < 20
    partial._left = 0
    assert uses(world, license_id) == 0


@dataclass
class Receiver:
    """A channel that fails as often as told."""

    failures: int = 0

    def __post_init__(self) -> None:
        self.received: list[str] = []

    def __call__(self, delivery: Any) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise ConnectionError("the receiver is down")
        self.received.append(delivery["id"])


def handle(world: World, event: Any, **channels: Receiver) -> bool:
    stream = world.stream()
    stream.channels, stream.failed = channels, lambda sequence, error: None
    return not stream.handle(event)["batchItemFailures"]


def test_a_record_that_comes_twice_is_delivered_once(world: World) -> None:
    world.listen("*")
    world.product()
    log, event = Receiver(), feed(world, "event")
    assert handle(world, event, log=log)
    assert handle(world, {"Records": event["Records"] * 2}, log=log)
    world.clock.advance(days=2)
    assert handle(world, event, log=log)
    assert len(log.received) == 1


def test_a_lost_confirmation_repeats_under_the_same_id_after_the_lease(world: World, faulty: Faulty) -> None:
    world.listen("*")
    world.product()
    log, event = Receiver(), feed(world, "event")
    faulty.always(THROTTLED, frozenset({"UpdateItem"}))
    assert not handle(world, event, log=log)
    faulty.disarm()
    assert not handle(world, event, log=log)
    world.clock.advance(seconds=31)
    assert handle(world, event, log=log)
    assert len(log.received) == 2
    assert len(set(log.received)) == 1
    (delivery,) = rows(world, Outbox, "delivery")
    assert (delivery["status"], delivery["attempts"]) == ("DELIVERED", 2)


def test_a_receiver_that_is_down_holds_up_no_other(world: World) -> None:
    subscribe(world.tools, world.account["account"], "down", ["*"])
    subscribe(world.tools, world.account["account"], "log", ["*"])
    world.serve()
    world.product()
    down, log, event = Receiver(failures=100), Receiver(), feed(world, "event")
    assert not handle(world, event, down=down, log=log)
    assert len(log.received) == 1


def test_one_bad_record_does_not_keep_the_others_of_its_batch(world: World) -> None:
    world.listen("*")
    world.product()
    log, event = Receiver(), feed(world, "event")
    bad = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "0", "NewImage": {"kind": {"S": "event"}}}}
    stream = world.stream()
    stream.channels, stream.failed = {"log": log}, lambda sequence, error: None
    reply = stream.handle({"Records": [bad, *event["Records"]]})
    assert reply == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(log.received) == 1


def test_a_license_the_sweep_cannot_write_keeps_no_other_from_its_event(world: World, faulty: Faulty) -> None:
    policy = world.policy(duration=86_400)
    licenses = [world.license(policy["id"])["id"] for _ in range(8)]
    world.listen("*")
    world.clock.advance(minutes=1)
    poisoned = keys.meter(world.account["account"], licenses[3]).pk

    def decide(number: int, operation: str) -> Fault | None:
        last = faulty.calls[number].parameters
        return THROTTLED if operation in WRITES and poisoned in str(last) else None

    faulty.arm(decide)
    world.sweep()
    faulty.disarm()
    assert Counter(event["name"] for event in rows(world, Outbox, "event"))["license.expiring-soon"] == 7
    assert world.sweep().emitted == 1


def test_a_task_that_cannot_run_keeps_no_other_from_running(world: World, faulty: Faulty) -> None:
    policies = [world.policy()["id"] for _ in range(8)]
    for policy_id in policies:
        world.license(policy_id)
        assert world.send("DELETE", f"/v1/policies/{policy_id}").status == 204
    assert world.stream().handle(feed(world, "task")) == {"batchItemFailures": []}
    world.clock.advance(minutes=2)

    def decide(number: int, operation: str) -> Fault | None:
        return THROTTLED if policies[5] in str(faulty.calls[number].parameters) else None

    faulty.arm(decide)
    world.sweep()
    faulty.disarm()
    assert [task["target"] for task in rows(world, Outbox, "task")] == [policies[5]]
    world.sweep()
    assert rows(world, Outbox, "task") == []
