"""Flow 6: a key and a license file that are verified without a request."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.api.flows import offline
from tests.api.flows.shop import Caller, Shop
from tests.world import START, segment

SIGNED = {"scheme": "ED25519_SIGN", "authenticationStrategy": "LICENSE"}
DAY = 86_400


@pytest.fixture
def entitled(shop: Shop) -> tuple[Any, Caller]:
    """A license with an entitlement, and its application."""
    license, application = shop.sold(**SIGNED)
    entitlement = shop.vendor.made("entitlements", {"name": "SSO", "code": "SSO"})
    body = {"data": [{"type": "entitlements", "id": entitlement["id"]}]}
    assert shop.vendor.post(f"/licenses/{license['id']}/entitlements", body).status == 201
    shop.heard()
    return license, application


def public_key(shop: Shop) -> str:
    """The key that applications are built with."""
    return str(shop.world.account["publicKey"])


def place(license: Any, query: str) -> str:
    """Where a license is checked out."""
    return f"/licenses/{license['id']}/actions/check-out?{query}"


def test_a_signed_key(local_shop: Shop) -> None:
    license, application = local_shop.sold(**SIGNED)
    key = license["attributes"]["key"]
    text, _, signature = key.partition(".")
    offline.check(public_key(local_shop), signature, text)
    dataset = json.loads(base64.urlsafe_b64decode(text.removeprefix("key/")))
    assert dataset["license"]["id"] == license["id"]
    assert application.get(f"/licenses/{segment(key)}").data["id"] == license["id"]


def test_check_out_and_open(shop: Shop, entitled: tuple[Any, Caller]) -> None:
    license, application = entitled
    answer = application.post(place(license, "encrypt=true&include=entitlements&ttl=86400"), {})
    assert (answer.status, answer.data["type"]) == (200, "license-files")
    shown = {name: answer.attributes[name] for name in ("algorithm", "includes", "ttl")}
    assert shown == {"algorithm": "aes-256-gcm+ed25519", "includes": ["entitlements"], "ttl": DAY}
    assert shop.heard() == ["license.checked-out"]
    certificate, key = answer.attributes["certificate"], license["attributes"]["key"]
    payload = offline.opened("license", certificate, public_key(shop), key)
    assert (payload["data"]["type"], payload["data"]["id"]) == ("licenses", license["id"])
    assert [(one["type"], one["attributes"]["code"]) for one in payload["included"]] == [("entitlements", "SSO")]
    assert payload["meta"] == {name: answer.attributes[name] for name in ("issued", "expiry", "ttl")}
    whether = {
        timedelta(minutes=-6): False,
        timedelta(minutes=-4): True,
        timedelta(hours=23): True,
        timedelta(days=1, seconds=1): False,
    }
    assert {after: offline.in_time(payload, START + after) for after in whether} == whether


def test_what_was_tampered_with_or_is_read_with_another_key(shop: Shop, entitled: tuple[Any, Caller]) -> None:
    license, application = entitled
    certificate = application.post(place(license, "encrypt=1")).attributes["certificate"]
    with pytest.raises(offline.NotReadable):
        offline.opened("license", certificate, public_key(shop), "another key")
    found = offline.envelope("license", certificate)
    other = "B" if found["enc"][0] == "A" else "A"
    forged = offline.sealed("license", found | {"enc": other + found["enc"][1:]})
    with pytest.raises(offline.NotGenuine):
        offline.opened("license", forged, public_key(shop), license["attributes"]["key"])


def test_a_download(shop: Shop, entitled: tuple[Any, Caller]) -> None:
    license, application = entitled
    answer = application.get(f"/licenses/{license['id']}/actions/check-out")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.headers["content-disposition"] == f'attachment; filename="{license["id"]}.lic"'
    assert answer.raw.startswith(b"-----BEGIN LICENSE FILE-----\n")
    assert offline.envelope("license", answer.raw.decode())["alg"] == "base64+ed25519"
    payload = offline.opened("license", answer.raw.decode(), public_key(shop), "")
    assert (payload["data"]["id"], payload["meta"]["ttl"]) == (license["id"], 2_629_746)
    assert shop.heard() == ["license.checked-out"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("ttl=60", (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("include=foo", (400, "CHECKOUT_INCLUDE_INVALID", "include")),
        ("algorithm=foo%2Bed25519", (400, "CHECKOUT_ALGORITHM_INVALID", "algorithm")),
        ("encrypt=true&algorithm=base64%2Bed25519", (400, None, "encrypt")),
    ],
)
def test_wishes_that_are_refused(local_shop: Shop, query: str, error: tuple[int, str | None, str]) -> None:
    license, application = local_shop.sold(**SIGNED)
    assert application.post(place(license, query)).error == error


def test_other_wishes(local_shop: Shop) -> None:
    license, application = local_shop.sold(**SIGNED)
    assert application.post(place(license, "include=product")).status == 403
    agreed = application.post(place(license, "encrypt=true&algorithm=aes-256-gcm%2Bed25519"))
    assert (agreed.status, agreed.attributes["algorithm"]) == (200, "aes-256-gcm+ed25519")
    forever = application.post(place(license, "ttl="))
    assert (forever.attributes["ttl"], forever.attributes["expiry"]) == (None, None)
