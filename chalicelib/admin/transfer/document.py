"""Resource objects of an import file: which members a kind has, how they are read and how they are written.

Names of members may come in any casing, as in requests. A member that says something and is not known rejects its
line, so that nothing is lost in silence; what follows from other members is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from chalicelib.admin.transfer.readers import Reader
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing.clock import to_text
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.metadata import camel, camel_keys, normal_keys

Resource = dict[str, Any]
LONGEST_NAME = 64


class Linked(NamedTuple):
    """What a relationship leads to; `kind` in singular as the store calls it."""

    kind: str
    id: str


class Link(NamedTuple):
    """A relationship: the name it is kept under, and the kinds it may lead to by their types."""

    name: str
    kinds: Mapping[str, str]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a kind by their wire names in snake_case.

    `stored` has the names of values where they differ. `nullable` may be null, which on others says nothing.
    Attributes that are `read_only` are never written, and read as if they stood under `meta`; `derived` attributes and
    meta members are ignored. `optional` attributes are left out of an export while they are None.
    """

    type: str
    attributes: Mapping[str, Reader]
    read_only: Mapping[str, Reader] = {}
    meta: Mapping[str, Reader] = {}
    links: Mapping[str, Link] = {}
    stored: Mapping[str, str] = {}
    nullable: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset({"permissions"})


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What a line says, by the names of values. Absent members are nowhere.

    `given` attributes are not null, `cleared` ones are and may be; `created` and `updated` are apart.
    """

    id: str
    given: dict[str, Any]
    cleared: dict[str, None]
    created: datetime | None
    updated: datetime | None
    meta: dict[str, Any]
    links: dict[str, Linked | None]

    def has(self, name: str) -> bool:
        """Whether the attribute is there, null or not."""
        return name in self.given or name in self.cleared


def read(shape: Shape, resource: Mapping[str, Any]) -> Sent:
    """The members of a resource object with normalised keys. Raises Rejected with the first that is wrong."""
    attributes = _members("attributes", resource, {**shape.attributes, **shape.read_only}, shape.derived)
    apart = {name: attributes.pop(name) for name in shape.read_only if name in attributes}
    named = {shape.stored.get(name, name): value for name, value in attributes.items()}
    created, updated = named.pop("created", None), named.pop("updated", None)
    return Sent(
        id=identifier("id", resource.get("id")),
        given={name: value for name, value in named.items() if value is not None},
        cleared={name: None for name, value in named.items() if value is None and name in shape.nullable},
        created=created,
        updated=updated,
        meta=apart | _members("meta", resource, shape.meta, shape.derived),
        links=_links(shape, resource),
    )


def identifier(where: str, value: Any) -> str:
    """An id in its stored form. Raises Rejected."""
    if not isinstance(value, str) or not is_uuid(value):
        raise Rejected(f"{where}: must be a UUID" if value is not None else f"{where}: is missing")
    return normal_uuid(value)


def _object(name: str, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    found = resource.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Rejected(f"{name}: must be an object")
    return found


def _members(
    place: str, resource: Mapping[str, Any], readers: Mapping[str, Reader], derived: frozenset[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _object(place, resource).items():
        reader = readers.get(name)
        if reader is not None:
            found[name] = None if value is None else _value(f"{place}.{camel(name)}", reader, value)
        elif name not in derived and value is not None:
            raise Rejected(f"{place}.{camel(name)[:LONGEST_NAME]}: is not known")
    return found


def _value(where: str, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        # Raised anew without its cause: nothing of what was sent goes along.
        reason = f"{where}: must be {error}"
    raise Rejected(reason)


def _links(shape: Shape, resource: Mapping[str, Any]) -> dict[str, Linked | None]:
    found: dict[str, Linked | None] = {}
    for name, value in _object("relationships", resource).items():
        link = shape.links.get(name)
        if link is None:
            _refuse_unknown(name, value)
        elif isinstance(value, dict) and "data" in value:
            found[link.name] = _linked(f"relationships.{camel(name)}", link, value["data"])
    return found


def _refuse_unknown(name: str, value: Any) -> None:
    """What only says where to look is no loss; the account is the one that is imported into."""
    if name != "account" and isinstance(value, dict) and value.get("data") not in (None, []):
        raise Rejected(f"relationships.{camel(name)[:LONGEST_NAME]}: is not supported")


def _linked(where: str, link: Link, data: Any) -> Linked | None:
    if data is None:
        return None
    kind = link.kinds.get(data["type"]) if isinstance(data, dict) and isinstance(data.get("type"), str) else None
    if kind is None:
        raise Rejected(f"{where}: must be null or of type {' or '.join(link.kinds)}")
    return Linked(kind, identifier(f"{where}.id", data.get("id")))


def to_one(name: str, **kinds: str) -> Link:
    """A relationship, such as `to_one("owner", users="user")`."""
    return Link(name, kinds)


def written(
    shape: Shape,
    value: Any,
    links: Mapping[str, tuple[str, str | None]] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Resource:
    """The resource object of an export. `links` name a type and an id; of `meta` only what is not None is written."""
    found: Resource = {"id": value.id, "type": shape.type, "attributes": _attributes(shape, value)}
    if links:
        found["relationships"] = {
            name: {"data": None if one is None else {"id": one, "type": type_}} for name, (type_, one) in links.items()
        }
    private = {camel(name): _plain(one) for name, one in (meta or {}).items() if one is not None}
    return {**found, "meta": private} if private else found


def _attributes(shape: Shape, value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in shape.attributes:
        one = getattr(value, shape.stored.get(name, name))
        if one is not None or name not in shape.optional:
            found[camel(name)] = shown_metadata(one) if name == "metadata" else _plain(one)
    return found


def shown_metadata(stored: dict[str, Any]) -> dict[str, Any]:
    """Metadata as clients see it if that leads back to what is stored (`key_1` is shown as `key1`), else as it is."""
    shown: dict[str, Any] = camel_keys(stored)
    return shown if normal_keys(shown) == stored else stored


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    return list(value) if isinstance(value, tuple) else value
