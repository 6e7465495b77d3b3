"""Flow 13: customers move from one policy to another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import FLOATING, VALID, Caller, Shop, linked, refused, verdict
from tests.world import START, Answer

YEAR = 31_556_952
PLACE = "/data/relationships/policy"


def move(shop: Shop, license: Any, policy: Any) -> Answer:
    """Ask for another policy."""
    return shop.vendor.put(f"/licenses/{license['id']}/policy", {"data": {"type": "policies", "id": policy["id"]}})


def test_another_plan(shop: Shop) -> None:
    license, _ = shop.sold(floating=False, duration=86_400, authenticationStrategy="LICENSE")
    paid = shop.policy(**FLOATING, maxMachines=5, duration=YEAR)
    shop.heard()
    moved = move(shop, license, paid)
    assert (moved.status, moved.data["type"], moved.data["id"]) == (200, "licenses", license["id"])
    assert linked(moved.data, "policy") == paid["id"]
    expected = {"floating": True, "strict": True, "maxMachines": 5, "expiry": license["attributes"]["expiry"]}
    assert {name: moved.attributes[name] for name in expected} == expected
    assert shop.heard() == ["license.policy.updated"]
    assert shop.read(license) == moved.data


@pytest.mark.parametrize(
    ("duration", "expiry"), [(YEAR, to_text(START + timedelta(days=3, seconds=YEAR))), (None, None)]
)
def test_an_expiry_that_starts_again(local_shop: Shop, duration: int | None, expiry: str | None) -> None:
    license, _ = local_shop.sold(duration=86_400)
    new = local_shop.policy(transferStrategy="RESET_EXPIRY", **({} if duration is None else {"duration": duration}))
    local_shop.world.clock.advance(days=3)
    assert move(local_shop, license, new).attributes["expiry"] == expiry


def _crowded(shop: Shop, **attributes: Any) -> tuple[Any, Caller]:
    """A license with three machines, on a policy for five."""
    license = shop.license(shop.policy(**FLOATING, maxMachines=5), **attributes)
    application = shop.application(license)
    for fingerprint in ("a", "b", "c"):
        application.activated(license, fingerprint)
    return license, application


def test_fewer_machines_than_there_are(local_shop: Shop) -> None:
    license, application = _crowded(local_shop)
    assert move(local_shop, license, local_shop.policy(**FLOATING, maxMachines=2)).status == 200
    assert local_shop.seats(license) == 3
    assert verdict(local_shop.anybody.validate(license)) == refused("TOO_MANY_MACHINES")
    assert application.activate(license, "d").error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert application.deactivate("c").status == 204
    assert verdict(local_shop.anybody.validate(license)) == VALID


def test_what_was_agreed_with_the_customer_stays(local_shop: Shop) -> None:
    license, application = _crowded(local_shop, maxMachines=4)
    moved = move(local_shop, license, local_shop.policy(**FLOATING, maxMachines=2))
    assert moved.attributes["maxMachines"] == 4
    assert application.activate(license, "d").status == 201
    assert application.activate(license, "e").error[1] == "MACHINE_LIMIT_EXCEEDED"


def test_heartbeats_of_the_new_policy(local_shop: Shop) -> None:
    """Machines that never pinged are dead where it requires it, and go."""
    license, application = _crowded(local_shop)
    local_shop.world.clock.advance(seconds=61)
    application.ping("a")
    strict = FLOATING | {"requireHeartbeat": True, "heartbeatDuration": 60, "maxMachines": 5}
    assert move(local_shop, license, local_shop.policy(**strict)).status == 200
    shown = {one["attributes"]["fingerprint"]: one["attributes"] for one in local_shop.vendor.get("/machines").data}
    assert {name: one["heartbeatStatus"] for name, one in shown.items()} == {"a": "ALIVE", "b": "DEAD", "c": "DEAD"}
    assert {one["heartbeatDuration"] for one in shown.values()} == {60}
    local_shop.carry_on()
    local_shop.heard()
    local_shop.world.sweep()
    assert local_shop.heard() == ["machine.heartbeat.dead"] * 2
    assert local_shop.seats(license) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"usePool": True}),
        ({}, {"encrypted": True}),
        ({}, {"scheme": "ED25519_SIGN"}),
        ({"scheme": "ED25519_SIGN"}, {"scheme": "RSA_2048_PKCS1_SIGN_V2"}),
        ({"machineUniquenessStrategy": "UNIQUE_PER_POLICY"}, {"machineUniquenessStrategy": "UNIQUE_PER_LICENSE"}),
    ],
)
def test_policies_that_do_not_fit(local_shop: Shop, old: dict[str, Any], new: dict[str, Any]) -> None:
    license = local_shop.license(local_shop.policy(**old))
    local_shop.heard()
    other = local_shop.policy(**new)
    local_shop.heard()
    assert move(local_shop, license, other).error == (422, "POLICY_NOT_COMPATIBLE", PLACE)
    assert local_shop.heard() == []


def test_stricter_uniqueness(local_shop: Shop) -> None:
    """It is kept by whoever comes; who shares a machine already cannot come."""
    strict = local_shop.policy(**FLOATING, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT")
    licenses = [local_shop.license(local_shop.policy(**FLOATING)) for _ in range(2)]
    for license in licenses:
        local_shop.application(license).activated(license, "shared")
    assert move(local_shop, licenses[0], strict).error == (422, "POLICY_NOT_COMPATIBLE", PLACE)
    assert local_shop.application(licenses[1]).deactivate("shared").status == 204
    assert move(local_shop, licenses[0], strict).status == 200


def test_all_customers_of_a_policy(local_shop: Shop) -> None:
    trial, paid = local_shop.policy(), local_shop.policy()
    made = {local_shop.license(trial)["id"] for _ in range(5)}
    stays = local_shop.license(local_shop.policy())
    found: set[str] = set()
    for page in (1, 2, 3):
        query = f"/licenses?policy={trial['id']}&limit=2&page[number]={page}&page[size]=2"
        found |= {one["id"] for one in local_shop.vendor.get(query).data}
    assert found == made
    for identifier in found:
        assert move(local_shop, {"id": identifier}, paid).status == 200
    assert local_shop.vendor.get(f"/licenses?policy={trial['id']}").data == []
    assert {one["id"] for one in local_shop.vendor.get(f"/licenses?policy={paid['id']}").data} == made
    assert linked(local_shop.read(stays), "policy") == linked(stays, "policy")
