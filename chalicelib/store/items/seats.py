"""Seats: what a machine or process takes on its license and its owner's bucket, on the condition that there is room.

Counters are added to, never set, and the room is asked of what is stored: as many get in as fit, however many ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import structs
from msgspec.structs import replace
from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import Condition

from chalicelib.licensing.activation_limits import Bound
from chalicelib.licensing.buckets import Added, Bucket
from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.items import bucket
from chalicelib.store.items.bucket import BucketRow
from chalicelib.store.items.license import MeterRow, meter_slots
from chalicelib.store.items.license_changes import due_actions
from chalicelib.store.items.mapping import relisted
from chalicelib.store.table import Item, Row, attributes_of
from chalicelib.store.unit import Change, Write, assign

Buckets = Mapping[str | None, Item | None]
"""The buckets that were read, by owner; None is nobody's."""


def counted(
    account_id: str,
    license: License,
    change: Added,
    bounds: Iterable[Bound],
    buckets: Buckets,
    now: datetime,
    expiring: tuple[License, Policy] | None = None,
) -> tuple[Write, ...]:
    """The writes that add `change` to the license and to owners' buckets, within `bounds`.

    `expiring` is the license with the expiry its first activation sets, and its policy.
    """
    bounds = tuple(bounds)
    owners = [
        bucket.counted(account_id, license.id, owner_id, buckets[owner_id], _delta(sums), _room_for(sums, bounds))
        for owner_id, sums in change.owners.items()
    ]
    return (_meter(account_id, license, change.license, bounds, now, expiring), *owners)


def room(model: type[Row], bounds: Iterable[Bound], lessor: str) -> Condition | None:
    """The condition that the counters of `model` are within those of `bounds` that are its; None for no condition."""
    stored = attributes_of(model)
    condition: Condition | None = None
    for bound in bounds:
        if bound.lessor == lessor:
            fits = _fits(stored[bound.counter], bound)
            condition = fits if condition is None else condition & fits
    return condition


def _room_for(sums: Bucket, bounds: Iterable[Bound]) -> Condition | None:
    """What an owner gives up is taken off however much the others have."""
    takes = any(by > 0 for by in _delta(sums).values())
    return room(BucketRow, bounds, "user") if takes else None


def _fits(counter: Attribute[int], bound: Bound) -> Condition:
    within: Condition = counter <= bound.highest
    return within | (counter == 0) if bound.or_zero else within


def _meter(
    account_id: str,
    license: License,
    sums: Bucket,
    bounds: tuple[Bound, ...],
    now: datetime,
    expiring: tuple[License, Policy] | None,
) -> Write:
    """A changed limit, owner or policy raises `basis`: then the seat is asked for again, under what is true now."""
    actions = (*bucket.added(MeterRow, _delta(sums)), MeterRow.updated.set(now))
    condition: Condition = MeterRow.basis == license.basis
    fits = room(MeterRow, bounds, "license")
    if fits is not None:
        condition = condition & fits
    if expiring is not None and expiring[0].expiry is not None:
        after, policy = expiring
        listed = relisted(meter_slots(account_id, license), meter_slots(account_id, after), MeterRow)
        due = due_actions(license.id, next_due(after, policy, now))
        actions = (*actions, assign(MeterRow.expiry, after.expiry), *listed, *due)
        condition = condition & MeterRow.expiry.does_not_exist()
    return Change(MeterRow, keys.meter(account_id, license.id), actions, condition)


def _delta(sums: Bucket) -> dict[str, int]:
    return structs.asdict(sums)


def with_sums(license: License, sums: Bucket) -> License:
    """`license` as it is when `sums` were added."""
    return replace(license, **{name: getattr(license, name) + by for name, by in _delta(sums).items()})
