"""Pool keys: keys made elsewhere that licenses of a pooled policy take (spec policies.md §6)."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PoolKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that waits in the pool of a policy."""

    id: str
    key: str
    policy_id: str
    product_id: str
    created: datetime
    updated: datetime
    revision: int = 0
