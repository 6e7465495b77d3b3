"""Users (spec resources.md §4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from chalicelib.licensing import permissions, user
from chalicelib.licensing.user import User
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK, codes, counted, invalid

EMAIL, PASSWORD = "/data/attributes/email", "/data/attributes/password"
GROUP = "/data/relationships/group"
NINETY_DAYS = timedelta(days=90)
OWN = ("email_taken", "password", "group", "group_named")
STORED = make.user(
    first_name="First", last_name="Last", password="hash", metadata={"a": 1}, reset_digest="d", reset_issued=NOW - DAY
)


def split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    own = {name: given.pop(name) for name in OWN if name in given}
    return given, {"email_taken": False, "now": NOW} | own


def created(**given: Any) -> User:
    fields, own = split({"email": "someone@acme.example"} | given)
    return user.create("id", fields, **own)


def updated(before: User = STORED, **given: Any) -> User:
    fields, own = split(given)
    return user.update(before, fields, **own)


# --- create and update ----------------------------------------------------------------------------------------------


def test_defaults() -> None:
    assert created() == User(id="id", email="someone@acme.example", role="user", created=NOW, updated=NOW)
    sent = dict.fromkeys(("first_name", "last_name", "metadata", "role", "permissions", "password", "group"))
    assert created(**sent) == created()


def test_everything_sent_is_kept() -> None:
    fields = {"first_name": "", "last_name": "L", "role": "sales-agent", "metadata": {"a": 1}}
    made = created(**fields, permissions=["user.read"])
    assert {name: getattr(made, name) for name in fields} == fields
    assert made.permissions == ("user.read",)


def test_emails_are_stored_trimmed_and_in_lower_case() -> None:
    assert created(email=" Some@ACME.Example ").email == "some@acme.example"
    assert updated(email=" Some@ACME.Example ").email == "some@acme.example"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"email": "nobody"}, [("EMAIL_INVALID", EMAIL, "is invalid")]),
        ({"email": "a@b.co", "email_taken": True}, [("EMAIL_TAKEN", EMAIL, "has already been taken")]),
        (
            {"email": "a" * 245 + "@acme.example"},
            [("EMAIL_TOO_LONG", EMAIL, "is too long (maximum is 255 characters)")],
        ),
        ({"password": "12345"}, [("PASSWORD_TOO_SHORT", PASSWORD, "is too short (minimum is 6 characters)")]),
        ({"password": "x" * 73}, [("PASSWORD_TOO_LONG", PASSWORD, "is too long (maximum is 72 characters)")]),
        (
            {"first_name": "f" * 256},
            [("FIRST_NAME_TOO_LONG", "/data/attributes/firstName", "is too long (maximum is 255 characters)")],
        ),
        (
            {"last_name": "l" * 256},
            [("LAST_NAME_TOO_LONG", "/data/attributes/lastName", "is too long (maximum is 255 characters)")],
        ),
        (
            {"permissions": ["product.create"]},
            [("PERMISSIONS_NOT_ALLOWED", "/data/attributes/permissions", "unsupported permissions")],
        ),
        (
            {"permissions": ["user.read", "user.read"]},
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
    assert invalid(updated, **given) == expected


def test_an_email_is_needed() -> None:
    assert invalid(lambda: user.create("id", {}, email_taken=False, now=NOW)) == [
        ("EMAIL_INVALID", EMAIL, "is invalid")
    ]


def test_all_errors_are_listed_in_order() -> None:
    given = {"email": "x" * 256, "email_taken": True, "first_name": "f" * 256, "last_name": "l" * 256}
    given |= {"password": "short", "permissions": ["x"], "metadata": {f"k{index}": 0 for index in range(65)}}
    assert codes(created, **given, group_named=True) == [
        *("EMAIL_INVALID", "EMAIL_TAKEN", "EMAIL_TOO_LONG", "FIRST_NAME_TOO_LONG", "LAST_NAME_TOO_LONG"),
        *("PASSWORD_TOO_SHORT", "GROUP_NOT_FOUND", "PERMISSIONS_NOT_ALLOWED", "METADATA_TOO_LONG"),
    ]


@pytest.mark.parametrize("password", ["secret", "x" * 72, "ü" * 6])
def test_passwords_are_judged_in_characters_and_never_kept(password: str) -> None:
    assert created(password=password).password is None
    assert updated(password=password).password == "hash"


def test_permissions_are_judged_by_the_role_sent() -> None:
    assert codes(created, permissions=["product.create"], role="developer") == []
    assert codes(updated, permissions=["product.create"], role="developer") == []
    assert codes(updated, make.user(role="developer"), permissions=["product.create"], role="user") == [
        "PERMISSIONS_NOT_ALLOWED"
    ]


def test_an_update_changes_what_was_sent_only() -> None:
    changed = updated(first_name="New")
    assert changed == replace(STORED, first_name="New", updated=NOW)
    assert updated(email=None, metadata=None, role=None, permissions=None) == replace(STORED, updated=NOW)


def test_null_clears_names_and_the_password() -> None:
    changed = updated(first_name=None, last_name=None, password=None)
    assert (changed.first_name, changed.last_name, changed.password) == (None, None, None)
    assert updated(password=UNSET).password == "hash"


def test_only_what_is_sent_is_judged() -> None:
    odd = make.user(email="admin@localhost", permissions=("no.longer.known",))
    assert updated(odd, first_name="New").first_name == "New"


# --- roles and permissions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "stored", "new", "kept"),
    [
        ("user", ("*",), "admin", ("*",)),
        ("developer", None, "admin", None),
        ("admin", None, "read-only", None),
        ("admin", ("user.read", "license.create"), "read-only", ("user.read",)),
        ("admin", ("*", "license.create", "user.read"), "read-only", ("*", "user.read")),
        ("admin", (), "user", ()),
        ("user", ("account.read",), "user", ("account.read",)),
    ],
)
def test_a_new_role_narrows_the_permissions(
    old: str, stored: tuple[str, ...] | None, new: str, kept: tuple[str, ...] | None
) -> None:
    assert updated(make.user(role=old, permissions=stored), role=new).permissions == kept


def test_a_customer_who_becomes_admin_keeps_what_it_had() -> None:
    promoted = updated(make.user(), role="admin")
    assert user.held(promoted) == permissions.default("user") & permissions.default("admin")
    assert not user.is_full_admin(promoted)


def test_a_new_role_revokes_the_tokens() -> None:
    before = make.user(token_generation=2)
    assert updated(before, role="admin").token_generation == 3
    kept: list[dict[str, Any]] = [{"role": "user"}, {"role": None}, {"permissions": []}, {"email": "b@acme.example"}]
    for changes in kept:
        assert updated(before, **changes).token_generation == 2
    assert user.tokens_revoked(before) == replace(before, token_generation=3)


def test_permissions_sent_with_a_role_replace() -> None:
    assert updated(make.user(), role="admin", permissions=["*"]).permissions == ("*",)


ROLES = ("user", "admin", "developer", "sales-agent", "support-agent", "read-only")
sets = st.none() | st.lists(st.sampled_from(["*", *sorted(permissions.allowed("admin"))]), unique=True).map(tuple)


@given(st.sampled_from(ROLES), st.sampled_from(ROLES), sets)
def test_a_new_role_never_widens(old: str, new: str, stored: tuple[str, ...] | None) -> None:
    before = make.user(role=old, permissions=stored)
    after = updated(before, role=new)
    assert after.role == new
    assert user.held(after) <= user.held(before)
    if old != new:
        assert user.held(after) == user.held(before) & (permissions.default(new) | {"*"})
        assert after.permissions is None or permissions.supported(new, after.permissions)


@pytest.mark.parametrize(
    ("fields", "full"),
    [
        ({"role": "admin"}, True),
        ({"role": "admin", "permissions": ("*",)}, True),
        ({"role": "admin", "permissions": ()}, False),
        ({"role": "admin", "permissions": tuple(sorted(permissions.allowed("admin")))}, True),
        ({"role": "developer", "permissions": ("*",)}, False),
        ({"role": "admin", "banned_at": NOW}, False),
        ({}, False),
    ],
)
def test_full_admins(fields: dict[str, Any], full: bool) -> None:
    assert user.is_full_admin(make.user(**fields)) is full


# --- groups, bans, passwords, status --------------------------------------------------------------------------------

FULL = counted(3, max_users=3)
FULL_PROBLEM = (
    *("GROUP_USER_LIMIT_EXCEEDED", GROUP),
    "user count has exceeded maximum allowed by current group (3)",
)


def test_entering_a_group() -> None:
    assert created(group=counted(), group_named=True).group_id == "group"
    assert invalid(created, group_named=True) == [("GROUP_NOT_FOUND", GROUP, "must exist")]
    assert invalid(created, group=FULL, group_named=True) == [FULL_PROBLEM]


def test_changing_the_group() -> None:
    inside = make.user(group_id="group")
    changed = user.change_group(make.user(group_id="other"), counted(), NOW, named=True)
    assert (changed.group_id, changed.updated) == ("group", NOW)
    assert user.change_group(inside, None, NOW, named=False).group_id is None
    assert user.change_group(inside, FULL, NOW, named=True) == replace(inside, updated=NOW)
    assert invalid(user.change_group, make.user(), FULL, NOW, named=True) == [FULL_PROBLEM]
    assert invalid(user.change_group, inside, None, NOW, named=True) == [("GROUP_NOT_FOUND", GROUP, "must exist")]


def test_bans() -> None:
    free = make.user()
    banned = user.ban(free, NOW)
    assert banned == replace(free, banned_at=NOW, updated=NOW)
    assert user.ban(banned, NOW + DAY) == banned
    assert user.unban(banned, NOW + DAY) == replace(free, updated=NOW + DAY)
    assert user.unban(free, NOW) == free


def test_a_new_password_uses_up_the_token_to_reset_it() -> None:
    for hashed in ("new", None):
        changed = user.with_password(STORED, hashed, NOW)
        assert (changed.password, changed.reset_digest, changed.reset_issued) == (hashed, None, None)
        assert changed.updated == NOW
    assert updated(password=None).reset_digest is None


def test_a_token_to_reset_replaces_the_former() -> None:
    asked = user.reset_requested(STORED, "digest", NOW)
    assert asked == replace(STORED, reset_digest="digest", reset_issued=NOW, updated=NOW)


@pytest.mark.parametrize(
    ("fields", "activity", "status"),
    [
        ({"created": NOW, "banned_at": NOW}, NOW, "BANNED"),
        ({"created": NOW}, None, "ACTIVE"),
        ({"created": NOW - NINETY_DAYS}, None, "ACTIVE"),
        ({"created": NOW - NINETY_DAYS - TICK}, None, "INACTIVE"),
        ({"created": NOW - NINETY_DAYS - TICK}, NOW - NINETY_DAYS - TICK, "INACTIVE"),
        ({"created": NOW - NINETY_DAYS - TICK}, NOW - NINETY_DAYS, "ACTIVE"),
        ({"created": NOW}, make.LONG_AGO, "ACTIVE"),
    ],
)
def test_status(fields: dict[str, Any], activity: datetime | None, status: str) -> None:
    assert user.status(make.user(**fields), activity, NOW) == status
