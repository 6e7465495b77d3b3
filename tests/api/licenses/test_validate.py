"""What every validation shares and what the two forms by id add; the decision itself has unit tests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, user, user_token
from tests.api.watch import watched, writes
from tests.world import Answer, World, resource

NOW = "2026-03-01T12:00:00.000Z"


def validate(world: World, license: Any, scope: Any = None, **options: Any) -> Answer:
    body = None if scope is None else {"meta": {"scope": scope}}
    return world.post(f"/v1/licenses/{license['id']}/actions/validate", body, **options)


def quick(world: World, license: Any, **options: Any) -> Answer:
    return world.get(f"/v1/licenses/{license['id']}/actions/validate", **options)


def verdict(answer: Answer) -> tuple[bool, str, str]:
    meta = answer.document["meta"]
    return meta["valid"], meta["code"], meta["detail"]


def test_wire_shape(world: World) -> None:
    license = world.license()
    world.clock.advance(milliseconds=1500)
    now = "2026-03-01T12:00:01.500Z"
    touched = license | {"attributes": license["attributes"] | {"lastValidated": now, "updated": now}}
    meta = {"ts": now, "valid": True, "detail": "is valid", "code": "VALID"}
    for answer in (quick(world, license), validate(world, license)):
        assert (answer.status, answer.document) == (200, {"data": touched, "meta": meta})
    assert world.get(f"/v1/licenses/{license['id']}").data == touched
    product = license["relationships"]["product"]["data"]["id"]
    body = {"meta": {"nonce": 0, "scope": {"product": product}}}
    answer = world.post(f"/v1/licenses/{license['attributes']['key']}/actions/validate", body)
    assert answer.document == {"data": touched, "meta": {**meta, "nonce": 0, "scope": {"product": product}}}


@pytest.mark.parametrize("body", [None, {}, {"meta": {}}, {"meta": None}, {"meta": {"nonce": None, "scope": None}}])
def test_nothing_asked(shared_world: World, body: Any) -> None:
    answer = shared_world.post(f"/v1/licenses/{shared_world.license()['id']}/actions/validate", body)
    assert set(answer.document["meta"]) == {"ts", "valid", "detail", "code"}


@pytest.mark.parametrize("nonce", [0, -1, 1_574_265_297, 2**70])
def test_nonces_are_echoed(shared_world: World, nonce: int) -> None:
    path = f"/v1/licenses/{shared_world.license()['id']}/actions/validate"
    assert shared_world.post(path, {"meta": {"nonce": nonce}}).document["meta"]["nonce"] == nonce


@pytest.mark.parametrize(
    ("sent", "echo"),
    [
        ({}, {}),
        ({"product": None, "policy": None, "machine": None, "version": None, "entitlements": None}, {}),
        ({"user": None}, {"user": None}),
        ({"fingerprint": None}, {"fingerprint": None}),
        ({"fingerprint": ""}, {"fingerprint": ""}),
        ({"fingerprints": None}, {"fingerprints": None}),
        ({"fingerprints": []}, {"fingerprints": []}),
        ({"fingerprint": "f", "components": ["c"]}, {"fingerprint": "f", "components": ["c"]}),
    ],
)
def test_scopes_are_echoed(shared_world: World, sent: Any, echo: Any) -> None:
    assert validate(shared_world, shared_world.license(), sent).document["meta"]["scope"] == echo


ANY = "does not match any"


@pytest.mark.parametrize(
    ("policy", "license", "scope", "expected"),
    [
        ({}, {"suspended": True, "expiry": 0}, {"product": "x"}, (False, "SUSPENDED", "is suspended")),
        (
            {"expirationStrategy": "REVOKE_ACCESS"},
            {"expiry": 0},
            {"product": "x"},
            (False, "EXPIRED", "is expired"),
        ),
        ({}, {"expiry": 0}, {"product": "x"}, (False, "PRODUCT_SCOPE_MISMATCH", "product scope does not match")),
        ({}, {"expiry": 0}, None, (False, "EXPIRED", "is expired")),
        ({"expirationStrategy": "MAINTAIN_ACCESS"}, {"expiry": 0}, None, (True, "EXPIRED", "is expired")),
        ({"expirationStrategy": "ALLOW_ACCESS"}, {"expiry": 0}, None, (True, "EXPIRED", "is expired")),
        ({"requireProductScope": True}, {}, None, (False, "PRODUCT_SCOPE_REQUIRED", "product scope is required")),
        ({"requireProductScope": True}, {}, {}, (False, "PRODUCT_SCOPE_REQUIRED", "product scope is required")),
        ({}, {}, {"policy": NOWHERE}, (False, "POLICY_SCOPE_MISMATCH", "policy scope does not match")),
        ({"requirePolicyScope": True}, {}, None, (False, "POLICY_SCOPE_REQUIRED", "policy scope is required")),
        ({}, {}, {"user": "a@b.example"}, (False, "USER_SCOPE_MISMATCH", "user scope does not match")),
        ({}, {}, {"user": None}, (True, "VALID", "is valid")),
        ({"requireUserScope": True}, {}, None, (False, "USER_SCOPE_REQUIRED", "user scope is required")),
        ({}, {}, {"entitlements": []}, (False, "ENTITLEMENTS_SCOPE_EMPTY", "entitlements scope is empty")),
        (
            {},
            {},
            {"entitlements": ["X"]},
            (False, "ENTITLEMENTS_MISSING", "is missing one or more required entitlements"),
        ),
        (
            {},
            {},
            {"machine": NOWHERE},
            (False, "NO_MACHINE", "machine is not activated (has no associated machine)"),
        ),
        (
            {"floating": True},
            {},
            {"machine": NOWHERE},
            (False, "NO_MACHINES", "machine is not activated (has no associated machines)"),
        ),
        ({"requireMachineScope": True}, {}, None, (False, "MACHINE_SCOPE_REQUIRED", "machine scope is required")),
        ({}, {}, {"fingerprint": None}, (False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty")),
        ({}, {}, {"fingerprint": " "}, (False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty")),
        ({}, {}, {"fingerprints": []}, (False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty")),
        (
            {},
            {},
            {"fingerprint": None, "fingerprints": ["known"]},
            (False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty"),
        ),
        (
            {},
            {},
            {"fingerprint": "f"},
            (False, "NO_MACHINE", "fingerprint is not activated (has no associated machine)"),
        ),
        (
            {"requireFingerprintScope": True},
            {},
            {},
            (False, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required"),
        ),
        (
            {},
            {},
            {"components": ["c"]},
            (False, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required when using the components scope"),
        ),
        (
            {"requireComponentsScope": True},
            {},
            None,
            (False, "COMPONENTS_SCOPE_REQUIRED", "components scope is required"),
        ),
        (
            {},
            {},
            {"checksum": "c"},
            (False, "CHECKSUM_SCOPE_MISMATCH", f"checksum scope is not valid ({ANY} accessible artifacts)"),
        ),
        ({"requireChecksumScope": True}, {}, None, (False, "CHECKSUM_SCOPE_REQUIRED", "checksum scope is required")),
        (
            {},
            {},
            {"version": "1.0"},
            (False, "VERSION_SCOPE_MISMATCH", f"version scope is not valid ({ANY} accessible releases)"),
        ),
        ({"requireVersionScope": True}, {}, None, (False, "VERSION_SCOPE_REQUIRED", "version scope is required")),
        ({"strict": True}, {}, None, (False, "NO_MACHINE", "must have exactly 1 associated machine")),
        (
            {"strict": True, "floating": True},
            {"expiry": 0},
            None,
            (False, "NO_MACHINES", "must have at least 1 associated machine"),
        ),
    ],
)
def test_verdicts(shared_world: World, policy: Any, license: Any, scope: Any, expected: tuple[bool, str, str]) -> None:
    made = shared_world.license(shared_world.policy(**policy)["id"], **license)
    answer = validate(shared_world, made, scope)
    assert (answer.status, verdict(answer)) == (200, expected)
    assert answer.attributes["lastValidated"] == NOW


@pytest.mark.parametrize(
    ("policy", "license", "code"),
    [
        ({"requireProductScope": True, "requireFingerprintScope": True, "requireVersionScope": True}, {}, "VALID"),
        ({"strict": True}, {}, "NO_MACHINE"),
        ({}, {"expiry": 0}, "EXPIRED"),
        ({}, {"suspended": True}, "SUSPENDED"),
    ],
)
def test_quick_verdicts(shared_world: World, policy: Any, license: Any, code: str) -> None:
    answer = quick(shared_world, shared_world.license(shared_world.policy(**policy)["id"], **license))
    assert (answer.document["meta"]["code"], answer.attributes["lastValidated"]) == (code, NOW)


def test_owners(local_world: World) -> None:
    owner = user(local_world)
    links = {"policy": ("policies", local_world.policy()["id"]), "owner": ("users", owner.id)}
    license = local_world.post("/v1/licenses", resource("licenses", {}, **links)).data
    for scope, code in ((owner.id, "VALID"), (owner.email, "VALID"), (None, "USER_SCOPE_MISMATCH")):
        assert validate(local_world, license, {"user": scope}).document["meta"]["code"] == code
    links["owner"] = ("users", user(local_world, banned_at=local_world.clock.now()).id)
    license = local_world.post("/v1/licenses", resource("licenses", {"suspended": True}, **links)).data
    assert verdict(validate(local_world, license)) == (False, "BANNED", "is banned")


@pytest.mark.parametrize(
    ("meta", "pointer", "detail"),
    [
        ({"key": "x"}, "/meta/key", "unpermitted parameter"),
        ({"nonce": "0"}, "/meta/nonce", "type mismatch (received string expected integer)"),
        ({"nonce": 1.0}, "/meta/nonce", "type mismatch (received float expected integer)"),
        ({"scope": []}, "/meta/scope", "type mismatch (received array expected object)"),
        ({"nonce": "x", "scope": {"foo": 1}}, "/meta/scope/foo", "unpermitted parameter"),
        ({"scope": {"environment": None}}, "/meta/scope/environment", "unpermitted parameter"),
        ({"scope": {"fingerprints": [None]}}, "/meta/scope/fingerprints/0", "cannot be null"),
        ({"scope": {"fingerprints": ["a", " "]}}, "/meta/scope/fingerprints/1", "cannot be blank"),
        (
            {"scope": {"components": [{}]}},
            "/meta/scope/components/0",
            "type mismatch (received object expected string)",
        ),
        (
            {"scope": {"entitlements": "A"}},
            "/meta/scope/entitlements",
            "type mismatch (received string expected array)",
        ),
        *(
            ({"scope": {name: ""}}, f"/meta/scope/{name}", "cannot be blank")
            for name in ("product", "policy", "user", "machine", "checksum", "version")
        ),
        ({"scope": {"version": 1, "product": ""}}, "/meta/scope/product", "cannot be blank"),
    ],
)
def test_documents(shared_world: World, meta: Any, pointer: str, detail: str) -> None:
    license = shared_world.license()
    answer = shared_world.post(f"/v1/licenses/{license['id']}/actions/validate", {"meta": meta})
    assert first(answer) == (400, None, pointer, detail)
    assert shared_world.get(f"/v1/licenses/{license['id']}").data == license


def test_top_level_members(shared_world: World) -> None:
    path = f"/v1/licenses/{shared_world.license()['id']}/actions/validate"
    assert first(shared_world.post(path, {"data": {}})) == (400, None, "/data", "unpermitted parameter")


def test_who_may(world: World) -> None:
    owner, policy = user(world), world.policy(authenticationStrategy="MIXED")
    links = {"policy": ("policies", policy["id"]), "owner": ("users", owner.id)}
    license = world.post("/v1/licenses", resource("licenses", {}, **links)).data
    path = f"/v1/licenses/{license['id']}/actions/validate"
    allowed = [
        by_key(license),
        world.token(f"/v1/licenses/{license['id']}"),
        world.token(f"/v1/products/{policy['relationships']['product']['data']['id']}"),
        user_token(world, owner),
        user_token(world, user(world, "read-only")),
    ]
    strangers = [
        by_key(open_license(world)),
        world.token(f"/v1/products/{world.product()['id']}"),
        user_token(world, user(world)),
    ]
    bad = {"meta": 1}
    for method in ("GET", "POST"):
        for as_ in allowed:
            assert world.send(method, path, as_=as_).document["meta"]["code"] == "VALID"
        for as_ in strangers:
            assert world.send(method, path, bad, as_=as_).error == (404, "NOT_FOUND", None)
        assert world.send(method, path, bad, as_=None).error == (401, "TOKEN_MISSING", None)
    narrow = open_license(world, permissions=["license.read"])
    assert validate(world, narrow, [], as_=by_key(narrow)).error == (403, None, None)


def test_the_first_validation_starts_the_clock(world: World) -> None:
    policy = world.policy(duration=86_400, expirationBasis="FROM_FIRST_VALIDATION", requireProductScope=True)
    license = world.license(policy["id"])
    assert quick(world, license).attributes["expiry"] is None
    failed = validate(world, license)
    assert failed.document["meta"]["code"] == "PRODUCT_SCOPE_REQUIRED"
    assert failed.attributes["expiry"] == "2026-03-02T12:00:00.000Z"
    world.clock.advance(hours=1)
    assert validate(world, license).attributes["expiry"] == "2026-03-02T12:00:00.000Z"


@pytest.mark.parametrize("by", ["id", "quick", "key"])
def test_one_touch_an_interval(world: World, by: str) -> None:
    license = world.license()
    path = f"/v1/licenses/{license['id']}"
    world.serve(LICENSING_TOUCH_SECONDS="60")
    touches = []
    for seconds in (0, 1, 58, 1, 59, 1):
        world.clock.advance(seconds=seconds)
        with watched(world) as calls:
            if by == "key":
                body = {"meta": {"key": license["attributes"]["key"]}}
                answer = world.post("/v1/licenses/actions/validate-key", body, as_=None)
            else:
                answer = world.send("GET" if by == "quick" else "POST", f"{path}/actions/validate")
        now = answer.document["meta"]["ts"]
        assert (answer.attributes["lastValidated"], answer.attributes["updated"]) == (now, now)
        stored = world.get(path).attributes["lastValidated"]
        touches.append((stored == now, writes(calls)))
    assert touches == [(True, 1), (False, 0), (False, 0), (True, 1), (False, 0), (True, 1)]


def test_every_touch_with_an_interval_of_nothing(local_world: World) -> None:
    license = local_world.license()
    local_world.serve(LICENSING_TOUCH_SECONDS="0")
    for _ in range(2):
        local_world.clock.advance(seconds=1)
        assert validate(local_world, license).status == 200
        shown = local_world.get(f"/v1/licenses/{license['id']}").attributes
        assert shown["lastValidated"] == f"2026-03-01T12:00:0{local_world.clock.now().second}.000Z"
