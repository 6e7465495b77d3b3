"""Every answer is signed for the request as it was written on the wire, checked by a verifier of our own.

The public samples for Python and Node verify the same way: `Date`, `Digest`, four lines.
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

import pytest

from tests.clients.integrator import JSON_API, Integrator, Reply, exchange
from tests.clients.site import Site, flipped
from tests.clients.verifier import NotGenuine, Sent, parse, verify

ALGORITHMS = ("ed25519", "ecdsa-p256", "rsa-pss-sha256", "rsa-sha256")
STAMPS = ("date", "digest", "keygen-date", "keygen-digest")


def ask(site: Site, target: str, method: str = "GET", host: str | None = None, **headers: str) -> Reply:
    """A request of the admin, verified by whoever asks."""
    sent = {
        "Host": host or site.host,
        "Accept": JSON_API,
        "Authorization": f"Bearer {site.admin_token}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return exchange(site.host, method, target, None, sent)


def verified(site: Site, reply: Reply, target: str, method: str = "GET", host: str | None = None) -> str:
    """Raises NotGenuine unless both dialects verify; the id of the signer."""
    sent = Sent(method, target, host or site.host)
    keys = site.world.account["keys"]
    (signer,) = {verify(sent, reply.headers, reply.body, keys, dialect=dialect) for dialect in ("", "keygen-")}
    return signer


def test_both_dialects_say_the_same(site: Site) -> None:
    reply = ask(site, "/v1/me")
    assert verified(site, reply, "/v1/me") == site.account
    assert (reply.headers["date"], reply.headers["digest"]) == (
        reply.headers["keygen-date"],
        reply.headers["keygen-digest"],
    )
    assert reply.headers["date"].endswith(" GMT")
    assert abs((parsedate_to_datetime(reply.headers["date"]) - site.world.clock.now()).total_seconds()) < 60
    assert list(parse(reply.headers["keygen-signature"])) == ["keyid", "algorithm", "signature", "headers"]
    assert parse(reply.headers["keygen-signature"])["algorithm"] == "ed25519"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("named", [False, True])
def test_the_algorithm_is_the_clients_choice(site: Site, algorithm: str, named: bool) -> None:
    wish = (f'keyid="{site.account}", ' if named else "") + f'algorithm="{algorithm}"'
    reply = ask(site, "/v1/me", Keygen_Accept_Signature=wish)
    assert (reply.status, verified(site, reply, "/v1/me")) == (200, site.account)
    assert parse(reply.headers["keygen-signature"])["algorithm"] == algorithm


@pytest.mark.parametrize(
    "tail",
    [
        "?limit=1",
        "?page[size]=1&page[number]=1",
        "?page%5Bsize%5D=1&page%5Bnumber%5D=1",
        "?limit=1&b=2&a=1",
        "?a=",
        "?a=x+y&b=x%20y&c=%2B%2c%2C",
        "?a=%C3%BC",
        "?a=~-._!$'()*,;:@/?",
    ],
)
def test_the_target_is_signed_byte_for_byte(site: Site, tail: str) -> None:
    for prefix in ("/v1", f"/v1/accounts/{site.account}", f"/v1/accounts/{site.world.slug}"):
        target = f"{prefix}/products{tail}"
        reply = ask(site, target)
        assert (reply.status, verified(site, reply, target)) == (200, site.account), reply.body


@pytest.mark.parametrize("host", ["licenses.example", "licenses.example:8443", "LICENSES.example", "[::1]:9000"])
def test_the_host_is_the_one_the_client_dialled(site: Site, host: str) -> None:
    reply = ask(site, "/v1/me", host=host)
    assert verified(site, reply, "/v1/me", host=host) == site.account


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/v1/products/00000000-0000-4000-8000-000000000000", 404),
        ("GET", "/v1/no-such-endpoint", 404),
        ("PUT", "/v1/me", 404),
        ("GET", "/v1/products?a=1&a[b]=2", 400),
        ("POST", "/v1/products", 400),
    ],
)
def test_errors_are_signed(site: Site, method: str, target: str, status: int) -> None:
    reply = ask(site, target, method)
    assert (reply.status, verified(site, reply, target, method)) == (status, site.account)


@pytest.mark.parametrize(
    "credential", [None, "Bearer nonsense", "License no-such-key", "Basic bm9ib2R5Om5vdGhpbmc=", "Nonsense x"]
)
def test_refused_credentials_are_signed(site: Site, credential: str | None) -> None:
    integrator = Integrator(site, "/v1", credential)
    assert integrator.get("/me").status == 401


def test_an_answer_before_routing_is_signed(site: Site) -> None:
    headers = {"Host": site.host, "Content-Type": JSON_API, "Accept": JSON_API}
    reply = exchange(site.host, "POST", "/v1/licenses/actions/validate-key", b"{", headers)
    assert reply.error[:2] == (400, "JSON_INVALID")
    assert verified(site, reply, "/v1/licenses/actions/validate-key", "POST") == site.account


def test_deletion_is_signed_over_no_bytes(site: Site) -> None:
    target = f"/v1/products/{site.world.product()['id']}"
    reply = ask(site, target, "DELETE")
    assert (reply.status, reply.body) == (204, b"")
    assert verified(site, reply, target, "DELETE") == site.account


def test_nobody_signs_for_an_unknown_account(site: Site) -> None:
    reply = ask(site, "/v1/accounts/nobody/me")
    assert reply.status == 404
    assert "keygen-signature" not in reply.headers
    assert reply.detail == "The requested account 'nobody' was not found"


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        ("ed25519", "malformed"),
        ('algorithm="ed25519" keyid="x"', "malformed"),
        ('algorithm="md5"', "unsupported algorithm"),
        ('keyid="acme", algorithm="ed25519"', "keyid not found"),
    ],
)
def test_a_wish_that_cannot_be_met(site: Site, wish: str, detail: str) -> None:
    reply = ask(site, "/v1/me", Keygen_Accept_Signature=wish)
    assert (reply.error, reply.detail) == ((400, None, None), f"invalid accept-signature header ({detail})")
    assert "keygen-signature" not in reply.headers
    assert ("digest" in reply.headers) is (detail == "keyid not found")


def test_tampering_shows(site: Site) -> None:
    """The verifier of these tests is no stub: each changed part fails."""
    target = "/v1/me"
    reply = ask(site, target)
    sent, keys = Sent("GET", target, site.host), site.world.account["keys"]
    verify(sent, reply.headers, reply.body, keys)
    forged = {
        "body": (sent, reply.headers, reply.body + b" "),
        "signature": (
            sent,
            reply.headers | {"keygen-signature": flipped(reply.headers["keygen-signature"])},
            reply.body,
        ),
        "date": (sent, reply.headers | {"date": "Thu, 01 Feb 2024 00:00:00 GMT"}, reply.body),
        "target": (Sent("GET", "/v1/profile", site.host), reply.headers, reply.body),
        "method": (Sent("HEAD", target, site.host), reply.headers, reply.body),
        "host": (Sent("GET", target, "127.0.0.1"), reply.headers, reply.body),
    }
    for changed, (request, headers, body) in forged.items():
        with pytest.raises(NotGenuine):
            verify(request, headers, body, keys)
            pytest.fail(f"{changed} may be changed")


def test_headers_of_every_answer(site: Site) -> None:
    reply = ask(site, "/v1/me")
    assert reply.headers["keygen-account"] == site.account
    assert reply.headers["keygen-version"] == "1.8"
    assert reply.headers["cache-control"] == "no-transform, no-store, max-age=0"
    assert reply.headers["content-type"] == "application/vnd.api+json; charset=utf-8"
    assert (reply.headers["keygen-edition"], reply.headers["keygen-mode"]) == ("CE", "singleplayer")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert {"keygen-bearer", "keygen-token", "x-request-id", *STAMPS} <= reply.headers.keys()
    refused = ask(site, "/v1/products/nothing")
    assert json.loads(refused.body)["meta"]["id"] == refused.headers["x-request-id"]


def test_a_public_host_is_signed_in_place_of_an_inner_one(site: Site) -> None:
    """Behind a proxy the Host that arrives is not the one the client dialled."""
    site.world.serve(LICENSING_PUBLIC_HOST="licenses.example")
    reply = ask(site, "/v1/me")
    assert verified(site, reply, "/v1/me", host="licenses.example") == site.account
