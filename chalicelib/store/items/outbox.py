"""The outbox: events as they were rendered, deliveries to subscribers, work that rolls forward (STORE §5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.store import keys
from chalicelib.store.table import InstantAttribute, IntegerAttribute, JsonAttribute, Outbox, UnicodeAttribute
from chalicelib.store.unit import Put

KEPT = timedelta(days=31)
LATE = timedelta(minutes=5)
"""When a task that does not come forward is due: by then the stream has given it up."""


class EventRow(Outbox, discriminator="event"):
    """An event: its name and the document as it was at that moment, as JSON text.

    `sealed` is the document's `meta` where that is a secret, which is then not in `payload` (`crypto.sealing`).
    """

    id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    payload = UnicodeAttribute()
    sealed = UnicodeAttribute(null=True)
    created = InstantAttribute()


class DeliveryRow(Outbox, discriminator="delivery"):
    """One event for one subscriber: `status` is `DELIVERING`, then `DELIVERED`."""

    event_id = UnicodeAttribute()
    subscriber_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    status = UnicodeAttribute()
    attempts = IntegerAttribute()
    created = InstantAttribute()
    claimed = InstantAttribute()
    delivered = InstantAttribute(null=True)


class TaskRow(Outbox, discriminator="task"):
    """Work that rolls forward: what to do, to what, and how far it has come."""

    id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    target = UnicodeAttribute()
    after = UnicodeAttribute(null=True)
    passes = IntegerAttribute()
    arguments = JsonAttribute()
    created = InstantAttribute()


def event(account_id: str, event_id: str, name: str, payload: str, now: datetime, sealed: str | None = None) -> Put:
    """The write that makes an event part of a transaction."""
    key = keys.event(account_id, event_id)
    return Put(
        EventRow(
            pk=key.pk,
            sk=key.sk,
            id=event_id,
            account_id=account_id,
            name=name,
            payload=payload,
            sealed=sealed,
            created=now,
            ttl=now + KEPT,
        )
    )


def task(account_id: str, task_id: str, name: str, target: str, now: datetime, **arguments: Any) -> Put:
    """The write that announces work larger than one transaction: the stream does it, the sweep what the stream lost."""
    key = keys.task(account_id, task_id)
    row = TaskRow(pk=key.pk, sk=key.sk, id=task_id, account_id=account_id, name=name, target=target, passes=0)
    row.arguments, row.created, row.ttl = arguments, now, now + KEPT
    row.due_at, row.due_shard = now + LATE, keys.due_shard(task_id)
    return Put(row)
