"""What an import did: counts, and every rejected line with its reason."""

from __future__ import annotations

import msgspec


class Rejected(Exception):
    """A line cannot be imported; the reason never quotes what a secret may hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rejection(msgspec.Struct, frozen=True):
    """A rejected line: its number from 1, its type and id as far as they could be read, and why."""

    line: int
    type: str | None
    id: str | None
    reason: str


class Report(msgspec.Struct):
    """What became of the lines seen so far; `lines` counts empty ones too."""

    lines: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = msgspec.field(default_factory=list)

    def reject(self, rejection: Rejection) -> None:
        """Note a line that was not imported."""
        self.rejected.append(rejection)
