"""What creating a license needs to know of the world (spec licenses.md §4)."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.group import Counted
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import PoolKey
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need, together
from chalicelib.store.items import policy as policies
from chalicelib.store.items import product as products
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads import groups
from chalicelib.store.loads import pool as pools
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item


class Creation(msgspec.Struct, frozen=True):
    """The parents a new license names, whether its key or id is in use, and a key of the pool of its policy.

    `group` is the one named, else that of the owner.
    """

    policy: Policy | None
    owner: User | None
    group: Counted | None
    key_taken: bool
    key_is_license_id: bool
    id_taken: bool
    id_is_key: bool
    pool_key: PoolKey | None = None


class Names(msgspec.Struct, frozen=True):
    """What a request for a new license names, by id; its own id and its key. `draw` is any number: where to reach
    into a pool.
    """

    policy_id: str | None = None
    owner_id: str | None = None
    group_id: str | None = None
    license_id: str | None = None
    key: str | None = None
    draw: int = 0


def creation(account_id: str, names: Names) -> Plan[Creation]:
    """Everything is found by what the request names; a policy whose product is gone does not exist."""
    key = names.key
    policy_key = _resource(account_id, policies.KIND, names.policy_id)
    owner_key = _resource(account_id, users.KIND, names.owner_id)
    guard = keys.unique(account_id, "license-key", key) if key else None
    named = keys.facts(account_id, normal_uuid(key)) if key and is_uuid(key) else None
    own = keys.facts(account_id, names.license_id) if names.license_id else None
    own_as_key = keys.unique(account_id, "license-key", names.license_id) if names.license_id else None
    found = yield need(policy_key, owner_key, guard, named, own, own_as_key)
    policy, owner = live(found, policy_key, policies.KIND), live(found, owner_key, users.KIND)
    group_id = names.group_id or (None if owner is None else owner.get("group_id"))
    product, group, pool_key = yield from together(
        _product(account_id, policy), groups.by_id(account_id, group_id), _drawn(account_id, policy, names)
    )
    return Creation(
        None if policy is None or product is None else policies.policy_of(policy),
        None if owner is None else users.user_of(owner),
        group,
        key_taken=guard is not None and found[guard] is not None,
        key_is_license_id=named is not None and found[named] is not None,
        id_taken=own is not None and found[own] is not None,
        id_is_key=own_as_key is not None and found[own_as_key] is not None and names.license_id != key,
        pool_key=pool_key,
    )


def _resource(account_id: str, kind: str, identifier: str | None) -> Key | None:
    return None if identifier is None else keys.resource(account_id, kind, identifier)


def _product(account_id: str, policy: Item | None) -> Plan[Item | None]:
    if policy is None:
        return None
    key = keys.resource(account_id, products.KIND, policy["product_id"])
    found = yield need(key)
    return live(found, key, products.KIND)


def _drawn(account_id: str, policy: Item | None, names: Names) -> Plan[PoolKey | None]:
    """A key of the pool, if one is wanted."""
    if policy is None or not policy["use_pool"] or names.key:
        return None
    return (yield from pools.unused_of(account_id, policy["id"], names.draw))
