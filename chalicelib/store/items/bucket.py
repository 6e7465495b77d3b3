"""Buckets: what the machines of one owner, or those of nobody, sum up to on a license (STORE §2).

They are kept whatever the leasing strategy is, so that a change of it is right at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.store import keys
from chalicelib.store.items.mapping import to_value
from chalicelib.store.table import IntegerAttribute, Item, Row
from chalicelib.store.unit import Change, Put, Write

KIND = "bucket"
COUNTERS = Bucket.__struct_fields__


class BucketRow(Row, discriminator=KIND):
    """Sums over the machines of one owner; memory and disk in bytes."""

    machines = IntegerAttribute()
    cores = IntegerAttribute()
    memory = IntegerAttribute()
    disk = IntegerAttribute()
    processes = IntegerAttribute()


def sums_of(item: Item | None) -> Bucket:
    """The sums of a stored bucket; one that is not there has none yet."""
    return EMPTY_BUCKET if item is None else to_value(Bucket, item)


def counted(
    account_id: str,
    license_id: str,
    owner_id: str | None,
    item: Item | None,
    delta: Mapping[str, int],
    room: Condition | None = None,
) -> Write:
    """The write that adds `delta` to a bucket, as `item` tells whether it is there; `room` is asked of one that is."""
    key = keys.bucket(account_id, license_id, owner_id)
    if item is None:
        counters: dict[str, Any] = {name: delta.get(name, 0) for name in COUNTERS}
        return Put(BucketRow(pk=key.pk, sk=key.sk, **counters))
    return Change(BucketRow, key, added(BucketRow, delta), room)


def added(model: type[Row], delta: Mapping[str, int]) -> tuple[Action, ...]:
    """Actions that add to counters; nothing for what does not change."""
    stored = {name: getattr(model, name) for name in delta}
    return tuple(
        stored[name].set(stored[name] + by if by > 0 else stored[name] - -by) for name, by in delta.items() if by
    )
