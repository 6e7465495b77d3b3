"""The change feed: one record per write that changed an item, in commit order, durable with the write."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .codec import decode, encode
from .schema import Table
from .values import Item

TTL_IDENTITY = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@dataclass(frozen=True, slots=True)
class Change:
    """One record. Images are there as the table's StreamViewType asks; `at` is in epoch seconds.

    `event` is INSERT, MODIFY or REMOVE; `user_identity` is set for items reclaimed by TTL.
    """

    sequence: int
    event: str
    at: float
    keys: Item
    new_image: Item | None
    old_image: Item | None
    user_identity: Mapping[str, str] | None


def record(
    connection: sqlite3.Connection,
    table: Table,
    old: Item | None,
    new: Item | None,
    at: float,
    identity: Mapping[str, str] | None,
) -> None:
    """Adds the change from `old` to `new` to the feed of a streamed table; nothing if nothing changed."""
    present = new if new is not None else old
    if table.stream is None or present is None or old == new:
        return
    entry: dict[str, Any] = {
        "event": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
        "at": at,
        "keys": {name: present[name] for name in table.key.names},
    }
    if new is not None and table.stream in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        entry["new"] = new
    if old is not None and table.stream in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        entry["old"] = old
    if identity is not None:
        entry["identity"] = identity
    connection.execute("INSERT INTO changes (space, record) VALUES (?, ?)", (table.space, encode(entry)))


def read(connection: sqlite3.Connection, table: Table, after: int, limit: int) -> list[Change]:
    """The oldest `limit` changes behind sequence number `after`."""
    rows = connection.execute(
        "SELECT sequence, record FROM changes WHERE space = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        (table.space, after, limit),
    )
    return [_change(sequence, decode(text)) for sequence, text in rows]


def _change(sequence: int, entry: Mapping[str, Any]) -> Change:
    get = entry.get
    return Change(sequence, entry["event"], entry["at"], entry["keys"], get("new"), get("old"), get("identity"))


def trim(connection: sqlite3.Connection, table: Table, upto: int) -> None:
    """Forgets the changes up to and including sequence number `upto`."""
    connection.execute("DELETE FROM changes WHERE space = ? AND sequence <= ?", (table.space, upto))
