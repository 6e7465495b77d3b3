"""Tokens, stored under the digest of their value and reached by id through a pointer."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.licensing.token import Token
from chalicelib.store import keys
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, NamesAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Put, Write

KIND = "token"
KEPT_AFTER_EXPIRY = timedelta(days=90)


class TokenRow(Row, discriminator=KIND):
    """A token; `token_kind` because `kind` names the row."""

    id = UnicodeAttribute()
    token_kind = UnicodeAttribute()
    bearer_kind = UnicodeAttribute()
    bearer_id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    expiry = InstantAttribute(null=True)
    permissions = NamesAttribute()
    max_activations = IntegerAttribute(null=True)
    activations = IntegerAttribute()
    max_deactivations = IntegerAttribute(null=True)
    deactivations = IntegerAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()


def token_of(item: Item) -> Token:
    """The domain value of a stored token."""
    return to_value(Token, item, kind=item["token_kind"])


def creation(account_id: str, token: Token, digest: str) -> tuple[Write, ...]:
    """The writes of a new token; a digest already in use fails the condition."""
    key, pointer = keys.token(account_id, digest), keys.pointer(account_id, KIND, token.id)
    reclaim = _reclaimed(token.expiry)
    attributes = {name: value for name, value in to_attributes(token, TokenRow).items() if name != "kind"}
    stored = TokenRow(
        pk=key.pk,
        sk=key.sk,
        token_kind=token.kind,
        in_1=keys.slot(account_id, KIND),
        in_4=keys.slot(account_id, "bearer", token.bearer_id, KIND),
        position=keys.position(token.created, token.id),
        ttl=reclaim,
        **attributes,
    )
    return Put(stored), Put(PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, ttl=reclaim))


def _reclaimed(expiry: datetime | None) -> datetime | None:
    return None if expiry is None else expiry + KEPT_AFTER_EXPIRY
