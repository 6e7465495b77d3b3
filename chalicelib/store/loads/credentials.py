"""Who is asking: a token and its bearer, or a license by its key. Rides along with the load of the operation."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.product import Product
from chalicelib.licensing.token import Token
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import product as products
from chalicelib.store.items import token as tokens
from chalicelib.store.items import user as users
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live


class Identity(msgspec.Struct, frozen=True):
    """What a credential leads to; everything None when it leads nowhere. A token whose bearer is gone is unknown."""

    token: Token | None = None
    user: User | None = None
    product: Product | None = None
    licensed: Licensed | None = None


def by_token(account_id: str, digest: str) -> Plan[Identity]:
    """The token with this digest and its bearer."""
    key = keys.token(account_id, digest)
    found = yield need(key)
    item = live(found, key, tokens.KIND)
    if item is None:
        return Identity()
    identity = yield from _bearer(account_id, tokens.token_of(item))
    return identity


def _bearer(account_id: str, token: Token) -> Plan[Identity]:
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
    return Identity(token=token, user=users.user_of(item))


def by_license_key(account_id: str, key: str) -> Plan[Identity]:
    """The license with this key, its policy and owner."""
    licensed = yield from licenses.by_key(account_id, key)
    return Identity(licensed=licensed)
