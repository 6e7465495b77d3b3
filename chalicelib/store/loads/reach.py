"""What a license reaches of the release or file that a validation asks for (spec resources.md §9.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.reach import Candidate, Reach, accessible, version_of_checksum
from chalicelib.licensing.release import Release
from chalicelib.store import keys
from chalicelib.store.fetch import Found, Listing, Need, Plan, Prefix, need, together
from chalicelib.store.items import attachment as attached
from chalicelib.store.items import release as releases
from chalicelib.store.loads import attachments, resources
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live
from chalicelib.store.loads.releases import CONSTRAINT

MOST = 100
"""How many artifacts with one checksum are looked at, newest first."""

Constraints = Mapping[str, frozenset[str]]
"""The ids of the entitlements that releases ask for, by the ids of the releases."""


class Reached(msgspec.Struct, frozen=True):
    """`artifact_version` of the accessible artifact with the checksum asked for, None if there is none; whether an
    accessible release has the version asked for.
    """

    artifact_version: str | None = None
    release_found: bool = False


NOTHING = Reached()


class _Releases(msgspec.Struct, frozen=True):
    """Releases by id, and what they ask for."""

    releases: Mapping[str, Release]
    constraints: Constraints


def reachable(
    account_id: str, licensed: Licensed, now: datetime, *, version: str | None, checksum: str | None
) -> Plan[Reached]:
    """What a validation under these scopes looks at; None is not asked for.

    Two rounds for a version, three for a checksum, and one more only where a release asks for entitlements.
    """
    license = licensed.license
    product, named, files = yield from together(
        resources.product_by_id(account_id, license.product_id),
        _named(account_id, license.product_id, version),
        _files(account_id, license.product_id, checksum),
    )
    if product is None:
        return NOTHING
    found = yield from _releases(account_id, {one for one in (named, *(file.release_id for file in files)) if one})
    asked = {one for ids in found.constraints.values() for one in ids}
    alive, held = yield from _entitlements(account_id, licensed, asked)
    reach = Reach(license=license, policy=licensed.policy, product=product, entitlement_ids=held, now=now)
    constraints = {release_id: ids & alive for release_id, ids in found.constraints.items()}
    release = None if named is None else found.releases.get(named)
    return Reached(
        artifact_version=None if checksum is None else _version(reach, checksum, files, found, constraints),
        release_found=release is not None and accessible(reach, release, constraints[release.id]),
    )


def _version(
    reach: Reach, checksum: str, files: Iterable[Artifact], found: _Releases, constraints: Constraints
) -> str | None:
    candidates = [
        Candidate(artifact=file, release=found.releases[file.release_id], constraints=constraints[file.release_id])
        for file in files
        if file.release_id in found.releases
    ]
    return version_of_checksum(reach, checksum, candidates)


def _named(account_id: str, product_id: str, version: str | None) -> Plan[str | None]:
    """The id of the release of a product with exactly this version."""
    if version is None:
        return None
    return (yield from resources.guarded(releases.version_key(account_id, product_id, version)))


def _files(account_id: str, product_id: str, checksum: str | None) -> Plan[tuple[Artifact, ...]]:
    """The artifacts of a product with a checksum; the index may be a moment behind."""
    if checksum is None:
        return ()
    ask = Listing(4, releases.checksum_slot(account_id, product_id, checksum), limit=MOST)
    found = yield Need(asks=(ask,))
    where = [entry.key for entry in found[ask]]
    found = yield need(*where)
    items = [live(found, key, releases.ARTIFACT) for key in where]
    return tuple(releases.artifact_of(item) for item in items if item is not None)


def _releases(account_id: str, release_ids: Iterable[str]) -> Plan[_Releases]:
    """Releases and their constraints, in one round."""
    where = {one: keys.resource(account_id, releases.KIND, one) for one in sorted(release_ids)}
    asks = {one: Prefix(*attached.held_by(account_id, CONSTRAINT, one)) for one in where}
    found = yield Need(tuple(where.values()), tuple(asks.values()))
    items = {one: live(found, key, releases.KIND) for one, key in where.items()}
    return _Releases(
        {one: releases.release_of(item) for one, item in items.items() if item is not None},
        {one: _targets(found, ask) for one, ask in asks.items()},
    )


def _targets(found: Found, ask: Prefix) -> frozenset[str]:
    return frozenset(item["target_id"] for item in found[ask])


def _entitlements(
    account_id: str, licensed: Licensed, asked: Iterable[str]
) -> Plan[tuple[frozenset[str], frozenset[str]]]:
    """Of the entitlements that are asked for, those that exist, and those the license or its policy has."""
    names, license = sorted(asked), licensed.license
    existing, own, inherited = yield from together(
        attachments.entitlements_by_id(account_id, names),
        attachments.of_targets(account_id, "license-entitlement", license.id, names),
        attachments.of_targets(account_id, "policy-entitlement", license.policy_id, names),
    )
    return frozenset(existing), frozenset((*own, *inherited))
