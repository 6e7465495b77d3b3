"""Pool keys: keys made elsewhere that licenses of a pooled policy take (spec policies.md §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import InvalidState, Problem, check
from chalicelib.licensing.fields import invalid, unrelated
from chalicelib.licensing.policy import Policy

MINIMUM_KEY_LENGTH, MAXIMUM_KEY_LENGTH = 8, 1024


class PoolKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that waits in the pool of a policy."""

    id: str
    key: str
    policy_id: str
    product_id: str
    created: datetime
    updated: datetime
    revision: int = 0


class Clashes(msgspec.Struct, frozen=True, kw_only=True):
    """What else in the account a key sent is already: another pool key, the id of a license, the key of a license."""

    pool_key: bool = False
    license_id: bool = False
    license_key: bool = False


def create(key_id: str, key: str, *, policy: Policy | None, clashes: Clashes, now: datetime) -> PoolKey:
    """A new key in the pool of `policy`, which is None when no such policy exists. Raises InvalidFields."""
    check([*_policy(policy), *_key(key, clashes)])
    assert policy is not None
    return PoolKey(id=key_id, key=key, policy_id=policy.id, product_id=policy.product_id, created=now, updated=now)


def update(pooled: PoolKey, changes: Mapping[str, Any], *, clashes: Clashes, now: datetime) -> PoolKey:
    """`pooled` with the key that was sent, if one was; `clashes` are with others. Raises InvalidFields."""
    key = changes.get("key")
    if key is None:
        return replace(pooled, updated=now)
    check(_key(key, clashes))
    return replace(pooled, key=key, updated=now)


def popped(policy: Policy, pooled: PoolKey | None) -> PoolKey:
    """The key that leaves the pool: `pooled`, None when the pool is empty. Raises InvalidState."""
    if not policy.use_pool:
        raise InvalidState(Problem("pool is not supported", pointer="/data/relationships/pool"))
    if pooled is None:
        raise InvalidState(Problem("pool is empty", pointer="/data/relationships/pool"))
    return pooled


def _policy(policy: Policy | None) -> Iterator[Problem]:
    if policy is None:
        yield unrelated("policy", "NOT_FOUND", "must exist")
    elif not policy.use_pool:
        yield unrelated("policy", "NOT_SUPPORTED", "cannot be added to an unpooled policy")


def _key(key: str, clashes: Clashes) -> Iterator[Problem | None]:
    yield rules.text_length("key", key, MAXIMUM_KEY_LENGTH, MINIMUM_KEY_LENGTH)
    if key in rules.RESERVED:
        yield invalid("key", "NOT_ALLOWED", "is reserved")
    if clashes.pool_key:
        yield invalid("key", "TAKEN", "has already been taken")
    if clashes.license_id:
        yield invalid("key", "CONFLICT", "must not conflict with another license's identifier (UUID)")
    if clashes.license_key:
        yield invalid("key", "CONFLICT", "is already being used as a license's key")
