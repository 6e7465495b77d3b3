"""The last full admin of an account (spec resources.md §4.1, auth.md §5.1)."""

from __future__ import annotations

import pytest

from chalicelib.licensing import admins, permissions
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.user import User
from tests.unit.licensing import make

FULL = make.user(role="admin")
EVERYTHING = make.user(role="admin", permissions=("*",))
NARROW = make.user(role="admin", permissions=("user.read",))
CUSTOMER = make.user()

AT_LEAST_ONE = "account must have at least 1 admin user"
WITH_ALL = f"{AT_LEAST_ONE} with a full permission set"


def required(detail: str) -> Problem:
    return Problem(detail, code="ACCOUNT_ADMINS_REQUIRED", pointer="/data/relationships/account")


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        (None, FULL, 1),
        (None, NARROW, 0),
        (None, CUSTOMER, 0),
        (FULL, FULL, 0),
        (FULL, EVERYTHING, 0),
        (FULL, NARROW, -1),
        (FULL, CUSTOMER, -1),
        (FULL, None, -1),
        (EVERYTHING, None, -1),
        (NARROW, None, 0),
        (NARROW, CUSTOMER, 0),
        (NARROW, FULL, 1),
        (CUSTOMER, FULL, 1),
        (CUSTOMER, None, 0),
    ],
)
def test_how_a_change_moves_the_number_of_full_admins(before: User | None, after: User | None, added: int) -> None:
    assert admins.full_admins_added(before, after) == added


@pytest.mark.parametrize(
    ("after", "detail"),
    [(None, AT_LEAST_ONE), (CUSTOMER, AT_LEAST_ONE), (make.user(role="developer"), AT_LEAST_ONE), (NARROW, WITH_ALL)],
)
def test_the_last_full_admin_stays(after: User | None, detail: str) -> None:
    assert admins.problem(FULL, after, 1) == required(detail)
    assert admins.required(after) == required(detail)
    assert admins.problem(FULL, after, 2) is None


def test_who_is_no_full_admin_may_always_go() -> None:
    for before in (NARROW, CUSTOMER):
        assert admins.problem(before, None, 1) is None
    assert admins.problem(FULL, EVERYTHING, 1) is None


def test_a_set_is_full_when_nothing_is_missing() -> None:
    almost = tuple(sorted(permissions.allowed("admin")))
    assert admins.full_admins_added(None, make.user(role="admin", permissions=almost)) == 1
    assert admins.full_admins_added(None, make.user(role="admin", permissions=almost[1:])) == 0
    assert admins.full_admins_added(None, make.user(role="developer", permissions=("*",))) == 0
    assert admins.full_admins_added(None, make.user(role="admin", banned_at=make.NOW)) == 0
