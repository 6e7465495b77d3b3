"""Looking into a document before it is checked: loads need names early, errors come in their own order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.licensing.identifiers import is_uuid, normal_uuid


def peek(document: Mapping[str, Any], *path: str) -> Any:
    """What stands at `path`, None when nothing does."""
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def attribute(document: Mapping[str, Any], name: str) -> str | None:
    """A text attribute of the resource in a document."""
    value = peek(document, "data", "attributes", name)
    return value if isinstance(value, str) else None


def linked(document: Mapping[str, Any], name: str) -> str | None:
    """The id a to-one relationship of the document points at, if it is one."""
    return _uuid(peek(document, "data", "relationships", name, "data", "id"))


def target(document: Mapping[str, Any]) -> str | None:
    """The id that a document which is a to-one linkage itself points at, if it is one."""
    return _uuid(peek(document, "data", "id"))


def _uuid(value: Any) -> str | None:
    return normal_uuid(value) if isinstance(value, str) and is_uuid(value) else None
