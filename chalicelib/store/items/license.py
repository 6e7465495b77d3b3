"""Licenses: facts and meter, two items of one partition (STORE §1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from pynamodb.expressions.condition import Condition

from chalicelib.licensing import periods
from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License, last_activity
from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import UniqueRow, release
from chalicelib.store.items.hint import Listed
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.table import (
    BooleanAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    NamesAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Check, Put, Remove, Write

KIND = "license"
METER_KIND = "license-meter"


class FactsRow(Row, discriminator=KIND):
    """What is seldom written of a license; up to 40 KB."""

    id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    policy_id = UnicodeAttribute()
    owner_id = UnicodeAttribute(null=True)
    group_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    key = UnicodeAttribute()
    protected = BooleanAttribute(null=True)
    suspended = BooleanAttribute()
    id_is_key = BooleanAttribute(null=True)
    permissions = NamesAttribute(null=True)
    max_machines = IntegerAttribute(null=True)
    max_processes = IntegerAttribute(null=True)
    max_users = IntegerAttribute(null=True)
    max_cores = IntegerAttribute(null=True)
    max_memory = IntegerAttribute(null=True)
    max_disk = IntegerAttribute(null=True)
    max_uses = IntegerAttribute(null=True)
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()
    basis = IntegerAttribute()


class MeterRow(Row, discriminator=METER_KIND):
    """What is often written of a license; below 1 KB, so that a use costs one unit."""

    id = UnicodeAttribute()
    basis = IntegerAttribute()
    expiry = InstantAttribute(null=True)
    uses = IntegerAttribute()
    users = IntegerAttribute()
    machines = IntegerAttribute()
    cores = IntegerAttribute()
    memory = IntegerAttribute()
    disk = IntegerAttribute()
    processes = IntegerAttribute()
    last_validated = InstantAttribute(null=True)
    last_check_out = InstantAttribute(null=True)
    last_check_in = InstantAttribute(null=True)
    release_version = UnicodeAttribute(null=True)
    expired_sent = InstantAttribute(null=True)
    expiring_soon_sent = InstantAttribute(null=True)
    check_in_overdue_sent = InstantAttribute(null=True)
    check_in_soon_sent = InstantAttribute(null=True)
    updated = InstantAttribute()


def license_of(facts: Item, meter: Item) -> License:
    """One license of its two items; it was updated when the later of them was."""
    return to_value(
        License, meter, facts, updated=max(facts["updated"], meter["updated"]), operation=meter.get("operation")
    )


def creation(
    account_id: str, license: License, policy: Policy, now: datetime, *, id_was_given: bool = False
) -> tuple[Write, ...]:
    """The writes of a new license: facts, meter and the guard of its key.

    The key must be no other license's id, and an id that was given no other license's key unless it is marked so.
    """
    named = keys.facts(account_id, normal_uuid(license.key)) if is_uuid(license.key) else None
    own = keys.facts(account_id, license.id)
    return (
        Put(_facts(account_id, license)),
        Put(_meter(account_id, license, next_due(license, policy, now))),
        Put(guard(account_id, license)),
        *(() if named in (None, own) else (Check(FactsRow, named, FactsRow.pk.does_not_exist()),)),
        *(_no_key_of_others(account_id, license) if id_was_given else ()),
    )


def _no_key_of_others(account_id: str, license: License) -> tuple[Write, ...]:
    if license.id_is_key or license.id == license.key:
        return ()
    return (Check(UniqueRow, keys.unique(account_id, "license-key", license.id), UniqueRow.pk.does_not_exist()),)


def _facts(account_id: str, license: License) -> FactsRow:
    key = keys.facts(account_id, license.id)
    position = keys.position(license.created, license.id)
    return FactsRow(
        pk=key.pk, sk=key.sk, position=position, **slots(account_id, license), **to_attributes(license, FactsRow)
    )


def slots(account_id: str, license: License) -> Mapping[str, Any]:
    """Where a license is listed: under its account, product, policy, owner and group, and with the suspended."""
    under = {"in_2": ("product", license.product_id), "in_3": ("policy", license.policy_id)}
    if license.owner_id is not None:
        under["in_5"] = ("owner", license.owner_id)
    if license.group_id is not None:
        under["in_6"] = ("group", license.group_id)
    listed = {name: keys.slot(account_id, *parts, KIND) for name, parts in under.items()}
    if license.suspended:
        listed["in_4"] = keys.slot(account_id, KIND, "suspended")
    return {"in_1": keys.slot(account_id, KIND), **listed}


EXPIRY_SLOTS = frozenset({"in_1", "in_3"})


def meter_slots(account_id: str, license: License) -> Mapping[str, Any]:
    """Where a license is listed by its expiry and by its last activity: week and year of each (`periods`)."""
    active = last_activity(license)
    listed = {
        "in_2": keys.slot(account_id, KIND, "active", periods.week(active)),
        "in_4": keys.slot(account_id, KIND, "active", periods.year(active)),
    }
    if license.expiry is not None:
        listed["in_1"] = keys.slot(account_id, KIND, "expires", periods.week(license.expiry))
        listed["in_3"] = keys.slot(account_id, KIND, "expires", periods.year(license.expiry))
    return listed


def _meter(account_id: str, license: License, due_at: datetime | None) -> MeterRow:
    key = keys.meter(account_id, license.id)
    due: dict[str, Any] = {} if due_at is None else {"due_at": due_at, "due_shard": keys.due_shard(license.id)}
    attributes = {name: value for name, value in to_attributes(license, MeterRow).items() if name != "operation"}
    position = keys.position(license.created, license.id)
    return MeterRow(pk=key.pk, sk=key.sk, position=position, **meter_slots(account_id, license), **due, **attributes)


def listed(license: License | Item) -> Listed:
    """A license, or its facts, as the rows of its metadata see it."""
    facts = license if isinstance(license, dict) else structs.asdict(license)
    return Listed(KIND, facts["id"], facts["created"], metadata_rows(facts["metadata"]), facts["revision"])


def guard(account_id: str, license: License) -> UniqueRow:
    """The guard of the license's key, with the ids the next round of a validation needs."""
    key = keys.unique(account_id, "license-key", license.key)
    return UniqueRow(
        pk=key.pk,
        sk=key.sk,
        target=license.id,
        policy_id=license.policy_id,
        product_id=license.product_id,
        owner_id=license.owner_id,
        group_id=license.group_id,
    )


def deletion(account_id: str, facts: Item, now: datetime, same: Condition | None = None) -> tuple[Write, ...]:
    """The writes that make a license disappear: a tombstone, its meter gone, its key free again.

    Of `facts` it takes `id`, `key` and `created`; `same` proves what was decided on.
    """
    license_id = facts["id"]
    return (
        tombstone.over(FactsRow, keys.facts(account_id, license_id), facts["created"], now, same),
        Remove(MeterRow, keys.meter(account_id, license_id)),
        release(keys.unique(account_id, "license-key", facts["key"]), license_id),
    )
