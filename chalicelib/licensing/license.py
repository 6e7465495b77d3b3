"""Licenses: facts (seldom written) and meter (often written) as one value (spec licenses.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import expiry
from chalicelib.licensing import group as groups
from chalicelib.licensing import license_draft as rules
from chalicelib.licensing import permissions as sets
from chalicelib.licensing.clock import earlier, later
from chalicelib.licensing.errors import InvalidState, Problem, check
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User

Draft = rules.Draft
generated_key = rules.generated_key

EXPIRING_WITHIN, ACTIVE_WITHIN = timedelta(days=3), timedelta(days=90)

NULLABLE = frozenset({"name", "expiry", *rules.OVERRIDES})
"""What an update may clear with null."""


class License(msgspec.Struct, frozen=True, kw_only=True):
    """A license.

    `max_*` are the overrides (None and 0 inherit), memory and disk in bytes; `users` counts attached users without
    the owner; `machines`, `cores`, `memory`, `disk`, `processes` are sums over its machines. `*_sent` are the private
    stamps of spec events.md §7. `basis` is raised whenever something a limit depends on changes; `operation` marks
    the last counter write. `id_is_key`: the license was given an id that was already some license's key.
    """

    id: str
    product_id: str
    policy_id: str
    owner_id: str | None = None
    group_id: str | None = None
    name: str | None = None
    key: str
    protected: bool | None = None
    suspended: bool = False
    permissions: tuple[str, ...] | None = None
    id_is_key: bool = False
    max_machines: int | None = None
    max_processes: int | None = None
    max_users: int | None = None
    max_cores: int | None = None
    max_memory: int | None = None
    max_disk: int | None = None
    max_uses: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0
    basis: int = 0

    expiry: datetime | None = None
    uses: int = 0
    users: int = 0
    machines: int = 0
    cores: int = 0
    memory: int = 0
    disk: int = 0
    processes: int = 0
    last_validated: datetime | None = None
    last_check_out: datetime | None = None
    last_check_in: datetime | None = None
    release_version: str | None = None
    expired_sent: datetime | None = None
    expiring_soon_sent: datetime | None = None
    check_in_overdue_sent: datetime | None = None
    check_in_soon_sent: datetime | None = None
    operation: str | None = None


def limit(license: License, policy: Policy, name: str) -> int | None:
    """The effective `max_*`: the override unless null or 0, else the policy's; None is unlimited (§1.2)."""
    override: int | None = getattr(license, name)
    inherited: int | None = getattr(policy, name)
    return override or inherited


def is_expired(license: License, now: datetime) -> bool:
    """Whether the license has an expiry and it lies before `now`."""
    return license.expiry is not None and license.expiry < now


def status(license: License, owner_banned: bool, now: datetime) -> str:
    """The shown status, first match wins (§2)."""
    if owner_banned:
        return "BANNED"
    if license.suspended:
        return "SUSPENDED"
    if is_expired(license, now):
        return "EXPIRED"
    if license.expiry is not None and now < license.expiry < later(now, EXPIRING_WITHIN):
        return "EXPIRING"
    return "ACTIVE" if last_activity(license) >= earlier(now, ACTIVE_WITHIN) else "INACTIVE"


def last_activity(license: License) -> datetime:
    """The latest of the four instants that count as activity (§11.4)."""
    stamps = (license.last_validated, license.last_check_out, license.last_check_in)
    return max(stamp for stamp in (license.created, *stamps) if stamp is not None)


def shown_permissions(license: License, owner: User | None) -> list[str]:
    """The effective set (§1.3), ascending."""
    return sets.shown(effective_permissions(license, owner))


def effective_permissions(license: License, owner: User | None) -> frozenset[str]:
    """What the license holds as a bearer: its own set, never more than its owner's (§1.3)."""
    owner_held = None if owner is None else sets.stored_or_default(owner.role, owner.permissions)
    return sets.license_effective(sets.stored_or_default("license", license.permissions), owner_held)


def is_protected(license: License, policy: Policy) -> bool:
    """The license's flag; only a license that never stored one follows its policy."""
    return policy.protected if license.protected is None else license.protected


def first_expiry(license: License, policy: Policy, trigger: str, now: datetime) -> datetime | None:
    """The expiry that `trigger` (a value of `expirationBasis`) sets now, None when it sets none (§4.4)."""
    return expiry.first(license.expiry, policy, trigger, now)


def create(draft: Draft, now: datetime) -> License:
    """A new license (§4.2). Raises InvalidFields with everything that is wrong."""
    check(rules.problems(draft))
    assert draft.policy is not None
    license = _drafted(draft, draft.policy, now)
    return replace(license, expiry=license.expiry or first_expiry(license, draft.policy, "FROM_CREATION", now))


def update(license: License, changes: Mapping[str, Any], policy: Policy, now: datetime) -> License:
    """`license` with what was sent (§6); null clears what `NULLABLE` names, changes nothing else.

    Raises InvalidFields.
    """
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(license, **(cleared | _given(changes)))
    limits = rules.overrides_of(changed)
    check(rules.attributes({**changes, **limits}, policy))
    limits_moved = limits != rules.overrides_of(license)
    return replace(changed, basis=license.basis + limits_moved, updated=now)


def suspend(license: License, policy: Policy, now: datetime) -> License:
    """Raises InvalidState when already suspended (§9.1), InvalidFields as every save."""
    if license.suspended:
        raise InvalidState(Problem("is already suspended", pointer="/data/attributes/suspended"))
    return _saved(replace(license, suspended=True, updated=now), policy)


def reinstate(license: License, policy: Policy, now: datetime) -> License:
    """Raises InvalidState when not suspended (§9.1), InvalidFields as every save."""
    if not license.suspended:
        raise InvalidState(Problem("is not suspended", pointer="/data/attributes/suspended"))
    return _saved(replace(license, suspended=False, updated=now), policy)


def renew(license: License, policy: Policy, now: datetime) -> License:
    """One duration more (§9.2). Raises InvalidState without duration or expiry, InvalidFields as every save."""
    renewed = expiry.renewed(license.expiry, policy, now)
    return _saved(replace(license, expiry=renewed, updated=now), policy)


def _drafted(draft: Draft, policy: Policy, now: datetime) -> License:
    given = {"protected": policy.protected} | _given(draft.fields)
    return License(
        **given | {"key": rules.chosen_key(draft)},
        id=draft.license_id,
        product_id=policy.product_id,
        policy_id=policy.id,
        owner_id=draft.owner.id if draft.owner else None,
        group_id=groups.entered(draft.group),
        last_check_in=now if policy.require_check_in else None,
        created=now,
        updated=now,
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    return given | {name: tuple(given[name]) for name in ("permissions",) if name in given}


def _saved(license: License, policy: Policy) -> License:
    check(rules.stored_overrides(license, policy))
    return license
