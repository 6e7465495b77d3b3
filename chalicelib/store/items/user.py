"""Users."""

from __future__ import annotations

from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.items.guard import UniqueRow
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.table import (
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    NamesAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Put, Write

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
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def user_of(item: Item) -> User:
    """The domain value of a stored user."""
    return to_value(User, item)


def creation(account_id: str, user: User) -> tuple[Write, ...]:
    """The writes of a new user: itself and the guard of its email."""
    key, guard = keys.resource(account_id, KIND, user.id), keys.unique(account_id, "email", user.email)
    stored = UserRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        in_3=keys.slot(account_id, KIND, "role", user.role),
        position=keys.position(user.created, user.id),
        **to_attributes(user, UserRow),
    )
    return Put(stored), Put(UniqueRow(pk=guard.pk, sk=guard.sk, target=user.id))
