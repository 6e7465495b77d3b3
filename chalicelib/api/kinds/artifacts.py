"""Artifacts (spec resources.md §9.2). Who may what with one follows from the product of its release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import artifact as shown
from chalicelib.licensing.access import Subject
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import release as stored
from chalicelib.store.loads import releases as loads
from chalicelib.store.loads.releases import Packed


def load_one(arrival: Arrival) -> Plan[Packed | None]:
    """The artifact of the path."""
    return loads.artifact_by_id(arrival.account_id, arrival.ids["id"])


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Packed | None]]:
    return loads.many_artifacts(scene.account_id, [entry.identifier for entry in entries])


def _subject(packed: Packed, relation: Any) -> Subject:
    return PRODUCTS.subject(packed.released.product, relation)


ARTIFACTS: Kind[Packed] = Kind(
    word="artifact",
    plural="artifacts",
    show=lambda scene, packed: shown.show(scene.account_id, packed.artifact),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.ARTIFACT, identifier),
    created=lambda packed: packed.artifact.created,
    relate=PRODUCTS.relate,
)
