"""Groups: users, licenses and machines with common limits (spec resources.md §3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group; a limit of None is none, 0 lets nobody else in."""

    id: str
    name: str
    max_users: int | None = None
    max_licenses: int | None = None
    max_machines: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each kind a group holds."""

    users: int = 0
    licenses: int = 0
    machines: int = 0
