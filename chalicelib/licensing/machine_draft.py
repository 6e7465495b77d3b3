"""What a machine is created from, and the field rules of machines (spec machines.md §4.3 to §4.7, §4.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.licensing import component as parts
from chalicelib.licensing import fields as rules
from chalicelib.licensing import group as groups
from chalicelib.licensing import uniqueness as names
from chalicelib.licensing.activation_limits import machine_problems
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import MAXIMUM_BIG_INTEGER, MAXIMUM_INTEGER, invalid, unrelated
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import Scope
from chalicelib.licensing.user import User

if TYPE_CHECKING:
    from chalicelib.licensing.machine import Machine

SIZES: Mapping[str, int] = {"cores": MAXIMUM_INTEGER, "memory": MAXIMUM_BIG_INTEGER, "disk": MAXIMUM_BIG_INTEGER}
"""What a machine brings along, and the most it can bring; memory and disk in bytes."""

_TEXTS = ("ip", "hostname", "platform", "name")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation sent and what was found for it.

    `fields` are the attributes sent, snake_case. `license` is None when it does not exist, and `policy`, which is its
    policy, then is too. `owner` and `group` are None when they do not exist; `*_named` says whether the request names
    one. `owner_attached`: the owner is attached to the license. `group` is the one to enter, see `group_to_enter`.
    `taken`: see `uniqueness.taken`; `components_taken` tells the same of the fingerprints of `components` that are
    not free. `fingerprint_is_id`: it is the id of a machine of the account, `id_taken`: so is `machine_id`. `bucket`
    is that of the new machine's owner, or of nobody; only policies that lease machines per user look at it.
    """

    machine_id: str
    fields: Mapping[str, Any]
    license: License | None
    policy: Policy | None
    owner: User | None = None
    owner_named: bool = False
    owner_attached: bool = False
    group: Counted | None = None
    group_named: bool = False
    taken: Scope | None = None
    fingerprint_is_id: bool = False
    id_taken: bool = False
    bucket: Bucket = EMPTY_BUCKET
    components: tuple[parts.Inline, ...] = ()
    components_taken: Mapping[str, Scope] = msgspec.field(default_factory=dict)


def group_to_enter(named_id: str | None, license: License | None, owner: User | None) -> str | None:
    """The id of the group a new machine enters: the one named, else its license's, else its owner's (§4.3)."""
    inherited = [holder.group_id for holder in (license, owner) if holder is not None]
    return next((group_id for group_id in (named_id, *inherited) if group_id is not None), None)


def problems(draft: Draft, machine: Machine) -> Iterator[Problem | None]:
    """Everything wrong with a draft that is to become `machine`, in the order of §4.10."""
    yield from _related(draft)
    yield from _fingerprint(draft)
    yield from attributes(draft.fields)
    if draft.id_taken:
        yield Problem("must not conflict with another machine", code="ID_CONFLICT", pointer="/data/id")
    if draft.license is not None and draft.policy is not None:
        yield from machine_problems(None, machine, draft.license, draft.policy, draft.bucket)
    yield from groups.entry("machine", draft.group, named=False)
    if draft.license is not None and draft.owner is not None:
        yield stranger(draft.owner, draft.license, draft.owner_attached)


def attributes(values: Mapping[str, Any]) -> Iterator[Problem | None]:
    """What is wrong with the fields creation and update share."""
    yield rules.metadata(values.get("metadata"))
    for name, maximum in SIZES.items():
        yield rules.integer(name, values.get(name), 1, maximum)
    for name in _TEXTS:
        yield rules.text_length(name, values.get(name))


def stranger(owner: User, license: License, attached: bool) -> Problem | None:
    """What is said when `owner` is neither the owner of the license nor attached to it."""
    if attached or owner.id == license.owner_id:
        return None
    return unrelated("owner", "INVALID", "must be a valid license user")


def _related(draft: Draft) -> Iterator[Problem | None]:
    if draft.license is None:
        yield unrelated("license", "NOT_FOUND", "must exist")
    yield from parts.inline_problems(draft.components, draft.components_taken)
    if draft.owner_named and draft.owner is None:
        yield unrelated("owner", "NOT_FOUND", "must exist")
    if draft.group_named and draft.group is None:
        yield unrelated("group", "NOT_FOUND", "must exist")


def _fingerprint(draft: Draft) -> Iterator[Problem | None]:
    yield names.taken_problem("machine", draft.taken)
    if draft.fingerprint_is_id:
        yield invalid("fingerprint", "CONFLICT", "must not conflict with another machine's identifier (UUID)")
    yield from names.name_problems("fingerprint", draft.fields["fingerprint"])
