"""Whose a license is, and who belongs to it: changes of policy, owner, group and users (STORE §4)."""

from __future__ import annotations

from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.licensing.attachment import highest_users
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.items.guard import UniqueRow
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.license_changes import update
from chalicelib.store.table import attributes_of
from chalicelib.store.unit import Change, Check, Write, assign


def transferred(
    account_id: str,
    before: License,
    after: License,
    policy: Policy,
    now: datetime,
    into: Group | None = None,
    also: Condition | None = None,
) -> tuple[Write, ...]:
    """The writes of a change of policy, owner or group: the license, the hints of its key, the counters of its groups.

    `policy` is the one it is under afterwards; `into` the group it is in then, if that is another one.
    """
    return (
        *update(account_id, before, after, policy, now, also),
        *_guard_moved(account_id, before, after),
        *_regrouped(account_id, before, after, into),
    )


def owned(
    account_id: str, before: License, after: License, policy: Policy, now: datetime, into: Group | None
) -> tuple[Write, ...]:
    """The writes of a change of owner: the new one is not attached, and there is a seat for it."""
    if after.owner_id in (None, before.owner_id):
        return transferred(account_id, before, after, policy, now, into)
    highest = highest_users(after, policy)
    room = None if highest is None else MeterRow.users <= highest
    attached = attachments.key_of(account_id, "license-user", after.id, after.owner_id)
    return (
        *transferred(account_id, before, after, policy, now, into, room),
        Check(AttachmentRow, attached, AttachmentRow.pk.does_not_exist()),
    )


def seated(account_id: str, license: License, policy: Policy, count: int) -> Change:
    """The write that takes seats for `count` more users: there are as many, and neither limit nor owner has changed."""
    highest = highest_users(license, policy)
    same = MeterRow.basis == license.basis
    condition = same if highest is None else same & (MeterRow.users <= highest - count)
    return Change(
        MeterRow, keys.meter(account_id, license.id), (MeterRow.users.set(MeterRow.users + count),), condition
    )


def unseated(account_id: str, license_id: str, count: int) -> Change:
    """The write that gives the seats of `count` users back."""
    return Change(MeterRow, keys.meter(account_id, license_id), (MeterRow.users.set(MeterRow.users - count),))


def _guard_moved(account_id: str, before: License, after: License) -> tuple[Write, ...]:
    """The write that keeps the hints of the key's guard true; wrong ones would cost every validation a round."""
    hints = ("policy_id", "product_id", "owner_id", "group_id")
    stored = attributes_of(UniqueRow)
    actions = [
        assign(stored[name], getattr(after, name)) for name in hints if getattr(before, name) != getattr(after, name)
    ]
    key = keys.unique(account_id, "license-key", after.key)
    return (Change(UniqueRow, key, tuple(actions), UniqueRow.target == after.id),) if actions else ()


def _regrouped(account_id: str, before: License, after: License, into: Group | None) -> tuple[Write, ...]:
    if before.group_id == after.group_id:
        return ()
    left = () if before.group_id is None else (groups.left_group(account_id, "licenses", before.group_id),)
    return (*left, *groups.moved(account_id, "licenses", None, into))
