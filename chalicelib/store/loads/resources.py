"""Single resources and their unique names: products, policies, users, subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import entitlement as entitlements
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
    item = yield from _by_id_or_code(account_id, products.KIND, products.code_key(account_id, text), text)
    return None if item is None else products.product_of(item)


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


def many_products(account_id: str, identifiers: Sequence[str]) -> Plan[Sequence[Product | None]]:
    """Those of a list."""
    found = yield from _many(account_id, products.KIND, identifiers)
    return [None if item is None else products.product_of(item) for item in found]


def many_policies(account_id: str, identifiers: Sequence[str]) -> Plan[Sequence[Policy | None]]:
    """Those of a list, without those whose product is gone."""
    found = yield need(*(keys.resource(account_id, policies.KIND, one) for one in identifiers))
    items = [live(found, keys.resource(account_id, policies.KIND, one), policies.KIND) for one in identifiers]
    parents = {item["product_id"] for item in items if item is not None}
    found = yield need(*(keys.resource(account_id, products.KIND, product_id) for product_id in parents))
    alive = {
        parent for parent in parents if live(found, keys.resource(account_id, products.KIND, parent), products.KIND)
    }
    return [policies.policy_of(item) if item is not None and item["product_id"] in alive else None for item in items]


def living_policies(account_id: str, identifiers: Iterable[str]) -> Plan[frozenset[str]]:
    """Ids of those of these policies that exist."""
    found = yield from many_policies(account_id, sorted(identifiers))
    return frozenset(policy.id for policy in found if policy is not None)


def entitlement_by_id_or_code(account_id: str, text: str) -> Plan[Entitlement | None]:
    """An entitlement by what stands in a path; codes are unique ignoring case but looked up exactly."""
    item = yield from _by_id_or_code(account_id, entitlements.KIND, entitlements.code_key(account_id, text), text)
    return None if item is None else entitlements.entitlement_of(item)


def many_entitlements(account_id: str, identifiers: Sequence[str]) -> Plan[Sequence[Entitlement | None]]:
    """Those of a list."""
    found = yield from _many(account_id, entitlements.KIND, identifiers)
    return [None if item is None else entitlements.entitlement_of(item) for item in found]


def _many(account_id: str, kind: str, identifiers: Sequence[str]) -> Plan[list[Item | None]]:
    wanted = [keys.resource(account_id, kind, one) for one in identifiers]
    found = yield need(*wanted)
    return [live(found, key, kind) for key in wanted]


def _by_id_or_code(account_id: str, kind: str, guard_key: Key, text: str) -> Plan[Item | None]:
    by_id = keys.resource(account_id, kind, normal_uuid(text)) if is_uuid(text) else None
    found = yield need(guard_key, by_id)
    guard = live(found, guard_key, "unique")
    coded = keys.resource(account_id, kind, guard["target"]) if guard else None
    if coded is not None:
        found = yield need(coded)
    named, by_code = live(found, by_id, kind), live(found, coded, kind)
    hits = [item for item in (named, by_code) if item is not None and (item is named or item.get("code") == text)]
    return min(hits, key=lambda item: item["created"], default=None)


def _by_id(account_id: str, kind: str, identifier: str) -> Plan[Item | None]:
    key = keys.resource(account_id, kind, identifier)
    found = yield need(key)
    return live(found, key, kind)
