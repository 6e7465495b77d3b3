"""Fences: who takes a fingerprint that must be unique beyond its license goes through one of these (STORE §4)."""

from __future__ import annotations

from chalicelib.store import keys
from chalicelib.store.table import IntegerAttribute, Item, Row
from chalicelib.store.unit import Change, Put, Write


class FenceRow(Row, discriminator="fence"):
    """How often the fingerprint was taken under a wide strategy."""

    version = IntegerAttribute()


def passed(account_id: str, kind: str, fingerprint: str, item: Item | None) -> Write:
    """The write that goes through the fence as it was seen; of two at once one comes again."""
    key = keys.fence(account_id, kind, fingerprint)
    if item is None:
        return Put(FenceRow(pk=key.pk, sk=key.sk, version=1))
    seen = item["version"]
    return Change(FenceRow, key, (FenceRow.version.set(seen + 1),), FenceRow.version == seen)
