"""Who may do what: permissions first, then the rule of the operation (spec auth.md §5.3, §5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.licensing import access_rules, bearers, permissions
from chalicelib.licensing.access_rules import Ties
from chalicelib.licensing.errors import AccessDenied, Problem

Bearer = bearers.Bearer
Subject = bearers.Subject
Rule = access_rules.Rule
RULES = access_rules.RULES

_ELSE = "ensure the token or license is allowed to access all resources"
_ANONYMOUS = "ensure a token or license is present and valid"
_BANNED = "user is banned"

# The scope of each bearer: what else answers 404 (§5.4). Staff sees everything.
_LICENSES = Rule("ADSPR", (bearers.same_product,), (bearers.owner, bearers.attached), (bearers.itself,))
_POLICIES = Rule("ADSPR", (bearers.same_product,), (bearers.related,), (bearers.own_policy,))
_PRODUCTS = Rule(
    "ADSPR",
    (bearers.itself,),
    (bearers.related, bearers.open_product),
    (bearers.own_product, bearers.open_product),
)
_USERS = Rule("ADSPR", (bearers.customer,), (bearers.itself, bearers.related), (bearers.own_user,))
_TOKENS = Rule("ADSPR", (bearers.own_token, bearers.related), (bearers.own_token,), (bearers.own_token,))


def authorize(bearer: Bearer | None, operation: str, permission: str | None, subject: Subject) -> None:
    """Refuse what is not allowed; `permission` None asks for none. KeyError for an unknown operation.

    Raises AccessDenied with the first reason of §5.3.
    """
    rule = RULES[operation]
    if bearer is None:
        raise _denied(_ANONYMOUS)
    for name in _needed(rule, permission, subject):
        _check_permission(bearer, name)
    if bearer.banned and not rule.banned_may:
        raise _denied(_BANNED)
    if not _allows(rule, bearer, subject):
        raise _denied(_ELSE)


def visible(bearer: Bearer | None, subject: Subject) -> bool:
    """Whether the subject exists for the bearer: its token, else license, policy, product or user."""
    if bearer is None:
        return False
    scope = _scope(subject)
    return scope is not None and _allows(scope, bearer, subject)


def _scope(subject: Subject) -> Rule | None:
    scopes = (
        (subject.token, _TOKENS),
        (subject.license, _LICENSES),
        (subject.policy, _POLICIES),
        (subject.product, _PRODUCTS),
        (subject.user, _USERS),
    )
    return next((scope for found, scope in scopes if found is not None), None)


def _needed(rule: Rule, permission: str | None, subject: Subject) -> Iterator[str]:
    if permission is not None:
        yield permission
    if rule.admin is not None and subject.user is not None and subject.user.role == "admin":
        yield rule.admin


def _check_permission(bearer: Bearer, name: str) -> None:
    if not permissions.grants(bearer.role, bearer.held, name):
        raise _denied(f"{bearer.role.replace('-', ' ')} lacks permission to perform action")
    if bearer.token_held is not None and not permissions.grants(bearer.role, bearer.token_held, name):
        raise _denied("token lacks permission to perform action")


def _allows(rule: Rule, bearer: Bearer, subject: Subject) -> bool:
    if bearer.letter:
        narrowed = (rule.staff_ties or {}).get(bearer.letter)
        return bearer.letter in rule.staff and (narrowed is None or _tied(narrowed, bearer, subject))
    ties: Ties = {"product": rule.product, "license": rule.license, "user": rule.user}[bearer.kind]
    return _tied(ties, bearer, subject) and not _tied(rule.unless, bearer, subject)


def _tied(ties: Ties, bearer: Bearer, subject: Subject) -> bool:
    return any(tie(bearer, subject) for tie in ties)


def _denied(reason: str) -> AccessDenied:
    return AccessDenied(Problem(f"You do not have permission to complete the request ({reason})"))
