"""Users: staff of the vendor and customers (spec resources.md §4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `role` as on the wire (`admin`, `sales-agent` ...); `permissions` stored, None for the role's default.

    `password` is a hash, `reset_digest` that of the one-time token sent at `reset_issued`; None of them is ever shown.
    """

    id: str
    email: str
    role: str = "user"
    first_name: str | None = None
    last_name: str | None = None
    permissions: tuple[str, ...] | None = None
    group_id: str | None = None
    banned_at: datetime | None = None
    password: str | None = None
    reset_digest: str | None = None
    reset_issued: datetime | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0
