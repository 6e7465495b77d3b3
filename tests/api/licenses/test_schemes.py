"""License keys under signing schemes (spec cryptography.md §3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api.signed_keys import public_keys
from chalicelib.crypto.schemes import SCHEMES
from tests.api.helpers import by_key, codes, user
from tests.races.crowd import crowd
from tests.world import World, resource, segment

KEY = "/data/attributes/key"
RANDOM = {"ECDSA_P256_SIGN", "RSA_2048_PKCS1_PSS_SIGN", "RSA_2048_PKCS1_PSS_SIGN_V2"}


def dataset(world: World, scheme: str, key: str) -> str:
    """What the key says, verified with the public keys alone."""
    found = SCHEMES[scheme].verify(public_keys(world.service.accounts.find("acme").account), key)
    assert found is not None
    return found


def create(world: World, policy: str, **attributes: Any) -> Any:
    return world.post("/v1/licenses", resource("licenses", attributes, policy=("policies", policy)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_default_dataset_names_the_license(local_world: World, scheme: str) -> None:
    policy = local_world.policy(scheme=scheme, duration=86_400, authenticationStrategy="LICENSE")["id"]
    license = create(local_world, policy).data
    assert license["attributes"]["scheme"] == scheme
    said = json.loads(dataset(local_world, scheme, license["attributes"]["key"]))
    named = said.get("sub") or said.get("id") or said["license"]["id"]
    assert named == license["id"]
    if "iss" in said:
        assert said["iss"] == "https://licenses.test:8443"
        assert said["aud"] == local_world.account["account"]
    elif "license" in said:
        assert said["license"]["expiry"] == license["attributes"]["expiry"]
        assert said["policy"] == {"id": policy, "duration": 86_400}
        assert said["user"] is None
    assert local_world.get("/v1/me", as_=by_key(license)).data["id"] == license["id"]
    named_by_key = local_world.get(f"/v1/licenses/{segment(license['attributes']['key'])}")
    assert named_by_key.data["id"] == license["id"]


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if "JWT" not in name])
def test_a_key_that_is_sent_is_a_template(local_world: World, scheme: str) -> None:
    policy = local_world.policy(scheme=scheme)["id"]
    license = create(local_world, policy, key="{{id}} of {{policy}}: {{nothing}}{{expiry}}").data
    assert dataset(local_world, scheme, license["attributes"]["key"]) == f"{license['id']} of {policy}: "


def test_claims_keep_their_order(local_world: World) -> None:
    policy = local_world.policy(scheme="RSA_2048_JWT_RS256")["id"]
    license = create(local_world, policy, key='{"z": 1, "a": "{{id}}", "exp": 2000000000}').data
    said = dataset(local_world, "RSA_2048_JWT_RS256", license["attributes"]["key"])
    assert said == f'{{"z":1,"a":"{license["id"]}","exp":2000000000}}'


@pytest.mark.parametrize(
    ("scheme", "key", "code"),
    [
        ("RSA_2048_PKCS1_ENCRYPT", "k" * 246, "KEY_BYTE_SIZE_EXCEEDED"),
        ("RSA_2048_PKCS1_ENCRYPT", "ü" * 123, "KEY_BYTE_SIZE_EXCEEDED"),
        ("RSA_2048_JWT_RS256", "no claims", "KEY_JWT_CLAIMS_INVALID"),
        ("RSA_2048_JWT_RS256", '{"exp":"soon"}', "KEY_JWT_CLAIMS_INVALID"),
        ("ED25519_SIGN", "k" * 16_385, "KEY_TOO_LONG"),
        ("ED25519_SIGN", "actions", "KEY_NOT_ALLOWED"),
    ],
)
def test_datasets_a_scheme_cannot_carry(local_world: World, scheme: str, key: str, code: str) -> None:
    answer = create(local_world, local_world.policy(scheme=scheme)["id"], key=key)
    assert (answer.status, codes(answer)) == (422, [(code, KEY)])
    assert local_world.get("/v1/licenses").data == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_seed_twice(local_world: World, scheme: str) -> None:
    """The finished key is unique: of a deterministic scheme the second license is refused."""
    policy, seed = local_world.policy(scheme=scheme)["id"], '{"seed":1}'
    assert create(local_world, policy, key=seed).status == 201
    again = create(local_world, policy, key=seed)
    assert again.status == 201 if scheme in RANDOM else again.error == (422, "KEY_TAKEN", KEY)


def test_the_same_seed_at_once(local_world: World) -> None:
    policy = local_world.policy(scheme="ED25519_SIGN")["id"]
    answers = crowd([lambda: create(local_world, policy, key="hello")] * 6)
    assert sorted(answer.status for answer in answers) == [201] + [422] * 5
    assert {answer.error[1] for answer in answers if answer.status == 422} == {"KEY_TAKEN"}


def test_no_key_can_be_given_where_keys_are_hashed(local_world: World) -> None:
    policy = local_world.policy(encrypted=True)["id"]
    assert create(local_world, policy).error[:2] == (422, "SCHEME_NOT_SUPPORTED")


@pytest.mark.parametrize("scheme", ["ED25519_SIGN", "RSA_2048_JWT_RS256", "RSA_2048_PKCS1_SIGN"])
def test_what_variables_stand_for_may_be_too_long(local_world: World, scheme: str) -> None:
    """However long what was sent became, a license of it can be stored, shown and changed."""
    owner = user(local_world, email="e" * 238 + "@acme.example")
    policy = local_world.policy(scheme=scheme)["id"]
    for number, status in ((250, 201), (1_300, 422)):
        body = resource(
            "licenses",
            {"key": json.dumps({"e": "{{email}}" * number})},
            policy=("policies", policy),
            owner=("users", owner.id),
        )
        answer = local_world.post("/v1/licenses", body)
        assert answer.status == status
        if status == 422:
            assert codes(answer) == [("KEY_TOO_LONG", KEY)]
            continue
        changes = {"name": "n" * 1_000, "metadata": {"m": "x" * 16_000}}
        one = f"/v1/licenses/{answer.data['id']}"
        assert local_world.send("PATCH", one, resource("licenses", changes)).status == 200
        assert local_world.post(f"{one}/actions/check-out").status == 200
