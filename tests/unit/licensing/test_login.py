"""Email and password (spec auth.md §2.3)."""

from __future__ import annotations

import pytest

from chalicelib.licensing.errors import Problem, Unauthenticated
from chalicelib.licensing.login import check_login
from chalicelib.licensing.user import User
from tests.unit.licensing import make

EMAIL = "user@example.com"
KNOWN = make.user(password="hash")


@pytest.mark.parametrize(
    ("email", "user", "password", "verified", "code", "detail"),
    [
        ("", None, "", None, "EMAIL_REQUIRED", "email is required"),
        ("user@", KNOWN, "secret", True, "EMAIL_REQUIRED", "email is required"),
        (EMAIL, None, "secret", None, "EMAIL_INVALID", "email must be valid"),
        (EMAIL, None, "", None, "EMAIL_INVALID", "email must be valid"),
        (EMAIL, make.user(), "", None, "PASSWORD_NOT_SUPPORTED", "password is unsupported"),
        (EMAIL, make.user(), "secret", None, "PASSWORD_NOT_SUPPORTED", "password is unsupported"),
        (EMAIL, KNOWN, "", None, "PASSWORD_REQUIRED", "password is required"),
        (EMAIL, KNOWN, "wrong", False, "PASSWORD_INVALID", "password must be valid"),
        (EMAIL, KNOWN, "secret", None, "PASSWORD_INVALID", "password must be valid"),
    ],
)
def test_refused_in_order(
    email: str, user: User | None, password: str, verified: bool | None, code: str, detail: str
) -> None:
    refusal = make.refused(Unauthenticated, lambda: check_login(email, user, password, verified))
    assert refusal.problems == (Problem(detail, code=code, header="Authorization"),)


def test_let_in() -> None:
    assert check_login("User@Example.com", KNOWN, "secret", True) is KNOWN
    banned = make.user(password="hash", banned_at=make.NOW)
    assert check_login(EMAIL, banned, "secret", True) is banned
