"""Tokens, stored under the digest of their value and reached by id through a pointer."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition

from chalicelib.licensing.activation_limits import Bound
from chalicelib.licensing.clock import later
from chalicelib.licensing.token import Token
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import (
    InstantAttribute,
    IntegerAttribute,
    Item,
    NamesAttribute,
    Row,
    UnicodeAttribute,
    attributes_of,
)
from chalicelib.store.unit import Change, Put, Remove, Write

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
    generation = IntegerAttribute()
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
    reach = PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, ttl=reclaim)
    reach.created = token.created
    return Put(stored), Put(reach)


def regeneration(account_id: str, old: Key, token: Token, digest: str) -> tuple[Write, ...]:
    """The writes that move a token to the digest of its new value; the old value is dead with them.

    What is carried over must not have changed meanwhile: whether the token is alive, and what it counts.
    """
    moved, pointer = creation(account_id, token, digest)
    assert isinstance(pointer, Put) and isinstance(pointer.row, PointerRow)
    still = (PointerRow.target_pk == old.pk) & (PointerRow.target_sk == old.sk)
    counted = (TokenRow.activations == token.activations) & (TokenRow.deactivations == token.deactivations)
    return Remove(TokenRow, old, _as_alive(token) & counted), moved, Put(pointer.row, still)


def removal(account_id: str, key: Key, token: Token, now: datetime) -> tuple[Write, ...]:
    """The writes that revoke a token; what is left of its pointer keeps cursors valid."""
    pointer = keys.pointer(account_id, KIND, token.id)
    return Remove(TokenRow, key, TokenRow.id == token.id), tombstone.over(PointerRow, pointer, token.created, now)


def counted(key: Key, token: Token, counter: str, bound: Bound | None) -> Write:
    """The write that counts one more activation or deactivation of a token, within its bound."""
    stored = attributes_of(TokenRow)[counter]
    condition: Condition = TokenRow.id == token.id
    if bound is not None:
        condition = condition & (stored <= bound.highest)
    return Change(TokenRow, key, (stored.set(stored + 1),), condition)


def keeping(key: Key, before: Token, after: Token) -> Write:
    """The write that takes a token along when the others of its user end."""
    actions = (TokenRow.token_kind.set(after.kind), TokenRow.generation.set(after.generation))
    return Change(TokenRow, key, actions, _as_alive(before))


def _as_alive(token: Token) -> Condition:
    """The token is still there, and of the same generation; tokens older than this notion store none: the first."""
    same: Condition = (TokenRow.id == token.id) & (TokenRow.generation == token.generation)
    if token.generation:
        return same
    older: Condition = (TokenRow.id == token.id) & TokenRow.generation.does_not_exist()
    either: Condition = same | older
    return either


def _reclaimed(expiry: datetime | None) -> datetime | None:
    return None if expiry is None else later(expiry, KEPT_AFTER_EXPIRY)
