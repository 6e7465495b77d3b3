"""Creation of licenses (spec licenses.md §4)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import license
from chalicelib.licensing.license import Draft, License, generated_key
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK, codes, counted, invalid, policy

GENERATED = generated_key("0123456789" * 3)

POLICY = "/data/relationships/policy"
KEY = "/data/attributes/key"


def draft(**given: Any) -> Draft:
    """What is not a name of the draft is a field that was sent."""
    own = {name: given.pop(name) for name in list(given) if name in Draft.__struct_fields__}
    defaults: dict[str, Any] = {"license_id": "id", "random_key": GENERATED, "policy": policy()}
    return Draft(**defaults | {"fields": given} | own)


def created(**given: Any) -> License:
    return license.create(draft(**given), NOW)


def test_defaults() -> None:
    assert created() == License(
        id="id", product_id="product", policy_id="policy", key=GENERATED, protected=False, created=NOW, updated=NOW
    )


def test_nothing_is_counted_and_nothing_was_sent_at_first() -> None:
    made = created()
    counters = ("uses", "users", "machines", "cores", "memory", "disk", "processes", "revision", "basis")
    assert [getattr(made, name) for name in counters] == [0] * len(counters)
    instants = ("expiry", "last_validated", "last_check_out", "last_check_in", "expired_sent", "expiring_soon_sent")
    assert [getattr(made, name) for name in instants] == [None] * len(instants)
    assert made.suspended is False


def test_everything_sent_is_kept() -> None:
    fields = {
        "name": "",
        "key": "given-key",
        "expiry": NOW - DAY,
        "suspended": True,
        "max_uses": 0,
        "max_cores": 4,
        "metadata": {"a": 1},
        "permissions": ["license.read"],
    }
    made = created(**fields)
    assert {name: getattr(made, name) for name in fields} == fields | {"permissions": ("license.read",)}


def test_null_is_as_good_as_absent() -> None:
    sent = dict.fromkeys(("name", "key", "protected", "suspended", "expiry", "max_machines", "metadata", "permissions"))
    assert created(**sent) == created()


@pytest.mark.parametrize(
    ("given", "live", "protected"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_protected_is_copied_from_the_policy(given: bool | None, live: bool, protected: bool) -> None:
    assert created(policy=policy(protected=live), protected=given).protected is protected


@pytest.mark.parametrize(
    ("basis", "sent", "expiry"),
    [
        ("FROM_CREATION", None, NOW + DAY),
        (None, None, NOW + DAY),
        ("FROM_CREATION", NOW - DAY, NOW - DAY),
        ("FROM_FIRST_USE", None, None),
        ("FROM_FIRST_USE", NOW + TICK, NOW + TICK),
    ],
)
def test_expiry(basis: str | None, sent: datetime | None, expiry: datetime | None) -> None:
    assert created(policy=policy(duration=86_400, expiration_basis=basis), expiry=sent).expiry == expiry


def test_check_ins_start_with_the_license_if_required() -> None:
    assert created(policy=policy(require_check_in=True)).last_check_in == NOW
    assert created().last_check_in is None


def test_a_license_enters_the_group_that_is_named_or_its_owners() -> None:
    owner = make.user(group_id="group")
    for named in (False, True):
        made = created(owner=owner, owner_named=True, group_named=named, group=counted())
        assert (made.owner_id, made.group_id) == ("user", "group")


def test_a_group_that_is_gone_is_not_inherited() -> None:
    assert created(owner=make.user(group_id="gone"), owner_named=True).group_id is None


def test_the_last_place_of_a_group_can_be_taken() -> None:
    assert created(group=counted(4, max_licenses=5)).group_id == "group"


# --- keys -----------------------------------------------------------------------------------------------------------


@given(st.text("0123456789abcdefABCDEF", min_size=30, max_size=30))
def test_generated_keys(digits: str) -> None:
    key = generated_key(digits)
    assert re.fullmatch(r"([0-9A-F]{6}-){5}V3", key)
    assert len(key) == 37
    assert key.replace("-", "") == digits.upper() + "V3"


@pytest.mark.parametrize("digits", ["", "0" * 29, "0" * 31, "g" * 30, "0" * 29 + "\n", "٠" * 30])
def test_keys_are_generated_from_thirty_hex_digits_only(digits: str) -> None:
    with pytest.raises(ValueError):
        generated_key(digits)


@pytest.mark.parametrize(
    ("pooled", "given", "pool_key", "key"),
    [
        (False, None, None, GENERATED),
        (False, "given-key", None, "given-key"),
        (False, None, "pool-key", GENERATED),
        (True, None, "pool-key", "pool-key"),
        (True, "given-key", "pool-key", "given-key"),
        (True, "given-key", None, "given-key"),
    ],
)
def test_where_the_key_comes_from(pooled: bool, given: str | None, pool_key: str | None, key: str) -> None:
    assert created(policy=policy(use_pool=pooled), key=given, pool_key=pool_key).key == key


def test_a_given_key_is_kept_verbatim() -> None:
    for key in ("{{expiry}}", "key/with slash", "ümlaut-key", "8 chars "):
        assert created(key=key).key == key


# --- errors ---------------------------------------------------------------------------------------------------------

FULL = counted(5, max_licenses=5)
OWNER_GROUP_FULL = "license count has exceeded maximum allowed by current group (5)"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"policy": None}, [("POLICY_NOT_FOUND", POLICY, "must exist")]),
        ({"owner_named": True}, [("OWNER_NOT_FOUND", "/data/relationships/owner", "must exist")]),
        ({"group_named": True}, [("GROUP_NOT_FOUND", "/data/relationships/group", "must exist")]),
        (
            {"group": FULL},
            [("GROUP_LICENSE_LIMIT_EXCEEDED", "/data/relationships/group", OWNER_GROUP_FULL)],
        ),
        ({"id_taken": True}, [("ID_CONFLICT", "/data/id", "must not conflict with another license")]),
        (
            {"key": "actions"},
            [("KEY_NOT_ALLOWED", KEY, "is reserved"), ("KEY_TOO_SHORT", KEY, "is too short (minimum is 8 characters)")],
        ),
        ({"key": "given-key", "key_taken": True}, [("KEY_TAKEN", KEY, "has already been taken")]),
        (
            {"key": "given-key", "key_is_license_id": True},
            [("KEY_CONFLICT", KEY, "must not conflict with another license's identifier (UUID)")],
        ),
        ({"key": "k" * 7}, [("KEY_TOO_SHORT", KEY, "is too short (minimum is 8 characters)")]),
        ({"key": "k" * 16_385}, [("KEY_TOO_LONG", KEY, "is too long (maximum is 16384 characters)")]),
        ({"policy": policy(use_pool=True)}, [("POLICY_POOL_EMPTY", POLICY, "pool is empty")]),
        (
            {"policy": policy(scheme="LEGACY_ENCRYPT", encrypted=True)},
            [("SCHEME_NOT_SUPPORTED", POLICY, "license keys of this scheme are not supported yet")],
        ),
        (
            {"name": "n" * 1025},
            [("NAME_TOO_LONG", "/data/attributes/name", "is too long (maximum is 1024 characters)")],
        ),
        (
            {"max_cores": -1},
            [("MAX_CORES_INVALID", "/data/attributes/maxCores", "must be greater than or equal to 1")],
        ),
        (
            {"max_machines": 2},
            [("MAX_MACHINES_INVALID", "/data/attributes/maxMachines", "must be equal to 1 for non-floating policy")],
        ),
        (
            {"permissions": ["license.create"]},
            [("PERMISSIONS_NOT_ALLOWED", "/data/attributes/permissions", "unsupported permissions")],
        ),
        (
            {"metadata": {"a": "x" * 16_377}},
            [("METADATA_TOO_LONG", "/data/attributes/metadata", "too large (exceeded limit of 16384 bytes)")],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_errors(given: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert invalid(created, **given) == expected


@pytest.mark.parametrize("key", ["k" * 8, "k" * 16_384, "ü" * 8])
def test_bounds_of_keys_are_in_characters(key: str) -> None:
    assert created(key=key).key == key


def test_legacy_encrypted_keys_cannot_be_given() -> None:
    terms = policy(encrypted=True, scheme="LEGACY_ENCRYPT")
    assert codes(created, policy=terms, key="given-key") == ["KEY_NOT_SUPPORTED", "SCHEME_NOT_SUPPORTED"]


def test_an_owner_who_does_not_exist_is_no_owner_unless_named() -> None:
    assert created(owner=None, owner_named=False).owner_id is None


def test_everything_is_listed_in_the_order_of_the_specification() -> None:
    everything = draft(
        policy=None,
        owner_named=True,
        group_named=True,
        id_taken=True,
        key="action",
        key_taken=True,
        key_is_license_id=True,
        name="n" * 1025,
        max_uses=-1,
        max_users=-1,
        metadata={f"k{index}": 0 for index in range(65)},
        permissions=["x"],
    )
    assert codes(license.create, everything, NOW) == [
        *("POLICY_NOT_FOUND", "OWNER_NOT_FOUND", "GROUP_NOT_FOUND", "ID_CONFLICT"),
        *("KEY_NOT_ALLOWED", "KEY_TAKEN", "KEY_CONFLICT", "KEY_TOO_SHORT", "NAME_TOO_LONG"),
        *("MAX_USES_INVALID", "MAX_USERS_INVALID", "METADATA_TOO_LONG", "PERMISSIONS_NOT_ALLOWED"),
    ]


def test_a_pool_is_not_asked_for_a_key_that_was_given() -> None:
    assert codes(created, policy=policy(use_pool=True), key="short") == ["KEY_TOO_SHORT"]
