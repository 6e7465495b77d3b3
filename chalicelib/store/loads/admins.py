"""How many full admins an account has (spec resources.md §4.1)."""

from __future__ import annotations

from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need


def full_admins(account_id: str) -> Plan[int]:
    """As its counter says; the counter moves in the transaction of every change that makes or unmakes one."""
    key = keys.account_meter(account_id)
    found = yield need(key)
    return 0 if found[key] is None else int(found[key]["admins"])
