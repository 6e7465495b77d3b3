"""Entitlements: named features that policies and licenses carry (spec resources.md §2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem, check


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """An entitlement."""

    id: str
    name: str
    code: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


def create(entitlement_id: str, fields: Mapping[str, Any], *, code_taken: bool, now: datetime) -> Entitlement:
    """A new entitlement; `code_taken`: another one has the code, ignoring case. Raises InvalidFields."""
    given = {"name": "", "code": ""} | _given(fields)
    return _checked(Entitlement(id=entitlement_id, created=now, updated=now, **given), code_taken)


def update(entitlement: Entitlement, changes: Mapping[str, Any], *, code_taken: bool, now: datetime) -> Entitlement:
    """`entitlement` with what was sent; null changes nothing. Raises InvalidFields."""
    return _checked(replace(entitlement, **_given(changes), updated=now), code_taken)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _checked(entitlement: Entitlement, code_taken: bool) -> Entitlement:
    check(_problems(entitlement, code_taken))
    return entitlement


def _problems(entitlement: Entitlement, code_taken: bool) -> Iterator[Problem | None]:
    yield rules.present("name", entitlement.name)
    yield rules.text_length("name", entitlement.name)
    yield rules.present("code", entitlement.code)
    yield from rules.code(entitlement.code, code_taken)
    yield rules.metadata(entitlement.metadata)
