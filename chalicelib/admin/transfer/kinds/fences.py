"""Fingerprints that must be unique beyond their license or machine.

Whether they are is not judged: strategies and policies change, and what was activated before stays, so that a whole
account may hold what nobody could activate now. But whoever activates meanwhile is told of what comes in.
"""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import Kind, is_wide, strategy
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import fence
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.unit import Write


class Fence(NamedTuple):
    """The fence of a fingerprint, None before anybody went through it; not `wide`: nobody asks for one."""

    wide: bool = False
    item: Item | None = None


def seen(account_id: str, kind: Kind, policy: Policy | None, fingerprint: str | None) -> Plan[Fence]:
    """The fence of `fingerprint` under `policy`."""
    if policy is None or fingerprint is None or not is_wide(kind, strategy(kind, policy)):
        return Fence()
    key = keys.fence(account_id, kind, fingerprint)
    found = yield need(key)
    return Fence(True, live(found, key, "fence"))


def passed(account_id: str, kind: Kind, fingerprint: str, through: Fence) -> tuple[Write, ...]:
    """The write that goes through it, if it is needed."""
    return (fence.passed(account_id, kind, fingerprint, through.item),) if through.wide else ()
