"""Releases (spec resources.md §9.1)."""

from __future__ import annotations

from typing import Any

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, related, resource, shown_metadata
from chalicelib.licensing import versions
from chalicelib.licensing.release import Release

NO_PACKAGE = linked("packages", None, None)


def show(account_id: str, release: Release) -> Resource:
    """A release."""
    base = f"{home(account_id)}/releases/{release.id}"
    attributes = {
        "name": release.name,
        "description": release.description,
        "channel": release.channel,
        "status": release.status,
        "tag": release.tag,
        "version": release.version,
        "semver": _semver(release.version),
        "metadata": shown_metadata(release.metadata),
        "backdated": release.backdated,
        "yanked": release.yanked,
        "created": release.created,
        "updated": release.updated,
    }
    relationships = {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", release.product_id, f"{base}/product"),
        "package": NO_PACKAGE,
        **{name: related(f"{base}/{name}") for name in ("entitlements", "constraints", "artifacts")},
    }
    return resource(account_id, "releases", release.id, attributes, relationships)


def _semver(text: str) -> dict[str, Any]:
    version = versions.parse(text)
    assert version is not None, "stored versions are normalised"
    return version._asdict()
