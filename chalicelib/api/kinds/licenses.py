"""Licenses (spec licenses.md §1, §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.authenticate import token_key
from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import license as shown
from chalicelib.licensing.access import Subject
from chalicelib.licensing.license import License
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.license import Licensed


def show(scene: Scene, licensed: Licensed, license: License | None = None) -> Resource:
    """The license as it is, or as `license` says it became."""
    return shown.show(scene.account_id, license or licensed.license, licensed.policy, licensed.owner, scene.now)


def load_one(arrival: Arrival) -> Plan[Licensed | None]:
    """The license of the path, by id or key, and whether the user who asks is attached to it."""
    token = token_key(arrival.tenant, arrival.presented)
    return loads.by_path(arrival.account_id, arrival.ids["id"], token)


def subject(licensed: Licensed, relation: Any = None) -> Subject:
    """A license as authorization sees it."""
    return Subject(license=licensed.license, policy=licensed.policy, attached=licensed.attached)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Licensed | None]]:
    return loads.many(scene.account_id, [entry.identifier for entry in entries], weak=True)


LICENSES: Kind[Licensed] = Kind(
    word="license",
    plural="licenses",
    show=show,
    subject=subject,
    many=_many,
    key=keys.facts,
    created=lambda licensed: licensed.license.created,
)
