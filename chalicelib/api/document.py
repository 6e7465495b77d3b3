"""Response documents: resources, relationships, links (spec http.md §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.metadata import camel_keys

Resource = dict[str, Any]


def home(account_id: str) -> str:
    """Where everything of an account is: links always name it by its id."""
    return f"/v1/accounts/{account_id}"


def resource(
    account_id: str, kind: str, identifier: str, attributes: Mapping[str, Any], relationships: Mapping[str, Any]
) -> Resource:
    """A resource object; `attributes` in camelCase, instants as values."""
    return {
        "id": identifier,
        "type": kind,
        "attributes": {name: _plain(value) for name, value in attributes.items()},
        "relationships": {"account": linked("accounts", account_id, home(account_id)), **relationships},
        "links": {"self": f"{home(account_id)}/{kind}/{identifier}"},
    }


def linked(kind: str, identifier: str | None, related: str | None) -> dict[str, Any]:
    """A to-one relationship with linkage, null when unset."""
    data = None if identifier is None else {"type": kind, "id": identifier}
    return {"links": {"related": related}, "data": data}


def related(path: str, meta: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A relationship that only says where to look."""
    found: dict[str, Any] = {"links": {"related": path}}
    return found if meta is None else {**found, "meta": dict(meta)}


NO_ENVIRONMENT = linked("environments", None, None)


def many(resources: Sequence[Resource], links: Mapping[str, Any] | None) -> dict[str, Any]:
    """A list document."""
    return {"data": list(resources)} if links is None else {"data": list(resources), "links": dict(links)}


def shown_metadata(metadata: Mapping[str, Any]) -> Any:
    """Metadata with its keys as clients see them."""
    return camel_keys(metadata)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    return list(value) if isinstance(value, tuple | frozenset) else value
