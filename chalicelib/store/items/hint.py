"""Rows that only help lists find what has some metadata (STORE §1, idea 4): put before a change, dropped after it.

They may say too much at any time, never too little: a row is dropped only by who knows a later revision of the
resource than the one it was put for. Those of a creation are part of its transaction, since nobody would know them
again if it failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.licensing.clock import from_text, to_text
from chalicelib.store import keys
from chalicelib.store.database import Database
from chalicelib.store.table import IntegerAttribute, Row
from chalicelib.store.unit import Changed, Put, Remove, Write, commit

TOGETHER = 25
"""How many rows a creation takes into its transaction, where they fit."""
_TRANSACTION = 100


class HintRow(Row, discriminator="hint"):
    """One scalar of one resource's metadata; the sort key is the resource's position."""

    revision = IntegerAttribute()


class Listed(NamedTuple):
    """A resource as hints see it: where it stands in lists, the index texts of its metadata, its revision."""

    kind: str
    identifier: str
    created: datetime
    texts: tuple[str, ...]
    revision: int


def arguments(listed: Listed) -> dict[str, Any]:
    """A resource as a task keeps it, to drop its rows when nothing else of it is left."""
    return {
        "kind": listed.kind,
        "id": listed.identifier,
        "created": to_text(listed.created),
        "texts": list(listed.texts),
        "revision": listed.revision,
    }


def listed_as(kept: Mapping[str, Any]) -> Listed:
    """The inverse of `arguments`."""
    return Listed(kept["kind"], kept["id"], from_text(kept["created"]), tuple(kept["texts"]), kept["revision"])


def room(writes: Sequence[Write]) -> int:
    """How many rows fit beside the other `writes` of a creation and its event: twenty components leave few."""
    return min(TOGETHER, _TRANSACTION - len(writes) - 1)


def creation(account_id: str, listed: Listed, room: int = TOGETHER) -> tuple[Put, ...]:
    """The rows of a new resource that are made with it.

    What is there under these keys is of an earlier life of the resource, or of an attempt that came to nothing.
    """
    anything = HintRow.pk.does_not_exist() | HintRow.pk.exists()
    return tuple(Put(_row(account_id, listed, text), anything) for text in listed.texts[:room])


def ahead_of_creation(listed: Listed, room: int = TOGETHER) -> Listed:
    """The rows of a new resource that have to be put before: there are more than fit into its transaction."""
    return listed._replace(texts=listed.texts[room:])


def put(database: Database, account_id: str, listed: Listed, known: Iterable[str] = ()) -> None:
    """Write what is missing of a resource's rows, before its change is committed; `known` are there already."""
    wanted = [text for text in listed.texts if text not in frozenset(known)]
    _each(database, [_put(account_id, listed, text) for text in wanted])


def drop(database: Database, account_id: str, before: Listed, kept: Iterable[str] = ()) -> None:
    """Remove the rows of a state that is no more, but for those that are still true (`kept`)."""
    unwanted = [text for text in before.texts if text not in frozenset(kept)]
    _each(database, [_remove(account_id, before, text) for text in unwanted])


def _put(account_id: str, listed: Listed, text: str) -> Write:
    return Put(_row(account_id, listed, text), HintRow.pk.does_not_exist() | (HintRow.revision < listed.revision))


def _row(account_id: str, listed: Listed, text: str) -> HintRow:
    key = keys.listed_metadata(account_id, listed.kind, text)
    return HintRow(pk=key, sk=keys.position(listed.created, listed.identifier), revision=listed.revision)


def _remove(account_id: str, before: Listed, text: str) -> Write:
    key = keys.Key(
        keys.listed_metadata(account_id, before.kind, text), keys.position(before.created, before.identifier)
    )
    return Remove(HintRow, key, HintRow.revision <= before.revision)


def _each(database: Database, writes: list[Write]) -> None:
    """Side by side; a failed condition means that a later change saw to it."""
    calls: list[Callable[[], None]] = [lambda write=write: _one(database, write) for write in writes]  # type: ignore[misc]
    if calls:
        database.together(calls)


def _one(database: Database, write: Write) -> None:
    try:
        commit(database, (write,))
    except Changed:
        return
