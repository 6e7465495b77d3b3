from typing import Any

import pytest

from tests.api.helpers import by_key, first, open_license, staff, user, user_token
from tests.api.watch import watched, writes
from tests.world import Answer, World

PATH = "/v1/licenses/actions/validate-key"
UNKNOWN = {"ts": "2026-03-01T12:00:00.000Z", "valid": False, "detail": "does not exist", "code": "NOT_FOUND"}


def validate(world: World, key: str, as_: Any = None, **meta: Any) -> Answer:
    return world.post(PATH, {"meta": {"key": key, **meta}}, as_=as_)


@pytest.mark.parametrize("key", ["12345678", "key/eyJ.a+b==", "ключ с пробелами", "x" * 16_384])
def test_anybody_may_ask(world: World, key: str) -> None:
    license = world.license(key=key, metadata={"secret": 1})
    product = license["relationships"]["product"]["data"]["id"]
    answer = validate(world, key, nonce=5, scope={"product": product})
    now = "2026-03-01T12:00:00.000Z"
    assert answer.document == {
        "data": license | {"attributes": license["attributes"] | {"lastValidated": now, "updated": now}},
        "meta": {
            "ts": now,
            "valid": True,
            "detail": "is valid",
            "code": "VALID",
            "nonce": 5,
            "scope": {"product": product},
        },
    }
    assert "keygen-bearer" not in answer.headers


def test_unknown_keys(world: World) -> None:
    known = world.license(key="My-Secret-Key")
    asking = [staff(world, "read-only"), by_key(open_license(world, permissions=[]))]
    with watched(world) as calls:
        for key in ("my-secret-key", "My-Secret-Key ", known["id"], "no"):
            answer = validate(world, key, scope={"product": "x"}, nonce=1)
            assert (answer.status, answer.data) == (200, None)
            assert answer.document["meta"] == {**UNKNOWN, "scope": {"product": "x"}, "nonce": 1}
        for as_ in asking:
            assert validate(world, "no", as_).document == {"data": None, "meta": UNKNOWN}
    assert writes(calls) == 0


@pytest.mark.parametrize("name", ["legacyEncrypted", "encrypted"])
def test_legacy_encrypted_keys(local_world: World, name: str) -> None:
    local_world.license(key="MY-SECRET-KEY")
    assert validate(local_world, "MY-SECRET-KEY", **{name: True}).document["meta"]["code"] == "NOT_FOUND"
    for value in (False, None):
        assert validate(local_world, "MY-SECRET-KEY", **{name: value}).document["meta"]["code"] == "VALID"


def test_keys_of_another_account(local_world: World) -> None:
    other = World(local_world.transport, slug="other")
    other.license(key="MY-SECRET-KEY")
    assert validate(local_world, "MY-SECRET-KEY").document["meta"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("strategy", ["TOKEN", "LICENSE", "SESSION", "MIXED", "NONE"])
def test_strategies_and_protection_do_not_matter(local_world: World, strategy: str) -> None:
    policy = local_world.policy(authenticationStrategy=strategy, protected=True)
    key = local_world.license(policy["id"])["attributes"]["key"]
    assert validate(local_world, key).document["meta"]["code"] == "VALID"


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (None, "/meta", "is missing"),
        ({}, "/meta", "is missing"),
        ({"meta": None}, "/meta", "cannot be null"),
        ({"meta": {}}, "/meta/key", "is missing"),
        ({"meta": {"key": None}}, "/meta/key", "cannot be null"),
        ({"meta": {"key": ""}}, "/meta/key", "cannot be blank"),
        ({"meta": {"key": "  "}}, "/meta/key", "cannot be blank"),
        ({"meta": {"key": 5}}, "/meta/key", "type mismatch (received integer expected string)"),
        (
            {"meta": {"key": "x", "encrypted": 1}},
            "/meta/encrypted",
            "type mismatch (received integer expected boolean)",
        ),
        ({"meta": {"nonce": "1"}}, "/meta/key", "is missing"),
        ({"meta": {"nonce": "1", "scope": {"fooBar": 1}}}, "/meta/scope/fooBar", "unpermitted parameter"),
        ({"meta": {"key": "x", "scope": 1}}, "/meta/scope", "type mismatch (received integer expected object)"),
        ({"data": None, "meta": {"key": "x"}}, "/data", "unpermitted parameter"),
        ({"meta": {"key": "x", "scope": {"product": ""}}}, "/meta/scope/product", "cannot be blank"),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    answer = shared_world.post(PATH, body, as_=None)
    assert first(answer) == (400, None, pointer, detail)
    assert answer.errors[0]["title"] == "Bad request"


def test_credentials(world: World) -> None:
    license, other = open_license(world), open_license(world)
    key = license["attributes"]["key"]
    own = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
    for as_ in ("admin", own, by_key(license), staff(world, "read-only")):
        answer = validate(world, key, as_)
        assert answer.document["meta"]["code"] == "VALID"
        assert "keygen-bearer" in answer.headers
    strangers = [
        by_key(other),
        world.token(f"/v1/products/{world.product()['id']}"),
        user_token(world, user(world)),
    ]
    for as_ in strangers:
        assert validate(world, key, as_).error == (403, None, None)
        assert world.post(PATH, {"meta": {"key": 1}}, as_=as_).error == (400, None, "/meta/key")
    assert validate(world, key, "Bearer nonsense").error == (401, "TOKEN_INVALID", None)
    assert validate(world, key, "License nonsense").error == (401, "LICENSE_INVALID", None)
    assert world.post(PATH, {"meta": 1}, as_="Bearer nonsense").error == (401, "TOKEN_INVALID", None)
    assert world.post(f"{PATH}?token=nonsense", {"meta": {"key": key}}, as_=None).error[1] == "TOKEN_INVALID"


def test_the_outcome_is_no_error(local_world: World) -> None:
    license = local_world.license(suspended=True)
    answer = validate(local_world, license["attributes"]["key"])
    assert (answer.status, answer.document["meta"]["code"], answer.data["id"]) == (200, "SUSPENDED", license["id"])
