"""Flow 1: sell a key and deliver it, or a token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import Shop, verdict
from tests.world import HOST, START, resource, segment

YEAR = 31_556_952
PRO = {
    "name": "Pro",
    "duration": YEAR,
    "strict": True,
    "floating": False,
    "authenticationStrategy": "LICENSE",
    "requireFingerprintScope": True,
}


def test_sell_and_deliver_a_key(shop: Shop) -> None:
    vendor = shop.vendor
    product = vendor.make("products", {"name": "App"})
    assert (product.status, product.data["type"]) == (201, "products")
    policy = vendor.make("policies", PRO, product=("products", product.data["id"]))
    defaults = {
        "maxMachines": 1,
        "machineUniquenessStrategy": "UNIQUE_PER_LICENSE",
        "expirationStrategy": "RESTRICT_ACCESS",
        "overageStrategy": "NO_OVERAGE",
        "heartbeatBasis": "FROM_FIRST_PING",
    }
    assert policy.status == 201
    assert {name: policy.attributes[name] for name in defaults} == defaults
    shop.heard()
    order = {"name": "order 1042", "metadata": {"orderId": "1042"}}
    sold = vendor.make("licenses", order, policy=("policies", policy.data["id"]))
    place = f"/v1/accounts/{shop.world.account['account']}/licenses/{sold.data['id']}"
    assert (sold.status, sold.headers["location"]) == (201, f"https://{HOST}{place}")
    expected = {
        "status": "ACTIVE",
        "uses": 0,
        "suspended": False,
        "floating": False,
        "strict": True,
        "metadata": {"orderId": "1042"},
        "expiry": to_text(START + timedelta(seconds=YEAR)),
    }
    assert {name: sold.attributes[name] for name in expected} == expected
    assert sold.data["relationships"]["machines"]["meta"]["count"] == 0
    assert shop.heard() == ["license.created"]
    other = shop.license(policy.data, metadata={"orderId": "1043"})
    key = sold.attributes["key"]
    assert key and key != other["attributes"]["key"]
    found = vendor.get("/licenses?metadata[orderId]=1042")
    assert (found.status, [one["id"] for one in found.data]) == (200, [sold.data["id"]])
    assert vendor.get(f"/licenses/{segment(key)}").data == sold.data


def test_a_key_needs_a_policy_that_lets_keys_in(local_shop: Shop) -> None:
    _, application = local_shop.sold()
    assert application.get("/me").error == (403, "LICENSE_NOT_ALLOWED", None)


@pytest.mark.parametrize("strategy", ["TOKEN", "MIXED"])
def test_deliver_a_token(shop: Shop, strategy: str) -> None:
    license, _ = shop.sold(authenticationStrategy=strategy)
    shop.heard()
    body = resource("tokens", {"name": "install", "maxActivations": 2})
    answer = shop.vendor.post(f"/licenses/{license['id']}/tokens", body)
    assert answer.status == 200
    expected = {"kind": "activation-token", "name": "install", "maxActivations": 2, "activations": 0}
    assert {name: answer.attributes[name] for name in expected} == expected
    assert answer.attributes["token"].startswith("activ-")
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "licenses", "id": license["id"]}
    assert shop.heard() == ["token.generated"]
    assert shop.read(answer.data)["attributes"].get("token") is None
    token, application = shop.installed(license)
    me = application.get("/me")
    assert (me.data["id"], [one["id"] for one in me.document["included"]]) == (license["id"], [token["id"]])
    assert verdict(application.act(license, "validate")) == (True, "VALID")
