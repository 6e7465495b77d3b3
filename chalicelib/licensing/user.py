"""Users: staff of the vendor and customers (spec resources.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user. `role` as on the wire (`admin`, `sales-agent` ...); `permissions` stored, None for the role's default."""

    id: str
    email: str
    role: str = "user"
    first_name: str | None = None
    last_name: str | None = None
    permissions: tuple[str, ...] | None = None
    group_id: str | None = None
    banned_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0
