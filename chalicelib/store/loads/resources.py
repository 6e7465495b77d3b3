"""Single resources and their unique names: products, policies, users, subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need
from chalicelib.store.items import policy as policies
from chalicelib.store.items import product as products
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item


def product_by_id(account_id: str, product_id: str) -> Plan[Product | None]:
    """A product by its id."""
    item = yield from _by_id(account_id, products.KIND, product_id)
    return None if item is None else products.product_of(item)


def product_by_id_or_code(account_id: str, text: str) -> Plan[Product | None]:
    """A product by what stands in a path; codes are unique ignoring case but looked up exactly."""
    guard_key = products.code_key(account_id, text)
    by_id = keys.resource(account_id, products.KIND, normal_uuid(text)) if is_uuid(text) else None
    found = yield need(guard_key, by_id)
    guard = live(found, guard_key, "unique")
    coded = keys.resource(account_id, products.KIND, guard["target"]) if guard else None
    if coded is not None:
        found = yield need(coded)
    named, by_code = live(found, by_id, products.KIND), live(found, coded, products.KIND)
    hits = [products.product_of(item) for item in (named, by_code) if item is not None]
    exact = [product for product in hits if product.code == text or (named is not None and product.id == named["id"])]
    return min(exact, key=lambda product: product.created, default=None)


def policy_by_id(account_id: str, text: str) -> Plan[Policy | None]:
    """A policy by its id; one whose product is gone does not exist."""
    if not is_uuid(text):
        return None
    item = yield from _by_id(account_id, policies.KIND, normal_uuid(text))
    if item is None:
        return None
    product = yield from _by_id(account_id, products.KIND, item["product_id"])
    return None if product is None else policies.policy_of(item)


def user_by_id(account_id: str, user_id: str) -> Plan[User | None]:
    """A user by its id."""
    item = yield from _by_id(account_id, users.KIND, user_id)
    return None if item is None else users.user_of(item)


def guarded(key: Key) -> Plan[str | None]:
    """Whose name it is: the id behind a unique guard."""
    found = yield need(key)
    guard = live(found, key, "unique")
    return None if guard is None else str(guard["target"])


def exists(key: Key) -> Plan[bool]:
    """Whether anything, a tombstone too, is stored at `key`."""
    found = yield need(key)
    return found[key] is not None


def subscribers(account_id: str) -> Plan[tuple[dict[str, Any], ...]]:
    """Who subscribed to which events of the account."""
    key = keys.webhooks(account_id)
    found = yield need(key)
    return () if found[key] is None else tuple(found[key]["subscribers"])


def many_products(entries: Sequence[Entry]) -> Plan[Sequence[Product | None]]:
    """Those of a list."""
    found = yield need(*(entry.key for entry in entries))
    items = [live(found, entry.key, products.KIND) for entry in entries]
    return [None if item is None else products.product_of(item) for item in items]


def many_policies(account_id: str, entries: Sequence[Entry]) -> Plan[Sequence[Policy | None]]:
    """Those of a list, without those whose product is gone."""
    found = yield need(*(entry.key for entry in entries))
    items = [live(found, entry.key, policies.KIND) for entry in entries]
    parents = {item["product_id"] for item in items if item is not None}
    found = yield need(*(keys.resource(account_id, products.KIND, product_id) for product_id in parents))
    alive = {
        parent for parent in parents if live(found, keys.resource(account_id, products.KIND, parent), products.KIND)
    }
    return [policies.policy_of(item) if item is not None and item["product_id"] in alive else None for item in items]


def _by_id(account_id: str, kind: str, identifier: str) -> Plan[Item | None]:
    key = keys.resource(account_id, kind, identifier)
    found = yield need(key)
    return live(found, key, kind)
