"""Attachments of all kinds: they are known by their two ends, and have an id of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Linked, Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, expected, pages
from chalicelib.admin.transfer.kinds import holders
from chalicelib.admin.transfer.merge import created_at, settled
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing.attachment import Attachment
from chalicelib.store import keys
from chalicelib.store.fetch import Need, Plan, Prefix, need
from chalicelib.store.items import attachment as stored
from chalicelib.store.items.attachment import ENDS, AttachmentRow
from chalicelib.store.items.license_relations import seated
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.unit import Change, Write

PLURALS = {
    "license": "licenses",
    "policy": "policies",
    "group": "groups",
    "release": "releases",
    "user": "users",
    "entitlement": "entitlements",
}
TYPES = {kind: f"{kind}s" for kind in ENDS} | {"release-constraint": "constraints"}


class Found(msgspec.Struct, frozen=True):
    """What ties both ends already, and the ends; a license holder with its policy."""

    item: Item | None = None
    holder_created: datetime | None = None
    target_created: datetime | None = None
    licensed: Licensed | None = None


def _load(kind: str, place: Place, sent: Sent) -> Plan[Found]:
    holder, target = (sent.links.get(end) for end in (ENDS[kind].holder, ENDS[kind].target))
    if holder is None or target is None:
        return Found()
    key = stored.key_of(place.account_id, kind, holder.id, target.id)
    target_key = keys.resource(place.account_id, target.kind, target.id)
    found = yield need(key, target_key)
    item, target_item = found[key], live(found, target_key, target.kind)
    held = yield from holders.BY_KIND[holder.kind](place.account_id, holder.id)
    created = None if held is None else _created(held)
    licensed = held if isinstance(held, Licensed) else None
    return Found(item, created, None if target_item is None else target_item["created"], licensed)


def _created(held: Any) -> datetime:
    value = held.license if isinstance(held, Licensed) else getattr(held, "group", held)
    created: datetime = value.created
    return created


def _decide(kind: str, place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    holder, target = _end(sent, ENDS[kind].holder), _end(sent, ENDS[kind].target)
    holder_created = expected(found.holder_created, holder.kind, holder.id)
    target_created = expected(found.target_created, target.kind, target.id)
    if found.item is not None:
        return _changed(place, sent, stored.attachment_of(found.item), now)
    if found.licensed is not None and found.licensed.license.owner_id == target.id:
        raise Rejected("relationships.user: is the owner of the license")
    at = created_at(sent, now)
    attachment = Attachment(
        id=sent.id,
        kind=kind,
        holder_id=holder.id,
        target_id=target.id,
        target_created=target_created,
        created=at,
        updated=sent.updated or at,
    )
    put = stored.put(place.account_id, attachment, holder_created)
    return Decision(writes=(put, *_seat(place, kind, found.licensed)), created=True)


def _end(sent: Sent, name: str) -> Linked:
    linked = sent.links.get(name)
    if linked is None:
        raise Rejected(f"relationships.{name}: is missing")
    return linked


def _seat(place: Place, kind: str, licensed: Licensed | None) -> tuple[Write, ...]:
    """Attached users are counted; whether there are too many was the business of who attached them."""
    if kind != "license-user" or licensed is None:
        return ()
    unlimited = replace(licensed.policy, overage_strategy="ALWAYS_ALLOW_OVERAGE")
    return (seated(place.account_id, licensed.license, unlimited, 1),)


def _changed(place: Place, sent: Sent, before: Attachment, now: datetime) -> Decision:
    if before.id != sent.id:
        raise Rejected(f"is there already, with the id {before.id}")
    after = settled(before, before, sent, now)
    if after is before:
        return UNCHANGED
    key = stored.key_of(place.account_id, before.kind, before.holder_id, before.target_id)
    same = (AttachmentRow.id == before.id) & (AttachmentRow.updated == before.updated)
    return Decision(writes=(Change(AttachmentRow, key, (AttachmentRow.updated.set(after.updated),), same),))


def _resources(kind: str, place: Place) -> Iterator[Resource]:
    """Holder by holder as holders are ordered, then by creation and id."""
    ends = ENDS[kind]
    for page in pages(place, ends.holder):
        for attachment in place.read(_attached(kind, place.account_id, [entry.identifier for entry in page])):
            links = {
                ends.holder: (PLURALS[ends.holder], attachment.holder_id),
                ends.target: (PLURALS[ends.target], attachment.target_id),
            }
            yield written(SHAPES[kind], attachment, links)


def _attached(kind: str, account_id: str, holder_ids: list[str]) -> Plan[list[Attachment]]:
    """What these holders have, without what is gone at either end."""
    alive = yield from holders.ALIVE[kind](account_id, holder_ids)
    asks = [Prefix(*stored.held_by(account_id, kind, one)) for one in holder_ids if one in alive]
    found = yield Need(asks=tuple(asks))
    attached = [sorted(map(stored.attachment_of, found[ask]), key=lambda one: (one.created, one.id)) for ask in asks]
    every = [one for of_holder in attached for one in of_holder]
    target = ENDS[kind].target
    targets = {one.target_id: keys.resource(account_id, target, one.target_id) for one in every}
    found = yield need(*targets.values())
    return [one for one in every if live(found, targets[one.target_id], target) is not None]


def _shape(kind: str) -> Shape:
    ends = ENDS[kind]
    links = {end: to_one(end, **{PLURALS[end]: end, end: end}) for end in (ends.holder, ends.target)}
    return Shape(type=TYPES[kind], attributes=_STAMPS, links=links)


_STAMPS = columns(Attachment, "created", "updated")
SHAPES = {kind: _shape(kind) for kind in ENDS}


def _kind(kind: str) -> Kind:
    return Kind(
        shape=SHAPES[kind],
        load=partial(_load, kind),
        decide=partial(_decide, kind),
        resources=partial(_resources, kind),
    )


LICENSE_USERS, LICENSE_ENTITLEMENTS, POLICY_ENTITLEMENTS, GROUP_OWNERS, CONSTRAINTS = (
    _kind(kind)
    for kind in ("license-user", "license-entitlement", "policy-entitlement", "group-owner", "release-constraint")
)
