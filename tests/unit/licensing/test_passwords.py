"""Who may change a password (spec resources.md §4.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from chalicelib.licensing import passwords
from chalicelib.licensing.errors import AccessDenied, NotFound, Problem, Unauthenticated
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK, invalid, refused

TOO_SHORT = ("PASSWORD_TOO_SHORT", "/data/attributes/password", "is too short (minimum is 6 characters)")
WITH_PASSWORD = make.user(password="hash")


def reset(given: dict[str, Any], digest: str = "digest", new: str = "secret", protected: bool = False) -> None:
    user = make.user(**{"password": "hash", "reset_digest": "digest", "reset_issued": NOW} | given)
    passwords.check_reset(user, "asked", digest, new, account_protected=protected, now=NOW)


def test_the_old_password_lets_in_the_new() -> None:
    passwords.check_update(WITH_PASSWORD, True, "secret")
    assert invalid(passwords.check_update, WITH_PASSWORD, True, "short") == [TOO_SHORT]


@pytest.mark.parametrize(("password", "matches"), [("hash", False), (None, True), (None, False)])
def test_without_the_old_password_nothing_changes(password: str | None, matches: bool) -> None:
    user = make.user(password=password)
    refusal = refused(Unauthenticated, lambda: passwords.check_update(user, matches, "short"))
    assert refusal.problems == (Problem("is not valid", pointer="/meta/oldPassword"),)


@pytest.mark.parametrize("given", [{}, {"reset_digest": None}, {"reset_digest": None, "reset_issued": None}])
@pytest.mark.parametrize("protected", [False, True])
def test_a_wrong_token_is_answered_like_an_unknown_user(given: dict[str, Any], protected: bool) -> None:
    refusal = refused(NotFound, lambda: reset(given, digest="other", protected=protected))
    assert [problem.detail for problem in refusal.problems] == ["The requested user 'asked' was not found"]


@pytest.mark.parametrize("issued", [NOW, NOW - DAY])
def test_a_token_is_good_for_a_day(issued: datetime) -> None:
    reset({"reset_issued": issued})
    assert invalid(reset, {"reset_issued": issued}, new="short") == [TOO_SHORT]


def test_a_token_expires() -> None:
    refusal = refused(Unauthenticated, lambda: reset({"reset_issued": NOW - DAY - TICK}, protected=True))
    assert refusal.problems == (Problem("is expired", pointer="/meta/passwordResetToken"),)


@pytest.mark.parametrize(
    ("given", "protected"),
    [({"password": None}, False), ({"password": "hash"}, True), ({"password": None, "role": "developer"}, True)],
)
def test_who_may_set_a_password_by_token(given: dict[str, Any], protected: bool) -> None:
    reset(given, protected=protected)


def test_managed_users_of_a_protected_account_stay_managed() -> None:
    refusal = refused(AccessDenied, lambda: reset({"password": None}, protected=True, new="short"))
    assert [(problem.code, problem.pointer) for problem in refusal.problems] == [(None, None)]
