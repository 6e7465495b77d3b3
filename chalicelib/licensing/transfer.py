"""A license changes hands: another policy, owner or group (spec licenses.md §10.4-10.6).

What was valid under former rules is judged anew, as with every save of a license.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from chalicelib.licensing import group as groups
from chalicelib.licensing.attachment import users_problem
from chalicelib.licensing.clock import add_seconds
from chalicelib.licensing.errors import InvalidFields, Problem, check
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.licensing.license_draft import stored_overrides
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import RANKS
from chalicelib.licensing.user import User


def change_policy(
    license: License,
    current: Policy,
    new: Policy | None,
    now: datetime,
    *,
    machines_collide: bool,
    components_collide: bool,
) -> License:
    """Under a new policy, and so of its product; `new` is None when no such policy exists (§10.4).

    `machines_collide`: a fingerprint of the license is taken by another machine in the scope of the new uniqueness
    strategy; the same for `components_collide`. Raises InvalidFields with the first rule that fails; of the overrides
    with all that do not fit.
    """
    if new is None:
        raise InvalidFields(unrelated("policy", "NOT_FOUND", "must exist"))
    for detail in _incompatible(current, new, machines_collide, components_collide):
        raise InvalidFields(unrelated("policy", "NOT_COMPATIBLE", detail))
    check(stored_overrides(license, new))
    return replace(
        license,
        policy_id=new.id,
        product_id=new.product_id,
        expiry=_expiry(license, new, now),
        basis=license.basis + 1,
        updated=now,
    )


def change_owner(
    license: License,
    policy: Policy,
    owner: User | None,
    now: datetime,
    *,
    named: bool,
    attached: bool,
    group: Counted | None,
) -> License:
    """Of a new owner, or of none; None is also one that is `named` but does not exist (§10.5).

    `attached`: the new owner is an attached user of the license. `group` is that of the new owner: a license without
    one inherits it. Raises InvalidFields.
    """
    if named and owner is None:
        raise InvalidFields(unrelated("owner", "NOT_FOUND", "must exist"))
    owner_id = None if owner is None else owner.id
    if owner_id == license.owner_id:
        return replace(license, updated=now)
    inherited = group if license.group_id is None and owner is not None else None
    changed = replace(
        license,
        owner_id=owner_id,
        group_id=license.group_id or groups.entered(inherited),
        basis=license.basis + 1,
        updated=now,
    )
    check([*_owner_problems(changed, policy, attached, inherited), *stored_overrides(license, policy)])
    return changed


def change_group(license: License, policy: Policy, group: Counted | None, now: datetime, *, named: bool) -> License:
    """In another group, or in none; None is also one that is `named` but does not exist (§10.6).

    Raises InvalidFields.
    """
    group_id = groups.entered(group)
    check(groups.entry("license", group, named=named, current_id=license.group_id))
    if group_id != license.group_id:
        check(stored_overrides(license, policy))
    return replace(license, group_id=group_id, updated=now)


def _incompatible(current: Policy, new: Policy, machines_collide: bool, components_collide: bool) -> Iterator[str]:
    if current.encrypted != new.encrypted:
        yield "cannot change from an encrypted policy to an unencrypted policy (or vice-versa)"
    if current.use_pool != new.use_pool:
        yield "cannot change from a pooled policy to an unpooled policy (or vice-versa)"
    if current.scheme != new.scheme:
        yield "cannot change to a policy with a different scheme"
    machines = RANKS[new.machine_uniqueness_strategy] - RANKS[current.machine_uniqueness_strategy]
    yield from _ranked("machine", machines, machines_collide)
    components = RANKS[new.component_uniqueness_strategy] - RANKS[current.component_uniqueness_strategy]
    yield from _ranked("component", components, components_collide)


def _ranked(word: str, raised: int, collides: bool) -> Iterator[str]:
    if raised < 0:
        yield f"cannot change to a policy with a less strict {word} uniqueness strategy"
    if raised > 0 and collides:
        yield f"cannot change to a policy with a more strict {word} uniqueness strategy"


def _expiry(license: License, new: Policy, now: datetime) -> datetime | None:
    if new.transfer_strategy != "RESET_EXPIRY":
        return license.expiry
    return None if new.duration is None else add_seconds(now, new.duration)


def _owner_problems(
    changed: License, policy: Policy, attached: bool, inherited: Counted | None
) -> Iterator[Problem | None]:
    if changed.owner_id is None:
        return
    if attached:
        yield unrelated("owner", "INVALID", "already exists (user is attached through users)")
    yield users_problem(changed, policy)
    yield from groups.entry("license", inherited, named=False)
