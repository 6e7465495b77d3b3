"""Artifacts: files of releases, as metadata."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, expected, there
from chalicelib.admin.transfer.merge import fixed, made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import artifact as artifacts
from chalicelib.licensing import fields as rules
from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.errors import check
from chalicelib.licensing.release import Release
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need
from chalicelib.store.items import release as stored
from chalicelib.store.loads import releases as loads
from chalicelib.store.loads import resources
from chalicelib.store.table import Item

STATUSES = ("WAITING", "PROCESSING", "UPLOADED", "FAILED", "YANKED")
LOWER = ("filetype", "platform", "arch")
SHOWN = ("filename", *LOWER, "filesize", "signature", "checksum", "status")
SHAPE = Shape(
    type="artifacts",
    attributes=columns(Artifact, *SHOWN, "metadata", "created", "updated"),
    links={"release": to_one("release", releases="release", release="release")},
    nullable=artifacts.NULLABLE | set(LOWER),
)


class Found(msgspec.Struct, frozen=True):
    """What is stored under the id, the release of it or of the line, and which artifact of that has the file name."""

    item: Item | None
    release: Release | None
    filename: str | None


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_id, linked = place.account_id, sent.links.get("release")
    own = keys.resource(account_id, stored.ARTIFACT, sent.id)
    found = yield need(own)
    item: Item | None = found[own]
    release_id = None if linked is None else linked.id
    if item is not None and item["kind"] == stored.ARTIFACT:
        release_id = item["release_id"]
    if release_id is None:
        return Found(item, None, None)
    (released,) = yield from loads.many(account_id, [release_id])
    guard = stored.filename_key(account_id, release_id, sent.given.get("filename", ""))
    holder = yield from resources.guarded(guard)
    return Found(item, None if released is None else released.release, holder)


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    check([rules.choice("status", sent.given.get("status"), STATUSES)])
    item = there(found.item, stored.ARTIFACT)
    return _created(place, sent, found, now) if item is None else _changed(place, sent, found, item, now)


def _created(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    linked = sent.links.get("release")
    if linked is None:
        raise Rejected("relationships.release: is missing")
    release = expected(found.release, "release", linked.id)
    taken = found.filename not in (None, sent.id)

    def create(given: dict[str, Any], at: datetime) -> Artifact:
        return artifacts.create(sent.id, given, release=release, filename_taken=taken, now=at)

    return Decision(writes=stored.artifact_creation(place.account_id, made(sent, now, create)), created=True)


def _changed(place: Place, sent: Sent, found: Found, item: Item, now: datetime) -> Decision:
    before, linked = stored.artifact_of(item), sent.links.get("release")
    if linked is not None and linked.id != before.release_id:
        raise Rejected(f"relationships.release: cannot change from {before.release_id}")
    expected(found.release, "release", before.release_id)
    fixed(before, {"filename": sent.given.get("filename")})
    after = patched(before, sent, now, lambda given: artifacts.update(before, _lowered(given), now))
    if after is before:
        return UNCHANGED
    return Decision(writes=(stored.artifact_update(place.account_id, before, after),))


def _lowered(given: dict[str, Any]) -> dict[str, Any]:
    return given | {name: given[name].lower() for name in LOWER if name in given}


def _resources(place: Place) -> Iterator[Resource]:
    for artifact in each(place, stored.ARTIFACT, lambda page: _many(place.account_id, page)):
        yield written(SHAPE, artifact, {"release": ("releases", artifact.release_id)})


def _many(account_id: str, page: list[Entry]) -> Plan[list[Artifact | None]]:
    found = yield from loads.many_artifacts(account_id, [entry.identifier for entry in page])
    return [None if one is None else one.artifact for one in found]


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
