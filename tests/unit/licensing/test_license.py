from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import license, permissions
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from tests.unit.licensing import make
from tests.unit.licensing.make import BIG_INTEGER, DAY, INTEGER, NOW, TICK, codes, invalid, license_, policy, refused

THREE_DAYS, NINETY_DAYS = timedelta(days=3), timedelta(days=90)
LATER = NOW + DAY


# --- readings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "inherited", "effective"),
    [(None, None, None), (None, 5, 5), (0, 5, 5), (0, None, None), (3, 5, 3), (3, None, 3), (None, 0, 0), (0, 0, 0)],
)
def test_limits(override: int | None, inherited: int | None, effective: int | None) -> None:
    for name in ("max_machines", "max_cores", "max_memory", "max_disk", "max_uses", "max_processes", "max_users"):
        assert license.limit(license_(**{name: override}), policy(**{name: inherited}), name) == effective


@pytest.mark.parametrize(
    ("fields", "banned", "status"),
    [
        ({}, False, "ACTIVE"),
        ({"suspended": True, "expiry": NOW - DAY}, True, "BANNED"),
        ({"suspended": True, "expiry": NOW - DAY}, False, "SUSPENDED"),
        ({"expiry": NOW - TICK}, False, "EXPIRED"),
        ({"expiry": NOW}, False, "ACTIVE"),
        ({"expiry": NOW + TICK}, False, "EXPIRING"),
        ({"expiry": NOW + THREE_DAYS - TICK}, False, "EXPIRING"),
        ({"expiry": NOW + THREE_DAYS}, False, "ACTIVE"),
        ({"created": NOW - NINETY_DAYS}, False, "ACTIVE"),
        ({"created": NOW - NINETY_DAYS - TICK}, False, "INACTIVE"),
        ({"created": make.LONG_AGO, "last_validated": NOW - NINETY_DAYS}, False, "ACTIVE"),
        ({"created": make.LONG_AGO, "last_check_out": NOW - NINETY_DAYS}, False, "ACTIVE"),
        ({"created": make.LONG_AGO, "last_check_in": NOW - NINETY_DAYS}, False, "ACTIVE"),
        ({"created": make.LONG_AGO, "updated": NOW, "last_validated": NOW - NINETY_DAYS - TICK}, False, "INACTIVE"),
        ({"created": make.LONG_AGO, "expiry": NOW + DAY}, False, "EXPIRING"),
    ],
)
def test_status(fields: dict[str, Any], banned: bool, status: str) -> None:
    assert license.status(license_(**fields), banned, NOW) == status


@pytest.mark.parametrize(("expiry", "expired"), [(None, False), (NOW, False), (NOW + TICK, False), (NOW - TICK, True)])
def test_expired_is_strictly_before_now(expiry: datetime | None, expired: bool) -> None:
    assert license.is_expired(license_(expiry=expiry), NOW) is expired


@pytest.mark.parametrize(
    ("own", "live", "protected"), [(None, True, True), (None, False, False), (False, True, False), (True, False, True)]
)
def test_protected_is_the_stored_flag(own: bool | None, live: bool, protected: bool) -> None:
    assert license.is_protected(license_(protected=own), policy(protected=live)) is protected


@pytest.mark.parametrize(
    ("own", "owner", "shown"),
    [
        (("license.validate", "license.read"), None, ["license.read", "license.validate"]),
        ((), None, []),
        (("*",), None, ["*"]),
        (("*",), ("license.read",), ["license.read"]),
        (("license.read",), ("*",), ["license.read"]),
        (("license.read", "license.validate"), ("license.read", "license.create"), ["license.read"]),
    ],
)
def test_shown_permissions(own: tuple[str, ...], owner: tuple[str, ...] | None, shown: list[str]) -> None:
    holder = None if owner is None else make.user(permissions=owner)
    assert license.shown_permissions(license_(permissions=own), holder) == shown


def test_shown_permissions_by_default() -> None:
    defaults = permissions.default("license")
    assert license.shown_permissions(license_(), None) == sorted(defaults)
    assert license.shown_permissions(license_(), make.user()) == sorted(defaults & permissions.default("user"))


# --- first expiry ---------------------------------------------------------------------------------------------------

