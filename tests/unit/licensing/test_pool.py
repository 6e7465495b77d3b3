"""Pool keys (spec policies.md §6)."""

from __future__ import annotations

import pytest

from chalicelib.licensing import pool
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import Clashes, PoolKey
from tests.unit.licensing.make import LONG_AGO, NOW, invalid, policy, refused

KEY, POLICY, POOL = "/data/attributes/key", "/data/relationships/policy", "/data/relationships/pool"
POOLED = policy(id="p", product_id="q", use_pool=True)
STORED = PoolKey(id="id", key="former-key", policy_id="p", product_id="q", created=LONG_AGO, updated=LONG_AGO)


def created(key: str, clashes: Clashes = Clashes(), policy: Policy | None = POOLED) -> PoolKey:
    return pool.create("id", key, policy=policy, clashes=clashes, now=NOW)


def updated(key: str | None, clashes: Clashes = Clashes()) -> PoolKey:
    return pool.update(STORED, {"key": key}, clashes=clashes, now=NOW)


@pytest.mark.parametrize("key", ["k" * 8, "k" * 1024, "ü" * 8, "  spaces  "])
def test_created(key: str) -> None:
    assert created(key) == PoolKey(id="id", key=key, policy_id="p", product_id="q", created=NOW, updated=NOW)


SHORT = ("KEY_TOO_SHORT", KEY, "is too short (minimum is 8 characters)")
TAKEN = ("KEY_TAKEN", KEY, "has already been taken")
IS_ID = ("KEY_CONFLICT", KEY, "must not conflict with another license's identifier (UUID)")
IS_KEY = ("KEY_CONFLICT", KEY, "is already being used as a license's key")


@pytest.mark.parametrize(
    ("key", "clashes", "expected"),
    [
        ("k" * 7, Clashes(), [SHORT]),
        ("k" * 1025, Clashes(), [("KEY_TOO_LONG", KEY, "is too long (maximum is 1024 characters)")]),
        ("action", Clashes(), [SHORT, ("KEY_NOT_ALLOWED", KEY, "is reserved")]),
        ("actions", Clashes(), [SHORT, ("KEY_NOT_ALLOWED", KEY, "is reserved")]),
        ("long-enough", Clashes(pool_key=True), [TAKEN]),
        ("long-enough", Clashes(license_id=True), [IS_ID]),
        ("long-enough", Clashes(license_key=True), [IS_KEY]),
        ("long-enough", Clashes(pool_key=True, license_id=True, license_key=True), [TAKEN, IS_ID]),
    ],
)
def test_keys_that_are_refused(key: str, clashes: Clashes, expected: list[tuple[str, str, str]]) -> None:
    assert invalid(created, key, clashes) == expected
    assert invalid(updated, key, clashes) == expected


def test_only_a_pooled_policy_takes_keys() -> None:
    assert invalid(created, "long-enough", policy=None) == [("POLICY_NOT_FOUND", POLICY, "must exist")]
    assert invalid(created, "long-enough", policy=policy()) == [
        ("POLICY_NOT_SUPPORTED", POLICY, "cannot be added to an unpooled policy")
    ]
    assert invalid(created, "short", policy=None) == [("POLICY_NOT_FOUND", POLICY, "must exist"), SHORT]


def test_an_update_changes_the_key_only() -> None:
    changed = updated("another-key")
    assert changed == PoolKey(id="id", key="another-key", policy_id="p", product_id="q", created=LONG_AGO, updated=NOW)
    assert updated(None).key == "former-key"


def test_popping() -> None:
    assert pool.popped(POOLED, STORED) is STORED
    empty = refused(InvalidState, lambda: pool.popped(POOLED, None))
    assert empty.problems == (Problem("pool is empty", pointer=POOL),)
    unpooled = refused(InvalidState, lambda: pool.popped(policy(), STORED))
    assert unpooled.problems == (Problem("pool is not supported", pointer=POOL),)
