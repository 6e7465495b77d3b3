from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.licensing import authentication, token_forms
from chalicelib.licensing.errors import AccessDenied, Refusal, Unauthenticated
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.token import Token
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK, license_, policy, refused

UUID = "70c5a026-6f9f-4742-8454-d6ba1e4faeb1"
VALUE = "user-" + "0" * 64 + "v3"
DEFAULT = "You must be authenticated to complete the request"

# --- values (spec auth.md §1.1) -------------------------------------------------------------------------------------

FORMS = [
    ("admin", "admin-token", "admin", 64, 72),
    ("developer", "developer-token", "dev", 64, 70),
    ("sales-agent", "sales-token", "sales", 64, 72),
    ("support-agent", "support-token", "spprt", 64, 72),
    ("read-only", "read-only-token", "read", 64, 71),
    ("user", "user-token", "user", 64, 71),
    ("environment", "environment-token", "env", 64, 70),
    ("product", "product-token", "prod", 64, 71),
    ("license", "activation-token", "activ", 32, 40),
    ("something", "token", "token", 64, 72),
]


@pytest.mark.parametrize(("role", "kind", "prefix", "digits", "length"), FORMS)
def test_token_values(role: str, kind: str, prefix: str, digits: int, length: int) -> None:
    assert token_forms.token_kind(role) == kind
    for name in (role, kind):
        value = token_forms.new_token_value(name, "a" * digits)
        assert value == f"{prefix}-{'a' * digits}v3"
        assert len(value) == length
        assert token_forms.well_formed(value)


@pytest.mark.parametrize("digits", ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 63 + "\n"])
def test_token_values_need_their_digits(digits: str) -> None:
    with pytest.raises(ValueError):
        token_forms.new_token_value("user", digits)


@pytest.mark.parametrize(("role", "kind"), [(form[0], form[1]) for form in FORMS])
def test_only_tokens_of_customers_end_by_default(role: str, kind: str) -> None:
    expected = NOW + 14 * DAY if role == "user" else None
    assert token_forms.default_expiry(role, NOW) == token_forms.default_expiry(kind, NOW) == expected


@pytest.mark.parametrize(
    ("value", "worth"),
    [(VALUE, True), ("xv3", True), ("v3", False), ("", False), ("abcv2", False), ("abcv33", False), ("abcv3 ", False)],
)
def test_what_is_worth_looking_up(value: str, worth: bool) -> None:
    assert token_forms.well_formed(value) is worth


# --- tokens (spec auth.md §2.1) -------------------------------------------------------------------------------------


def check_token(presented: str = VALUE, banned: bool = False, terms: Policy | None = None, **fields: Any) -> None:
    found: Token | None = fields["token"] if "token" in fields else make.token(**fields)
    authentication.check_token(found, presented, NOW, banned, terms)


def reason(refusal: Refusal) -> tuple[str | None, str]:
    [problem] = refusal.problems
    return problem.code, problem.detail


@pytest.mark.parametrize("presented", ["", " ", "\t"])
def test_a_blank_token_is_missing(presented: str) -> None:
    assert reason(refused(Unauthenticated, lambda: check_token(presented))) == ("TOKEN_MISSING", DEFAULT)


@pytest.mark.parametrize("presented", [UUID, UUID.upper(), UUID.replace("-", "")])
def test_the_id_of_a_token_is_no_token(presented: str) -> None:
    code, detail = reason(refused(Unauthenticated, lambda: check_token(presented, token=None)))
    assert code == "TOKEN_FORMAT_INVALID"
    assert "UUID" in detail


def test_an_unknown_token() -> None:
    assert reason(refused(Unauthenticated, lambda: check_token(token=None))) == ("TOKEN_INVALID", DEFAULT)


def test_an_expired_token_comes_before_a_ban() -> None:
    expired = refused(Unauthenticated, lambda: check_token(expiry=NOW - TICK, banned=True))
    assert reason(expired) == ("TOKEN_EXPIRED", "Token is expired")
    check_token(expiry=NOW)