TRIGGERS = ("FROM_CREATION", "FROM_FIRST_VALIDATION", "FROM_FIRST_ACTIVATION", "FROM_FIRST_USE", "FROM_FIRST_DOWNLOAD")


@pytest.mark.parametrize("basis", TRIGGERS)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_only_the_trigger_of_the_basis_sets_an_expiry(basis: str, trigger: str) -> None:
    terms = policy(duration=86_400, expiration_basis=basis)
    assert license.first_expiry(license_(), terms, trigger, NOW) == (NOW + DAY if basis == trigger else None)


def test_an_expiry_is_never_replaced_and_needs_a_duration() -> None:
    assert license.first_expiry(license_(expiry=NOW), policy(duration=86_400), "FROM_CREATION", NOW) is None
    assert license.first_expiry(license_(), policy(), "FROM_CREATION", NOW) is None


# --- update ---------------------------------------------------------------------------------------------------------

STORED = license_(name="Old", expiry=NOW + DAY, max_uses=5, metadata={"a": 1}, permissions=("license.read",), basis=7)
FLOATING = policy(floating=True)


def updated(stored: License = STORED, /, **changes: Any) -> License:
    terms: Policy = changes.pop("terms", FLOATING)
    return license.update(stored, changes, terms, LATER)


def test_an_update_changes_what_was_sent_only() -> None:
    assert updated() == replace(STORED, updated=LATER)
    assert updated(name="New", suspended=True) == replace(STORED, name="New", suspended=True, updated=LATER)


@pytest.mark.parametrize(
    "name",
    [
        *("name", "expiry", "max_machines", "max_processes", "max_users", "max_cores", "max_memory", "max_disk"),
        "max_uses",
    ],
)
def test_null_clears(name: str) -> None:
    assert getattr(updated(**{name: None}), name) is None


@pytest.mark.parametrize("name", ["protected", "suspended", "metadata", "permissions"])
def test_null_changes_nothing_else(name: str) -> None:
    assert getattr(updated(**{name: None}), name) == getattr(STORED, name)


def test_the_whole_metadata_and_the_whole_set_are_replaced() -> None:
    changed = updated(metadata={"b": 2}, permissions=["license.validate"])
    assert changed.metadata == {"b": 2}
    assert changed.permissions == ("license.validate",)
    assert updated(metadata={}).metadata == {}
    assert updated(permissions=[]).permissions == ()


@pytest.mark.parametrize(
    ("changes", "raised"),
    [({"max_uses": 6}, 1), ({"max_uses": None}, 1), ({"max_cores": 4}, 1), ({"max_uses": 5}, 0), ({"name": "x"}, 0)],
)
def test_the_basis_is_raised_with_every_change_of_a_limit(changes: dict[str, Any], raised: int) -> None:
    assert updated(**changes).basis == STORED.basis + raised


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "n" * 1025}, ["NAME_TOO_LONG"]),
        ({"name": "n" * 1024}, []),
        ({"name": ""}, []),
        ({"permissions": ("license.create",)}, ["PERMISSIONS_NOT_ALLOWED"]),
        ({"permissions": ("license.read",) * 2}, ["PERMISSIONS_NOT_ALLOWED"]),
        ({"metadata": {"a": "x" * 17_000}}, ["METADATA_TOO_LONG"]),
        (
            {"name": "n" * 1025, "max_uses": -1, "permissions": ("x",)},
            ["NAME_TOO_LONG", "MAX_USES_INVALID", "PERMISSIONS_NOT_ALLOWED"],
        ),
    ],
    ids=range(7),
)
def test_an_update_is_judged(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(updated, **changes) == expected


def test_what_was_not_sent_is_not_judged_except_limits() -> None:
    stored = replace(STORED, permissions=("gone.permission",), name="n" * 2000)
    assert codes(updated, stored, suspended=True) == []
    assert codes(updated, replace(STORED, max_machines=5), terms=policy(), name="x") == ["MAX_MACHINES_INVALID"]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("max_machines", 0, INTEGER),
        ("max_cores", 1, INTEGER),
        ("max_memory", 1, BIG_INTEGER),
        ("max_disk", 1, BIG_INTEGER),
        ("max_uses", 0, INTEGER),
        ("max_processes", 0, INTEGER),
        ("max_users", 0, INTEGER),
    ],
)
def test_override_bounds(name: str, low: int, high: int) -> None:
    for value in (None, 0, 1, high):
        assert getattr(updated(**{name: value}), name) == value
    code = f"{name.upper()}_INVALID"
    [(below, _, floor)] = invalid(updated, **{name: -1})
    [(above, _, ceiling)] = invalid(updated, **{name: high + 1})
    assert (below, above) == (code, code)
    assert floor == f"must be greater than or equal to {low}"
    assert ceiling == f"must be less than or equal to {high}"


