"""Releases (spec resources.md §9.1). Who may what with one follows from its product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.authenticate import token_key
from chalicelib.api.kind import Kind
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import release as shown
from chalicelib.licensing.access import Subject
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import release as stored
from chalicelib.store.loads import releases as loads
from chalicelib.store.loads.releases import Released


def load_one(arrival: Arrival) -> Plan[Released | None]:
    """The release of the path, by id, version or tag."""
    token = token_key(arrival.tenant, arrival.presented)
    return loads.by_path(arrival.account_id, arrival.ids["id"], token)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Released | None]]:
    return loads.many(scene.account_id, [entry.identifier for entry in entries])


def _subject(released: Released, relation: Any) -> Subject:
    return PRODUCTS.subject(released.product, relation)


RELEASES: Kind[Released] = Kind(
    word="release",
    plural="releases",
    show=lambda scene, released: shown.show(scene.account_id, released.release),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda released: released.release.created,
    relate=PRODUCTS.relate,
)
