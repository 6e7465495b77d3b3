"""Groups. Their counters follow from the users and licenses that are imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from chalicelib.admin.transfer.document import Resource, Sent, Shape, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, there
from chalicelib.admin.transfer.merge import made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.licensing import fields as rules
from chalicelib.licensing import group as groups
from chalicelib.licensing.errors import check
from chalicelib.licensing.fields import MAXIMUM_INTEGER
from chalicelib.licensing.group import Counted, Group
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import group as stored
from chalicelib.store.loads import groups as loads
from chalicelib.store.table import Item

LIMITS = ("max_users", "max_licenses", "max_machines")
SHAPE = Shape(type="groups", attributes=columns(Group, without=("id", "revision")), nullable=groups.NULLABLE)


def unlimited(group: Counted | None) -> Group | None:
    """The group as it takes in whoever an import brings: limits were the business of who let them in."""
    return None if group is None else replace(group.group, max_users=None, max_licenses=None, max_machines=None)


def _load(place: Place, sent: Sent) -> Plan[Item | None]:
    key = keys.resource(place.account_id, stored.KIND, sent.id)
    found = yield need(key)
    item: Item | None = found[key]
    return item


def _decide(place: Place, sent: Sent, found: Item | None, now: datetime) -> Decision:
    check(rules.integer(name, sent.given.get(name), -MAXIMUM_INTEGER - 1) for name in LIMITS)
    item = there(found, stored.KIND)
    if item is None:
        group = made(sent, now, lambda given, at: groups.create(sent.id, given, at))
        return Decision(writes=stored.creation(place.account_id, group), created=True)
    before = stored.group_of(item)
    after = patched(before, sent, now, lambda given: groups.update(before, given, now))
    return UNCHANGED if after is before else Decision(writes=stored.update(place.account_id, before, after))


def _resources(place: Place) -> Iterator[Resource]:
    found = each(place, stored.KIND, lambda page: loads.many(place.account_id, [one.identifier for one in page]))
    return (written(SHAPE, counted.group) for counted in found)


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