def test_a_ban_comes_before_the_strategy() -> None:
    terms = policy(authentication_strategy="NONE")
    banned = refused(AccessDenied, lambda: check_token(banned=True, bearer_kind="license", terms=terms))
    assert reason(banned) == ("USER_BANNED", "User is banned")


STRATEGIES = [
    ("TOKEN", True, False),
    ("LICENSE", False, True),
    ("SESSION", False, False),
    ("MIXED", True, True),
    ("NONE", False, False),
    (None, True, False),
]


@pytest.mark.parametrize(("strategy", "by_token", "by_key"), STRATEGIES)
def test_strategies(strategy: str | None, by_token: bool, by_key: bool) -> None:
    terms = policy(authentication_strategy=strategy)
    if by_token:
        check_token(bearer_kind="license", terms=terms)
    else:
        token = refused(AccessDenied, lambda: check_token(bearer_kind="license", terms=terms))
        assert reason(token) == ("TOKEN_NOT_ALLOWED", "Token authentication is not allowed by policy")
    if by_key:
        check_key(terms=terms)
    else:
        key = refused(AccessDenied, lambda: check_key(terms=terms))
        assert reason(key) == ("LICENSE_NOT_ALLOWED", "License key authentication is not allowed by policy")


@pytest.mark.parametrize("kind", ["user", "product"])
def test_the_strategy_governs_licenses_only(kind: str) -> None:
    check_token(bearer_kind=kind, terms=policy(authentication_strategy="NONE"))


# --- license keys (spec auth.md §2.1) -------------------------------------------------------------------------------

BY_KEY = policy(authentication_strategy="LICENSE")


def check_key(terms: Policy = BY_KEY, banned: bool = False, presented: str | None = None, **fields: Any) -> None:
    found: License | None = fields["license"] if "license" in fields else license_(**fields)
    authentication.check_license_key(found, terms, banned, NOW, presented)


def test_a_blank_and_an_unknown_key() -> None:
    blank = refused(Unauthenticated, lambda: check_key(license=None, presented=" "))
    unknown = refused(Unauthenticated, lambda: check_key(license=None))
    assert reason(blank) == ("TOKEN_MISSING", DEFAULT)
    assert reason(unknown) == ("LICENSE_INVALID", DEFAULT)


@pytest.mark.parametrize(
    ("banned", "suspended", "expired", "code", "detail"),
    [
        (True, True, True, "LICENSE_BANNED", "License is banned"),
        (False, True, True, "LICENSE_SUSPENDED", "License is suspended"),
        (False, False, True, "LICENSE_EXPIRED", "License is expired"),
        (False, False, False, "LICENSE_NOT_ALLOWED", "License key authentication is not allowed by policy"),
    ],
)
def test_refusals_of_known_keys_in_order(banned: bool, suspended: bool, expired: bool, code: str, detail: str) -> None:
    terms = policy(authentication_strategy="NONE", expiration_strategy="REVOKE_ACCESS")
    expiry = NOW - TICK if expired else NOW
    refusal = refused(AccessDenied, lambda: check_key(terms, banned, suspended=suspended, expiry=expiry))
    assert reason(refusal) == (code, detail)


@pytest.mark.parametrize("strategy", ["RESTRICT_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS"])
def test_an_expired_license_still_has_its_key_unless_revoked(strategy: str) -> None:
    check_key(policy(authentication_strategy="MIXED", expiration_strategy=strategy), expiry=NOW - DAY)


def test_no_expiration_strategy_revokes() -> None:
    terms = policy(authentication_strategy="MIXED", expiration_strategy=None)
    refusal = refused(AccessDenied, lambda: check_key(terms, expiry=NOW - DAY))
    assert reason(refusal) == ("LICENSE_EXPIRED", "License is expired")


def test_values_do_not_leak_into_reasons() -> None:
    refusal = refused(Unauthenticated, lambda: check_token("secret-" + UUID, token=None))
    assert not re.search("secret", str(refusal))
