"""Flow 0: what shipped SDKs send, and how they must be answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.flows.shop import FLOATING, Caller, Shop, verdict
from tests.api.helpers import basic
from tests.world import JSON_API, resource

OPEN = FLOATING | {"authenticationStrategy": "MIXED"}
GO = {"accept": JSON_API, "keygen-version": "1.7", "user-agent": "keygen/1.7 sdk/3.2.0 go/1.22.0 linux/amd64"}


@pytest.fixture
def sold(shop: Shop) -> tuple[Any, Caller]:
    """A license and its application."""
    return shop.sold(**OPEN)


@pytest.mark.parametrize("form", ["id", "slug", "none"])
def test_with_and_without_the_account(shop: Shop, sold: tuple[Any, Caller], form: str) -> None:
    license, application = sold
    account = shop.world.account["account"]
    prefixes = {"id": f"/v1/accounts/{account}", "slug": "/v1/accounts/acme", "none": "/v1"}
    prefix, steps = prefixes[form], []
    body = resource("machines", {"fingerprint": "fp1"}, license=("licenses", license["id"]))
    scope = {"meta": {"scope": {"fingerprint": "fp1"}}}
    for method, path, sent in (
        ("GET", "/me", None),
        ("POST", "/machines", body),
        ("POST", f"/licenses/{license['id']}/actions/validate", scope),
        ("POST", "/machines/fp1/actions/ping", None),
        ("POST", "/machines/fp1/actions/check-out", {}),
        ("DELETE", "/machines/fp1", None),
    ):
        answer = application.send(method, path, sent, GO, prefix)
        steps.append(answer.status)
    assert steps == [200, 201, 200, 200, 200, 204]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": "*/*"},
        {"keygen-version": "1.0"},
        {"content-type": "application/json"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        GO,
    ],
)
def test_headers_of_any_client(shop: Shop, sold: tuple[Any, Caller], headers: dict[str, str]) -> None:
    license, application = sold
    place = f"/licenses/{license['id']}/actions"
    assert application.send("POST", f"{place}/increment-usage", None, headers).status == 200
    assert application.send("POST", f"{place}/validate", {"meta": {"scope": {}}}, headers).status == 200


def test_every_form_of_credentials(shop: Shop, sold: tuple[Any, Caller]) -> None:
    license, application = sold
    key = license["attributes"]["key"]
    made, by_token = shop.installed(license)
    token = str(by_token.credential).removeprefix("Bearer ")
    headers = [application.credential, by_token.credential, basic(f"license:{key}"), basic(f"token:{token}")]
    asked = [Caller(shop.world, header).get("/me") for header in headers]
    asked += [shop.anybody.get(f"/me?{query}") for query in (f"token={token}", f"auth=license:{key}")]
    assert [answer.data["id"] for answer in asked] == [license["id"]] * 6
    included = [[one["id"] for one in answer.document.get("included", [])] for answer in asked]
    assert included == [[], [made["id"]], [], [made["id"]], [made["id"]], []]


def test_a_nonce_comes_back(sold: tuple[Any, Caller]) -> None:
    license, application = sold
    application.activated(license, "fp1")
    answer = application.act(license, "validate", {"meta": {"nonce": 4711, "scope": {"fingerprint": "fp1"}}})
    assert (verdict(answer), answer.document["meta"]["nonce"]) == ((True, "VALID"), 4711)


def test_cores_of_the_machine_it_runs_on(local_shop: Shop) -> None:
    license, application = local_shop.sold(**OPEN, maxCores=8)
    seen = {"hostname": "laptop", "platform": "linux/amd64"}
    assert application.activate(license, "fp1", cores=16, **seen).error[1] == "MACHINE_CORE_LIMIT_EXCEEDED"
    assert application.activate(license, "fp1", cores=8, **seen).status == 201


@pytest.mark.parametrize(("encrypt", "body"), [("true", {}), ("1", None)])
def test_a_query_on_a_post(sold: tuple[Any, Caller], encrypt: str, body: Any) -> None:
    license, application = sold
    place = f"check-out?encrypt={encrypt}&include=entitlements%2Cgroup&ttl=86400"
    answer = application.act(license, place, body)
    expected = {"algorithm": "aes-256-gcm+ed25519", "includes": ["entitlements", "group"], "ttl": 86_400}
    assert {name: answer.attributes[name] for name in expected} == expected


def test_actions_without_a_body(local_shop: Shop) -> None:
    checked_in = {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1}
    license, application = local_shop.sold(**OPEN, **checked_in, duration=86_400)
    application.activated(license, "fp1")
    assert application.ping("fp1").status == 200
    for caller, action in (
        (application, "check-in"),
        (application, "increment-usage"),
        (local_shop.vendor, "renew"),
        (local_shop.vendor, "suspend"),
    ):
        assert caller.act(license, action).status == 200


@pytest.mark.parametrize(
    ("credential", "error"),
    [
        (None, (401, "TOKEN_MISSING")),
        ("License no-such-key", (401, "LICENSE_INVALID")),
        (f"Bearer activ-{'0' * 32}v3", (401, "TOKEN_INVALID")),
    ],
)
def test_credentials_that_are_none(shop: Shop, credential: str | None, error: tuple[int, str]) -> None:
    assert Caller(shop.world, credential).get("/me").error[:2] == error


def test_a_token_that_expired_or_is_not_allowed(local_shop: Shop) -> None:
    license, _ = local_shop.sold(**OPEN)
    _, short = local_shop.installed(license, expiry="2026-03-02T00:00:00.000Z")
    local_shop.world.clock.advance(days=1)
    assert short.get("/me").error[:2] == (401, "TOKEN_EXPIRED")
    by_key_only, _ = local_shop.sold(**FLOATING)
    _, token = local_shop.installed(by_key_only)
    assert token.get("/me").error[:2] == (403, "TOKEN_NOT_ALLOWED")


def test_environments(sold: tuple[Any, Caller]) -> None:
    """There are none here; an SDK that is set to one is told by name."""
    answer = sold[1].send("GET", "/me", None, {"keygen-environment": "sandbox"})
    assert answer.error[:2] == (400, "ENVIRONMENT_NOT_SUPPORTED")


def test_too_often(shop: Shop) -> None:
    shop.vendor.made("users", {"email": "ann@acme.example", "password": "correct horse"})
    for _ in range(5):
        assert shop.login("ann@acme.example", "wrong").status == 401
    answer = shop.login("ann@acme.example", "correct horse")
    assert answer.error[:2] == (429, "TOO_MANY_REQUESTS")
    names = {"retry-after", *(f"x-ratelimit-{name}" for name in ("window", "count", "limit", "remaining", "reset"))}
    assert names <= set(answer.headers)
