"""Artifacts: the files of a release, as metadata (spec resources.md §9.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import invalid, unrelated

if TYPE_CHECKING:
    from chalicelib.licensing.release import Release

NULLABLE = frozenset({"filesize", "signature", "checksum"})
"""What an update may clear with null."""

MAXIMUM_FILESIZE = 5 * 1024**3
MAXIMUM_DIGEST_LENGTH = 4096

_LOWER = ("filetype", "platform", "arch")


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a release, as metadata; `filesize` in bytes."""

    id: str
    release_id: str
    product_id: str
    filename: str
    filetype: str | None = None
    platform: str | None = None
    arch: str | None = None
    filesize: int | None = None
    signature: str | None = None
    checksum: str | None = None
    status: str = "UPLOADED"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


def create(
    artifact_id: str, fields: Mapping[str, Any], *, release: Release | None, filename_taken: bool, now: datetime
) -> Artifact:
    """A new artifact of `release`, which is None when no such release exists; `filename_taken`: it has that file.

    Raises InvalidFields.
    """
    given = {"filename": ""} | _given(fields)
    artifact = Artifact(
        **given | {name: given[name].lower() for name in _LOWER if name in given},
        id=artifact_id,
        release_id=release.id if release else "",
        product_id=release.product_id if release else "",
        created=now,
        updated=now,
    )
    missing = unrelated("release", "NOT_FOUND", "must exist") if release is None else None
    taken = invalid("filename", "TAKEN", "already exists") if filename_taken else None
    check([missing, taken, *_problems(artifact)])
    return artifact


def update(artifact: Artifact, changes: Mapping[str, Any], now: datetime) -> Artifact:
    """`artifact` with what was sent of filesize, signature, checksum and metadata; null clears what `NULLABLE` names.

    Raises InvalidFields.
    """
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(artifact, **(cleared | _given(changes)), updated=now)
    check(_problems(changed))
    return changed


def yank(artifact: Artifact, now: datetime) -> Artifact:
    """Withdrawn: what deleting an artifact does."""
    return replace(artifact, status="YANKED", updated=now)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _problems(artifact: Artifact) -> Iterator[Problem | None]:
    yield rules.present("filename", artifact.filename)
    for name in ("filename", *_LOWER):
        yield rules.text_length(name, getattr(artifact, name))
    yield rules.integer("filesize", artifact.filesize, high=MAXIMUM_FILESIZE)
    for name in ("signature", "checksum"):
        yield rules.text_length(name, getattr(artifact, name), MAXIMUM_DIGEST_LENGTH)
    yield rules.metadata(artifact.metadata)
