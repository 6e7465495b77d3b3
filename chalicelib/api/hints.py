"""Rows that let lists find resources by their metadata: written ahead of a change, dropped after it."""

from __future__ import annotations

from typing import Any

from chalicelib.api.operation import Scene
from chalicelib.store.items import hint
from chalicelib.store.items.hint import Listed


def hinted(scene: Scene, before: Listed | None, after: Listed) -> dict[str, Any]:
    """What an `Outcome` does about the metadata of a resource that is made (`before` is None) or changed."""
    known = () if before is None else before.texts
    if set(known) == set(after.texts):
        return {}
    database, account_id = scene.arrival.service.database, scene.account_id
    revision = 0 if before is None else before.revision + 1
    coming = after._replace(revision=revision)
    steps: dict[str, Any] = {"before": lambda: hint.put(database, account_id, coming, known)}
    if before is not None:
        steps["then"] = lambda: hint.drop(database, account_id, before, after.texts)
    return steps
