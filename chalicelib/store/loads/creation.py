"""What creating a license needs to know of the world (spec licenses.md §4)."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import policy as policies
from chalicelib.store.items import product as products
from chalicelib.store.items import user as users
from chalicelib.store.loads.live import live


class Creation(msgspec.Struct, frozen=True):
    """The parents a new license names, and whether its key or id is in use."""

    policy: Policy | None
    owner: User | None
    key_taken: bool
    key_is_license_id: bool
    id_taken: bool
    id_is_key: bool


def creation(
    account_id: str, policy_id: str | None, owner_id: str | None, license_id: str | None, key: str | None
) -> Plan[Creation]:
    """Everything is found by the ids and the key the request names; a policy whose product is gone does not exist."""
    policy_key = policy_id and keys.resource(account_id, policies.KIND, policy_id)
    owner_key = owner_id and keys.resource(account_id, users.KIND, owner_id)
    guard = keys.unique(account_id, "license-key", key) if key else None
    named = keys.facts(account_id, normal_uuid(key)) if key and is_uuid(key) else None
    own = keys.facts(account_id, license_id) if license_id else None
    own_as_key = keys.unique(account_id, "license-key", license_id) if license_id else None
    found = yield need(policy_key or None, owner_key or None, guard, named, own, own_as_key)
    policy, owner = live(found, policy_key or None, policies.KIND), live(found, owner_key or None, users.KIND)
    if policy is not None:
        product_key = keys.resource(account_id, products.KIND, policy["product_id"])
        found = yield need(product_key)
        policy = policy if live(found, product_key, products.KIND) else None
    return Creation(
        None if policy is None else policies.policy_of(policy),
        None if owner is None else users.user_of(owner),
        key_taken=guard is not None and found[guard] is not None,
        key_is_license_id=named is not None and found[named] is not None,
        id_taken=own is not None and found[own] is not None,
        id_is_key=own_as_key is not None and found[own_as_key] is not None and license_id != key,
    )
