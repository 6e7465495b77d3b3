"""The demo account of `make run`: made once, through the API itself, and remembered in `demo.json`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chalicelib.admin.bootstrap import Tools, bootstrap, find, subscribe

from .events import HttpRequest, RouteTable, build_event

Handler = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]

SLUG = "demo"
POLICY = {
    "name": "Demo policy",
    "authenticationStrategy": "MIXED",
    "duration": 365 * 86_400,
    "floating": True,
    "maxMachines": 5,
    "maxUses": 1000,
}


def account(tools: Tools, file: Path) -> dict[str, Any]:
    """What `file` remembers of the demo, or a new demo account; `license` is missing until `fill` has run."""
    if file.exists():
        remembered: dict[str, Any] = json.loads(file.read_text())
        return remembered
    slug = SLUG if find(tools, SLUG) is None else f"{SLUG}-{tools.random_hex(6)}"
    made = bootstrap(tools, slug, f"admin@{slug}.example", "Demo")
    return {name: made[name] for name in ("account", "slug", "adminToken", "publicKey")}


def listen(tools: Tools, account_id: str, events: str) -> None:
    """Let the log have the account's events; the same list twice changes nothing."""
    if events:
        subscribe(tools, account_id, "log", events.split(","))


def fill(handle: Handler, routes: RouteTable, demo: dict[str, Any], url: str) -> dict[str, Any]:
    """`demo` with its URL and, the first time, a product, a policy and a license."""
    if "license" in demo:
        return {**demo, "url": url}
    api = _Api(handle, routes, demo)
    product = api.create("products", {"name": "Demo app"})
    policy = api.create("policies", POLICY, product=("products", product["id"]))
    license = api.create("licenses", {"name": "Demo license"}, policy=("policies", policy["id"]))
    found = {"product": product["id"], "policy": policy["id"], "license": license["id"]}
    return {"url": url, **demo, **found, "key": license["attributes"]["key"]}


def remember(file: Path, demo: Mapping[str, Any]) -> None:
    """Write `file` in one step, readable by its owner alone: it holds an admin token."""
    temporary = file.with_suffix(".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(demo, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)


def greeting(demo: Mapping[str, Any], file: Path) -> str:
    """What to try first, ready to copy."""
    body = json.dumps({"meta": {"key": demo["key"]}})
    return f"""
Licensing service ready at {demo["url"]}   (Ctrl-C stops it)
Demo account {demo["slug"]}, its admin token and ids: {file}

Validate the demo key:

  curl -s {demo["url"]}/v1/licenses/actions/validate-key \\
    -H 'Content-Type: application/vnd.api+json' -H 'Accept: application/vnd.api+json' \\
    -d '{body}'
"""


class _Api:
    """Requests of the demo's admin, straight to the handler."""

    def __init__(self, handle: Handler, routes: RouteTable, demo: Mapping[str, Any]) -> None:
        self._handle, self._routes, self._demo = handle, routes, demo

    def create(self, kind: str, attributes: Mapping[str, Any], **relationships: tuple[str, str]) -> dict[str, Any]:
        """POST a resource; what was created."""
        linked = {name: {"data": {"type": type_, "id": id_}} for name, (type_, id_) in relationships.items()}
        data = {"type": kind, "attributes": attributes, **({"relationships": linked} if linked else {})}
        path = f"/v1/accounts/{self._demo['account']}/{kind}"
        headers = [
            (b"host", b"localhost"),
            (b"authorization", f"Bearer {self._demo['adminToken']}".encode()),
            (b"content-type", b"application/vnd.api+json"),
        ]
        request = HttpRequest("POST", path.encode(), b"", headers, json.dumps({"data": data}).encode(), "127.0.0.1")
        response = self._handle(build_event(request, self._routes, "demo", time.time()), None)
        if response["statusCode"] != 201:
            raise RuntimeError(f"the demo's {kind} could not be created: {response['body']}")
        created: dict[str, Any] = json.loads(response["body"])["data"]
        return created
