"""The admins an account must not lose (spec resources.md §4.1, auth.md §5.1)."""

from __future__ import annotations

from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.user import User, is_full_admin


def full_admins_added(before: User | None, after: User | None) -> int:
    """By how much a change moves the number of full admins: -1, 0 or 1; None is a user who is not there."""
    return _counts(after) - _counts(before)


def required(after: User | None) -> Problem:
    """What is said when a change would leave no full admin; `after` is None for a delete."""
    detail = "account must have at least 1 admin user"
    if after is not None and after.role == "admin":
        detail += " with a full permission set"
    return unrelated("account", "ADMINS_REQUIRED", detail)


def problem(before: User, after: User | None, full_admins: int) -> Problem | None:
    """The same where it applies: `full_admins` is how many the account has before the change."""
    lost = full_admins_added(before, after) < 0
    return required(after) if lost and full_admins <= 1 else None


def _counts(user: User | None) -> int:
    return int(user is not None and is_full_admin(user))
