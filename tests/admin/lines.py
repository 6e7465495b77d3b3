"""What lines of a file are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

UPDATED = "2021-03-04T05:06:07.089Z"


def uuid(number: int) -> str:
    """An id that says which one it is."""
    return f"00000000-0000-4000-8000-{number:012d}"


def resource(
    type_: str,
    identifier: str,
    attributes: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
    **relationships: tuple[str, str] | None,
) -> Resource:
    """A resource object; a relationship is a type and an id, or None."""
    found: Resource = {"type": type_, "id": identifier, "attributes": dict(attributes or {})}
    if relationships:
        found["relationships"] = {
            name: {"data": None if one is None else {"type": one[0], "id": one[1]}}
            for name, one in relationships.items()
        }
    return found if meta is None else {**found, "meta": dict(meta)}


def stamps(day: int = 1) -> dict[str, str]:
    """Creation and update times."""
    return {"created": f"2020-02-{day:02d}T23:59:59.999Z", "updated": UPDATED}
