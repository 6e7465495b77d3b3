"""Lines of the sample with something else in them."""

from __future__ import annotations

from typing import Any

from tests.admin.files import everything, resource, uuid

NEW = uuid(99)


def of(type_: str, identifier: str, **changes: Any) -> dict[str, Any]:
    """A line of `everything` with other attributes."""
    found = next(one for one in everything() if (one["type"], one["id"]) == (type_, identifier))
    return {**found, "attributes": {**found["attributes"], **changes}}


def linked(type_: str, identifier: str, **changes: Any) -> dict[str, Any]:
    """A line of `everything` with other relationships."""
    found = of(type_, identifier)
    return {
        **found,
        "relationships": {**found["relationships"], **{name: {"data": one} for name, one in changes.items()}},
    }


def to(type_: str, identifier: str) -> dict[str, str]:
    return {"type": type_, "id": identifier}


def new(type_: str, attributes: Any = None, meta: Any = None, **relationships: Any) -> dict[str, Any]:
    """A line of a resource that is not there."""
    return resource(type_, NEW, attributes, meta, **relationships)
