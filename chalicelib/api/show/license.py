"""Licenses (spec licenses.md §1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, related, resource, shown_metadata
from chalicelib.licensing.check_in import next_check_in
from chalicelib.licensing.license import License, is_protected, limit, shown_permissions, status
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User

_LIMITS = {
    "maxMachines": "max_machines",
    "maxProcesses": "max_processes",
    "maxUsers": "max_users",
    "maxCores": "max_cores",
    "maxMemory": "max_memory",
    "maxDisk": "max_disk",
    "maxUses": "max_uses",
}


def show(account_id: str, license: License, policy: Policy, owner: User | None, now: datetime) -> Resource:
    """A license as it stands at `now`, with what it inherits from its policy and owner."""
    return resource(
        account_id,
        "licenses",
        license.id,
        _attributes(license, policy, owner, now),
        _relationships(account_id, license),
    )


def _attributes(license: License, policy: Policy, owner: User | None, now: datetime) -> dict[str, Any]:
    banned = owner is not None and owner.banned_at is not None
    return {
        "name": license.name,
        "key": license.key,
        "expiry": license.expiry,
        "status": status(license, banned, now),
        "uses": license.uses,
        "protected": is_protected(license, policy),
        "version": license.release_version,
        "suspended": license.suspended,
        "scheme": policy.scheme,
        "encrypted": policy.encrypted,
        "floating": policy.floating,
        "strict": policy.strict,
        **{shown: limit(license, policy, name) for shown, name in _LIMITS.items()},
        "requireHeartbeat": policy.require_heartbeat,
        "requireCheckIn": policy.require_check_in,
        "lastValidated": license.last_validated,
        "lastCheckOut": license.last_check_out,
        "lastCheckIn": license.last_check_in if policy.require_check_in else None,
        "nextCheckIn": next_check_in(license, policy),
        "permissions": shown_permissions(license, owner),
        "metadata": shown_metadata(license.metadata),
        "created": license.created,
        "updated": license.updated,
    }


def _relationships(account_id: str, license: License) -> dict[str, Any]:
    base = f"{home(account_id)}/licenses/{license.id}"
    machines = {"cores": license.cores, "memory": license.memory, "disk": license.disk, "count": license.machines}
    return {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", license.product_id, f"{base}/product"),
        "policy": linked("policies", license.policy_id, f"{base}/policy"),
        "group": linked("groups", license.group_id, f"{base}/group"),
        "owner": linked("users", license.owner_id, f"{base}/owner"),
        "users": related(f"{base}/users", {"count": license.users + (license.owner_id is not None)}),
        "machines": related(f"{base}/machines", machines),
        "tokens": related(f"{base}/tokens"),
        "entitlements": related(f"{base}/entitlements"),
    }
