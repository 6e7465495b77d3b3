"""Entitlements: named features that policies and licenses carry (spec resources.md §2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """An entitlement."""

    id: str
    name: str
    code: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0
