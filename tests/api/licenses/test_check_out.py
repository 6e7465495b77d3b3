"""License files (spec cryptography.md §4)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api.signed_keys import public_keys
from chalicelib.crypto.files import opened
from chalicelib.licensing.clock import to_text
from tests.api.helpers import by_key, open_license, staff, user, user_token
from tests.api.test_events import outbox
from tests.world import START, Answer, World, resource

EVERY = [
    f"{encoding}+{signing}"
    for encoding in ("base64", "aes-256-gcm")
    for signing in ("ed25519", "ecdsa-p256", "rsa-pss-sha256", "rsa-sha256")
]


def path(license: Any, query: str = "") -> str:
    return f"/v1/licenses/{license['id']}/actions/check-out" + (f"?{query}" if query else "")


def read(world: World, license: Any, certificate: str) -> Any:
    """What a file says, opened as a customer does: with the public key and the license key."""
    keys = public_keys(world.service.accounts.find("acme").account)
    payload = opened("license", certificate, keys, license["attributes"]["key"])
    assert payload is not None
    return json.loads(payload)


def certificate(answer: Answer) -> str:
    assert answer.status == 200, answer.raw
    return str(answer.attributes["certificate"])


def test_a_file_holds_the_license_as_it_is(world: World) -> None:
    license = world.license(name="Mine", metadata={"seatColor": "red"})
    before = world.get(f"/v1/licenses/{license['id']}").data
    answer = world.post(path(license))
    said = read(world, license, certificate(answer))
    assert said["data"] == before
    expiry = "2026-04-01T12:00:00.000Z"
    assert said["meta"] == {"issued": to_text(START), "expiry": expiry, "ttl": 2_629_746}
    assert "included" not in said
    data = answer.data
    assert data["type"] == "license-files" and "links" not in data and data["id"] != license["id"]
    shown = {name: value for name, value in data["attributes"].items() if name != "certificate"}
    assert shown == {
        "algorithm": "base64+ed25519",
        "includes": [],
        "ttl": 2_629_746,
        "expiry": expiry,
        "issued": to_text(START),
    }
    assert data["relationships"]["license"]["data"] == {"type": "licenses", "id": license["id"]}
    assert world.get(f"/v1/licenses/{license['id']}").attributes["lastCheckOut"] == to_text(START)


def test_a_download(world: World) -> None:
    license = world.license()
    answer = world.get(path(license, "encrypt=true"))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{license["id"]}.lic"'
    assert answer.raw.startswith(b"-----BEGIN LICENSE FILE-----\n")
    assert answer.raw.endswith(b"\n-----END LICENSE FILE-----\n")
    assert answer.headers["keygen-signature"]
    assert read(world, license, answer.raw.decode())["data"]["id"] == license["id"]
    refused = world.get(path(license, "ttl=1"))
    assert refused.error == (400, "CHECKOUT_TTL_INVALID", "ttl")


@pytest.mark.parametrize("algorithm", EVERY)
def test_every_algorithm(local_world: World, algorithm: str) -> None:
    license = local_world.license()
    answer = local_world.post(path(license, f"algorithm={algorithm.replace('+', '%2B')}"))
    assert answer.attributes["algorithm"] == algorithm
    assert read(local_world, license, certificate(answer))["data"]["id"] == license["id"]
    lenient = local_world.post(path(license, f"algorithm={algorithm}"))
    assert lenient.attributes["algorithm"] == algorithm


@pytest.mark.parametrize(
    ("scheme", "signing"),
    [
        ("ED25519_SIGN", "ed25519"),
        ("ECDSA_P256_SIGN", "ecdsa-p256"),
        ("RSA_2048_PKCS1_PSS_SIGN", "rsa-pss-sha256"),
        ("RSA_2048_PKCS1_PSS_SIGN_V2", "rsa-pss-sha256"),
        ("RSA_2048_PKCS1_SIGN", "rsa-sha256"),
        ("RSA_2048_PKCS1_SIGN_V2", "rsa-sha256"),
        ("RSA_2048_PKCS1_ENCRYPT", "rsa-sha256"),
        ("RSA_2048_JWT_RS256", "rsa-sha256"),
    ],
)
def test_the_scheme_decides_how_files_are_signed(local_world: World, scheme: str, signing: str) -> None:
    license = local_world.license(local_world.policy(scheme=scheme)["id"])
    assert local_world.post(path(license)).attributes["algorithm"] == f"base64+{signing}"
    assert local_world.post(path(license, "encrypt=1")).attributes["algorithm"] == f"aes-256-gcm+{signing}"


@pytest.mark.parametrize(
    ("query", "meta", "ttl"),
    [
        ("ttl=3600", None, 3600),
        ("ttl=", None, None),
        ("ttl=%20", None, None),
        ("ttl=3600", {"ttl": 7200}, 7200),
        ("ttl=3600", {"ttl": None}, None),
        ("", {"ttl": 220_898_664}, 220_898_664),
        ("ttl=3600.9", None, 3600),
        ("ttl=0003600", None, 3600),
        ("", {"ttl": 3600.9}, 3600),
        ("", {}, 2_629_746),
    ],
)
def test_how_long_a_file_is_good(local_world: World, query: str, meta: dict[str, Any] | None, ttl: int | None) -> None:
    license = local_world.license()
    answer = local_world.post(path(license, query), None if meta is None else {"meta": meta})
    said = read(local_world, license, certificate(answer))["meta"]
    assert (answer.attributes["ttl"], said["ttl"]) == (ttl, ttl)
    assert answer.attributes["expiry"] == said["expiry"]
    assert (said["expiry"] is None) == (ttl is None)


def test_the_calendar_of_a_file(local_world: World) -> None:
    local_world.clock.advance(days=27, hours=7, minutes=16, seconds=39, milliseconds=154)
    license = local_world.license()
    answer = local_world.post(path(license))
    assert (answer.attributes["issued"], answer.attributes["expiry"]) == (
        "2026-03-28T19:16:39.154Z",
        "2026-04-28T19:16:39.154Z",
    )


def _rich(world: World) -> Any:
    """A license with something behind every include."""
    owner, attached = user(world), user(world)
    license = world.license(world.policy(authenticationStrategy="MIXED")["id"])
    base = f"/v1/licenses/{license['id']}"
    group = world.create("groups", {"name": "Team"})
    own = world.create("entitlements", {"name": "Own", "code": "own"})
    world.send("PUT", f"{base}/owner", {"data": {"type": "users", "id": owner.id}})
    world.send("PUT", f"{base}/group", {"data": {"type": "groups", "id": group["id"]}})
    world.post(f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    world.post(f"{base}/entitlements", {"data": [{"type": "entitlements", "id": own["id"]}]})
    return world.get(base).data


INCLUDES = ["entitlements", "product", "policy", "owner", "users", "group"]


@pytest.mark.parametrize("name", INCLUDES)
def test_each_include(world: World, name: str) -> None:
    license = _rich(world)
    answer = world.post(path(license, f"include={name}"))
    said = read(world, license, certificate(answer))
    assert answer.attributes["includes"] == [name]
    linked = said["data"]["relationships"][name]["data"]
    wanted = linked if isinstance(linked, list) else [linked]
    assert [{"type": one["type"], "id": one["id"]} for one in said["included"]] == wanted
    assert len(wanted) == (2 if name == "users" else 1)
    if name == "users":
        assert said["data"]["relationships"]["users"]["meta"] == {"count": 2}
    for one in said["included"]:
        assert one == world.get(one["links"]["self"]).data


def test_everything_is_included_once(world: World) -> None:
    license = _rich(world)
    said = read(world, license, certificate(world.post(path(license), {"meta": {"include": [*INCLUDES, "user"]}})))
    kinds = sorted(one["type"] for one in said["included"])
    assert kinds == ["entitlements", "groups", "policies", "products", "users", "users"]


def test_includes_of_nothing(local_world: World) -> None:
    license = local_world.license()
    for query in ("include=", "include=owner,group,entitlements,users"):
        assert "included" not in read(local_world, license, certificate(local_world.post(path(license, query))))


@pytest.mark.parametrize(
    ("query", "body", "error"),
    [
        ("include=machines", None, (400, "CHECKOUT_INCLUDE_INVALID", "include")),
        ("include[a]=owner", None, (400, "CHECKOUT_INCLUDE_INVALID", "include")),
        ("include=machines&ttl=1&algorithm=x", None, (400, "CHECKOUT_INCLUDE_INVALID", "include")),
        ("ttl=3599", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("ttl=soon", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("ttl=-5", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("ttl=999999999999999", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("ttl=" + 5_000 * "9", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("", {"meta": {"ttl": 3599.9}}, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("", {"meta": {"ttl": 1e300}}, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("", {"meta": {"ttl": 0}}, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("algorithm=md5%2Bed25519", None, (400, "CHECKOUT_ALGORITHM_INVALID", "algorithm")),
        ("algorithm[]=base64%2Bed25519", None, (400, None, "algorithm")),
        ("algorithm[a]=aes-256-gcm%2Bed25519", None, (400, None, "algorithm")),
        ("ttl=7200.x", None, (400, "CHECKOUT_TTL_INVALID", "ttl")),
        ("algorithm=base64", None, (400, "CHECKOUT_ALGORITHM_INVALID", "algorithm")),
        ("encrypt=true&algorithm=base64%2Bed25519", None, (400, None, "encrypt")),
        ("encrypt=false&algorithm=aes-256-gcm%2Bed25519", None, (400, None, "encrypt")),
        ("", {"meta": {"ttl": "3600"}}, (400, None, "/meta/ttl")),
        ("", {"meta": {"format": "zip"}}, (400, None, "/meta/format")),
        ("", {"meta": {"include": "owner"}}, (400, None, "/meta/include")),
    ],
)
def test_bad_wishes(
    local_world: World, query: str, body: dict[str, Any] | None, error: tuple[int, str | None, str]
) -> None:
    license = local_world.license()
    assert local_world.post(path(license, query), body).error == error
    assert local_world.get(f"/v1/licenses/{license['id']}").attributes["lastCheckOut"] is None


def test_agreeing_wishes(local_world: World) -> None:
    license = local_world.license()
    for encrypt in ("true", "", "%20"):
        query = f"encrypt={encrypt}&algorithm=aes-256-gcm%2Bed25519"
        assert local_world.post(path(license, query)).attributes["algorithm"] == "aes-256-gcm+ed25519"
    for blank in ("", "%20"):
        answer = local_world.post(path(license, f"encrypt=1&algorithm={blank}"))
        assert answer.attributes["algorithm"] == "aes-256-gcm+ed25519"
    sent = {"meta": {"encrypt": None, "algorithm": "base64+rsa-sha256"}}
    assert local_world.post(path(license, "encrypt=1"), sent).attributes["algorithm"] == "base64+rsa-sha256"


def test_who_may(world: World) -> None:
    owner, attached, stranger = user(world), user(world), user(world)
    license = open_license(world)
    base = f"/v1/licenses/{license['id']}"
    world.send("PUT", f"{base}/owner", {"data": {"type": "users", "id": owner.id}})
    world.post(f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    bearers = {
        staff(world, "sales-agent"): 200,
        staff(world, "support-agent"): 200,
        staff(world, "read-only"): 403,
        by_key(license): 200,
        user_token(world, owner): 200,
        user_token(world, attached): 200,
        user_token(world, stranger): 404,
        by_key(open_license(world)): 404,
    }
    for bearer, status in bearers.items():
        assert world.post(path(license), as_=bearer).status == status
        assert world.get(path(license), as_=bearer).status == status
    assert world.post(path(license), as_=None).status == 401
    world.send("PATCH", base, resource("licenses", {"protected": True}))
    assert world.post(path(license), as_=user_token(world, owner)).status == 403
    assert world.post(path(license), as_=by_key(license)).status == 200


def test_includes_take_their_permission(local_world: World) -> None:
    license = open_license(local_world)
    for name, status in {"entitlements": 200, "group": 200, "product": 403, "policy": 403, "owner": 403}.items():
        assert local_world.post(path(license, f"include={name}"), as_=by_key(license)).status == status
    bad = local_world.post(path(license, "include=product&ttl=1"), as_=by_key(license))
    assert bad.error == (400, "CHECKOUT_TTL_INVALID", "ttl")
    reader = staff(local_world, "read-only")
    assert local_world.post(path(license), {"meta": {"ttl": "x"}}, as_=reader).status == 400
    assert local_world.post(path(license, "ttl=1"), as_=reader).status == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_event_tells_the_license(local_world: World, method: str) -> None:
    license = local_world.license()
    local_world.listen("license.checked-out")
    local_world.clock.advance(seconds=5)
    assert local_world.send(method, path(license)).status == 200
    [(name, payload)] = outbox(local_world)
    assert name == "license.checked-out"
    assert payload == local_world.get(f"/v1/licenses/{license['id']}").document
    assert payload["data"]["attributes"]["lastCheckOut"] == to_text(START + timedelta(seconds=5))
