"""The stream: who gets what, claims, leases, repeats (spec events.md §1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.admin.bootstrap import subscribe
from chalicelib.composition import CHANNELS
from chalicelib.crypto.sealing import unseal
from chalicelib.jobs.events import CLAIMED_FOR, Stream
from chalicelib.store import keys
from chalicelib.store.items import outbox
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.outbox import TaskRow
from chalicelib.store.table import Outbox, Row
from chalicelib.store.unit import Change, commit
from tests.api.helpers import secret_of
from tests.races.crowd import Watched, aside, crowd, feed, rows
from tests.world import World

Delivery = Mapping[str, Any]


class Inbox:
    """A channel and what came through it."""

    def __init__(self) -> None:
        self.received: list[Delivery] = []
        self.errors: list[Exception] = []
        self.during: Any = None

    def __call__(self, delivery: Delivery) -> None:
        self.received.append(delivery)
        if self.during is not None:
            during, self.during = self.during, None
            during()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def stream(world: World, inbox: Inbox) -> Stream:
    return Stream(
        world.database,
        {"log": inbox},
        world.service.new_event_id,
        world.clock.now,
        lambda sequence, error: inbox.errors.append(error),
    )


def listen(world: World, *events: str) -> str:
    found = subscribe(world.tools, world.account["account"], "log", list(events))
    world.serve()
    return str(found["id"])


def failures(reply: Mapping[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in reply["batchItemFailures"]]


def delivery(world: World) -> Any:
    (found,) = rows(world, Outbox, "delivery")
    return found


def test_an_event_reaches_its_subscriber(world: World, inbox: Inbox) -> None:
    subscriber = listen(world, "product.created")
    product = world.product()
    assert failures(stream(world, inbox).handle(feed(world, "event"))) == []
    (event,) = rows(world, Outbox, "event")
    (received,) = inbox.received
    assert received["event"] == "product.created"
    assert received["account"] == world.account["account"]
    assert json.loads(received["payload"])["data"]["id"] == product["id"]
    assert event["id"] in received["id"]
    assert subscriber in received["id"]
    assert (delivery(world)["status"], delivery(world)["attempts"]) == ("DELIVERED", 1)
    assert delivery(world)["ttl"] > world.clock.now()


def test_only_subscribers_of_the_name_or_of_everything_get_it(world: World, inbox: Inbox) -> None:
    listen(world, "product.created")
    listen(world, "license.created")
    listen(world, "*")
    world.product()
    stream(world, inbox).handle(feed(world, "event"))
    assert len(inbox.received) == 2
    assert len({one["id"] for one in inbox.received}) == 2


def test_only_new_rows_are_looked_at(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    (record,) = feed(world, "event")["Records"]
    ignored = [
        {**record, "eventName": "MODIFY"},
        {**record, "eventName": "REMOVE", "dynamodb": {"SequenceNumber": "2"}},
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "3"}},
    ]
    assert failures(stream(world, inbox).handle({"Records": ignored})) == []
    stream(world, inbox).handle(feed(world, "event"))
    assert failures(stream(world, inbox).handle(feed(world, "delivery"))) == []
    assert len(inbox.received) == 1


def test_a_repeat_delivers_nothing(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    event = feed(world, "event")
    for _ in range(3):
        assert failures(stream(world, inbox).handle(event)) == []
        world.clock.advance(hours=1)
    assert len(inbox.received) == 1


def test_parallel_deliveries_are_one(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    for number in range(5):
        world.product(name=f"App {number}")
    event = feed(world, "event")
    crowd([lambda: stream(world, inbox).handle(event)] * 6)
    assert len(inbox.received) == 5
    assert len({one["id"] for one in inbox.received}) == 5
    assert {type(error).__name__ for error in inbox.errors} <= {"StillClaimed"}
    assert failures(stream(world, inbox).handle(event)) == []


def test_while_somebody_delivers_the_record_comes_later(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    event = feed(world, "event")
    during: list[list[str]] = []
    inbox.during = lambda: during.append(failures(aside(lambda: stream(world, inbox).handle(event))))
    assert failures(stream(world, inbox).handle(event)) == []
    assert during == [["1"]]
    assert len(inbox.received) == 1


def test_a_holder_that_went_silent_is_followed_after_its_lease(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    event = feed(world, "event")

    def die() -> None:
        raise SystemExit

    inbox.during = die
    with pytest.raises(SystemExit):
        stream(world, inbox).handle(event)
    world.clock.advance(seconds=CLAIMED_FOR.total_seconds() - 1)
    assert failures(stream(world, inbox).handle(event)) == ["1"]
    world.clock.advance(seconds=1)
    assert failures(stream(world, inbox).handle(event)) == []
    assert (delivery(world)["status"], delivery(world)["attempts"]) == ("DELIVERED", 2)
    assert len({one["id"] for one in inbox.received}) == 1


def test_one_of_many_takes_a_silent_holder_over(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    event = feed(world, "event")
    broken = Stream(world.database, {}, world.service.new_event_id, world.clock.now, lambda sequence, error: None)
    assert failures(broken.handle(event)) == ["1"]
    world.clock.advance(seconds=31)
    crowd([lambda: stream(world, inbox).handle(event)] * 6)
    assert len(inbox.received) == 1
    assert delivery(world)["attempts"] == 2


def test_a_takeover_that_is_overtaken_delivers_nothing(world: World, watched: Watched, inbox: Inbox) -> None:
    listen(world, "*")
    world.product()
    event = feed(world, "event")
    broken = Stream(world.database, {}, world.service.new_event_id, world.clock.now, lambda sequence, error: None)
    broken.handle(event)
    world.clock.advance(seconds=31)
    watched.between(("UpdateItem",), lambda: stream(world, inbox).handle(event))
    assert failures(stream(world, inbox).handle(event)) == ["1"]
    assert len(inbox.received) == 1


def test_the_log_names_the_resource_and_hides_the_key(
    world: World, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    listen(world, "*")
    created = world.license()
    stream(world, inbox).handle(feed(world, "event"))
    capsys.readouterr()
    for received in inbox.received:
        CHANNELS["log"](received)
    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert f"licenses/{created['id']}" in text
    assert created["attributes"]["key"] not in text


def test_a_task_in_the_stream_is_carried_out(world: World, inbox: Inbox) -> None:
    policy = world.policy()
    world.license(policy["id"])
    assert world.send("DELETE", f"/v1/policies/{policy['id']}").status == 204
    assert failures(stream(world, inbox).handle(feed(world, "task"))) == []
    (task,) = rows(world, Outbox, "task")
    assert task["passes"] == 1


RENAMED = {"type": "policies", "attributes": {"name": "Renamed"}}


def announce(world: World, name: str, target: str) -> None:
    account_id = world.account["account"]
    commit(world.database, (outbox.task(account_id, world.service.new_id(), name, target, world.clock.now()),))


def test_a_task_goes_on_where_it_stood_not_where_its_record_began(world: World, inbox: Inbox) -> None:
    """A function that ran out of time is called again with the record of the beginning."""
    policy = world.policy(duration=86_400)
    licenses = [world.license(policy["id"]) for _ in range(3)]
    announce(world, "rearm-policy", policy["id"])
    records = feed(world, "task")
    (task,) = rows(world, Outbox, "task")
    end = keys.position(world.clock.now(), "g")
    commit(world.database, (Change(TaskRow, keys.Key(task["pk"], task["sk"]), (TaskRow.after.set(end),)),))
    for license in licenses:
        meter = keys.meter(world.account["account"], license["id"])
        commit(world.database, (Change(MeterRow, meter, (MeterRow.due_at.remove(), MeterRow.due_shard.remove())),))
    assert failures(stream(world, inbox).handle(records)) == []
    assert not any("due_at" in meter for meter in rows(world, Row, "license-meter"))
    assert rows(world, Outbox, "task")[0]["passes"] == 1


def test_an_unknown_task_fails_alone(world: World, inbox: Inbox) -> None:
    listen(world, "*")
    policy = world.policy()
    announce(world, "from-the-future", policy["id"])
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", {"data": RENAMED}).status == 200
    records = feed(world, "task")["Records"] + feed(world, "event")["Records"]
    for number, record in enumerate(records):
        record["dynamodb"]["SequenceNumber"] = str(number)
    assert failures(stream(world, inbox).handle({"Records": records})) == ["0"]
    assert len(inbox.received) == 3


def test_a_secret_is_handed_over_sealed(world: World, inbox: Inbox) -> None:
    listen(world, "user.password-reset")
    world.create("users", {"email": "ann@acme.example"})
    assert world.post("/v1/passwords", {"meta": {"email": "ann@acme.example"}}, as_=None).status == 204
    assert failures(stream(world, inbox).handle(feed(world, "event"))) == []
    (received,) = inbox.received
    assert list(json.loads(received["payload"])) == ["data"]
    opened = unseal(secret_of(world), received["sealed"], received["event"])
    assert list(json.loads(opened)) == ["passwordResetToken"]


def test_most_events_carry_no_secret(world: World, inbox: Inbox) -> None:
    listen(world, "product.created")
    world.product()
    stream(world, inbox).handle(feed(world, "event"))
    assert inbox.received[0]["sealed"] is None
