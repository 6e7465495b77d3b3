"""Flow 7: a machine that never has a network is licensed by a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows import offline
from tests.api.flows.shop import Caller, Shop, linked
from tests.api.flows.test_license_file import public_key
from tests.world import START

QUERY = "encrypt=true&include=license,license.entitlements&ttl=2592000"
NODE = "4d:Eq UV"


@pytest.fixture
def node(shop: Shop) -> tuple[Any, Any, Caller]:
    """A license with an entitlement, the machine that a companion activated for the node, and that companion."""
    entitlement = shop.vendor.made("entitlements", {"name": "SSO", "code": "SSO"})
    license, companion = shop.sold(duration=31_556_952, authenticationStrategy="LICENSE")
    body = {"data": [{"type": "entitlements", "id": entitlement["id"]}]}
    assert shop.vendor.post(f"/licenses/{license['id']}/entitlements", body).status == 201
    machine = companion.activated(license, NODE, platform="linux")
    shop.heard()
    return license, machine, companion


def test_check_out_and_open(shop: Shop, node: tuple[Any, Any, Caller]) -> None:
    license, machine, companion = node
    place = f"/machines/{machine['id']}/actions/check-out?{QUERY}"
    answer = companion.post(place)
    assert (answer.status, answer.data["type"]) == (200, "machine-files")
    assert answer.attributes["includes"] == ["license", "license.entitlements"]
    assert (linked(answer.data, "machine"), linked(answer.data, "license")) == (machine["id"], license["id"])
    assert shop.heard() == ["machine.checked-out"]
    assert companion.get(f"/machines/{machine['id']}").attributes["lastCheckOut"] == to_text(START)
    secret = license["attributes"]["key"] + NODE
    payload = offline.opened("machine", answer.attributes["certificate"], public_key(shop), secret)
    assert payload["data"]["attributes"]["fingerprint"] == NODE
    included = {one["type"]: one for one in payload["included"]}
    assert set(included) == {"licenses", "entitlements"}
    terms = included["licenses"]["attributes"]
    assert (included["licenses"]["id"], terms["suspended"]) == (license["id"], False)
    assert terms["expiry"] == license["attributes"]["expiry"]
    assert included["entitlements"]["attributes"]["code"] == "SSO"
    assert offline.in_time(payload, START + timedelta(days=29))
    assert not offline.in_time(payload, START + timedelta(days=32))
    shop.world.clock.advance(days=20)
    renewed = offline.opened("machine", companion.post(place).attributes["certificate"], public_key(shop), secret)
    assert offline.in_time(renewed, START + timedelta(days=32))


def test_another_machine_cannot_read_it(shop: Shop, node: tuple[Any, Any, Caller]) -> None:
    license, machine, companion = node
    certificate = companion.post(f"/machines/{machine['id']}/actions/check-out?{QUERY}").attributes["certificate"]
    for secret in (license["attributes"]["key"] + "another", license["attributes"]["key"], NODE):
        with pytest.raises(offline.NotReadable):
            offline.opened("machine", certificate, public_key(shop), secret)
