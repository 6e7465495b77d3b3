"""What is left of deleted resources (STORE §4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.store.keys import Key
from chalicelib.store.table import Row, Tombstone
from chalicelib.store.unit import Put

KEPT = timedelta(days=2)


def over(model: type[Row], key: Key, created: datetime, now: datetime) -> Put:
    """Turn a live resource into a tombstone; the condition fails when it is not there any more."""
    row = Tombstone(pk=key.pk, sk=key.sk, created=created, ttl=now + KEPT)
    kind = model.get_attributes()["kind"]
    return Put(row, kind == model)
