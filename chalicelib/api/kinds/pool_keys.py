"""Pool keys (spec policies.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import pool_key as shown
from chalicelib.licensing.access import Subject
from chalicelib.licensing.pool import PoolKey
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import pool as stored
from chalicelib.store.loads import pool


def load_one(arrival: Arrival) -> Plan[PoolKey | None]:
    """The pool key of the path."""
    return pool.by_id(arrival.account_id, arrival.ids["id"])


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[PoolKey | None]]:
    return pool.many(scene.account_id, entries)


def _subject(pooled: PoolKey, relation: Any) -> Subject:
    return Subject(key=pooled)


POOL_KEYS: Kind[PoolKey] = Kind(
    word="key",
    plural="keys",
    show=lambda scene, pooled: shown.show(scene.account_id, pooled),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.pointer(account_id, stored.KIND, identifier),
    created=lambda pooled: pooled.created,
)
