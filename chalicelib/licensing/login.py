"""Whether an email and a password let somebody in (spec auth.md §2.3)."""

from __future__ import annotations

from chalicelib.licensing.emails import is_email
from chalicelib.licensing.errors import Problem, Unauthenticated
from chalicelib.licensing.user import User


def check_login(email: str, user: User | None, password: str, verified: bool | None) -> User:
    """The user who signs in, who may still be banned.

    `user` is the one with this email, ignoring case. `verified`: `password` is the stored one; None where there was
    nothing to compare. Raises Unauthenticated with the first reason of the table.
    """
    if not is_email(email):
        raise _refused("EMAIL_REQUIRED", "email is required")
    if user is None:
        raise _refused("EMAIL_INVALID", "email must be valid")
    if user.password is None:
        raise _refused("PASSWORD_NOT_SUPPORTED", "password is unsupported")
    if not password:
        raise _refused("PASSWORD_REQUIRED", "password is required")
    if not verified:
        raise _refused("PASSWORD_INVALID", "password must be valid")
    return user


def _refused(code: str, detail: str) -> Unauthenticated:
    return Unauthenticated(Problem(detail, code=code, header="Authorization"))
