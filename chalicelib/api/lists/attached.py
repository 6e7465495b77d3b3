"""Lists of what is attached to something: the attachments tell where their targets stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Scene
from chalicelib.licensing.attachment import Attachment
from chalicelib.store import keys, walk
from chalicelib.store.fetch import Entry


def targets(scene: Scene, kind: Kind[Any], found: Iterable[Attachment]) -> walk.Given:
    """The targets of attachments, all of `kind`, in the order of lists; only those that are shown are read then."""
    return walk.Given(
        tuple(
            Entry(keys.position(one.target_created, one.target_id), kind.key(scene.account_id, one.target_id))
            for one in found
        )
    )
