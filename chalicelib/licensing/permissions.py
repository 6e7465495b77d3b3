"""Permission sets of the roles and how sets combine (spec auth.md §5, §6; data in permissions.json).

A held set may contain the wildcard, which stands for everything the role is allowed at the time of the check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

WILDCARD = "*"

_TABLE = json.loads(Path(__file__).with_name("permissions.json").read_text(encoding="utf-8"))

ROLES: tuple[str, ...] = tuple(role for column in _TABLE["columns"] for role in column)


def _sets(marks: str) -> dict[str, frozenset[str]]:
    return {
        role: frozenset(name for name, row in _TABLE["rows"].items() if row[index] in marks)
        for index, column in enumerate(_TABLE["columns"])
        for role in column
    }


_ALLOWED = _sets("+o")
_DEFAULT = _sets("+")


def allowed(role: str) -> frozenset[str]:
    """Every name the role may ever hold, the wildcard not among them. KeyError for an unknown role."""
    return _ALLOWED[role]


def default(role: str) -> frozenset[str]:
    """What a bearer of the role holds while nothing is stored. KeyError for an unknown role."""
    return _DEFAULT[role]


def stored_or_default(role: str, stored: tuple[str, ...] | None) -> frozenset[str]:
    """The set a bearer holds: what is stored (may be empty), else the default of the role."""
    return default(role) if stored is None else frozenset(stored)


def grants(role: str, held: frozenset[str], name: str) -> bool:
    """Whether a bearer of `role` holding `held` passes the check for `name` (§5.2)."""
    return name in (allowed(role) if WILDCARD in held else held)


def token_effective(role: str, bearer_held: frozenset[str], token_set: Iterable[str]) -> frozenset[str]:
    """What a token grants when used, also what it shows (§5.2). The rule does not depend on `role`."""
    return _narrowed(frozenset(token_set), bearer_held)


def supported(role: str, names: tuple[str, ...]) -> bool:
    """Whether a bearer of `role` may be given `names`: all known and allowed, or the wildcard, none twice (§5.1)."""
    return _covered(names, allowed(role))


def token_supported(role: str, bearer_stored: tuple[str, ...] | None, names: tuple[str, ...]) -> bool:
    """Whether a token of a bearer with the stored set `bearer_stored` may be given `names` (§5.2)."""
    held = stored_or_default(role, bearer_stored)
    return _covered(names, allowed(role) if WILDCARD in held else held)


def license_effective(license_held: frozenset[str], owner_held: frozenset[str] | None) -> frozenset[str]:
    """A license never holds more than its owner (spec licenses.md §1.3); None is a license without owner."""
    return license_held if owner_held is None else _narrowed(license_held, owner_held)


def shown(held: Iterable[str]) -> list[str]:
    """A set as it is rendered: ascending by name."""
    return sorted(held)


def _covered(names: tuple[str, ...], limit: frozenset[str]) -> bool:
    return len(set(names)) == len(names) and limit.issuperset(name for name in names if name != WILDCARD)


def _narrowed(inner: frozenset[str], outer: frozenset[str]) -> frozenset[str]:
    if WILDCARD in inner:
        return outer
    return inner if WILDCARD in outer else inner & outer
