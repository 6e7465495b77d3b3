"""Accounts, their counters and the summary of their event subscriptions."""

from __future__ import annotations

from chalicelib.licensing.account import Account
from chalicelib.store import keys
from chalicelib.store.items.guard import UniqueRow
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.table import (
    BinaryAttribute,
    BooleanAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Change, Put, Write


class AccountRow(Row, discriminator="account"):
    """An account; its private keys and secret are one wrapped blob."""

    id = UnicodeAttribute()
    slug = UnicodeAttribute()
    name = UnicodeAttribute()
    protected = BooleanAttribute()
    api_version = UnicodeAttribute()
    ed25519_public = UnicodeAttribute()
    rsa_public = UnicodeAttribute()
    ecdsa_public = UnicodeAttribute()
    wrapped_keys = BinaryAttribute(legacy_encoding=False)
    created = InstantAttribute()
    updated = InstantAttribute()


class AccountMeterRow(Row, discriminator="account-meter"):
    """Counters of an account: admins that hold the full permission set."""

    admins = IntegerAttribute()


class WebhooksRow(Row, discriminator="webhooks"):
    """Who subscribed to what: `[{"id", "channel", "events"}]`, read with every mutation."""

    subscribers = JsonAttribute()


def account_of(item: Item) -> Account:
    """The domain value of a stored account."""
    return to_value(Account, item)


def creation(account: Account, admins: int) -> tuple[Write, ...]:
    """The writes of a new account: itself, its counters, the guard of its slug."""
    key, meter, slug = keys.account(account.id), keys.account_meter(account.id), keys.slug(account.slug)
    return (
        Put(AccountRow(pk=key.pk, sk=key.sk, **to_attributes(account, AccountRow))),
        Put(AccountMeterRow(pk=meter.pk, sk=meter.sk, admins=admins)),
        Put(UniqueRow(pk=slug.pk, sk=slug.sk, target=account.id)),
    )


def admins_changed(account_id: str, by: int) -> tuple[Write, ...]:
    """The write that counts one full admin more or less; the last one cannot be taken away (spec resources.md §4.1)."""
    if not by:
        return ()
    admins, key = AccountMeterRow.admins, keys.account_meter(account_id)
    if by > 0:
        return (Change(AccountMeterRow, key, (admins.set(admins + by),)),)
    return (Change(AccountMeterRow, key, (admins.set(admins - -by),), admins > -by),)
