"""Headers and signatures of every answer (spec http.md §8, §11)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.crypto.keys import PublicKeys, verify
from tests.api.helpers import NOWHERE, by_key, first, open_license, staff
from tests.world import HOST, JSON_API, Answer, World, resource

ALGORITHMS = ["ed25519", "rsa-pss-sha256", "rsa-sha256", "ecdsa-p256"]
FIVE = ["date", "digest", "keygen-date", "keygen-digest", "keygen-signature"]
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
STATUSES: list[tuple[int, str, str, Any, str | None]] = [
    (200, "GET", "/v1/products?limit=5&x=%C3%A9+%2F", None, "admin"),
    (200, "GET", "/v1/ping", None, None),
    (201, "POST", "/v1/accounts/acme/products", resource("products", {"name": "Äpp"}), "admin"),
    (204, "DELETE", "/v1/products/{product}", None, "admin"),
    (204, "GET", "/v1/accounts/acme/health", None, None),
    (400, "POST", "/v1/products", {}, "admin"),
    (400, "POST", "/v1/products?a=%zz", None, "admin"),
    (401, "GET", "/v1/products", None, None),
    (403, "GET", "/v1/licenses", None, "license"),
    (404, "GET", "/v1/nowhere", None, None),
    (404, "GET", "/v1/products/a%2Fb+c", None, "admin"),
    (422, "POST", "/v1/products", resource("products", {"name": "x" * 256}), "admin"),
]


def ask(world: World, number: int, headers: Mapping[str, str] | None = None) -> tuple[Answer, str, str]:
    """The answer of one of STATUSES, its method and path."""
    status, method, path, body, as_ = STATUSES[number]
    if "{product}" in path:
        path = path.replace("{product}", world.product()["id"])
    as_ = by_key(open_license(world)) if as_ == "license" else as_
    answer = world.send(method, path, body, as_=as_, headers=headers)
    assert answer.status == status, answer.raw
    return answer, method, path


def public(world: World) -> PublicKeys:
    keys = world.account["keys"]
    return PublicKeys(keys["ed25519"], keys["rsa2048"], keys["ecdsa"])


def check_signature(world: World, answer: Answer, method: str, path: str, algorithm: str, host: str = HOST) -> None:
    headers = answer.headers
    digest = "sha-256=" + base64.b64encode(hashlib.sha256(answer.raw).digest()).decode()
    assert (headers["digest"], headers["keygen-digest"]) == (digest, digest)
    assert headers["date"] == headers["keygen-date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    form = (
        rf'keyid="{world.account["account"]}", algorithm="{algorithm}", signature="([^"]+)", '
        r'headers="\(request-target\) host date digest"'
    )
    match = re.fullmatch(form, headers["keygen-signature"])
    assert match is not None, headers["keygen-signature"]
    lines = [
        f"(request-target): {method.lower()} {path}",
        f"host: {host}",
        f"date: {headers['date']}",
        f"digest: {digest}",
    ]
    signature = base64.b64decode(match[1], validate=True)
    assert verify(algorithm.lower(), public(world), signature, "\n".join(lines).encode())


@pytest.mark.parametrize("number", range(len(STATUSES)))
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dialect", ["{0}", 'keyid="{1}", {0}'])
def test_signed(shared_world: World, number: int, algorithm: str, dialect: str) -> None:
    wish = dialect.format(f'algorithm="{algorithm}"', shared_world.account["account"])
    answer, method, path = ask(shared_world, number, {"keygen-accept-signature": wish})
    check_signature(shared_world, answer, method, path, algorithm)


@pytest.mark.parametrize("number", range(len(STATUSES)))
def test_signed_by_default(shared_world: World, number: int) -> None:
    answer, method, path = ask(shared_world, number)
    check_signature(shared_world, answer, method, path, "ed25519")


def test_signed_for_the_host_of_the_client(local_world: World) -> None:
    answer = local_world.get("/v1/me", headers={"host": "Keys.Example.com"})
    check_signature(local_world, answer, "GET", "/v1/me", "ed25519", "Keys.Example.com")
    local_world.serve(LICENSING_PUBLIC_HOST="api.example.com")
    answer = local_world.get("/v1/me")
    check_signature(local_world, answer, "GET", "/v1/me", "ed25519", "api.example.com")
    made = local_world.post("/v1/products", resource("products", {"name": "App"}))
    assert made.headers["location"].startswith("https://api.example.com/v1/accounts/")


@pytest.mark.parametrize("accept", [JSON_API, "application/json"])
def test_signed_whatever_the_media_type(shared_world: World, accept: str) -> None:
    answer = shared_world.get("/v1/products/none", headers={"accept": accept})
    check_signature(shared_world, answer, "GET", "/v1/products/none", "ed25519")


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("ed25519", "malformed"),
        ('algorithm=""', "malformed"),
        ("algorithm=ed25519", "malformed"),
        ('keyid="x"', "malformed"),
        ('algorithm="ed25519", keyid="{0}"', "malformed"),
        ('algorithm="hmac-sha256"', "unsupported algorithm"),
        ('keyid="{0}", algorithm="rsa"', "unsupported algorithm"),
        (f'keyid="{NOWHERE}", algorithm="ed25519"', "keyid not found"),
    ],
)
@pytest.mark.parametrize("as_", [None, "admin"])
def test_wishes_that_cannot_be_met(shared_world: World, wish: str, reason: str, as_: str | None) -> None:
    sent = {"keygen-accept-signature": wish.format(shared_world.account["account"])}
    answer = shared_world.get("/v1/products", as_=as_, headers=sent)
    assert first(answer) == (400, None, None, f"invalid accept-signature header ({reason})")
    assert "source" not in answer.errors[0]
    assert "keygen-signature" not in answer.headers
    assert answer.headers["keygen-account"] == shared_world.account["account"]


def test_algorithms_in_any_case(shared_world: World) -> None:
    answer = shared_world.get("/v1/me", headers={"keygen-accept-signature": 'algorithm="RSA-PSS-SHA256"'})
    check_signature(shared_world, answer, "GET", "/v1/me", "RSA-PSS-SHA256")


@pytest.mark.parametrize("number", range(len(STATUSES)))
def test_on_every_answer(shared_world: World, number: int) -> None:
    answer, _, _ = ask(shared_world, number, {"origin": "https://app.example", "x-request-id": NOWHERE})
    headers, status = answer.headers, answer.status
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
    exposed = set(re.split(r",\s*", headers["access-control-expose-headers"]))
    assert {"keygen-signature", "keygen-account", "keygen-bearer", "keygen-token", "x-request-id", "date"} <= exposed
    assert headers["cache-control"] == "no-transform, no-store, max-age=0"
    assert (headers["keygen-edition"], headers["keygen-mode"]) == ("CE", "singleplayer")
    assert headers["keygen-account"] == shared_world.account["account"]
    assert headers["keygen-version"] == "1.8"
    assert headers["keygen-revision"]
    assert UUID7.fullmatch(headers["x-request-id"])
    assert ("content-type" in headers) == (status != 204)
    assert ("location" in headers) == (status == 201)
    assert ("www-authenticate" in headers) == (status == 401)
    assert answer.raw or status in (200, 204)


def test_who_acted(shared_world: World) -> None:
    agent = staff(shared_world, "support-agent")
    me = shared_world.get("/v1/me", as_=agent)
    denied = shared_world.post("/v1/products", resource("products", {"name": "A"}), as_=agent)
    for answer in (me, denied, shared_world.get("/v1/products/none", as_=agent)):
        assert answer.headers["keygen-bearer"] == me.data["id"]
        assert answer.headers["keygen-token"] == me.document["included"][0]["id"]


def test_request_ids(shared_world: World) -> None:
    seen = {shared_world.get("/v1/products/none").headers["x-request-id"] for _ in range(20)}
    assert len(seen) == 20
    answer = shared_world.get("/v1/products/none")
    assert answer.document["meta"] == {"id": answer.headers["x-request-id"]}


@pytest.mark.parametrize(
    "path", ["/v1/products", "/v1/accounts/acme/licenses/x", "/v1/nowhere", "/v1/accounts/none/me"]
)
def test_preflight(shared_world: World, path: str) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "PATCH"}
    wanted = "authorization, content-type, keygen-version"
    answer = shared_world.send("OPTIONS", path, as_=None, headers={**asked, "access-control-request-headers": wanted})
    assert (answer.status, answer.raw) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = set(answer.headers["access-control-allow-methods"].split(", "))
    assert allowed == {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"}
    assert answer.headers["access-control-allow-headers"] == wanted
    assert answer.headers["access-control-max-age"] == "86400"


def test_errors_have_one_form(shared_world: World) -> None:
    for number, (status, *_) in enumerate(STATUSES):
        if status < 400:
            continue
        answer, _, path = ask(shared_world, number)
        assert set(answer.document) == ({"errors"} if "%zz" in path else {"errors", "meta"})
        for one in answer.errors:
            assert {"title", "detail"} <= set(one) <= {"title", "detail", "code", "source", "links"}
            assert None not in one.values()
            assert len(one.get("source", {"one": 1})) == 1
