"""What creating and changing releases, artifacts and constraints looks at (spec resources.md §9)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.licensing.attachment import Wanted
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import normal_version
from chalicelib.store.fetch import Plan, together
from chalicelib.store.items import release as releases
from chalicelib.store.keys import Key
from chalicelib.store.loads import attachments, resources
from chalicelib.store.loads.releases import CONSTRAINT, Released, many


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the creation of a release names; `entitlements` are the ids of its constraints in their order."""

    product_id: str | None = None
    version: str | None = None
    tag: str | None = None
    entitlements: tuple[str, ...] = ()


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for a new release: its product, which of its names are taken there, its constraints."""

    product: Product | None
    version_taken: bool
    tag_taken: bool
    constraints: Wanted


class Place(msgspec.Struct, frozen=True):
    """Where a new artifact is to be: its release, None if there is none, and whether that has a file of its name."""

    released: Released | None = None
    filename_taken: bool = False


def for_creation(account_id: str, names: Names) -> Plan[Surroundings]:
    """What creating a release looks at."""
    product, version, tag, found = yield from together(
        _product(account_id, names.product_id),
        _taken(_version_key(account_id, names)),
        _taken(_tag_key(account_id, names)),
        attachments.entitlements_by_id(account_id, names.entitlements),
    )
    wanted = Wanted(names.entitlements, found)
    return Surroundings(product=product, version_taken=version, tag_taken=tag, constraints=wanted)


def place_for(account_id: str, release_id: str | None, filename: str | None) -> Plan[Place]:
    """What creating an artifact looks at."""
    if release_id is None:
        return Place()
    named = None if filename is None else releases.filename_key(account_id, release_id, filename)
    (released,), taken = yield from together(many(account_id, [release_id]), _taken(named))
    return Place(released, taken)


def tag_holder(account_id: str, product_id: str, tag: str | None) -> Plan[str | None]:
    """The id of the release of a product that has a tag."""
    return None if tag is None else (yield from resources.guarded(releases.tag_key(account_id, product_id, tag)))


def wanted(account_id: str, release_id: str, entitlement_ids: Sequence[str]) -> Plan[Wanted]:
    """What attaching constraints to a release looks at."""
    found, attached = yield from together(
        attachments.entitlements_by_id(account_id, entitlement_ids),
        attachments.of_targets(account_id, CONSTRAINT, release_id, entitlement_ids),
    )
    return Wanted(entitlement_ids, found, attached)


def _product(account_id: str, product_id: str | None) -> Plan[Product | None]:
    return None if product_id is None else (yield from resources.product_by_id(account_id, product_id))


def _version_key(account_id: str, names: Names) -> Key | None:
    version = None if names.version is None else normal_version(names.version)
    if version is None or names.product_id is None:
        return None
    return releases.version_key(account_id, names.product_id, version)


def _tag_key(account_id: str, names: Names) -> Key | None:
    if names.tag is None or names.product_id is None:
        return None
    return releases.tag_key(account_id, names.product_id, names.tag)


def _taken(key: Key | None) -> Plan[bool]:
    return False if key is None else (yield from resources.guarded(key)) is not None
