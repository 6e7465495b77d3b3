"""Entitlements."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import moved
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Put, Write

KIND = "entitlement"


class EntitlementRow(Row, discriminator=KIND):
    """An entitlement."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    code = UnicodeAttribute()
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def entitlement_of(item: Item) -> Entitlement:
    """The domain value of a stored entitlement."""
    return to_value(Entitlement, item)


def code_key(account_id: str, code: str) -> Key:
    """The guard of a code; codes are unique ignoring case."""
    return keys.unique(account_id, "entitlement-code", code.lower())


def creation(account_id: str, entitlement: Entitlement) -> tuple[Write, ...]:
    """The writes of a new entitlement: itself and the guard of its code."""
    key = keys.resource(account_id, KIND, entitlement.id)
    stored = EntitlementRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        position=keys.position(entitlement.created, entitlement.id),
        **to_attributes(entitlement, EntitlementRow),
    )
    return (Put(stored), *moved(None, code_key(account_id, entitlement.code), entitlement.id))


def update(account_id: str, before: Entitlement, after: Entitlement) -> tuple[Write, ...]:
    """The writes of a change: itself, and the guards where the code changed."""
    key, actions = keys.resource(account_id, KIND, before.id), difference(before, raised(after, before), EntitlementRow)
    change = Change(EntitlementRow, key, actions, EntitlementRow.revision == before.revision)
    return (change, *moved(code_key(account_id, before.code), code_key(account_id, after.code), before.id))


def deletion(account_id: str, entitlement: Entitlement, now: datetime) -> tuple[Write, ...]:
    """The writes that make an entitlement disappear: a tombstone, its code free again."""
    key = keys.resource(account_id, KIND, entitlement.id)
    same = EntitlementRow.revision == entitlement.revision
    gone = tombstone.over(EntitlementRow, key, entitlement.created, now, same)
    return (gone, *moved(code_key(account_id, entitlement.code), None, entitlement.id))
