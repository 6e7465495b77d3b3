"""Licenses as a file says they are: new ones with their defaults, others changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Sent
from chalicelib.admin.transfer.merge import fixed, made, settled
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import fields as rules
from chalicelib.licensing import license_draft as drafts
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.expiry import first
from chalicelib.licensing.group import Counted, entered
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.transfer import change_policy
from chalicelib.licensing.user import User
from chalicelib.store.loads.creation import Creation
from chalicelib.store.loads.license import Licensed


class Parents(msgspec.Struct, frozen=True):
    """What a line names and what exists of it; the group is that of the owner where the line names none."""

    policy: Policy | None
    owner: User | None
    group: Counted | None


def created(sent: Sent, parents: Parents, found: Creation, random_hex: Callable[[int], str], now: datetime) -> License:
    """A new license. Raises Rejected, InvalidFields; limits and everything that time decides are not judged."""
    policy = parents.policy
    if policy is None:
        raise Rejected("relationships.policy: is missing")
    _of_product(sent, policy.product_id)
    key = sent.given.get("key")
    if key is None:
        key = _generated(policy, random_hex)
    check([*_key(key, policy, found), *_fields(sent.given)])

    def create(given: dict[str, Any], at: datetime) -> License:
        usual: dict[str, Any] = {"protected": policy.protected}
        if policy.require_check_in:
            usual["last_check_in"] = at
        if not sent.has("expiry"):
            usual["expiry"] = first(None, policy, "FROM_CREATION", at)
        return License(
            **{**usual, **given, **sent.meta, "key": key},
            id=sent.id,
            product_id=policy.product_id,
            policy_id=policy.id,
            owner_id=None if parents.owner is None else parents.owner.id,
            group_id=entered(parents.group),
            id_is_key=found.id_is_key,
            created=at,
            updated=at,
        )

    return made(sent, now, create)


def changed(sent: Sent, before: Licensed, parents: Parents, now: datetime) -> License:
    """The license with what the line says, the stored one itself when that is nothing new.

    Raises Rejected, InvalidFields. Its basis is raised: whatever was decided on the former license is decided again.
    """
    stored = before.license
    fixed(stored, {"key": sent.given.get("key")})
    check(_fields(sent.given))
    after = replace(stored, **sent.given, **sent.cleared, **sent.meta, **_relations(sent, parents))
    if parents.policy is not None and parents.policy.id != stored.policy_id:
        after = _transferred(after, before.policy, parents.policy, now)
    _of_product(sent, after.product_id)
    license = settled(stored, after, sent, now)
    return stored if license is stored else replace(license, basis=stored.basis + 1)


def _relations(sent: Sent, parents: Parents) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "owner" in sent.links:
        found["owner_id"] = None if parents.owner is None else parents.owner.id
    if "group" in sent.links:
        found["group_id"] = entered(parents.group)
    return found


def _transferred(license: License, current: Policy, new: Policy, now: datetime) -> License:
    """Under another policy, if that fits. With machines it must not be unique more widely: that takes guards."""
    several = license.machines > 0
    moved = change_policy(license, current, new, now, machines_collide=several, components_collide=several)
    return replace(moved, expiry=license.expiry, updated=license.updated, basis=license.basis)


def _of_product(sent: Sent, product_id: str) -> None:
    linked = sent.links.get("product")
    if linked is not None and linked.id != product_id:
        raise Rejected(f"relationships.product: must be {product_id}, that of the policy")


def _generated(policy: Policy, random_hex: Callable[[int], str]) -> str:
    """A key as creation makes them; what was signed, encrypted or pooled elsewhere cannot be made up here."""
    if policy.scheme is not None or policy.encrypted or policy.use_pool:
        raise Rejected("attributes.key: is missing")
    return drafts.generated_key(random_hex(30))


def _key(key: str, policy: Policy, found: Creation) -> Iterator[Problem | None]:
    if key in rules.RESERVED:
        yield rules.invalid("key", "NOT_ALLOWED", "is reserved")
    if found.key_taken:
        yield rules.invalid("key", "TAKEN", "has already been taken")
    if found.key_is_license_id:
        yield rules.invalid("key", "CONFLICT", "must not conflict with another license's identifier (UUID)")
    shortest = drafts.MINIMUM_KEY_LENGTH if policy.scheme is None else 1
    yield rules.text_length("key", key, drafts.MAXIMUM_KEY_LENGTH, shortest)


def _fields(given: dict[str, Any]) -> Iterator[Problem | None]:
    """The rules of attributes, whatever the policy is by now: it may have become stricter since."""
    yield from drafts.attributes(given, None)
    yield rules.integer("uses", given.get("uses"))
    yield rules.text_length("version", given.get("release_version"))
