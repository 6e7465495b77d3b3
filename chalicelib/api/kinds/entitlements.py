"""Entitlements (spec resources.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import entitlement as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import entitlement as stored
from chalicelib.store.loads import attachments, holdings, resources


def load_one(arrival: Arrival) -> Plan[Entitlement | None]:
    """The entitlement of the path, by id or code."""
    return resources.entitlement_by_id_or_code(arrival.account_id, arrival.ids["id"])


def _relate(arrival: Arrival, bearer: Bearer) -> Plan[frozenset[str] | None]:
    """Ids of what the license that asks, or the licenses of a customer, are entitled to."""
    if bearer.license is not None:
        licenses, policies = [bearer.license.id], [bearer.license.policy_id]
    elif bearer.role == "user":
        held = yield from holdings.of_user(arrival.account_id, bearer.id)
        licenses, policies = [one.license.id for one in held], [one.policy.id for one in held]
    else:
        return None
    found = yield from attachments.entitled(arrival.account_id, licenses, policies)
    return frozenset(one.id for one in found.entitlements)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Entitlement | None]]:
    return resources.many_entitlements(scene.account_id, [entry.identifier for entry in entries])


def _subject(entitlement: Entitlement, relation: Any) -> Subject:
    return Subject(entitlement=entitlement, related=relation is not None and entitlement.id in relation)


ENTITLEMENTS: Kind[Entitlement] = Kind(
    word="entitlement",
    plural="entitlements",
    show=lambda scene, entitlement: shown.show(scene.account_id, entitlement),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda entitlement: entitlement.created,
    relate=_relate,
)
