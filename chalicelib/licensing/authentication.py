"""Whether a presented credential may be used (spec auth.md §2.1, §2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.licensing.errors import AccessDenied, Problem, Refusal, Unauthenticated
from chalicelib.licensing.identifiers import is_uuid
from chalicelib.licensing.license import License, is_expired
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.token import Token

DEFAULT_DETAIL = "You must be authenticated to complete the request"

_BY_TOKEN = frozenset({"TOKEN", "MIXED"})
_BY_KEY = frozenset({"LICENSE", "MIXED"})


def check_token(
    token: Token | None,
    presented: str,
    now: datetime,
    owner_or_user_banned: bool,
    policy: Policy | None,
) -> None:
    """Refuse a token that may not be used; `policy` is that of a license bearer (§2.1).

    `owner_or_user_banned` is about the bearer user, or the owner of a bearer license.
    Raises Unauthenticated, AccessDenied; the first of the table.
    """
    _raise_first(_token_refusals(token, presented, now, owner_or_user_banned, policy))


def check_license_key(
    license: License | None,
    policy: Policy | None,
    owner_banned: bool,
    now: datetime,
    presented: str | None = None,
) -> None:
    """Refuse a license key that may not be used; `presented`, if given, is also checked for being blank (§2.1).

    Raises Unauthenticated, AccessDenied; the first of the table.
    """
    _raise_first(_key_refusals(license, policy, owner_banned, now, presented))


def _token_refusals(
    token: Token | None, presented: str, now: datetime, banned: bool, policy: Policy | None
) -> Iterator[Refusal]:
    if not presented.strip():
        yield _unknown("TOKEN_MISSING")
    if is_uuid(presented):
        yield _unknown("TOKEN_FORMAT_INVALID", "Token format is invalid (a token value is needed, not its UUID)")
    if token is None:
        yield _unknown("TOKEN_INVALID")
        return
    if token.expiry is not None and token.expiry < now:
        yield _unknown("TOKEN_EXPIRED", "Token is expired")
    if banned:
        yield _denied("USER_BANNED", "User is banned")
    if token.bearer_kind == "license" and _strategy(policy) not in _BY_TOKEN:
        yield _denied("TOKEN_NOT_ALLOWED", "Token authentication is not allowed by policy")


def _key_refusals(
    license: License | None, policy: Policy | None, banned: bool, now: datetime, presented: str | None
) -> Iterator[Refusal]:
    if presented is not None and not presented.strip():
        yield _unknown("TOKEN_MISSING")
    if license is None:
        yield _unknown("LICENSE_INVALID")
        return
    if banned:
        yield _denied("LICENSE_BANNED", "License is banned")
    if license.suspended:
        yield _denied("LICENSE_SUSPENDED", "License is suspended")
    if is_expired(license, now) and _revokes(policy):
        yield _denied("LICENSE_EXPIRED", "License is expired")
    if _strategy(policy) not in _BY_KEY:
        yield _denied("LICENSE_NOT_ALLOWED", "License key authentication is not allowed by policy")


def _raise_first(refusals: Iterator[Refusal]) -> None:
    for refusal in refusals:
        raise refusal


def _strategy(policy: Policy | None) -> str:
    return (policy.authentication_strategy if policy else None) or "TOKEN"


def _revokes(policy: Policy | None) -> bool:
    return policy is None or policy.expiration_strategy in (None, "REVOKE_ACCESS")


def _unknown(code: str, detail: str = DEFAULT_DETAIL) -> Unauthenticated:
    return Unauthenticated(Problem(detail, code=code))


def _denied(code: str, detail: str) -> AccessDenied:
    return AccessDenied(Problem(detail, code=code))
