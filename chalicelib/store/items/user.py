"""Users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import UniqueRow, moved
from chalicelib.store.items.hint import Listed
from chalicelib.store.items.mapping import difference, raised, relisted, to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import (
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    NamesAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Change, Put, Write

KIND = "user"


class UserRow(Row, discriminator=KIND):
    """A user of any role."""

    id = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    permissions = NamesAttribute(null=True)
    group_id = UnicodeAttribute(null=True)
    banned_at = InstantAttribute(null=True)
    password = UnicodeAttribute(null=True)
    reset_digest = UnicodeAttribute(null=True)
    reset_issued = InstantAttribute(null=True)
    token_generation = IntegerAttribute()
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def user_of(item: Item) -> User:
    """The domain value of a stored user."""
    return to_value(User, item)


def email_key(account_id: str, email: str) -> Key:
    """The guard of an email; emails are stored in lower case."""
    return keys.unique(account_id, "email", email)


def creation(account_id: str, user: User) -> tuple[Write, ...]:
    """The writes of a new user: itself and the guard of its email."""
    key, guard = keys.resource(account_id, KIND, user.id), email_key(account_id, user.email)
    stored = UserRow(
        pk=key.pk,
        sk=key.sk,
        position=keys.position(user.created, user.id),
        **slots(account_id, user),
        **to_attributes(user, UserRow),
    )
    return Put(stored), Put(UniqueRow(pk=guard.pk, sk=guard.sk, target=user.id))


def slots(account_id: str, user: User) -> Mapping[str, Any]:
    """Where a user is listed: under its account, its role, its group, and with the banned."""
    under = {"in_1": keys.slot(account_id, KIND), "in_3": keys.slot(account_id, KIND, "role", user.role)}
    if user.banned_at is not None:
        under["in_4"] = keys.slot(account_id, KIND, "banned")
    if user.group_id is not None:
        under["in_6"] = keys.slot(account_id, "group", user.group_id, KIND)
    return under


def update(account_id: str, before: User, after: User) -> tuple[Write, ...]:
    """The writes of a change: itself, and the guards where the email changed."""
    key = keys.resource(account_id, KIND, before.id)
    actions = (
        *difference(before, raised(after, before), UserRow),
        *relisted(slots(account_id, before), slots(account_id, after), UserRow),
    )
    change = Change(UserRow, key, actions, UserRow.revision == before.revision)
    return (change, *moved(email_key(account_id, before.email), email_key(account_id, after.email), before.id))


def deletion(account_id: str, user: User, now: datetime) -> tuple[Write, ...]:
    """The writes that make a user, and with it what it owns, disappear: a tombstone, its email free again."""
    key = keys.resource(account_id, KIND, user.id)
    gone = tombstone.over(UserRow, key, user.created, now, UserRow.revision == user.revision)
    return (gone, *moved(email_key(account_id, user.email), None, user.id))


def listed(user: User) -> Listed:
    """A user as the rows of its metadata see it."""
    return Listed(KIND, user.id, user.created, metadata_rows(user.metadata), user.revision)
