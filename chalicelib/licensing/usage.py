"""Usage counting: which single conditional write an action is (spec licenses.md §9.5)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.licensing.errors import BadRequest, InvalidFields, Problem
from chalicelib.licensing.fields import MAXIMUM_INTEGER, invalid
from chalicelib.licensing.license import License, first_expiry, limit
from chalicelib.licensing.policy import Policy


class UsageChange(msgspec.Struct, frozen=True):
    """Add `amount` to `uses` while the stored `uses` lies within `low` and `high`, both inclusive.

    `uses_after` is right for the license the change was decided on. `sets` means: store `uses_after`, whatever is
    stored now. `expiry` is to be set if none is stored by then.
    """

    amount: int
    low: int
    high: int
    uses_after: int
    sets: bool = False
    expiry: datetime | None = None


def increment(license: License, policy: Policy, amount: int, now: datetime) -> UsageChange:
    """`amount` more uses, may be 0 or negative. Raises InvalidFields, BadRequest."""
    expiry = first_expiry(license, policy, "FROM_FIRST_USE", now)
    return _change(license, policy, amount, "/meta/increment", expiry)


def decrement(license: License, policy: Policy, amount: int, now: datetime) -> UsageChange:
    """`amount` fewer uses, may be 0 or negative. Raises InvalidFields, BadRequest. No trigger of an expiry."""
    return _change(license, policy, -amount, "/meta/decrement", None)


def reset(license: License, policy: Policy, now: datetime) -> UsageChange:
    """No uses; legal under every limit."""
    return UsageChange(-license.uses, 0, MAXIMUM_INTEGER, 0, sets=True)


def _change(license: License, policy: Policy, amount: int, pointer: str, expiry: datetime | None) -> UsageChange:
    after = license.uses + amount
    maximum = limit(license, policy, "max_uses")
    if amount:
        _check(after, maximum, pointer)
    low, high = _bounds(amount, MAXIMUM_INTEGER if maximum is None else min(maximum, MAXIMUM_INTEGER))
    return UsageChange(amount, low, high, after, expiry=expiry)


def _check(after: int, maximum: int | None, pointer: str) -> None:
    if after < 0:
        raise InvalidFields(invalid("uses", "INVALID", "must be greater than or equal to 0"))
    if maximum is not None and after > maximum:
        detail = f"usage exceeds maximum allowed for license ({maximum})"
        raise InvalidFields(invalid("uses", "LIMIT_EXCEEDED", detail))
    if after > MAXIMUM_INTEGER:
        raise BadRequest(Problem("integer is too large", pointer=pointer))


def _bounds(amount: int, cap: int) -> tuple[int, int]:
    if amount == 0:
        return 0, MAXIMUM_INTEGER
    return max(0, -amount), min(MAXIMUM_INTEGER, cap - amount)
