"""Releases, their artifacts and the entitlements they ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.release import Release
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import moved
from chalicelib.store.items.mapping import difference, raised, relisted, to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Put, Write

KIND, ARTIFACT = "release", "artifact"


class ReleaseRow(Row, discriminator=KIND):
    """A release."""

    id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    version = UnicodeAttribute()
    channel = UnicodeAttribute()
    status = UnicodeAttribute()
    tag = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    backdated = InstantAttribute(null=True)
    yanked = InstantAttribute(null=True)
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


class ArtifactRow(Row, discriminator=ARTIFACT):
    """An artifact: a file of a release, as metadata."""

    id = UnicodeAttribute()
    release_id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    filename = UnicodeAttribute()
    filetype = UnicodeAttribute(null=True)
    platform = UnicodeAttribute(null=True)
    arch = UnicodeAttribute(null=True)
    filesize = IntegerAttribute(null=True)
    signature = UnicodeAttribute(null=True)
    checksum = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def release_of(item: Item) -> Release:
    """The domain value of a stored release."""
    return to_value(Release, item)


def artifact_of(item: Item) -> Artifact:
    """The domain value of a stored artifact."""
    return to_value(Artifact, item)


def version_key(account_id: str, product_id: str, version: str) -> Key:
    """The guard of a version, unique in its product."""
    return keys.unique(account_id, "version", f"{product_id}\n{version}")


def tag_key(account_id: str, product_id: str, tag: str) -> Key:
    """The guard of a tag, unique in its product."""
    return keys.unique(account_id, "tag", f"{product_id}\n{tag}")


def filename_key(account_id: str, release_id: str, filename: str) -> Key:
    """The guard of a file name, unique in its release."""
    return keys.unique(account_id, "filename", f"{release_id}\n{filename}")


def versions(account_id: str, version: str) -> str:
    """The listing (slot 5) of the releases of all products with one version."""
    return keys.slot(account_id, KIND, "version", keys.digest(version))


def tags(account_id: str, tag: str) -> str:
    """The listing (slot 6) of the releases of all products with one tag."""
    return keys.slot(account_id, KIND, "tag", keys.digest(tag))


def artifacts(account_id: str, release_id: str) -> str:
    """The listing (slot 3) of the artifacts of a release."""
    return keys.slot(account_id, KIND, release_id, ARTIFACT)


def creation(account_id: str, release: Release) -> tuple[Write, ...]:
    """The writes of a new release: itself and the guards of its version and tag."""
    key = keys.resource(account_id, KIND, release.id)
    stored = ReleaseRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        in_2=keys.slot(account_id, "product", release.product_id, KIND),
        in_5=versions(account_id, release.version),
        **_tagged(account_id, release),
        position=keys.position(release.created, release.id),
        **to_attributes(release, ReleaseRow),
    )
    version = version_key(account_id, release.product_id, release.version)
    return (Put(stored), *moved(None, version, release.id), *moved(None, _tag(account_id, release), release.id))


def update(account_id: str, before: Release, after: Release) -> tuple[Write, ...]:
    """The writes of a change: itself, and the guard where the tag changed."""
    key = keys.resource(account_id, KIND, before.id)
    actions = (
        *difference(before, raised(after, before), ReleaseRow),
        *relisted(_tagged(account_id, before), _tagged(account_id, after), ReleaseRow),
    )
    change = Change(ReleaseRow, key, actions, ReleaseRow.revision == before.revision)
    return (change, *moved(_tag(account_id, before), _tag(account_id, after), before.id))


def deletion(account_id: str, release: Release, now: datetime) -> tuple[Write, ...]:
    """The writes that make a release disappear; its version and tag are free again."""
    key = keys.resource(account_id, KIND, release.id)
    version = version_key(account_id, release.product_id, release.version)
    gone = tombstone.over(ReleaseRow, key, release.created, now, ReleaseRow.revision == release.revision)
    return (gone, *moved(version, None, release.id), *moved(_tag(account_id, release), None, release.id))


def _tag(account_id: str, release: Release) -> Key | None:
    return None if release.tag is None else tag_key(account_id, release.product_id, release.tag)


def _tagged(account_id: str, release: Release) -> dict[str, Any]:
    """Where a release is found by its tag."""
    return {} if release.tag is None else {"in_6": tags(account_id, release.tag)}


def artifact_creation(account_id: str, artifact: Artifact) -> tuple[Write, ...]:
    """The writes of a new artifact: itself and the guard of its name."""
    key = keys.resource(account_id, ARTIFACT, artifact.id)
    stored = ArtifactRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, ARTIFACT),
        in_2=keys.slot(account_id, "product", artifact.product_id, ARTIFACT),
        in_3=artifacts(account_id, artifact.release_id),
        position=keys.position(artifact.created, artifact.id),
        **_checksum(account_id, artifact),
        **to_attributes(artifact, ArtifactRow),
    )
    return (Put(stored), *moved(None, filename_key(account_id, artifact.release_id, artifact.filename), artifact.id))


def _checksum(account_id: str, artifact: Artifact) -> dict[str, Any]:
    """Where an artifact is found by its checksum: a listing of its product (slot 4)."""
    if artifact.checksum is None:
        return {}
    return {"in_4": checksum_slot(account_id, artifact.product_id, artifact.checksum)}


def checksum_slot(account_id: str, product_id: str, checksum: str) -> str:
    """The listing of a product's artifacts with one checksum."""
    return keys.slot(account_id, "product", product_id, "checksum", keys.digest(checksum))


def artifact_update(account_id: str, before: Artifact, after: Artifact) -> Change:
    """The write of a change."""
    key = keys.resource(account_id, ARTIFACT, before.id)
    actions = (
        *difference(before, raised(after, before), ArtifactRow),
        *relisted(_checksum(account_id, before), _checksum(account_id, after), ArtifactRow),
    )
    return Change(ArtifactRow, key, actions, ArtifactRow.revision == before.revision)


def artifact_removal(account_id: str, artifact: Artifact, now: datetime) -> tuple[Write, ...]:
    """The writes that make an artifact disappear with its release."""
    key = keys.resource(account_id, ARTIFACT, artifact.id)
    filename = filename_key(account_id, artifact.release_id, artifact.filename)
    gone = tombstone.over(ArtifactRow, key, artifact.created, now, ArtifactRow.revision == artifact.revision)
    return (gone, *moved(filename, None, artifact.id))
