"""Policies: the rules licenses implement (spec policies.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import policy_rules
from chalicelib.licensing.errors import check
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.product import Product

NULLABLE = policy_rules.NULLABLE
"""What an update may clear with null."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy; names and defaults as spec policies.md §1.1. Durations are seconds, memory and disk bytes."""

    id: str
    product_id: str
    name: str
    duration: int | None = None
    strict: bool = False
    floating: bool = False
    scheme: str | None = None
    encrypted: bool = False
    use_pool: bool = False
    protected: bool = False
    max_machines: int | None = None
    max_processes: int | None = None
    max_users: int | None = None
    max_cores: int | None = None
    max_memory: int | None = None
    max_disk: int | None = None
    max_uses: int | None = None
    machine_uniqueness_strategy: str = "UNIQUE_PER_LICENSE"
    machine_matching_strategy: str = "MATCH_ANY"
    component_uniqueness_strategy: str = "UNIQUE_PER_MACHINE"
    component_matching_strategy: str = "MATCH_ANY"
    expiration_strategy: str = "RESTRICT_ACCESS"
    expiration_basis: str = "FROM_CREATION"
    renewal_basis: str = "FROM_EXPIRY"
    transfer_strategy: str = "KEEP_EXPIRY"
    authentication_strategy: str = "TOKEN"
    machine_leasing_strategy: str = "PER_LICENSE"
    process_leasing_strategy: str = "PER_MACHINE"
    overage_strategy: str = "NO_OVERAGE"
    require_product_scope: bool = False
    require_policy_scope: bool = False
    require_machine_scope: bool = False
    require_fingerprint_scope: bool = False
    require_components_scope: bool = False
    require_user_scope: bool = False
    require_checksum_scope: bool = False
    require_version_scope: bool = False
    require_check_in: bool = False
    check_in_interval: str | None = None
    check_in_interval_count: int | None = None
    require_heartbeat: bool = False
    heartbeat_duration: int | None = None
    heartbeat_cull_strategy: str = "DEACTIVATE_DEAD"
    heartbeat_resurrection_strategy: str = "NO_REVIVE"
    heartbeat_basis: str = "FROM_FIRST_PING"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


def create(
    policy_id: str,
    fields: Mapping[str, Any],
    *,
    product: Product | None,
    account_protected: bool,
    now: datetime,
) -> Policy:
    """A new policy; `product` is None when no such product exists. Raises InvalidFields."""
    given: dict[str, Any] = {"name": "", "protected": account_protected} | _given(fields)
    if given.get("encrypted"):
        given.setdefault("scheme", policy_rules.LEGACY_SCHEME)
    if given.get("require_heartbeat"):
        given.setdefault("heartbeat_basis", "FROM_CREATION")
    draft = Policy(id=policy_id, product_id=product.id if product else "", created=now, updated=now, **given)
    # An absent cull strategy is judged as absent, not as its default (§1.2).
    _check(draft, product is not None, cull=given.get("heartbeat_cull_strategy"))
    return draft if draft.floating else replace(draft, max_machines=1)


def update(policy: Policy, changes: Mapping[str, Any], now: datetime) -> Policy:
    """`policy` with what was sent; null clears what `NULLABLE` names, changes nothing else. Raises InvalidFields."""
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(policy, **(cleared | _given(changes)), updated=now)
    _check(changed, True, cull=changed.heartbeat_cull_strategy)
    return changed


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _check(policy: Policy, product_exists: bool, *, cull: str | None) -> None:
    values = {name: getattr(policy, name) for name in policy_rules.READ} | {"heartbeat_cull_strategy": cull}
    missing = None if product_exists else unrelated("product", "NOT_FOUND", "must exist")
    check([missing, *policy_rules.problems(values)])
