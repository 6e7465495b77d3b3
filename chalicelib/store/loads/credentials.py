"""Who is asking: a token and its bearer, or a license by its key. Rides along with the load of the operation."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.emails import is_email, normal_email
from chalicelib.licensing.product import Product
from chalicelib.licensing.token import Token, is_revoked
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import product as products
from chalicelib.store.items import token as tokens
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live


class Identity(msgspec.Struct, frozen=True):
    """What a credential leads to; everything None when it leads nowhere. A token whose bearer is gone is unknown."""

    token: Token | None = None
    user: User | None = None
    product: Product | None = None
    licensed: Licensed | None = None


def by_token(account_id: str, key: Key) -> Plan[Identity]:
    """The token stored at `key` and its bearer."""
    found = yield need(key)
    item = live(found, key, tokens.KIND)
    if item is None:
        return Identity()
    identity = yield from bearer(account_id, tokens.token_of(item))
    return identity


def bearer(account_id: str, token: Token) -> Plan[Identity]:
    """The bearer of a token; everything None when it is gone, or the token ended with others of its user."""
    if token.bearer_kind == "license":
        licensed = yield from licenses.by_exact_id(account_id, token.bearer_id)
        return Identity(token=token, licensed=licensed) if licensed else Identity()
    key = keys.resource(account_id, token.bearer_kind, token.bearer_id)
    found = yield need(key)
    item = live(found, key, token.bearer_kind)
    if item is None:
        return Identity()
    if token.bearer_kind == "product":
        return Identity(token=token, product=products.product_of(item))
    user = users.user_of(item)
    return Identity() if is_revoked(token, user) else Identity(token=token, user=user)


def by_email(account_id: str, email: str) -> Plan[Identity]:
    """The user with this email, in any case."""
    if not is_email(email):
        return Identity()
    guard_key = users.email_key(account_id, normal_email(email))
    found = yield need(guard_key)
    guard = live(found, guard_key, "unique")
    if guard is None:
        return Identity()
    key = keys.resource(account_id, users.KIND, guard["target"])
    found = yield need(key)
    item = live(found, key, users.KIND)
    if item is None or item["email"] != normal_email(email):
        return Identity()
    return Identity(user=users.user_of(item))


def by_license_key(account_id: str, key: str) -> Plan[Identity]:
    """The license with this key, its policy and owner."""
    licensed = yield from licenses.by_key(account_id, key)
    return Identity(licensed=licensed)
