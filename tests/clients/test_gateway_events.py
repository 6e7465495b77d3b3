"""Golden events: what a REST API, an HTTP API and a function URL hand to the function (spec cryptography.md §7)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.site import Site
from tests.clients.verifier import Sent, verify

EVENTS = Path(__file__).parent / "gateway_events"
AS_SENT = "page%5Bsize%5D=1&page[number]=1"
AS_THE_SDKS_SEND = "page%5Bnumber%5D=1&page%5Bsize%5D=1"
TARGETS = {
    "rest_api": f"/api/v1/licenses?{AS_THE_SDKS_SEND}",
    "http_api": f"/v1/licenses?{AS_SENT}",
    "http_api_stage": f"/api/v1/licenses?{AS_SENT}",
    "function_url": f"/v1/licenses?{AS_SENT}",
}


def golden(site: Site, name: str) -> dict[str, Any]:
    """The event, with a token of this account and the route that the gateway would have found."""
    text = (EVENTS / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(text.replace("TOKEN", site.world.admin).replace("RESOURCE", "/v1/licenses"))
    return event


@pytest.mark.parametrize("name", TARGETS)
def test_a_page_is_answered_and_verifies(site: Site, name: str) -> None:
    license = site.world.license()
    event = golden(site, name)
    response = site.world.app(event, None)
    body = response["body"].encode()
    assert (response["statusCode"], [one["id"] for one in json.loads(body)["data"]]) == (200, [license["id"]])
    sent = Sent("GET", TARGETS[name], event["requestContext"]["domainName"])
    for dialect in ("", "keygen-"):
        assert verify(sent, response["headers"], body, site.world.account["keys"], dialect=dialect) == site.account


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - {"rest_api"}))
def test_a_body_may_come_encoded(site: Site, name: str) -> None:
    event = golden(site, name)
    path = event["rawPath"].replace("licenses", "licenses/actions/validate-key")
    event |= {"rawPath": path, "rawQueryString": "", "isBase64Encoded": True}
    event["requestContext"]["http"] |= {"method": "POST", "path": path}
    event["headers"]["content-type"] = "application/vnd.api+json"
    sent = json.dumps({"meta": {"key": site.world.license()["attributes"]["key"]}})
    event["body"] = base64.b64encode(sent.encode()).decode()
    response = site.world.app(event, None)
    assert (response["statusCode"], json.loads(response["body"])["meta"]["code"]) == (200, "VALID")


def test_a_stage_that_only_begins_the_path_stays(site: Site) -> None:
    event = golden(site, "http_api")
    event["requestContext"]["stage"] = "v"
    assert site.world.app(event, None)["statusCode"] == 200
