"""Releases. The entitlements they ask for are lines of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, expected, there
from chalicelib.admin.transfer.merge import fixed, made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import fields as rules
from chalicelib.licensing import release as releases
from chalicelib.licensing.errors import check
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import DRAFT, PUBLISHED, YANKED, Draft, Release
from chalicelib.licensing.versions import CHANNELS
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need, together
from chalicelib.store.items import release as stored
from chalicelib.store.keys import Key
from chalicelib.store.loads import releases as loads
from chalicelib.store.loads import resources
from chalicelib.store.table import Item

SHOWN = ("version", "channel", "status", "tag", "name", "description", "backdated", "yanked")
SHAPE = Shape(
    type="releases",
    attributes=columns(Release, *SHOWN, "metadata", "created", "updated"),
    links={"product": to_one("product", products="product", product="product")},
    nullable=releases.NULLABLE,
    derived=frozenset({"semver"}),
)


class Found(msgspec.Struct, frozen=True):
    """What is stored under the id, the product of it or of the line, and which releases have its version and tag."""

    item: Item | None
    product: Product | None
    version: str | None
    tag: str | None


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_id, linked = place.account_id, sent.links.get("product")
    own = keys.resource(account_id, stored.KIND, sent.id)
    found = yield need(own)
    item: Item | None = found[own]
    product_id = None if linked is None else linked.id
    if item is not None and item["kind"] == stored.KIND:
        product_id = item["product_id"]
    if product_id is None:
        return Found(item, None, None, None)
    product, version, tag = yield from together(
        resources.product_by_id(account_id, product_id),
        _holder(_version_key(account_id, product_id, sent)),
        _holder(_tag_key(account_id, product_id, sent)),
    )
    return Found(item, product, version, tag)


def _holder(guard: Key | None) -> Plan[str | None]:
    return None if guard is None else (yield from resources.guarded(guard))


def _version_key(account_id: str, product_id: str, sent: Sent) -> Key | None:
    version = releases.normal_version(sent.given.get("version", ""))
    return None if version is None else stored.version_key(account_id, product_id, version)


def _tag_key(account_id: str, product_id: str, sent: Sent) -> Key | None:
    tag = sent.given.get("tag")
    return None if tag is None else stored.tag_key(account_id, product_id, tag)


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    check([rules.choice("status", sent.given.get("status"), (DRAFT, PUBLISHED, YANKED))])
    item = there(found.item, stored.KIND)
    return _created(place, sent, found, now) if item is None else _changed(place, sent, found, item, now)


def _created(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    linked = sent.links.get("product")
    if linked is None:
        raise Rejected("relationships.product: is missing")
    product = expected(found.product, "product", linked.id)
    for name in ("version", "channel"):
        if name not in sent.given:
            raise Rejected(f"attributes.{name}: is missing")
    check([rules.choice("channel", sent.given["channel"], CHANNELS)])

    def create(given: dict[str, Any], at: datetime) -> Release:
        draft = Draft(
            release_id=sent.id,
            fields=given,
            product=product,
            version_taken=found.version not in (None, sent.id),
            tag_taken=found.tag not in (None, sent.id),
        )
        # Judged now: what was backdated after it was created lies between.
        return _withdrawn(replace(releases.create(draft, now), created=at), sent, at)

    return Decision(writes=stored.creation(place.account_id, made(sent, now, create)), created=True)


def _changed(place: Place, sent: Sent, found: Found, item: Item, now: datetime) -> Decision:
    before, linked = stored.release_of(item), sent.links.get("product")
    if linked is not None and linked.id != before.product_id:
        raise Rejected(f"relationships.product: cannot change from {before.product_id}")
    expected(found.product, "product", before.product_id)
    version = sent.given.get("version")
    normal = None if version is None else releases.normal_version(version) or version
    fixed(before, {"version": normal, "channel": sent.given.get("channel")})
    taken = found.tag not in (None, before.id)

    def update(given: dict[str, Any]) -> Release:
        changes = {name: value for name, value in given.items() if name != "version"}
        return _withdrawn(releases.update(before, changes, tag_taken=taken, now=now), sent, now)

    after = patched(before, sent, now, update)
    return UNCHANGED if after is before else Decision(writes=stored.update(place.account_id, before, after))


def _withdrawn(release: Release, sent: Sent, now: datetime) -> Release:
    """What is yanked was so at some time, and nothing else was. Raises Rejected for a line that says otherwise."""
    if release.status == YANKED:
        return replace(release, yanked=release.yanked or sent.updated or now)
    if "yanked" in sent.given:
        raise Rejected("attributes.yanked: must be null where the status is not YANKED")
    return replace(release, yanked=None)


def _resources(place: Place) -> Iterator[Resource]:
    for release in each(place, stored.KIND, lambda page: _many(place.account_id, page)):
        yield written(SHAPE, release, {"product": ("products", release.product_id)})


def _many(account_id: str, page: list[Entry]) -> Plan[list[Release | None]]:
    found = yield from loads.many(account_id, [entry.identifier for entry in page])
    return [None if one is None else one.release for one in found]


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
