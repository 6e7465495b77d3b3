"""Entitlements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.admin.transfer.document import Resource, Sent, Shape, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, there
from chalicelib.admin.transfer.kinds.named import Named, named
from chalicelib.admin.transfer.merge import made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.licensing import entitlement as entitlements
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.store import keys
from chalicelib.store.fetch import Plan
from chalicelib.store.items import entitlement as stored
from chalicelib.store.loads import resources

SHAPE = Shape(type="entitlements", attributes=columns(Entitlement, without=("id", "revision")))


def _load(place: Place, sent: Sent) -> Plan[Named]:
    code = sent.given.get("code")
    guard = None if code is None else stored.code_key(place.account_id, code)
    return named(keys.resource(place.account_id, stored.KIND, sent.id), guard)


def _decide(place: Place, sent: Sent, found: Named, now: datetime) -> Decision:
    item, taken = there(found.item, stored.KIND), found.taken(sent.id)
    if item is None:
        entitlement = made(sent, now, lambda given, at: entitlements.create(sent.id, given, code_taken=taken, now=at))
        return Decision(writes=stored.creation(place.account_id, entitlement), created=True)
    before = stored.entitlement_of(item)
    after = patched(before, sent, now, lambda given: entitlements.update(before, given, code_taken=taken, now=now))
    return UNCHANGED if after is before else Decision(writes=stored.update(place.account_id, before, after))


def _resources(place: Place) -> Iterator[Resource]:
    found = each(
        place, stored.KIND, lambda page: resources.many_entitlements(place.account_id, [one.identifier for one in page])
    )
    return (written(SHAPE, entitlement) for entitlement in found)


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
