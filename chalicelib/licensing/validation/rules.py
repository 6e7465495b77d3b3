"""The decision procedure as a table, in order: the first row that matches ends it (spec validation.md §4).

Row 1, no license, needs no table: `decide.validate` answers it.
"""

from __future__ import annotations

from chalicelib.licensing.check_in import is_overdue
from chalicelib.licensing.validation.case import Case
from chalicelib.licensing.validation.check import Check, always
from chalicelib.licensing.validation.limit_rules import STRICT_CHECKS, TOO_MANY_USERS
from chalicelib.licensing.validation.scope_rules import SCOPE_CHECKS

ALWAYS = False

_KEEPS_ACCESS = frozenset({"MAINTAIN_ACCESS", "ALLOW_ACCESS"})


def _banned(case: Case) -> bool:
    owner = case.snapshot.owner
    return owner is not None and owner.banned_at is not None


def _keeps_access(case: Case) -> bool:
    return case.policy.expiration_strategy in _KEEPS_ACCESS


CHECKS: tuple[Check, ...] = (
    Check("2", ALWAYS, "BANNED", "is banned", _banned),
    Check("3", ALWAYS, "SUSPENDED", "is suspended", lambda c: c.license.suspended),
    Check(
        *("4", ALWAYS, "EXPIRED", "is expired"),
        lambda c: c.policy.expiration_strategy in (None, "REVOKE_ACCESS") and c.expired,
    ),
    Check(
        *("5", ALWAYS, "OVERDUE", "is overdue for check in"),
        lambda c: is_overdue(c.license, c.policy, c.snapshot.now),
    ),
    *SCOPE_CHECKS,
    TOO_MANY_USERS,
    Check("17", ALWAYS, "EXPIRED", "is expired", lambda c: not c.policy.strict and c.expired, _keeps_access),
    Check("18", ALWAYS, "VALID", "is valid", lambda c: not c.policy.strict, always),
    *STRICT_CHECKS,
    Check("27", ALWAYS, "EXPIRED", "is expired", lambda c: c.expired, _keeps_access),
    Check("28", ALWAYS, "VALID", "is valid", always, always),
)
