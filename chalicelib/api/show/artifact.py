"""Artifacts (spec resources.md §9.2)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, resource, shown_metadata
from chalicelib.licensing.artifact import Artifact


def show(account_id: str, artifact: Artifact) -> Resource:
    """An artifact."""
    attributes = {
        "filename": artifact.filename,
        "filetype": artifact.filetype,
        "filesize": artifact.filesize,
        "platform": artifact.platform,
        "arch": artifact.arch,
        "signature": artifact.signature,
        "checksum": artifact.checksum,
        "status": artifact.status,
        "metadata": shown_metadata(artifact.metadata),
        "created": artifact.created,
        "updated": artifact.updated,
    }
    relationships = {
        "environment": NO_ENVIRONMENT,
        "release": linked("releases", artifact.release_id, f"{home(account_id)}/releases/{artifact.release_id}"),
    }
    return resource(account_id, "artifacts", artifact.id, attributes, relationships)
