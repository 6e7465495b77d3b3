"""Machines: where a license is activated (spec machines.md §1.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine of a license. `memory` and `disk` in bytes; `max_processes` its override, null and 0 inherit.

    `processes` counts what runs on it, dead ones too. `death_sent` is when its death was told.
    """

    id: str
    license_id: str
    fingerprint: str
    owner_id: str | None = None
    group_id: str | None = None
    name: str | None = None
    ip: str | None = None
    hostname: str | None = None
    platform: str | None = None
    cores: int | None = None
    memory: int | None = None
    disk: int | None = None
    max_processes: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    last_heartbeat: datetime | None = None
    last_check_out: datetime | None = None
    death_sent: datetime | None = None
    processes: int = 0
    created: datetime
    updated: datetime
    revision: int = 0
