"""Who may change a password, knowing the old one or a token sent by email (spec resources.md §4.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.licensing.clock import earlier
from chalicelib.licensing.errors import AccessDenied, Problem, Unauthenticated, check, missing
from chalicelib.licensing.user import User, password_problem

RESET_WITHIN = timedelta(hours=24)

_DENIED = "You do not have permission to complete the request (ensure a token or license is present and valid)"


def check_update(user: User, old_matches: bool, new: str) -> None:
    """Refuse a change by the user; `old_matches`: the old password it sent is the one that is stored.

    Raises Unauthenticated, InvalidFields.
    """
    if user.password is None or not old_matches:
        raise Unauthenticated(Problem("is not valid", pointer="/meta/oldPassword"))
    check([password_problem(new)])


def check_reset(user: User, asked: str, digest: str, new: str, *, account_protected: bool, now: datetime) -> None:
    """Refuse a reset with the token of which `digest` is the digest.

    `asked` is what the request calls the user, so that a wrong token is answered like an unknown user.
    Raises NotFound, Unauthenticated, AccessDenied, InvalidFields, in this order.
    """
    if user.reset_digest is None or user.reset_issued is None or user.reset_digest != digest:
        raise missing("user", asked)
    if user.reset_issued < earlier(now, RESET_WITHIN):
        raise Unauthenticated(Problem("is expired", pointer="/meta/passwordResetToken"))
    if account_protected and is_managed(user):
        raise AccessDenied(Problem(_DENIED))
    check([password_problem(new)])


def is_managed(user: User) -> bool:
    """A customer without a password: the vendor acts for it."""
    return user.role == "user" and user.password is None
