"""What changes on a license: every write with the condition that proves what it was decided on (STORE §4)."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Any

from msgspec.structs import replace
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.license import License, last_activity
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.usage import UsageChange
from chalicelib.store import keys
from chalicelib.store.items.license import EXPIRY_SLOTS, FactsRow, MeterRow, meter_slots, slots
from chalicelib.store.items.mapping import difference, raised, relisted
from chalicelib.store.table import Item, attributes_of
from chalicelib.store.unit import Change, Write, as_seen, assign

DEADLINE_INPUTS = (
    "basis",
    "expiry",
    "last_check_in",
    "expired_sent",
    "expiring_soon_sent",
    "check_in_overdue_sent",
    "check_in_soon_sent",
)
"""What deadlines follow from; `basis` stands for the policy the license is under."""

_METERED = tuple(
    name
    for name in attributes_of(MeterRow)
    if name in License.__struct_fields__ and name not in ("id", "basis", "updated")
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
    actions = (*difference(before, after, MeterRow), *_relisted(account_id, before, after), *due)
    proof = unmoved(before) if also is None else unmoved(before) & also
    return Change(MeterRow, keys.meter(account_id, after.id), actions, proof)


def update(
    account_id: str, before: License, after: License, policy: Policy, now: datetime, also: Condition | None = None
) -> tuple[Write, ...]:
    """The writes of a change of facts, and of the meter where expiry or basis move: then `also` is asked of it."""
    facts = (
        *difference(before, raised(after, before), FactsRow),
        *relisted(slots(account_id, before), slots(account_id, after), FactsRow),
    )
    change = Change(FactsRow, keys.facts(account_id, before.id), facts, FactsRow.revision == before.revision)
    if (before.expiry, before.basis) == (after.expiry, after.basis):
        return (change,)
    return (change, changed(account_id, before, after, policy, now, also))


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
        actions += [
            MeterRow.expiry.set(change.expiry),
            *_relisted(account_id, license, expiring),
            *due_actions(license.id, next_due(expiring, policy, now)),
        ]
        condition = condition & MeterRow.expiry.does_not_exist()
    key = keys.meter(account_id, license.id)
    return Change(MeterRow, key, tuple(actions), condition, counter=not exactly)


def after_use(license: License, change: UsageChange, now: datetime) -> License:
    """What a use makes of the license it was decided on."""
    return replace(license, uses=change.uses_after, expiry=license.expiry or change.expiry, updated=now)


def touched(account_id: str, before: License, after: License, policy: Policy, now: datetime) -> Change:
    """The write of a validation, on the condition that nobody else touched the license meanwhile."""
    actions = (*difference(before, after, MeterRow), *_relisted(account_id, before, after))
    condition = as_seen(MeterRow.last_validated, before.last_validated)
    if after.expiry != before.expiry:
        actions = (*actions, *due_actions(after.id, next_due(after, policy, now)))
        condition = condition & unmoved(before)
    return Change(MeterRow, keys.meter(account_id, after.id), actions, condition, marked=False)


def checked_out(account_id: str, before: License, after: License) -> Change:
    """The write of a check-out, on the condition that nobody else checked the license out meanwhile."""
    actions = (*difference(before, after, MeterRow), *_relisted(account_id, before, after))
    same = as_seen(MeterRow.last_check_out, before.last_check_out)
    return Change(MeterRow, keys.meter(account_id, after.id), actions, same, marked=False)


def due_actions(license_id: str, due_at: datetime | None) -> tuple[Action, ...]:
    """Move the deadline of a license, or take it out of the index."""
    return (
        assign(MeterRow.due_at, due_at),
        assign(MeterRow.due_shard, None if due_at is None else keys.due_shard(license_id)),
    )


def unmoved(license: License) -> Condition:
    """Nothing that deadlines follow from has changed since `license` was read."""
    conditions = [as_seen(attributes_of(MeterRow)[name], getattr(license, name)) for name in DEADLINE_INPUTS]
    return reduce(Condition.__and__, conditions)


def _relisted(account_id: str, before: License, after: License) -> tuple[Action, ...]:
    """A new activity is always written where it is listed: another one may have been, a moment ago, somewhere else."""
    known = meter_slots(account_id, before)
    if last_activity(before) != last_activity(after):
        known = {name: partition for name, partition in known.items() if name in EXPIRY_SLOTS}
    return relisted(known, meter_slots(account_id, after), MeterRow)


def _sum(amount: int) -> Any:
    return MeterRow.uses + amount if amount >= 0 else MeterRow.uses - -amount
