"""Rows that let lists find resources by their metadata: made with a resource, else put ahead of a change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.api.operation import Scene
from chalicelib.store.items import hint
from chalicelib.store.items.hint import Listed
from chalicelib.store.unit import Write


def made(scene: Scene, listed: Listed, writes: Iterable[Write]) -> dict[str, Any]:
    """What an `Outcome` does to make a resource by `writes`, with the rows of its metadata."""
    database, account_id, needed = scene.arrival.service.database, scene.account_id, tuple(writes)
    room = hint.room(needed)
    ahead = hint.ahead_of_creation(listed, room)
    steps: dict[str, Any] = {"writes": (*needed, *hint.creation(account_id, listed, room))}
    if ahead.texts:
        steps["before"] = lambda: hint.put(database, account_id, ahead)
    return steps


def hinted(scene: Scene, before: Listed, after: Listed) -> dict[str, Any]:
    """What an `Outcome` does about the metadata of a resource that is changed."""
    if set(before.texts) == set(after.texts):
        return {}
    database, account_id = scene.arrival.service.database, scene.account_id
    coming = after._replace(revision=before.revision + 1)
    return {
        "before": lambda: hint.put(database, account_id, coming, before.texts),
        "then": lambda: hint.drop(database, account_id, before, after.texts),
    }
