"""Licenses: facts and meter, two items of one partition (STORE §1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import Any

from msgspec.structs import replace
from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import Condition

from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.usage import UsageChange
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import UniqueRow, release
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.table import (
    BooleanAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    NamesAttribute,
    Row,
    UnicodeAttribute,
    attributes_of,
)
from chalicelib.store.unit import Change, Check, Put, Remove, Write, assign

KIND = "license"
METER_KIND = "license-meter"
DEADLINE_INPUTS = (
    "expiry",
    "last_check_in",
    "expired_sent",
    "expiring_soon_sent",
    "check_in_overdue_sent",
    "check_in_soon_sent",
)


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


_METERED = tuple(
    name
    for name in attributes_of(MeterRow)
    if name in License.__struct_fields__ and name not in ("id", "basis", "updated")
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
    return FactsRow(pk=key.pk, sk=key.sk, **slots(account_id, license), **to_attributes(license, FactsRow))


def slots(account_id: str, license: License) -> Mapping[str, Any]:
    """Where a license is listed: under its account, product, policy, owner and group."""
    under = {"in_2": ("product", license.product_id), "in_3": ("policy", license.policy_id)}
    if license.owner_id is not None:
        under["in_5"] = ("owner", license.owner_id)
    if license.group_id is not None:
        under["in_6"] = ("group", license.group_id)
    listed = {name: keys.slot(account_id, *parts, KIND) for name, parts in under.items()}
    return {"in_1": keys.slot(account_id, KIND), "position": keys.position(license.created, license.id), **listed}


def _meter(account_id: str, license: License, due_at: datetime | None) -> MeterRow:
    key = keys.meter(account_id, license.id)
    due: dict[str, Any] = {} if due_at is None else {"due_at": due_at, "due_shard": keys.due_shard(license.id)}
    attributes = {name: value for name, value in to_attributes(license, MeterRow).items() if name != "operation"}
    return MeterRow(pk=key.pk, sk=key.sk, **due, **attributes)


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
    )


def due_actions(license_id: str, due_at: datetime | None) -> tuple[Any, ...]:
    """Move the deadline of a license, or take it out of the index."""
    return (
        assign(MeterRow.due_at, due_at),
        assign(MeterRow.due_shard, None if due_at is None else keys.due_shard(license_id)),
    )


def refreshed(license: License, meter: Item) -> License:
    """`license` with what its meter says now."""
    stored: dict[str, Any] = {name: meter.get(name) for name in _METERED}
    return replace(license, **stored, updated=max(license.updated, meter["updated"]))


def changed(
    account_id: str, before: License, after: License, policy: Policy, now: datetime, also: Condition | None = None
) -> Change:
    """The update of the meter from `before` to `after` with its deadline, if nothing it follows from has moved."""
    due = due_actions(after.id, next_due(after, policy, now))
    actions = (*difference(before, after, MeterRow), *due)
    proof = unmoved(before) if also is None else unmoved(before) & also
    return Change(MeterRow, keys.meter(account_id, after.id), actions, proof)


def update(account_id: str, before: License, after: License, policy: Policy, now: datetime) -> tuple[Write, ...]:
    """The writes of a change of facts, or of facts and meter where expiry or basis move."""
    facts = difference(before, raised(after, before), FactsRow)
    change = Change(FactsRow, keys.facts(account_id, before.id), facts, FactsRow.revision == before.revision)
    if (before.expiry, before.basis) == (after.expiry, after.basis):
        return (change,)
    return (change, changed(account_id, before, after, policy, now, MeterRow.basis == before.basis))


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


def used(
    account_id: str, license: License, change: UsageChange, policy: Policy, now: datetime, *, exactly: bool
) -> Change:
    """The one conditional write of a use. `exactly` compares and sets, for when the new count must be known before."""
    uses = MeterRow.uses
    bounds = uses == license.uses if exactly else uses.between(change.low, change.high)
    actions: list[Any] = [
        MeterRow.updated.set(now),
        uses.set(change.uses_after if exactly or change.sets else _sum(change.amount)),
    ]
    condition = bounds & (MeterRow.basis == license.basis)
    if change.expiry is not None:
        expiring = replace(license, expiry=change.expiry)
        actions += [MeterRow.expiry.set(change.expiry), *due_actions(license.id, next_due(expiring, policy, now))]
        condition = condition & MeterRow.expiry.does_not_exist()
    key = keys.meter(account_id, license.id)
    return Change(MeterRow, key, tuple(actions), condition, counter=not exactly)


def touched(account_id: str, before: License, after: License, policy: Policy, now: datetime) -> Change:
    """The write of a validation, on the condition that nobody else touched the license meanwhile."""
    actions = difference(before, after, MeterRow)
    condition = _same(MeterRow.last_validated, before.last_validated)
    if after.expiry != before.expiry:
        actions = (*actions, *due_actions(after.id, next_due(after, policy, now)))
        condition = condition & unmoved(before)
    return Change(MeterRow, keys.meter(account_id, after.id), actions, condition, marked=False)


def unmoved(license: License) -> Condition:
    """Nothing that deadlines follow from has changed since `license` was read."""
    conditions = [_same(attributes_of(MeterRow)[name], getattr(license, name)) for name in DEADLINE_INPUTS]
    return reduce(Condition.__and__, conditions)


def _same(attribute: Attribute[Any], value: Any) -> Condition:
    return attribute.does_not_exist() if value is None else attribute == value


def _sum(amount: int) -> Any:
    return MeterRow.uses + amount if amount >= 0 else MeterRow.uses - -amount


def after_use(license: License, change: UsageChange, now: datetime) -> License:
    """What a use makes of the license it was decided on."""
    return replace(license, uses=change.uses_after, expiry=license.expiry or change.expiry, updated=now)