@pytest.mark.parametrize(
    ("floating", "value", "detail"),
    [
        (True, 0, None),
        (True, 1, None),
        (True, -1, "must be greater than or equal to 0"),
        (False, 0, None),
        (False, 1, None),
        (False, 2, "must be equal to 1 for non-floating policy"),
    ],
)
def test_max_machines_depends_on_the_policy(floating: bool, value: int, detail: str | None) -> None:
    found = invalid(updated, terms=policy(floating=floating), max_machines=value)
    assert found == ([("MAX_MACHINES_INVALID", "/data/attributes/maxMachines", detail)] if detail else [])


# --- suspend, reinstate, renew --------------------------------------------------------------------------------------


def test_suspend_and_reinstate() -> None:
    suspended = license.suspend(STORED, FLOATING, LATER)
    assert suspended == replace(STORED, suspended=True, updated=LATER)
    assert license.reinstate(suspended, FLOATING, LATER) == replace(STORED, updated=LATER)


def test_suspend_and_reinstate_need_the_other_state() -> None:
    pointer = "/data/attributes/suspended"
    again = refused(InvalidState, lambda: license.suspend(license_(suspended=True), FLOATING, NOW))
    never = refused(InvalidState, lambda: license.reinstate(STORED, FLOATING, NOW))
    assert again.problems == (Problem("is already suspended", pointer=pointer),)
    assert never.problems == (Problem("is not suspended", pointer=pointer),)


def test_every_save_judges_limits_under_the_policy_of_today() -> None:
    stored = license_(max_machines=5, expiry=NOW)
    terms = policy(duration=86_400)
    assert codes(license.suspend, stored, terms, NOW) == ["MAX_MACHINES_INVALID"]
    assert codes(license.reinstate, replace(stored, suspended=True), terms, NOW) == ["MAX_MACHINES_INVALID"]
    assert codes(license.renew, stored, terms, NOW) == ["MAX_MACHINES_INVALID"]


@pytest.mark.parametrize(
    ("basis", "expiry", "renewed"),
    [
        ("FROM_EXPIRY", NOW + 5 * DAY, NOW + 6 * DAY),
        ("FROM_EXPIRY", NOW - 9 * DAY, NOW - 8 * DAY),
        (None, NOW - 9 * DAY, NOW - 8 * DAY),
        ("FROM_NOW", NOW + 5 * DAY, NOW + DAY),
        ("FROM_NOW", NOW - 5 * DAY, NOW + DAY),
        ("FROM_NOW_IF_EXPIRED", NOW + 5 * DAY, NOW + 6 * DAY),
        ("FROM_NOW_IF_EXPIRED", NOW - TICK, NOW + DAY),
        ("FROM_NOW_IF_EXPIRED", NOW, NOW + DAY),
    ],
)
def test_renew(basis: str | None, expiry: datetime, renewed: datetime) -> None:
    stored = license_(expiry=expiry, suspended=True, uses=3)
    terms = policy(duration=86_400, renewal_basis=basis)
    assert license.renew(stored, terms, NOW) == replace(stored, expiry=renewed, updated=NOW)


@pytest.mark.parametrize(
    ("duration", "expiry", "detail"),
    [
        (None, NOW, "cannot be renewed because the policy does not have a duration"),
        (None, None, "cannot be renewed because the policy does not have a duration"),
        (86_400, None, "cannot be renewed because it does not have an expiry"),
        (INTEGER, NOW.replace(year=9999), "cannot be renewed because its expiry would be too far in the future"),
    ],
)
def test_renew_is_refused(duration: int | None, expiry: datetime | None, detail: str) -> None:
    terms = policy(duration=duration)
    refusal = refused(InvalidState, lambda: license.renew(license_(expiry=expiry), terms, NOW))
    assert refusal.problems == (Problem(detail),)
