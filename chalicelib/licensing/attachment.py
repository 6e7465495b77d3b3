"""Attachments: users and entitlements of a license, entitlements of a policy, owners of a group.

A request names several targets in order. All are attached, or detached, or none: the first that fails is the error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from chalicelib.licensing import limits
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.errors import AccessDenied, InvalidFields, InvalidState, Problem
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.license import License, limit
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """`target_id` (a user or an entitlement) belongs to `holder_id` (a license, policy or group).

    `kind` is `license-user`, `license-entitlement`, `policy-entitlement` or `group-owner`; `target_created` sorts
    lists of targets without reading them.
    """

    id: str
    kind: str
    holder_id: str
    target_id: str
    target_created: datetime
    created: datetime
    updated: datetime


class Wanted(msgspec.Struct, frozen=True):
    """The ids a request asks to attach, in its order; those of them that exist, and those the holder has already."""

    asked: Sequence[str]
    found: Mapping[str, User | Entitlement]
    attached: Collection[str] = ()


NewId = Callable[[], str]
Attached = Mapping[str, Attachment]
"""What a holder has of one kind, by the id of the target; only the ids a request asks to detach are looked at."""

_Rule = Callable[[str, int], Problem | None]
"""What speaks against one more target, after so many of the same request."""

_WORDS = {
    "license-user": "user",
    "license-entitlement": "entitlement",
    "policy-entitlement": "entitlement",
    "group-owner": "user",
}


def highest_users(license: License, policy: Policy) -> int | None:
    """How many users may be attached at most, beside the owner if there is one; None for any number (§10.2)."""
    highest = limits.highest(limit(license, policy, "max_users"), policy.overage_strategy)
    return None if highest is None else highest - (license.owner_id is not None)


def users_problem(license: License, policy: Policy, more: int = 0) -> Problem | None:
    """What is said when `more` attached users would be too many for the license and its owner."""
    highest = highest_users(license, policy)
    if highest is None or license.users + more <= highest:
        return None
    detail = f"user count has exceeded maximum allowed for license ({limit(license, policy, 'max_users')})"
    return Problem(detail, code="USER_LIMIT_EXCEEDED", pointer="/data/relationships/users")


def attach_users(
    license: License, policy: Policy, wanted: Wanted, new_id: NewId, now: datetime
) -> tuple[Attachment, ...]:
    """Users for a license, each of them counted (licenses.md §10.2). Raises InvalidFields."""

    def rule(user_id: str, before: int) -> Problem | None:
        if user_id == license.owner_id:
            return unrelated("user", "CONFLICT", "already exists (user is attached through owner)")
        return users_problem(license, policy, before + 1)

    return _attach("license-user", license.id, wanted, rule, new_id, now)


def attach_license_entitlements(
    license_id: str, wanted: Wanted, inherited: Collection[str], new_id: NewId, now: datetime
) -> tuple[Attachment, ...]:
    """Entitlements for a license; `inherited` has those of its policy (licenses.md §10.3). Raises InvalidFields."""

    def rule(entitlement_id: str, before: int) -> Problem | None:
        if entitlement_id not in inherited:
            return None
        return unrelated("entitlement", "CONFLICT", "already exists (entitlement is attached through policy)")

    return _attach("license-entitlement", license_id, wanted, rule, new_id, now)


def attach_policy_entitlements(policy_id: str, wanted: Wanted, new_id: NewId, now: datetime) -> tuple[Attachment, ...]:
    """Entitlements for a policy (policies.md §2.1). Raises InvalidFields."""
    return _attach("policy-entitlement", policy_id, wanted, _nothing, new_id, now)


def attach_group_owners(group_id: str, wanted: Wanted, new_id: NewId, now: datetime) -> tuple[Attachment, ...]:
    """Owners for a group (resources.md §3). Raises InvalidFields."""
    return _attach("group-owner", group_id, wanted, _nothing, new_id, now)


def detach_users(license: License, asked: Sequence[str], attached: Attached) -> tuple[Attachment, ...]:
    """What a license loses. Raises AccessDenied for its owner, then InvalidState (licenses.md §10.2)."""
    owners = () if license.owner_id is None else (license.owner_id,)
    _refuse_implied(asked, owners, "user", "owner")
    return _detach(asked, attached, "cannot detach user '{}' (user is not attached)")


def detach_license_entitlements(
    asked: Sequence[str], attached: Attached, inherited: Collection[str]
) -> tuple[Attachment, ...]:
    """What a license loses. Raises AccessDenied for what its policy has, then InvalidState (licenses.md §10.3)."""
    _refuse_implied(asked, inherited, "entitlement", "policy")
    return detach_policy_entitlements(asked, attached)


def detach_policy_entitlements(asked: Sequence[str], attached: Attached) -> tuple[Attachment, ...]:
    """What a policy loses. Raises InvalidState (policies.md §2.1)."""
    return _detach(asked, attached, "cannot detach entitlement '{}' (entitlement is not attached)")


def detach_group_owners(asked: Sequence[str], attached: Attached) -> tuple[Attachment, ...]:
    """Who owns a group no more. Raises InvalidState (resources.md §3)."""
    return _detach(asked, attached, "owner relationship for user '{}' not found")


def _attach(
    kind: str, holder_id: str, wanted: Wanted, rule: _Rule, new_id: NewId, now: datetime
) -> tuple[Attachment, ...]:
    made: dict[str, Attachment] = {}
    for target_id in wanted.asked:
        problem = _unfit(_WORDS[kind], target_id, wanted, made) or rule(target_id, len(made))
        if problem is not None:
            raise InvalidFields(problem)
        made[target_id] = Attachment(
            id=new_id(),
            kind=kind,
            holder_id=holder_id,
            target_id=target_id,
            target_created=wanted.found[target_id].created,
            created=now,
            updated=now,
        )
    return tuple(made.values())


def _unfit(word: str, target_id: str, wanted: Wanted, made: Collection[str]) -> Problem | None:
    if target_id not in wanted.found:
        return unrelated(word, "NOT_FOUND", "must exist")
    if target_id in wanted.attached or target_id in made:
        return unrelated(word, "TAKEN", "already exists")
    return None


def _nothing(target_id: str, before: int) -> None:
    return None


def _refuse_implied(asked: Sequence[str], implied: Collection[str], word: str, through: str) -> None:
    for index, target_id in enumerate(asked):
        if target_id in implied:
            detail = f"cannot detach {word} '{target_id}' ({word} is attached through {through})"
            raise AccessDenied(Problem(detail, pointer=f"/data/{index}"))


def _detach(asked: Sequence[str], attached: Attached, detail: str) -> tuple[Attachment, ...]:
    """Whoever is named twice is not attached any more the second time."""
    gone: dict[str, Attachment] = {}
    for index, target_id in enumerate(asked):
        if target_id not in attached or target_id in gone:
            raise InvalidState(Problem(detail.format(target_id), pointer=f"/data/{index}"))
        gone[target_id] = attached[target_id]
    return tuple(gone.values())
