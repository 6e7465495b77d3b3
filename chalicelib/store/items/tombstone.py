"""What is left of deleted resources (STORE §4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition

from chalicelib.store.keys import Key
from chalicelib.store.table import Row, Tombstone
from chalicelib.store.unit import Put

KEPT = timedelta(days=2)


def over(model: type[Row], key: Key, created: datetime, now: datetime, same: Condition | None = None) -> Put:
    """Turn a live resource into a tombstone; the condition fails when it is not there, or not the `same`, any more."""
    row = Tombstone(pk=key.pk, sk=key.sk, created=created, ttl=now + KEPT)
    kind = model.get_attributes()["kind"]
    alive = kind == model
    return Put(row, alive if same is None else alive & same)
