"""Releases: what is distributed of a product, as far as validation asks for it (spec resources.md §9.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import constraint as constraints
from chalicelib.licensing import fields as rules
from chalicelib.licensing import versions
from chalicelib.licensing.attachment import Wanted
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import invalid, unrelated
from chalicelib.licensing.product import Product

DRAFT, PUBLISHED, YANKED = "DRAFT", "PUBLISHED", "YANKED"

NULLABLE = frozenset({"tag", "name", "description", "backdated"})
"""What an update may clear with null."""

DESCRIPTION_LENGTH = 16_384


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release of a product. `version` is normalised; `status` DRAFT, PUBLISHED or YANKED."""

    id: str
    product_id: str
    version: str
    channel: str
    status: str = "DRAFT"
    tag: str | None = None
    name: str | None = None
    description: str | None = None
    backdated: datetime | None = None
    yanked: datetime | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a creation sent and what was found for it.

    `product` is None when it does not exist. `version_taken` is about `normal_version` of the version sent,
    `tag_taken` about the tag; `constraints` are the entitlements the release asks for.
    """

    release_id: str
    fields: Mapping[str, Any]
    product: Product | None
    version_taken: bool = False
    tag_taken: bool = False
    constraints: Wanted = Wanted((), {})


def normal_version(text: str) -> str | None:
    """The form of a version that is stored and unique, None for what is no version."""
    version = versions.parse(text)
    return None if version is None else str(version)


def create(draft: Draft, now: datetime) -> Release:
    """A new release; its constraints come from `constraint.attach`.

    Raises InvalidState for too many constraints, InvalidFields with everything else that is wrong.
    """
    constraints.check_count(draft.constraints)
    given = {"version": "", "channel": ""} | _given(draft.fields)
    version = normal_version(given["version"])
    release = Release(
        **given | {"version": version or ""},
        id=draft.release_id,
        product_id=draft.product.id if draft.product else "",
        created=now,
        updated=now,
    )
    check(_draft_problems(draft, release, now))
    return release


def update(release: Release, changes: Mapping[str, Any], *, tag_taken: bool, now: datetime) -> Release:
    """`release` with what was sent; null clears what `NULLABLE` names, changes nothing else. Raises InvalidFields."""
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(release, **(cleared | _given(changes)), updated=now)
    check([*_tag(tag_taken), *_attributes(changed), _backdated(changes, now)])
    return changed


def publish(release: Release, now: datetime) -> Release:
    """Within reach of licenses; what was withdrawn is so no more."""
    return replace(release, status=PUBLISHED, yanked=None, updated=now)


def yank(release: Release, now: datetime) -> Release:
    """Withdrawn, since the first time it was."""
    return replace(release, status=YANKED, yanked=release.yanked or now, updated=now)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _draft_problems(draft: Draft, release: Release, now: datetime) -> Iterator[Problem | None]:
    if draft.product is None:
        yield unrelated("product", "NOT_FOUND", "must exist")
    yield from constraints.inline_problems(draft.constraints)
    yield _version(release)
    if draft.version_taken:
        yield invalid("version", "TAKEN", "version already exists")
    yield from _tag(draft.tag_taken)
    yield from _attributes(release)
    yield _backdated(draft.fields, now)


def _version(release: Release) -> Problem | None:
    version = versions.parse(release.version)
    if version is None:
        return invalid("version", "INVALID", "must be a valid version")
    if versions.agrees(version, release.channel):
        return None
    expected = "x.y.z" if release.channel == "stable" else f"x.y.z-{release.channel}.n"
    detail = f"does not match the {release.channel} channel (expected {expected}, got {version})"
    return invalid("version", "CHANNEL_INVALID", detail)


def _tag(taken: bool) -> Iterator[Problem]:
    if taken:
        yield invalid("tag", "TAKEN", "tag already exists")


def _attributes(release: Release) -> Iterator[Problem | None]:
    yield rules.text_length("tag", release.tag)
    yield rules.text_length("name", release.name)
    yield rules.text_length("description", release.description, DESCRIPTION_LENGTH)
    yield rules.metadata(release.metadata)


def _backdated(values: Mapping[str, Any], now: datetime) -> Problem | None:
    instant = values.get("backdated")
    return invalid("backdated", "INVALID", "must be in the past") if instant is not None and instant >= now else None
