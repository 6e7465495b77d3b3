"""Flow 14: a license is suspended, reinstated and revoked."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store.table import Row
from tests.api.flows import offline
from tests.api.flows.shop import FLOATING, VALID, Caller, Shop, detail, refused, verdict
from tests.api.flows.test_license_file import public_key
from tests.api.installing import part
from tests.races.crowd import rows
from tests.world import resource

OPEN = FLOATING | {"authenticationStrategy": "MIXED"}
SUSPENDED = "/data/attributes/suspended"


def test_suspend_and_reinstate(shop: Shop) -> None:
    license, application = shop.sold(**OPEN)
    _, token = shop.installed(license)
    application.activated(license, "m1")
    shop.heard()
    suspended = shop.vendor.act(license, "suspend")
    assert (suspended.status, suspended.attributes["suspended"]) == (200, True)
    assert suspended.attributes["status"] == "SUSPENDED"
    assert shop.heard() == ["license.suspended"]
    again = shop.vendor.act(license, "suspend")
    assert (again.error, detail(again)) == ((422, None, SUSPENDED), "is already suspended")
    answer = shop.anybody.validate(license)
    assert (verdict(answer), answer.document["meta"]["detail"]) == (refused("SUSPENDED"), "is suspended")
    asked = [application.activate(license, "m2"), application.ping("m1"), application.get("/me")]
    assert [one.error for one in asked] == [(403, "LICENSE_SUSPENDED", None)] * 3
    assert token.activate(license, "m2").status == 201
    shop.heard()
    back = shop.vendor.act(license, "reinstate")
    assert (back.status, back.attributes["suspended"], back.attributes["status"]) == (200, False, "ACTIVE")
    assert shop.heard() == ["license.reinstated"]
    twice = shop.vendor.act(license, "reinstate")
    assert (twice.error, detail(twice)) == ((422, None, SUSPENDED), "is not suspended")
    assert verdict(shop.anybody.validate(license)) == VALID
    assert application.activate(license, "m3").status == 201
    assert application.ping("m1").status == 200


class Revoked:
    """A license with everything below it, revoked; `file` is a license file that was made before."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.license, self.application = shop.sold(**OPEN)
        self.token: Caller = shop.installed(self.license)[1]
        body = resource("machines", {"fingerprint": "m1"}, license=("licenses", self.license["id"]))
        body["data"]["relationships"]["components"] = {"data": [part("cpu1")]}
        self.machine = self.application.post("/machines", body).data
        (self.component,) = self.application.get("/machines/m1/components").data
        self.process = self.application.spawn(self.machine, "4711").data
        self.file: Any = self.application.act(self.license, "check-out?encrypt=1").attributes["certificate"]
        shop.heard()
        answer = shop.vendor.delete(f"/licenses/{self.license['id']}/actions/revoke")
        assert (answer.status, answer.raw) == (204, b"")
        assert shop.heard() == ["license.revoked"]


@pytest.fixture
def revoked(shop: Shop) -> Revoked:
    """A revoked license."""
    return Revoked(shop)


def test_nothing_of_it_is_left(revoked: Revoked) -> None:
    """Neither at once nor when the stream has cleared it away."""
    shop = revoked.shop
    for _ in range(2):
        gone = shop.anybody.validate(revoked.license)
        assert (verdict(gone), gone.data) == (refused("NOT_FOUND"), None)
        assert revoked.application.get("/me").error == (401, "LICENSE_INVALID", None)
        assert revoked.token.get("/me").error == (401, "TOKEN_INVALID", None)
        for one in (revoked.license, revoked.machine, revoked.component, revoked.process):
            assert shop.vendor.get(f"/{one['type']}/{one['id']}").error[:2] == (404, "NOT_FOUND")
        assert shop.vendor.get("/machines").data == shop.vendor.get("/licenses").data == []
        shop.carry_on()
    kinds = {item["kind"] for item in rows(shop.world, Row)}
    assert not kinds & {"machine", "component", "process"}
    assert shop.heard() == []


def test_its_fingerprint_is_free(revoked: Revoked) -> None:
    policy = revoked.shop.policy(**OPEN, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT")
    other = revoked.shop.license(policy)
    assert revoked.shop.application(other).activate(other, "m1").status == 201


def test_files_that_were_handed_out_are_good_for_their_time(revoked: Revoked) -> None:
    shop, key = revoked.shop, revoked.license["attributes"]["key"]
    payload = offline.opened("license", revoked.file, public_key(shop), key)
    assert payload["data"]["id"] == revoked.license["id"]
    assert offline.in_time(payload, shop.world.clock.now())
    shop.world.clock.advance(days=32)
    assert not offline.in_time(payload, shop.world.clock.now())
