"""Releases and artifacts that came in, and what validation makes of them."""

from __future__ import annotations

from typing import Any

from tests.admin import files, installed
from tests.admin.files import SLUG, brought, exported, moved, resource, uuid
from tests.world import World

NOW = "2026-03-01T12:00:00.000Z"


def found(world: World, identifier: str, account: str = "acme") -> Any:
    return next(one for one in exported(world, account) if one["id"] == identifier)


def test_validation_finds_them(world: World) -> None:
    """One license has the entitlement the release asks for; the other one has not."""
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    lines = [
        resource("policies", uuid(90), {"name": "Open"}, product=("products", files.PRODUCT)),
        *(resource("licenses", uuid(number), policy=("policies", uuid(90))) for number in (91, 92)),
        resource(
            "license-entitlements",
            uuid(93),
            license=("licenses", uuid(91)),
            entitlement=("entitlements", files.OTHER_ENTITLEMENT),
        ),
    ]
    brought(world, lines, SLUG)
    scope = {"meta": {"scope": {"version": "1.2.3-beta.4", "checksum": "cHeck"}}}
    codes = [
        world.post(f"/v1/licenses/{uuid(number)}/actions/validate", scope, as_=f"Bearer {files.TOKEN}").document["meta"]
        for number in (91, 92)
    ]
    assert [code["code"] for code in codes] == ["VALID", "CHECKSUM_SCOPE_MISMATCH"]


def test_a_yanked_release_was_yanked_at_some_time(world: World) -> None:
    moved(world)
    brought(world, [resource("releases", installed.RELEASE, {"status": "YANKED", "yanked": None})], SLUG)
    assert found(world, installed.RELEASE, SLUG)["attributes"]["yanked"] == NOW
    world.clock.advance(hours=1)
    lines = [resource("releases", installed.RELEASE, {"status": "YANKED", "yanked": None})]
    assert brought(world, lines, SLUG).unchanged == 1
    brought(world, [resource("releases", installed.RELEASE, {"status": "PUBLISHED"})], SLUG)
    assert found(world, installed.RELEASE, SLUG)["attributes"]["yanked"] is None


def test_releases_and_artifacts_are_stored_in_their_normal_form(world: World) -> None:
    product = world.product()["id"]
    release = resource(
        "releases",
        uuid(1),
        {"version": "2-rc", "channel": "rc", "backdated": "2026-02-01"},
        product=("products", product),
    )
    release["attributes"]["created"] = "2026-01-01"
    artifact = resource("artifacts", uuid(2), {"filename": "x", "arch": "ARM64"}, release=("releases", uuid(1)))
    assert brought(world, [release, artifact]).created == 2
    assert brought(world, [release, artifact]).unchanged == 2
    assert found(world, uuid(1))["attributes"]["version"] == "2.0.0-rc"
    assert found(world, uuid(2))["attributes"]["arch"] == "arm64"
