"""The two tables as PynamoDB models: schema, indexes, and how our values are written (STORE §2, §5).

Table creation, the deployable template and the test that compares them all derive from `Row` and `Outbox`.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, cast

import msgspec
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    TTLAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import NUMBER, PAY_PER_REQUEST_BILLING_MODE, STRING
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.licensing.clock import from_text, to_text

LISTINGS = tuple(f"listing_{number}" for number in range(1, 7))
DEADLINE = "deadline"

Item = dict[str, Any]
"""A stored item as Python values by attribute name; `kind` says which row it is."""


class InstantAttribute(Attribute[datetime]):
    """An instant as fixed-width ISO text."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return to_text(value)

    def deserialize(self, value: str) -> datetime:
        return from_text(value)


class IntegerAttribute(Attribute[int]):
    """A whole number; JSON's `true` and 1.0 are refused, they are none."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        if type(value) is not int:
            raise TypeError(f"{self.attr_name} takes an integer, not {value!r}")
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class JsonAttribute(Attribute[Any]):
    """Any JSON value as compact text, so that 1.0 stays 1.0 and key order survives."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return msgspec.json.encode(value).decode()

    def deserialize(self, value: str) -> Any:
        return msgspec.json.decode(value)


class NamesAttribute(Attribute[tuple[str, ...]]):
    """A list of names in order, possibly empty."""

    attr_type = STRING

    def serialize(self, value: tuple[str, ...]) -> str:
        return msgspec.json.encode(value).decode()

    def deserialize(self, value: str) -> tuple[str, ...]:
        return tuple(msgspec.json.decode(value))


def _listing(number: int) -> type[GlobalSecondaryIndex[Any]]:
    class Meta:
        index_name = f"listing_{number}"
        projection = KeysOnlyProjection()

    namespace = {
        "Meta": Meta,
        f"in_{number}": UnicodeAttribute(hash_key=True),
        "position": UnicodeAttribute(range_key=True),
    }
    return type(f"Listing{number}", (GlobalSecondaryIndex,), namespace)


class Deadline(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What is due, in sixteen shards."""

    class Meta:
        index_name = DEADLINE
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = InstantAttribute(range_key=True)


class Row(Model):
    """Base of every item of table `resources`. `None` is never stored: an absent attribute is None."""

    class Meta:
        table_name = "resources"
        billing_mode = PAY_PER_REQUEST_BILLING_MODE

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute(attr_name="kind")
    position = UnicodeAttribute(null=True)
    in_1 = UnicodeAttribute(null=True)
    in_2 = UnicodeAttribute(null=True)
    in_3 = UnicodeAttribute(null=True)
    in_4 = UnicodeAttribute(null=True)
    in_5 = UnicodeAttribute(null=True)
    in_6 = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = InstantAttribute(null=True)
    operation = UnicodeAttribute(null=True)
    ttl = TTLAttribute(null=True)

    listing_1 = _listing(1)()
    listing_2 = _listing(2)()
    listing_3 = _listing(3)()
    listing_4 = _listing(4)()
    listing_5 = _listing(5)()
    listing_6 = _listing(6)()
    deadline = Deadline()


class Tombstone(Row, discriminator="tombstone"):
    """What is left of a deleted resource: its key stays unusable, cursors stay valid."""

    created = InstantAttribute()


class Outbox(Model):
    """Base of every item of table `outbox`: the only table with a stream."""

    class Meta:
        table_name = "outbox"
        billing_mode = PAY_PER_REQUEST_BILLING_MODE
        stream_view_type = "NEW_IMAGE"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute(attr_name="kind")
    position = UnicodeAttribute(null=True)
    in_1 = UnicodeAttribute(null=True)
    in_2 = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = InstantAttribute(null=True)
    operation = UnicodeAttribute(null=True)
    ttl = TTLAttribute(null=True)

    listing_1 = _listing(1)()
    listing_2 = _listing(2)()
    deadline = Deadline()


@cache
def attributes_of(model: type[Model]) -> dict[str, Attribute[Any]]:
    """The attributes of a row by stored name (ours are stored under their Python names)."""
    return dict(model.get_attributes())


@cache
def _model(table: type[Model], kind: str) -> type[Model]:
    discriminator = cast(DiscriminatorAttribute, table.get_attributes()["kind"])
    return cast(type[Model], discriminator.deserialize(kind))  # type: ignore[no-untyped-call]


def decode(table: type[Model], raw: dict[str, dict[str, Any]]) -> Item:
    """Python values of a stored item, by attribute name; `kind` stays the stored text."""
    kind = raw["kind"]["S"]
    known = attributes_of(_model(table, kind))
    item: Item = {
        name: known[name].deserialize(known[name].get_value(cell)) for name, cell in raw.items() if name != "kind"
    }
    item["kind"] = kind
    return item


__all__ = [
    "DEADLINE",
    "LISTINGS",
    "BinaryAttribute",
    "BooleanAttribute",
    "InstantAttribute",
    "IntegerAttribute",
    "Item",
    "JsonAttribute",
    "NamesAttribute",
    "Outbox",
    "Row",
    "Tombstone",
    "UnicodeAttribute",
    "attributes_of",
    "decode",
]
