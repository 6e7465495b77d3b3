"""Policies."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.table import (
    BooleanAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Change, Put, Write

KIND = "policy"


class PolicyRow(Row, discriminator=KIND):
    """A policy."""

    id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    name = UnicodeAttribute()
    duration = IntegerAttribute(null=True)
    strict = BooleanAttribute()
    floating = BooleanAttribute()
    scheme = UnicodeAttribute(null=True)
    encrypted = BooleanAttribute()
    use_pool = BooleanAttribute()
    protected = BooleanAttribute()
    max_machines = IntegerAttribute(null=True)
    max_processes = IntegerAttribute(null=True)
    max_users = IntegerAttribute(null=True)
    max_cores = IntegerAttribute(null=True)
    max_memory = IntegerAttribute(null=True)
    max_disk = IntegerAttribute(null=True)
    max_uses = IntegerAttribute(null=True)
    machine_uniqueness_strategy = UnicodeAttribute()
    machine_matching_strategy = UnicodeAttribute()
    component_uniqueness_strategy = UnicodeAttribute()
    component_matching_strategy = UnicodeAttribute()
    expiration_strategy = UnicodeAttribute()
    expiration_basis = UnicodeAttribute()
    renewal_basis = UnicodeAttribute()
    transfer_strategy = UnicodeAttribute()
    authentication_strategy = UnicodeAttribute()
    machine_leasing_strategy = UnicodeAttribute()
    process_leasing_strategy = UnicodeAttribute()
    overage_strategy = UnicodeAttribute()
    require_product_scope = BooleanAttribute()
    require_policy_scope = BooleanAttribute()
    require_machine_scope = BooleanAttribute()
    require_fingerprint_scope = BooleanAttribute()
    require_components_scope = BooleanAttribute()
    require_user_scope = BooleanAttribute()
    require_checksum_scope = BooleanAttribute()
    require_version_scope = BooleanAttribute()
    require_check_in = BooleanAttribute()
    check_in_interval = UnicodeAttribute(null=True)
    check_in_interval_count = IntegerAttribute(null=True)
    require_heartbeat = BooleanAttribute()
    heartbeat_duration = IntegerAttribute(null=True)
    heartbeat_cull_strategy = UnicodeAttribute()
    heartbeat_resurrection_strategy = UnicodeAttribute()
    heartbeat_basis = UnicodeAttribute()
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def policy_of(item: Item) -> Policy:
    """The domain value of a stored policy."""
    return to_value(Policy, item)


def creation(account_id: str, policy: Policy) -> tuple[Write, ...]:
    """The write of a new policy, listed under its account and its product."""
    key = keys.resource(account_id, KIND, policy.id)
    stored = PolicyRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        in_2=keys.slot(account_id, "product", policy.product_id, KIND),
        position=keys.position(policy.created, policy.id),
        **to_attributes(policy, PolicyRow),
    )
    return (Put(stored),)


def update(account_id: str, before: Policy, after: Policy) -> tuple[Write, ...]:
    """The write of a change."""
    key = keys.resource(account_id, KIND, before.id)
    return (
        Change(
            PolicyRow, key, difference(before, raised(after, before), PolicyRow), PolicyRow.revision == before.revision
        ),
    )


def deletion(account_id: str, policy: Policy, now: datetime) -> tuple[Write, ...]:
    """The write that makes a policy, and with it its licenses, disappear."""
    return (tombstone.over(PolicyRow, keys.resource(account_id, KIND, policy.id), policy.created, now),)
