"""Items and their index entries in the open transaction."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from . import changes
from .capacity import Units, write_units
from .catalog import Catalog
from .codec import decode, encode
from .errors import refuse
from .schema import Index, Table
from .values import MAX_ITEM_BYTES, Item, item_size

KeyBytes = tuple[bytes, bytes]

_LATEST_EXPIRY = 2**62


class Stored(NamedTuple):
    """An item and its size in bytes."""

    item: Item
    size: int


class Session(NamedTuple):
    """What an operation works with: its connection, the tables by name, and the time in epoch seconds."""

    connection: sqlite3.Connection
    catalog: Catalog
    now: float

    def table(self, name: object) -> Table:
        """The table of this name. Raises Refusal."""
        return self.catalog.table(self.connection, name)


def load(connection: sqlite3.Connection, table: Table, key: KeyBytes) -> Stored | None:
    """The item of a key, as fresh objects."""
    row = connection.execute(
        "SELECT size, body FROM items WHERE space = ? AND hash = ? AND range = ?", (table.space, *key)
    ).fetchone()
    return None if row is None else Stored(decode(row[1]), row[0])


def check_item(table: Table, item: Item) -> Stored:
    """The item with its size. Raises Refusal if it is too large or an index key has a wrong type or no content."""
    size = item_size(item)
    if size > MAX_ITEM_BYTES:
        refuse("Item size has exceeded the maximum allowed size")
    for index in table.indexes:
        index.key.of(item)
    return Stored(item, size)


def store(
    session: Session,
    table: Table,
    key: KeyBytes,
    old: Stored | None,
    new: Stored | None,
    identity: Mapping[str, str] | None = None,
) -> Units:
    """Replaces `old` by `new`, either of which may be None, with index entries and change; the units it costs."""
    connection = session.connection
    units = Units(write_units(old.size if old else 0, new.size if new else 0))
    if new is None:
        if old is None:
            return units
        connection.execute("DELETE FROM items WHERE space = ? AND hash = ? AND range = ?", (table.space, *key))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO items (space, hash, range, size, expires, body) VALUES (?, ?, ?, ?, ?, ?)",
            (table.space, *key, new.size, expiry(table.ttl, new.item), encode(new.item)),
        )
    old_item, new_item = old.item if old else None, new.item if new else None
    for index in table.indexes:
        charged = _index(connection, index, key, old_item, new_item)
        if charged:
            units.charge(index.name, charged)
    changes.record(connection, table, old_item, new_item, session.now, identity)
    return units


def _index(connection: sqlite3.Connection, index: Index, key: KeyBytes, old: Item | None, new: Item | None) -> float:
    """Moves one index from `old` to `new`; the units it costs."""
    if old is not None and new is not None and _same_entry(index, old, new):
        return 0.0
    before = None if old is None else index.key.of(old)
    after = None if new is None else index.key.of(new)
    charged = 0.0
    old_size = 0
    if before is not None and old is not None:
        old_size = item_size(index.project(old))
        if before != after:
            charged += write_units(old_size)
            old_size = 0
            connection.execute(
                "DELETE FROM entries WHERE space = ? AND hash = ? AND range = ? AND item_hash = ? AND item_range = ?",
                (index.space, *before, *key),
            )
    if after is not None and new is not None:
        entry = index.project(new)
        size = item_size(entry)
        charged += write_units(old_size, size)
        connection.execute(
            "INSERT OR REPLACE INTO entries (space, hash, range, item_hash, item_range, size, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (index.space, *after, *key, size, encode(entry)),
        )
    return charged


def _same_entry(index: Index, old: Item, new: Item) -> bool:
    if index.attributes is None:
        return old == new
    return all(old.get(name) == new.get(name) for name in index.attributes)


def expiry(attribute: str | None, item: Item) -> int | None:
    """When an item expires, in epoch seconds, or None."""
    number = item.get(attribute, {}).get("N") if attribute else None
    if number is None:
        return None
    moment = int(Decimal(number))
    return moment if abs(moment) < _LATEST_EXPIRY else None
