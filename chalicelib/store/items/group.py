"""Groups and the counters of their members."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.group import Group, Members
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Put, Remove, Write

KIND = "group"
METER_KIND = "group-meter"


class GroupRow(Row, discriminator=KIND):
    """A group."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    max_users = IntegerAttribute(null=True)
    max_licenses = IntegerAttribute(null=True)
    max_machines = IntegerAttribute(null=True)
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


class GroupMeterRow(Row, discriminator=METER_KIND):
    """How many users, licenses and machines a group holds."""

    users = IntegerAttribute()
    licenses = IntegerAttribute()
    machines = IntegerAttribute()


def group_of(item: Item) -> Group:
    """The domain value of a stored group."""
    return to_value(Group, item)


def members_of(item: Item) -> Members:
    """The counters of a group."""
    return to_value(Members, item)


def creation(account_id: str, group: Group) -> tuple[Write, ...]:
    """The writes of a new group: itself and its counters."""
    key, meter = keys.resource(account_id, KIND, group.id), keys.group_meter(account_id, group.id)
    stored = GroupRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        position=keys.position(group.created, group.id),
        **to_attributes(group, GroupRow),
    )
    return Put(stored), Put(GroupMeterRow(pk=meter.pk, sk=meter.sk, users=0, licenses=0, machines=0))


def update(account_id: str, before: Group, after: Group) -> tuple[Write, ...]:
    """The write of a change."""
    key, actions = keys.resource(account_id, KIND, before.id), difference(before, raised(after, before), GroupRow)
    return (Change(GroupRow, key, actions, GroupRow.revision == before.revision),)


def deletion(account_id: str, group: Group, now: datetime) -> tuple[Write, ...]:
    """The writes that make a group disappear; who was in it has none."""
    key = keys.resource(account_id, KIND, group.id)
    return (
        tombstone.over(GroupRow, key, group.created, now, GroupRow.revision == group.revision),
        Remove(GroupMeterRow, keys.group_meter(account_id, group.id)),
    )


def moved(account_id: str, kind: str, old: Group | None, new: Group | None) -> tuple[Write, ...]:
    """The writes that count one of `kind` (`users`, `licenses`, `machines`) out of one group and into another.

    The new group must have room for it.
    """
    if (old and old.id) == (new and new.id):
        return ()
    left = () if old is None else (left_group(account_id, kind, old.id),)
    return (*left, *(() if new is None else (_entered(account_id, kind, new),)))


def left_group(account_id: str, kind: str, group_id: str) -> Write:
    """The write that counts one of `kind` out of a group."""
    counter = getattr(GroupMeterRow, kind)
    return Change(GroupMeterRow, keys.group_meter(account_id, group_id), (counter.set(counter - 1),))


def _entered(account_id: str, kind: str, group: Group) -> Write:
    counter, limit = getattr(GroupMeterRow, kind), getattr(group, f"max_{kind}")
    room = None if limit is None else counter < limit
    return Change(GroupMeterRow, keys.group_meter(account_id, group.id), (counter.set(counter + 1),), room)
