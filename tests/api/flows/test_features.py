"""Flow 12: features that are unlocked by entitlements."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.flows import offline
from tests.api.flows.shop import VALID, Caller, Shop, detail, refused, verdict
from tests.api.flows.test_license_file import public_key
from tests.api.licenses.cast import links

PLACE = "/data/relationships/entitlement"


class Features:
    """A license with `SSO` through its policy and `AUDIT` of its own."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.sso, self.audit = (
            shop.vendor.made("entitlements", {"name": code, "code": code}) for code in ("SSO", "AUDIT")
        )
        policy = shop.policy(authenticationStrategy="LICENSE")
        shop.heard()
        to_policy = shop.vendor.post(f"/policies/{policy['id']}/entitlements", links("entitlements", self.sso["id"]))
        assert to_policy.status < 300
        assert shop.heard() == ["policy.entitlements.attached"]
        self.license = shop.license(policy)
        self.place = f"/licenses/{self.license['id']}/entitlements"
        shop.heard()

    def attach(self, entitlement: Any) -> Any:
        """Attach an entitlement to the license."""
        return self.shop.vendor.post(self.place, links("entitlements", entitlement["id"]))

    def detach(self, entitlement: Any) -> Any:
        """Detach one."""
        return self.shop.vendor.delete(self.place, links("entitlements", entitlement["id"]))

    def verdict(self, *codes: str) -> tuple[bool, str]:
        """What a validation says that asks for these."""
        return verdict(self.shop.anybody.validate(self.license, {"entitlements": list(codes)}))

    def application(self) -> Caller:
        """Who reads them."""
        return self.shop.application(self.license)


@pytest.fixture
def features(shop: Shop) -> Features:
    """A license, and what it is to be entitled to."""
    return Features(shop)


def test_features(features: Features) -> None:
    shop = features.shop
    attached = features.attach(features.audit)
    assert (attached.status, [one["type"] for one in attached.data]) == (201, ["license-entitlements"])
    assert shop.heard() == ["license.entitlements.attached"]
    listed = features.application().get(f"{features.place}?limit=100")
    assert sorted(one["attributes"]["code"] for one in listed.data) == ["AUDIT", "SSO"]
    missing = refused("ENTITLEMENTS_MISSING")
    assert features.verdict("SSO", "AUDIT") == features.verdict("SSO", "SSO", "AUDIT") == VALID
    assert features.verdict("SSO", "GOLD") == missing
    assert features.verdict() == refused("ENTITLEMENTS_SCOPE_EMPTY")
    assert features.detach(features.audit).status == 204
    assert shop.heard() == ["license.entitlements.detached"]
    assert (features.verdict("AUDIT"), features.verdict("SSO")) == (missing, VALID)


def test_what_its_policy_holds(features: Features) -> None:
    conflict = features.attach(features.sso)
    assert conflict.error == (422, "ENTITLEMENT_CONFLICT", PLACE)
    fixed = features.detach(features.sso)
    assert fixed.error == (403, None, "/data/0")
    assert detail(fixed) == (
        f"cannot detach entitlement '{features.sso['id']}' (entitlement is attached through policy)"
    )
    assert features.shop.heard() == []
    assert features.verdict("SSO") == VALID


def test_features_without_a_network(features: Features) -> None:
    features.attach(features.audit)
    answer = features.application().act(features.license, "check-out?encrypt=1&include=entitlements")
    key = features.license["attributes"]["key"]
    payload = offline.opened("license", answer.attributes["certificate"], public_key(features.shop), key)
    assert sorted(one["attributes"]["code"] for one in payload["included"]) == ["AUDIT", "SSO"]
