"""Who may do what: permissions first, then the rule of the operation (spec auth.md §5.3, §5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.licensing import access_rules, bearers, permissions, ties, user_ties
from chalicelib.licensing.access_rules.rule import EVERYBODY, HOLDERS, ITSELF, PRODUCT, Rule, Ties
from chalicelib.licensing.errors import AccessDenied, Problem

Bearer = bearers.Bearer
Subject = bearers.Subject
RULES = access_rules.RULES

_ELSE = "ensure the token or license is allowed to access all resources"
_ANONYMOUS = "ensure a token or license is present and valid"

# The scope of each bearer: what else answers 404 (§5.4). Staff sees everything.
_TOKENS = Rule("ADSPR", (ties.own_token, ties.related_token), (ties.own_token,), (ties.own_token,))
_LICENSES = Rule("ADSPR", PRODUCT, HOLDERS, ITSELF)
_KEYS = Rule("ADSPR", PRODUCT)
_POLICIES = Rule("ADSPR", PRODUCT, (ties.related,), (ties.own_policy,))
_PRODUCTS = Rule("ADSPR", ITSELF, (ties.related, ties.open_product), (ties.own_product, ties.open_product))
_USERS = Rule("ADSPR", (user_ties.customer,), (ties.itself, ties.related), (user_ties.own_user,))
_GROUPS = Rule("ADSPR", EVERYBODY, (user_ties.in_group, user_ties.group_owner), (user_ties.in_group,))
_ENTITLEMENTS = Rule("ADSPR", EVERYBODY, (ties.related,), (ties.related,))


def authorize(bearer: Bearer | None, operation: str, permission: str | None, subject: Subject) -> None:
    """Refuse what is not allowed; `permission` None asks for none. KeyError for an unknown operation.

    Raises AccessDenied with the first reason of §5.3.
    """
    rule = RULES[operation]
    if bearer is None:
        raise _denied(_ANONYMOUS)
    if permission is not None:
        _check_permission(bearer, permission)
    _check_admin(bearer, rule, subject)
    for objection in rule.objections:
        if objection.tie(bearer, subject):
            raise _denied(objection.reason.format(role=_words(bearer)))
    if not _allows(rule, bearer, subject):
        raise _denied(_ELSE)


def authorize_rows(bearer: Bearer | None, operation: str, rows: Iterable[Subject]) -> None:
    """Refuse a whole list that has a row its bearer may not read: an admin asks for a permission of its own (§7).

    For a list that was authorized, with the rows that are about to be shown. Raises AccessDenied.
    """
    if bearer is None:
        raise _denied(_ANONYMOUS)
    for subject in rows:
        _check_admin(bearer, RULES[operation], subject)


def visible(bearer: Bearer | None, subject: Subject) -> bool:
    """Whether the subject exists for the bearer: the first it has of token, license, key, policy, product ..."""
    if bearer is None:
        return False
    scope = next(_scopes(subject), None)
    return scope is not None and _allows(scope, bearer, subject)


def _scopes(subject: Subject) -> Iterator[Rule]:
    scopes = (
        (subject.token, _TOKENS),
        (subject.license, _LICENSES),
        (subject.key, _KEYS),
        (subject.policy, _POLICIES),
        (subject.product, _PRODUCTS),
        (subject.user, _USERS),
        (subject.group, _GROUPS),
        (subject.entitlement, _ENTITLEMENTS),
    )
    return (scope for found, scope in scopes if found is not None)


def _check_permission(bearer: Bearer, name: str) -> None:
    if not permissions.grants(bearer.role, bearer.held, name):
        raise _denied(f"{_words(bearer)} lacks permission to perform action")
    if bearer.token_held is not None and not permissions.grants(bearer.role, bearer.token_held, name):
        raise _denied("token lacks permission to perform action")


def _check_admin(bearer: Bearer, rule: Rule, subject: Subject) -> None:
    """What is done to an admin, or makes one, takes a permission more."""
    is_admin = subject.user is not None and subject.user.role == "admin"
    if rule.admin is not None and (is_admin or subject.new_role == "admin"):
        _check_permission(bearer, rule.admin)


def _allows(rule: Rule, bearer: Bearer, subject: Subject) -> bool:
    if bearer.letter:
        asked = (rule.narrowed or {}).get(bearer.letter)
        return bearer.letter in rule.staff and (asked is None or _tied(asked, bearer, subject))
    granted: Ties = {"product": rule.product, "license": rule.license, "user": rule.user}[bearer.kind]
    return _tied(granted, bearer, subject) and not _tied(rule.unless, bearer, subject)


def _tied(asked: Ties, bearer: Bearer, subject: Subject) -> bool:
    return any(tie(bearer, subject) for tie in asked)


def _words(bearer: Bearer) -> str:
    return bearer.role.replace("-", " ")


def _denied(reason: str) -> AccessDenied:
    return AccessDenied(Problem(f"You do not have permission to complete the request ({reason})"))
