"""What a license is created from, and the field rules of licenses (spec licenses.md §1.2, §4.3, §4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.licensing import fields as rules
from chalicelib.licensing import group as groups
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import MAXIMUM_BIG_INTEGER, MAXIMUM_INTEGER, invalid, unrelated
from chalicelib.licensing.group import Counted
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User

if TYPE_CHECKING:
    from chalicelib.licensing.license import License

MINIMUM_KEY_LENGTH = 8
MAXIMUM_KEY_LENGTH = 16_384
NAME_LENGTH = 1024

# override: lowest and highest value; null and 0 inherit and are not judged.
OVERRIDES: Mapping[str, tuple[int, int]] = {
    "max_machines": (0, MAXIMUM_INTEGER),
    "max_cores": (1, MAXIMUM_INTEGER),
    "max_memory": (1, MAXIMUM_BIG_INTEGER),
    "max_disk": (1, MAXIMUM_BIG_INTEGER),
    "max_uses": (0, MAXIMUM_INTEGER),
    "max_processes": (0, MAXIMUM_INTEGER),
    "max_users": (0, MAXIMUM_INTEGER),
}

_RANDOM = re.compile(r"[0-9A-F]{30}")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a creation sent and what was found for it.

    `fields` are the attributes sent, snake_case. `policy` and `owner` are None when they do not exist; `*_named`
    says whether the request names one. `group` is the one to enter: the one named, else that of the owner; None when
    it does not exist. `random_key` comes from `generated_key`; `pool_key` was taken from the pool of the policy, None
    if it is empty. `key_taken` and `key_is_license_id` are about the key sent.
    """

    license_id: str
    random_key: str
    fields: Mapping[str, Any]
    policy: Policy | None
    owner: User | None = None
    owner_named: bool = False
    group_named: bool = False
    group: Counted | None = None
    key_taken: bool = False
    key_is_license_id: bool = False
    id_taken: bool = False
    pool_key: str | None = None


def generated_key(random_hex30: str) -> str:
    """`XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX-V3` of 30 random hex digits (§4.3); ValueError for anything else."""
    digits = random_hex30.upper()
    if not _RANDOM.fullmatch(digits):
        raise ValueError("30 hex digits expected")
    return "-".join([*(digits[start : start + 6] for start in range(0, 30, 6)), "V3"])


def chosen_key(draft: Draft) -> str:
    """The key given, else one of the pool, else a generated one (§4.3)."""
    given: str | None = draft.fields.get("key")
    pooled = draft.pool_key if draft.policy is not None and draft.policy.use_pool else None
    return given or pooled or draft.random_key


def problems(draft: Draft) -> Iterator[Problem | None]:
    """Everything wrong with a draft, in the order of §4.5."""
    yield from _related(draft)
    if draft.id_taken:
        yield Problem("must not conflict with another license", code="ID_CONFLICT", pointer="/data/id")
    yield from _key(draft)
    if draft.policy is not None:
        yield from _key_source(draft.policy, draft)
    yield from attributes(draft.fields, draft.policy)


def attributes(values: Mapping[str, Any], policy: Policy | None) -> Iterator[Problem | None]:
    """What is wrong with the fields creation and update share; `policy` None judges without it."""
    yield rules.text_length("name", values.get("name"), NAME_LENGTH)
    yield from overrides(values, policy)
    yield rules.metadata(values.get("metadata"))
    yield rules.permissions("license", values.get("permissions"))


def overrides(values: Mapping[str, Any], policy: Policy | None) -> Iterator[Problem | None]:
    """What is wrong with limit overrides under `policy` (§1.2)."""
    for name, (low, high) in OVERRIDES.items():
        value = values.get(name)
        if value:
            yield rules.integer(name, value, low, high)
            if name == "max_machines" and policy is not None:
                yield _fits(value, policy.floating)


def overrides_of(license: License) -> dict[str, int | None]:
    """The limits a license overrides, as fields."""
    return {name: getattr(license, name) for name in OVERRIDES}


def stored_overrides(license: License, policy: Policy) -> Iterator[Problem | None]:
    """What is wrong with limits stored before: their policy may have become stricter, every save asks anew (§1.2)."""
    return overrides(overrides_of(license), policy)


def _fits(machines: int, floating: bool) -> Problem | None:
    if floating and machines < 1:
        return invalid("max_machines", "INVALID", "must be greater than or equal to 1 for floating policy")
    if not floating and machines != 1:
        return invalid("max_machines", "INVALID", "must be equal to 1 for non-floating policy")
    return None


def _related(draft: Draft) -> Iterator[Problem | None]:
    if draft.policy is None:
        yield unrelated("policy", "NOT_FOUND", "must exist")
    if draft.owner_named and draft.owner is None:
        yield unrelated("owner", "NOT_FOUND", "must exist")
    yield from groups.entry("license", draft.group, named=draft.group_named)


def _key(draft: Draft) -> Iterator[Problem | None]:
    key: str | None = draft.fields.get("key")
    if key is None:
        return
    if key in rules.RESERVED:
        yield invalid("key", "NOT_ALLOWED", "is reserved")
    if draft.key_taken:
        yield invalid("key", "TAKEN", "has already been taken")
    if draft.key_is_license_id:
        yield invalid("key", "CONFLICT", "must not conflict with another license's identifier (UUID)")
    plain = draft.policy is None or draft.policy.scheme is None
    yield rules.text_length("key", key, MAXIMUM_KEY_LENGTH, MINIMUM_KEY_LENGTH if plain else 1)
    if draft.policy is not None and draft.policy.encrypted:
        yield invalid("key", "NOT_SUPPORTED", "cannot be specified for a legacy encrypted license")


def _key_source(policy: Policy, draft: Draft) -> Iterator[Problem]:
    if policy.encrypted:
        detail = "license keys of this scheme are not supported yet"
        yield Problem(detail, code="SCHEME_NOT_SUPPORTED", pointer="/data/relationships/policy")
    if policy.use_pool and draft.fields.get("key") is None and draft.pool_key is None:
        yield Problem("pool is empty", code="POLICY_POOL_EMPTY", pointer="/data/relationships/policy")
