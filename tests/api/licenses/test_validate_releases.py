"""Scopes that ask for a version or a checksum (spec resources.md §9.4, validation.md §4 rows 14 and 15, §5.6, §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.helpers import NOWHERE
from tests.api.licenses.test_validate_scopes import BY, asked
from tests.api.releases.shipping import artifact, attach, body, detach, entitlement, release
from tests.api.watch import watched
from tests.world import World, resource

VALID = (True, "VALID")
NO_VERSION, NO_CHECKSUM = (False, "VERSION_SCOPE_MISMATCH"), (False, "CHECKSUM_SCOPE_MISMATCH")


class Shop:
    """A product with a license of it."""

    def __init__(self, world: World, strategy: str = "LICENSED", **policy: Any) -> None:
        self.world = world
        self.product = world.product(distributionStrategy=strategy)["id"]
        self.policy = world.policy(self.product, **policy)["id"]
        self.license = world.license(self.policy)

    def release(self, constraints: list[str] | None = None, **attributes: Any) -> str:
        """A published release with an artifact whose checksum is its version."""
        made = release(self.world, self.product, constraints, **attributes)
        artifact(self.world, made["id"], checksum=made["attributes"]["version"])
        return str(made["id"])

    def expires(self, expiry: str | None) -> None:
        """Let the license expire."""
        path = f"/v1/licenses/{self.license['id']}"
        assert self.world.send("PATCH", path, resource("licenses", {"expiry": expiry})).status == 200

    def asked(self, by: str = "id", **scope: Any) -> tuple[bool, str]:
        """The verdict under a scope."""
        return asked(self.world, self.license, by, **scope)

    @property
    def version(self) -> str | None:
        """The version the license shows."""
        found: str | None = self.world.get(f"/v1/licenses/{self.license['id']}").attributes["version"]
        return found

    def reaches(self, version: str = "1.0.0") -> bool:
        """Whether the license reaches a release, which both scopes have to agree on."""
        by_version, by_checksum = self.asked(version=version)[1], self.asked(checksum=version)[1]
        assert (by_version != NO_VERSION[1]) == (by_checksum != NO_CHECKSUM[1])
        return by_version != NO_VERSION[1]


@pytest.fixture
def shop(local_world: World) -> Shop:
    return Shop(local_world)


@BY
def test_a_version_is_compared_exactly(world: World, by: str) -> None:
    shop = Shop(world)
    shop.release(version="1.2", tag="latest")
    assert shop.asked(by, version="1.2.0") == VALID
    assert shop.version == "1.2.0"
    for other in ("1.2", "v1.2.0", "1.2.0+1", " 1.2.0", "1.2.1", "latest", "x"):
        assert shop.asked(by, version=other) == NO_VERSION
    assert shop.version == "1.2.0"


@BY
def test_a_checksum_is_compared_exactly(world: World, by: str) -> None:
    shop = Shop(world)
    made = release(world, shop.product)["id"]
    artifact(world, made, "a", checksum="AbC+/==")
    artifact(world, made, "b")
    assert shop.asked(by, checksum="AbC+/==") == VALID
    assert shop.version == "1.0.0"
    for other in ("abc+/==", "AbC+/", "AbC-_==", "1.0.0", "x"):
        assert shop.asked(by, checksum=other) == NO_CHECKSUM


def test_the_answer_shows_the_new_version(shop: Shop) -> None:
    shop.release()
    path = f"/v1/licenses/{shop.license['id']}/actions/validate"
    answer = shop.world.post(path, {"meta": {"scope": {"version": "1.0.0"}}})
    assert answer.attributes["version"] == "1.0.0"
    assert answer.document["meta"]["scope"] == {"version": "1.0.0"}
    assert shop.world.post(path).attributes["version"] == "1.0.0"


def test_quick_validation_looks_at_neither(local_world: World) -> None:
    shop = Shop(local_world, requireVersionScope=True, requireChecksumScope=True)
    shop.release()
    answer = local_world.get(f"/v1/licenses/{shop.license['id']}/actions/validate?version=1.0.0")
    assert (answer.document["meta"]["code"], answer.attributes["version"]) == ("VALID", None)
    assert shop.asked() == (False, "CHECKSUM_SCOPE_REQUIRED")
    assert shop.asked(checksum="1.0.0") == (False, "VERSION_SCOPE_REQUIRED")
    assert shop.asked(checksum="1.0.0", version="1.0.0") == VALID


def test_releases_of_other_products(shop: Shop) -> None:
    Shop(shop.world).release()
    Shop(shop.world, "OPEN").release(version="2")
    assert not shop.reaches("1.0.0")
    assert not shop.reaches("2.0.0")


@pytest.mark.parametrize(("strategy", "reached"), [("LICENSED", True), ("OPEN", True), (None, True), ("CLOSED", False)])
def test_distribution(local_world: World, strategy: str | None, reached: bool) -> None:
    shop = Shop(local_world)
    sent = resource("products", {"distributionStrategy": strategy})
    assert local_world.send("PATCH", f"/v1/products/{shop.product}", sent).status == 200
    shop.release()
    assert shop.reaches() is reached


def test_only_what_is_published(world: World) -> None:
    for strategy in ("LICENSED", "OPEN"):
        shop = Shop(world, strategy)
        made = world.post("/v1/releases", body(shop.product)).data["id"]
        artifact(world, made, checksum="1.0.0")
        assert not shop.reaches()
        world.post(f"/v1/releases/{made}/actions/publish")
        assert shop.reaches()
        world.post(f"/v1/releases/{made}/actions/yank")
        assert not shop.reaches()
        world.post(f"/v1/releases/{made}/actions/publish")
        assert shop.reaches()
        world.send("DELETE", f"/v1/releases/{made}")
        assert not shop.reaches()


def test_artifacts_that_are_withdrawn_or_changed(world: World) -> None:
    shop = Shop(world)
    made = release(world, shop.product)["id"]
    one = artifact(world, made, checksum="one")["id"]
    path = f"/v1/artifacts/{one}"
    world.send("PATCH", path, resource("artifacts", {"checksum": "two"}))
    assert shop.asked(checksum="one") == NO_CHECKSUM
    assert shop.asked(checksum="two") == VALID
    world.send("PATCH", path, resource("artifacts", {"checksum": None}))
    assert shop.asked(checksum="two") == NO_CHECKSUM
    world.send("PATCH", path, resource("artifacts", {"checksum": "one"}))
    assert shop.asked(checksum="one") == VALID
    world.send("DELETE", path)
    assert shop.asked(checksum="one") == NO_CHECKSUM


def test_every_constraint_must_be_met(world: World) -> None:
    shop = Shop(world)
    own, given = entitlement(world, "own"), entitlement(world, "given")
    made = shop.release([own, given])
    assert not shop.reaches()
    world.post(f"/v1/licenses/{shop.license['id']}/entitlements", {"data": [{"type": "entitlements", "id": own}]})
    assert not shop.reaches()
    world.post(f"/v1/policies/{shop.policy}/entitlements", {"data": [{"type": "entitlements", "id": given}]})
    assert shop.reaches()
    [more] = attach(world, made, entitlement(world, "more")).data
    assert not shop.reaches()
    detach(world, made, more["id"])
    assert shop.reaches()
    world.send("DELETE", f"/v1/policies/{shop.policy}/entitlements", {"data": [{"type": "entitlements", "id": given}]})
    assert not shop.reaches()
    assert world.send("DELETE", f"/v1/entitlements/{given}").status == 204
    assert shop.reaches()


@pytest.mark.parametrize(("strategy", "free"), [("LICENSED", False), ("OPEN", True), ("CLOSED", False)])
def test_open_products_give_only_what_asks_for_nothing(local_world: World, strategy: str, free: bool) -> None:
    """An expired license has no right of its own any more."""
    shop = Shop(local_world, strategy, expirationStrategy="RESTRICT_ACCESS")
    shop.release()
    shop.release([entitlement(local_world, "one")], version="2")
    shop.expires("2026-02-01T00:00:00Z")
    assert shop.reaches() is free
    assert not shop.reaches("2.0.0")


PAST, FUTURE = "2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    ("strategy", "expiry", "backdated", "reached"),
    [
        *[(one, None, None, True) for one in ("RESTRICT_ACCESS", "REVOKE_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS")],
        *[(one, FUTURE, None, True) for one in ("RESTRICT_ACCESS", "REVOKE_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS")],
        ("ALLOW_ACCESS", PAST, None, True),
        ("RESTRICT_ACCESS", PAST, None, False),
        ("MAINTAIN_ACCESS", PAST, None, False),
        ("RESTRICT_ACCESS", PAST, PAST, True),
        ("MAINTAIN_ACCESS", PAST, PAST, True),
        ("RESTRICT_ACCESS", PAST, "2026-02-01T00:00:00.001Z", False),
        ("RESTRICT_ACCESS", "2026-03-01T12:00:00Z", None, True),
    ],
)
def test_windows_of_expiry(
    local_world: World, strategy: str, expiry: str | None, backdated: str | None, reached: bool
) -> None:
    """Releases are made at noon of the first of March."""
    shop = Shop(local_world, expirationStrategy=strategy)
    shop.release(backdated=backdated)
    shop.expires(expiry)
    assert shop.reaches() is reached


def test_a_revoked_license_is_expired_before_its_releases_are_looked_at(local_world: World) -> None:
    shop = Shop(local_world, expirationStrategy="REVOKE_ACCESS")
    shop.release()
    shop.expires(PAST)
    assert shop.asked(version="1.0.0") == shop.asked(checksum="1.0.0") == (False, "EXPIRED")
    assert shop.version is None


def test_a_window_closes_between_releases(local_world: World) -> None:
    shop = Shop(local_world, expirationStrategy="MAINTAIN_ACCESS")
    shop.release(version="1")
    shop.expires("2026-03-01T13:00:00Z")
    local_world.clock.advance(hours=2)
    shop.release(version="2")
    assert shop.asked(version="1.0.0") == (True, "EXPIRED")
    assert shop.asked(version="2.0.0") == NO_VERSION
    assert shop.version == "1.0.0"


@pytest.mark.parametrize(
    ("versions", "highest"),
    [
        (["1.9.0", "1.10.0", "1.2.0"], "1.10.0"),
        (["2.0.0-rc.1", "1.0.0"], "2.0.0-rc.1"),
        (["2.0.0", "2.0.0-rc.1"], "2.0.0"),
        (["2.0.0-rc.2", "2.0.0-rc.10"], "2.0.0-rc.10"),
        (["1.0.0+b.1", "1.0.0+b.2", "1.0.0"], "1.0.0+b.2"),
    ],
)
def test_of_several_artifacts_the_highest_version(local_world: World, versions: list[str], highest: str) -> None:
    shop = Shop(local_world)
    for version in versions:
        made = release(local_world, shop.product, version=version, channel="rc" if "-rc" in version else "stable")["id"]
        artifact(local_world, made, checksum="same")
    assert shop.asked(checksum="same") == VALID
    assert shop.version == highest


def test_only_what_is_within_reach_is_compared(shop: Shop) -> None:
    world = shop.world
    for version, status, constraints in (("1", "PUBLISHED", None), ("3", "DRAFT", None), ("2", "PUBLISHED", ["x"])):
        asked_for = None if constraints is None else [entitlement(world, one) for one in constraints]
        made = release(world, shop.product, asked_for, version=version, status=status)["id"]
        artifact(world, made, checksum="same")
    assert shop.asked(checksum="same") == VALID
    assert shop.version == "1.0.0"


def test_of_both_scopes_the_version_wins(shop: Shop) -> None:
    shop.release(version="1")
    shop.release(version="2")
    assert shop.asked(checksum="2.0.0", version="1.0.0") == VALID
    assert shop.version == "1.0.0"
    assert shop.asked(checksum="2.0.0", version="3.0.0") == NO_VERSION
    assert shop.version == "2.0.0"
    assert shop.asked(checksum="x", version="1.0.0") == NO_CHECKSUM
    assert shop.version == "2.0.0"
    assert shop.asked() == VALID
    assert shop.version == "2.0.0"


@pytest.mark.parametrize(
    ("policy", "code"),
    [({"strict": True}, "NO_MACHINE"), ({"strict": True, "floating": True}, "NO_MACHINES")],
)
def test_a_version_is_kept_even_if_a_later_check_fails(local_world: World, policy: Any, code: str) -> None:
    shop = Shop(local_world, **policy)
    shop.release()
    assert shop.asked(version="1.0.0") == (False, code)
    assert shop.version == "1.0.0"


def _suspend(shop: Shop) -> None:
    shop.world.post(f"/v1/licenses/{shop.license['id']}/actions/suspend")


@pytest.mark.parametrize(
    ("prepare", "scope", "code"),
    [
        (_suspend, {}, "SUSPENDED"),
        (lambda shop: None, {"product": NOWHERE}, "PRODUCT_SCOPE_MISMATCH"),
        (lambda shop: None, {"fingerprint": "f"}, "NO_MACHINE"),
    ],
)
def test_a_version_is_not_taken_if_an_earlier_check_fails(
    shop: Shop, prepare: Callable[[Shop], None], scope: Any, code: str
) -> None:
    shop.release()
    prepare(shop)
    assert shop.asked(version="1.0.0", checksum="1.0.0", **scope) == (False, code)
    assert shop.version is None


def test_a_validation_that_asks_for_neither_reads_nothing_more(shop: Shop) -> None:
    shop.release([entitlement(shop.world, "one")])
    shop.asked()
    with watched(shop.world) as calls:
        shop.asked()
    with watched(shop.world) as more:
        shop.asked(version="1.0.0")
    assert len(calls) < len(more) <= len(calls) + 5
    assert "Query" not in calls
