"""Releases, their artifacts and constraints (spec resources.md §9). What hangs on a parent that is gone is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import Release
from chalicelib.store import keys
from chalicelib.store.fetch import Listing, Need, Plan, need, together
from chalicelib.store.items import release as releases
from chalicelib.store.keys import Key
from chalicelib.store.loads import attachments, resources
from chalicelib.store.loads.live import live

CONSTRAINT = "release-constraint"
CANDIDATES = 10
"""How many releases of one name are looked at, oldest first: an index may still list some that are gone."""


class Released(msgspec.Struct, frozen=True):
    """A release and the product it lives by."""

    release: Release
    product: Product


class Packed(msgspec.Struct, frozen=True):
    """An artifact and the release it lives by."""

    artifact: Artifact
    released: Released


def by_path(account_id: str, text: str, token: Key | None) -> Plan[Released | None]:
    """By what stands in a path: an id, else a version or tag.

    Names are unique in a product. The token of a product (`token` is where the one presented is stored) sees its own
    releases; for everybody else the oldest of the account is meant.
    """
    if is_uuid(text):
        (named,) = yield from many(account_id, [normal_uuid(text)])
        if named is not None:
            return named
    product_id = yield from _bearer_product(token)
    if product_id is None:
        identifiers = yield from _listed(account_id, text)
    else:
        identifiers = yield from _guarded(account_id, product_id, text)
    found = yield from many(account_id, identifiers)
    fitting = [one for one in found if one is not None and text in (one.release.version, one.release.tag)]
    return min(fitting, key=lambda one: one.release.created, default=None)


def many(account_id: str, identifiers: Sequence[str]) -> Plan[Sequence[Released | None]]:
    """Those of a list."""
    wanted = [keys.resource(account_id, releases.KIND, one) for one in identifiers]
    found = yield need(*wanted)
    items = [live(found, key, releases.KIND) for key in wanted]
    products = yield from _products(account_id, [item["product_id"] for item in items if item is not None])
    return [
        Released(releases.release_of(item), products[item["product_id"]])
        if item is not None and item["product_id"] in products
        else None
        for item in items
    ]


def artifact_by_id(account_id: str, text: str) -> Plan[Packed | None]:
    """An artifact by its id."""
    if not is_uuid(text):
        return None
    (packed,) = yield from many_artifacts(account_id, [normal_uuid(text)])
    return packed


def many_artifacts(account_id: str, identifiers: Sequence[str]) -> Plan[Sequence[Packed | None]]:
    """Those of a list; an artifact knows its product, so that both parents are read side by side."""
    wanted = [keys.resource(account_id, releases.ARTIFACT, one) for one in identifiers]
    found = yield need(*wanted)
    items = [live(found, key, releases.ARTIFACT) for key in wanted]
    artifacts = [None if item is None else releases.artifact_of(item) for item in items]
    release_ids = sorted({one.release_id for one in artifacts if one is not None})
    parents, _ = yield from together(
        many(account_id, release_ids),
        _products(account_id, [one.product_id for one in artifacts if one is not None]),
    )
    alive = dict(zip(release_ids, parents, strict=True))
    return [None if one is None else _packed(one, alive[one.release_id]) for one in artifacts]


def constraints(account_id: str, release_id: str) -> Plan[tuple[Attachment, ...]]:
    """The constraints of a release, newest first; one whose entitlement is gone is none."""
    found = yield from attachments.of_holder(account_id, CONSTRAINT, release_id)
    alive = yield from attachments.entitlements_by_id(account_id, (one.target_id for one in found))
    return tuple(one for one in found if one.target_id in alive)


def _packed(artifact: Artifact, released: Released | None) -> Packed | None:
    return None if released is None else Packed(artifact, released)


def _products(account_id: str, identifiers: Iterable[str]) -> Plan[Mapping[str, Product]]:
    wanted = sorted(set(identifiers))
    found = yield from resources.many_products(account_id, wanted)
    return {one.id: one for one in found if one is not None}


def _bearer_product(token: Key | None) -> Plan[str | None]:
    """The product behind a token."""
    found: Mapping[Any, Any] = yield need(token)
    item = live(found, token, "token")
    return str(item["bearer_id"]) if item is not None and item["bearer_kind"] == "product" else None


def _guarded(account_id: str, product_id: str, text: str) -> Plan[list[str]]:
    """The ids of the releases of a product that have a name."""
    version, tag = yield from together(
        resources.guarded(releases.version_key(account_id, product_id, text)),
        resources.guarded(releases.tag_key(account_id, product_id, text)),
    )
    return list(dict.fromkeys(one for one in (version, tag) if one is not None))


def _listed(account_id: str, text: str) -> Plan[list[str]]:
    """The ids of the oldest releases of the account that have a name; the index may be a moment behind."""
    asks = (
        Listing(5, releases.versions(account_id, text), newest_first=False, limit=CANDIDATES),
        Listing(6, releases.tags(account_id, text), newest_first=False, limit=CANDIDATES),
    )
    found = yield Need(asks=asks)
    return list(dict.fromkeys(entry.identifier for ask in asks for entry in found[ask]))
