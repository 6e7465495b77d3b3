"""How a line and what is stored become one value: given members are taken, absent ones stay or get their defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.admin.transfer.document import Sent
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing.clock import to_text
from chalicelib.licensing.metadata import camel

T = TypeVar("T", bound=Any)


def created_at(sent: Sent, now: datetime) -> datetime:
    """When a new resource was created: as the line says, else now."""
    return sent.created or now


def made(sent: Sent, now: datetime, make: Callable[[dict[str, Any], datetime], T]) -> T:
    """A new value of the domain with what the line says; `make` gets the given attributes and the creation time."""
    at = created_at(sent, now)
    value: T = replace(make(sent.given, at), **sent.cleared, updated=sent.updated or at)
    return value


def patched(before: T, sent: Sent, now: datetime, update: Callable[[dict[str, Any]], T]) -> T:
    """`before` with what the line says, `before` itself when that is nothing new.

    It was updated when the line says, else now. Raises Rejected for another creation time: lists are ordered by it.
    """
    return settled(before, replace(update(sent.given), **sent.cleared), sent, now)


def settled(before: T, after: T, sent: Sent, now: datetime) -> T:
    """The same, with the new value at hand."""
    fixed(before, {"created": sent.created})
    changed = replace(after, updated=before.updated) != before
    if not changed and sent.updated in (None, before.updated):
        return before
    value: T = replace(after, updated=sent.updated or now)
    return value


def fixed(before: Any, said: Mapping[str, Any]) -> None:
    """Raises Rejected when a line says otherwise about what never changes; None says nothing."""
    for name, value in said.items():
        stored = getattr(before, name)
        if value is not None and value != stored:
            shown = f" from {to_text(stored)}" if isinstance(stored, datetime) else ""
            raise Rejected(f"attributes.{camel(name)}: cannot change{shown}")
