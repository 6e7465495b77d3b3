"""The stream of the outbox: every event to its subscribers, every task carried out (spec events.md §1, STORE §5).

At least once, and in effect exactly once: a delivery is claimed by a conditional write on event and subscriber, and
what was delivered is not delivered again. Its id is the same on every attempt, so receivers can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.store import fetch, keys, tasks
from chalicelib.store.database import Database
from chalicelib.store.items.outbox import KEPT, DeliveryRow
from chalicelib.store.loads import resources
from chalicelib.store.table import Item, Outbox, decode
from chalicelib.store.unit import Change, Changed, Put, commit

CLAIMED_FOR = timedelta(seconds=30)

Channel = Callable[[Mapping[str, Any]], None]
"""Hands one delivery over: `{"id", "event", "account", "created", "payload", "sealed"}`. Raises when it could not.

`sealed` is None, or the `meta` of the payload, a secret: a channel that shows payloads to their subscriber opens it
with `crypto.sealing.unseal`, the account's secret and the event's name.
"""


class StillClaimed(Exception):
    """Somebody is delivering this right now; try the record again later."""


class Stream(msgspec.Struct):
    """The stream function. `channels` are the ways to reach a subscriber, by name."""

    database: Database
    channels: Mapping[str, Channel]
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    failed: Callable[[str, Exception], None]

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handle a batch; those that failed are named, so that only they come again."""
        failures = []
        for record in event["Records"]:
            try:
                self._record(record)
            except Exception as error:
                sequence = record["dynamodb"]["SequenceNumber"]
                self.failed(sequence, error)
                failures.append({"itemIdentifier": sequence})
        return {"batchItemFailures": failures}

    def _record(self, record: Mapping[str, Any]) -> None:
        image = record["dynamodb"].get("NewImage")
        if record["eventName"] != "INSERT" or image is None:
            return
        item = decode(Outbox, image)
        if item["kind"] == "event":
            self._fan_out(item)
        elif item["kind"] == "task":
            self._work(keys.Key(item["pk"], item["sk"]))

    def _work(self, key: keys.Key) -> None:
        """Go on where the task stands: the record may be a repeat, its image is that of the beginning."""
        task = fetch.get(self.database, key, table=Outbox)
        if task is not None and task["passes"] == 0:
            tasks.run(self.database, task, self.new_id, self.now())

    def _fan_out(self, event: Item) -> None:
        """To every subscriber; one that cannot be reached holds up no other."""
        failures: list[Exception] = []
        for subscriber in fetch.run(self.database, resources.subscribers(event["account_id"])):
            if event["name"] in subscriber["events"] or "*" in subscriber["events"]:
                try:
                    self._deliver(event, subscriber)
                except Exception as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def _deliver(self, event: Item, subscriber: Mapping[str, Any]) -> None:
        key = keys.delivery(event["id"], subscriber["id"])
        if not self._claim(key, event, subscriber):
            return
        delivery = {
            "id": key.pk,
            "event": event["name"],
            "account": event["account_id"],
            "created": event["created"],
            "payload": event["payload"],
            "sealed": event.get("sealed"),
        }
        self.channels[subscriber["channel"]](delivery)
        done = (DeliveryRow.status.set("DELIVERED"), DeliveryRow.delivered.set(self.now()))
        commit(self.database, (Change(DeliveryRow, key, done),))

    def _claim(self, key: keys.Key, event: Item, subscriber: Mapping[str, Any]) -> bool:
        """Take the delivery: a new one, or one whose holder went silent. False when it is done."""
        now = self.now()
        row = DeliveryRow(
            pk=key.pk, sk=key.sk, event_id=event["id"], subscriber_id=subscriber["id"], status="DELIVERING"
        )
        row.account_id, row.attempts, row.created, row.claimed, row.ttl = event["account_id"], 1, now, now, now + KEPT
        try:
            commit(self.database, (Put(row),))
        except Changed as changed:
            return self._take_over(key, changed.found[0], now)
        return True

    def _take_over(self, key: keys.Key, held: Item | None, now: datetime) -> bool:
        if held is not None and held["status"] == "DELIVERED":
            return False
        if held is None or held["claimed"] + CLAIMED_FOR > now:
            raise StillClaimed
        actions = (DeliveryRow.claimed.set(now), DeliveryRow.attempts.set(held["attempts"] + 1))
        same = (DeliveryRow.claimed == held["claimed"]) & (DeliveryRow.status == "DELIVERING")
        try:
            commit(self.database, (Change(DeliveryRow, key, actions, same),))
        except Changed as changed:
            raise StillClaimed from changed
        return True
