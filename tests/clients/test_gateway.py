"""The same service behind API Gateway's REST events: a stage in the path, no raw query, decoded maps.

Only the signature tells whether the target was rebuilt as the client sent it, so each answer is verified over the
target of the SDKs: stage and all, parameters sorted by name and form-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from infra.local.events import HttpRequest, build_event
from tests.clients.site import Site
from tests.clients.verifier import Sent, verify

HOST = "abc123.execute-api.eu-central-1.amazonaws.com"
STAGED = ["", "/api"]


def rest_event(site: Site, stage: str, method: str, path: str, query: str, credential: str | None) -> dict[str, Any]:
    """What the gateway makes of a request to `stage` + `path`."""
    headers = [(b"Host", HOST.encode()), (b"Accept", b"application/vnd.api+json")]
    if credential is not None:
        headers.append((b"Authorization", credential.encode()))
    request = HttpRequest(method, path.encode(), query.encode(), headers, b"", "192.0.2.1")
    event = build_event(request, site.world.routes, "request", site.world.clock.seconds())
    del event["rawPath"], event["rawQueryString"], event["version"]
    event["requestContext"] |= {"path": stage + path, "stage": stage.strip("/") or "api"}
    return event


def ask(
    site: Site, stage: str, method: str, path: str, query: Mapping[str, str] | None = None, admin: bool = True
) -> tuple[int, Any]:
    """Status and document of a verified answer."""
    encoded = urlencode(sorted((query or {}).items()))
    credential = site.world.admin if admin else None
    response = site.world.app(rest_event(site, stage, method, path, encoded, credential), None)
    target = f"{stage}{path}" + (f"?{encoded}" if encoded else "")
    body = response["body"].encode()
    for dialect in ("", "keygen-"):
        sent = Sent(method, target, HOST)
        assert verify(sent, response["headers"], body, site.world.account["keys"], dialect=dialect) == site.account
    return response["statusCode"], json.loads(body) if body else None


@pytest.mark.parametrize("stage", STAGED)
@pytest.mark.parametrize("form", ["/v1", "/v1/accounts/acme"])
def test_both_forms_answer_with_and_without_a_stage(site: Site, stage: str, form: str) -> None:
    license = site.world.license()
    status, document = ask(site, stage, "GET", f"{form}/licenses/{license['id']}")
    assert (status, document["data"]["id"]) == (200, license["id"])
    status, document = ask(site, stage, "POST", f"{form}/licenses/{license['id']}/actions/validate")
    assert (status, document["meta"]["code"]) == (200, "VALID")


@pytest.mark.parametrize("stage", STAGED)
def test_errors_too(site: Site, stage: str) -> None:
    assert ask(site, stage, "GET", "/v1/me", admin=False)[0] == 401
    assert ask(site, stage, "GET", "/v1/no-such-endpoint")[0] == 404
    product = site.world.product()["id"]
    assert ask(site, stage, "DELETE", f"/v1/products/{product}") == (204, None)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "1"},
        {"include": "license,license.entitlements", "algorithm": "aes-256-gcm+ed25519", "encrypt": "1", "ttl": "3600"},
        {"page[size]": "1", "page[number]": "1"},
        {"text": "ü ß / ? & = % + ~ -._*'()"},
        {"empty": ""},
    ],
)
@pytest.mark.parametrize("stage", STAGED)
def test_the_query_is_rebuilt_as_the_sdks_send_it(site: Site, stage: str, query: dict[str, str]) -> None:
    status, _ = ask(site, stage, "GET", "/v1/products", query)
    assert status == 200
    assert dict(parse_qsl(urlencode(query), keep_blank_values=True)) == query
