"""Which releases and artifacts a license reaches (spec resources.md §9.4, validation.md §5.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from chalicelib.licensing import versions
from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.license import License, is_expired
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import PUBLISHED, Release

_UPLOADED = "UPLOADED"


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Who reaches: `product` is the license's, `entitlement_ids` are its own and its policy's."""

    license: License
    policy: Policy
    product: Product
    entitlement_ids: frozenset[str]
    now: datetime


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact, its release, and the ids of the entitlements that release asks for."""

    artifact: Artifact
    release: Release
    constraints: frozenset[str] = frozenset()


def accessible(reach: Reach, release: Release, constraints: Collection[str]) -> bool:
    """Whether the license reaches a release that asks for the entitlements `constraints` (their ids)."""
    if release.status != PUBLISHED or release.product_id != reach.license.product_id:
        return False
    strategy = reach.product.distribution_strategy
    if strategy == "OPEN" and not constraints:
        return True
    distributed = strategy in (None, "LICENSED", "OPEN")
    return distributed and reach.entitlement_ids.issuperset(constraints) and _in_window(reach, release)


def version_of_checksum(reach: Reach, checksum: str, candidates: Iterable[Candidate]) -> str | None:
    """The version of the accessible artifact with exactly this checksum; of several the highest, then the newest."""
    fitting = [
        one
        for one in candidates
        if one.artifact.checksum == checksum
        and one.artifact.status == _UPLOADED
        and accessible(reach, one.release, one.constraints)
    ]
    best = max(fitting, key=_precedence, default=None)
    return None if best is None else best.release.version


def _precedence(candidate: Candidate) -> tuple[versions.Order, datetime]:
    version = versions.parse(candidate.release.version)
    assert version is not None, "stored versions are normalised"
    return versions.order(version), candidate.artifact.created


def _in_window(reach: Reach, release: Release) -> bool:
    """Whether the license, as far as it has lasted, covers the release."""
    expiry, strategy = reach.license.expiry, reach.policy.expiration_strategy
    if expiry is None or strategy == "ALLOW_ACCESS":
        return True
    if strategy in (None, "REVOKE_ACCESS"):
        return not is_expired(reach.license, reach.now)
    instants = (release.created, release.backdated)
    return any(instant is not None and instant <= expiry for instant in instants)
