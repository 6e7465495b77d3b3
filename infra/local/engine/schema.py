"""Tables and indexes as the engine sees them: key attributes, projections, and the key bytes of an item."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import refuse
from .values import MAX_HASH_BYTES, MAX_RANGE_BYTES, Item, canonical, key_bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A hash attribute and perhaps a range attribute, with their types S, N or B."""

    hash: str
    hash_type: str
    range: str | None
    range_type: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the key attributes."""
        return (self.hash,) if self.range is None else (self.hash, self.range)

    def of(self, item: Item) -> tuple[bytes, bytes] | None:
        """Key bytes of an item, or None if it lacks a key attribute. Raises Refusal for a wrong type or size.

        Attributes that are there are checked even if another one is missing.
        """
        value = item.get(self.hash)
        found = None if value is None else key_bytes(self.hash, value, self.hash_type, MAX_HASH_BYTES)
        if self.range is None:
            return None if found is None else (found, b"")
        value = item.get(self.range)
        if value is None:
            return None
        ordered = key_bytes(self.range, value, self.range_type, MAX_RANGE_BYTES)
        return None if found is None else (found, ordered)

    def exact(self, given: object) -> tuple[Item, tuple[bytes, bytes]]:
        """A key of a request, canonical, and its bytes. Raises Refusal unless it has exactly the key attributes."""
        if not isinstance(given, Mapping) or len(given) != len(self.names):
            refuse("The provided key element does not match the schema")
        item = {name: canonical(value) for name, value in given.items()}
        found = self.of(item)
        if found is None:
            refuse("One of the required keys was not given a value")
        return item, found


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index. `attributes` are the projected ones, None for all."""

    name: str
    space: int
    key: Key
    attributes: frozenset[str] | None

    def project(self, item: Item) -> Item:
        """The part of an item the index holds."""
        if self.attributes is None:
            return item
        return {name: item[name] for name in self.attributes if name in item}


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `ttl` is the attribute that expires items, `stream` the view type of its change feed."""

    name: str
    space: int
    key: Key
    indexes: tuple[Index, ...]
    ttl: str | None
    stream: str | None
    definition: Mapping[str, Any]

    def index(self, name: object) -> Index:
        """The index of this name. Raises Refusal."""
        for index in self.indexes:
            if index.name == name:
                return index
        refuse(f"The table does not have the specified index: {name}")

    def key_of(self, item: Item) -> tuple[bytes, bytes]:
        """Key bytes of a whole item. Raises Refusal."""
        found = self.key.of(item)
        if found is None:
            refuse("One of the required keys was not given a value")
        return found


def _key(schema: list[Mapping[str, str]], types: Mapping[str, str]) -> Key:
    hash_name = schema[0]["AttributeName"]
    range_name = schema[1]["AttributeName"] if len(schema) > 1 else None
    return Key(hash_name, types[hash_name], range_name, types[range_name] if range_name else "S")


def build_table(definition: Mapping[str, Any]) -> Table:
    """The table of a checked definition, as `administration` stores it."""
    request = definition["request"]
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in request["AttributeDefinitions"]}
    key = _key(request["KeySchema"], types)
    indexes = []
    for space, entry in zip(definition["index_spaces"], request.get("GlobalSecondaryIndexes", ()), strict=True):
        index_key = _key(entry["KeySchema"], types)
        attributes = None
        if entry["Projection"]["ProjectionType"] != "ALL":
            included = entry["Projection"].get("NonKeyAttributes", ())
            attributes = frozenset((*key.names, *index_key.names, *included))
        indexes.append(Index(entry["IndexName"], space, index_key, attributes))
    stream = request.get("StreamSpecification", {})
    view = stream.get("StreamViewType") if stream.get("StreamEnabled") else None
    ttl = definition.get("ttl")
    return Table(request["TableName"], definition["space"], key, tuple(indexes), ttl, view, definition)
