"""What counts as being there: an item of the expected kind that is no tombstone."""

from __future__ import annotations

from chalicelib.store.fetch import Found
from chalicelib.store.keys import Key
from chalicelib.store.table import Item


def live(found: Found, key: Key | None, kind: str) -> Item | None:
    """The item at `key` if it is of `kind`."""
    item: Item | None = None if key is None else found[key]
    return item if item is not None and item["kind"] == kind else None
