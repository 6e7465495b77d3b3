"""Licence keys of every scheme against the vectors; default datasets, templates, limits, forgeries."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.crypto.keys import Signer
from chalicelib.crypto.schemes import SCHEMES, Facts, SchemeError, expand, plain_key
from tests.unit.crypto.material import PAIRS, PUBLIC, QUICK, vectors

VECTORS = vectors("license-keys")
VARIABLES = VECTORS["templates"]["variables"]
SIGNER = Signer(PAIRS)
FACTS = Facts(
    account=VARIABLES["account"],
    product=VARIABLES["product"],
    policy=VARIABLES["policy"],
    license=VARIABLES["id"],
    created=datetime(2024, 1, 31, 12, tzinfo=UTC),
    expiry=datetime(2025, 1, 31, 12, tzinfo=UTC),
    duration=31556952,
    user=VARIABLES["user"],
    email=VARIABLES["email"],
    issuer="https://api.example.com",
    jti="11111111-2222-4333-8444-555555555555",
)
ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["name"]))
def test_vectors(case: dict[str, Any]) -> None:
    scheme = SCHEMES[case["scheme"]]
    made = scheme.sign(SIGNER, case["dataset"])
    if case["deterministic"]:
        assert made == case["key"]
    for key in (made, case["key"]):
        assert scheme.verify(PUBLIC, key) == case["dataset"]


@pytest.mark.parametrize("case", [c for c in VECTORS["cases"] if "default" in c["name"]], ids=lambda c: str(c["name"]))
def test_default_datasets_are_the_vectors(case: dict[str, Any]) -> None:
    assert SCHEMES[case["scheme"]].default(FACTS) == case["dataset"]


def test_default_datasets_without_owner_and_expiry() -> None:
    bare = replace(FACTS, user=None, email=None, expiry=None, duration=None)
    signed = SCHEMES["ED25519_SIGN"].default(bare)
    assert '"duration":null},"user":null,"license"' in signed and signed.endswith('"expiry":null}}')
    assert SCHEMES["RSA_2048_PKCS1_ENCRYPT"].default(bare).endswith('"duration":null,"expiry":null}')
    assert "exp" not in SCHEMES["RSA_2048_JWT_RS256"].default(bare)


@pytest.mark.parametrize("case", VECTORS["errors"], ids=lambda case: f"{case['scheme']}/{case['dataset'][:12]}")
def test_error_vectors(case: dict[str, Any]) -> None:
    with pytest.raises(SchemeError) as caught:
        SCHEMES[case["scheme"]].sign(SIGNER, case["dataset"])
    assert caught.value.code == case["code"]


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ('{"exp":"foo"}', "exp claim must be a numeric value but it is a string"),
        ('{"iat":true}', "iat claim must be a numeric value but it is a boolean"),
        ('{"nbf":null}', "nbf claim must be a numeric value but it is null"),
        ('{"nbf":[]}', "nbf claim must be a numeric value but it is an array"),
        ('{"nbf":{}}', "nbf claim must be a numeric value but it is an object"),
        ("[]", "must be a valid JSON encoded string"),
        ("", "must be a valid JSON encoded string"),
        ('{"a":NaN}', "must be a valid JSON encoded string"),
        ('{"a":1e999}', "must be a valid JSON encoded string"),
        ('{"a":"\\ud800"}', "must be a valid JSON encoded string"),
        ("[" * 16384, "must be a valid JSON encoded string"),
        ('{"a":' + "9" * 5000 + "}", "must be a valid JSON encoded string"),
    ],
)
def test_jwt_claims(dataset: str, reason: str) -> None:
    with pytest.raises(SchemeError) as caught:
        SCHEMES["RSA_2048_JWT_RS256"].sign(SIGNER, dataset)
    assert caught.value.detail == f"key is not a valid JWT claims payload ({reason})"


def test_jwt_claims_are_compacted_in_their_order() -> None:
    scheme = SCHEMES["RSA_2048_JWT_RS256"]
    key = scheme.sign(SIGNER, '{ "z" : 1, "a": {"y": "é", "b": [1, 2.5]}, "exp": 1.5 }')
    assert scheme.verify(PUBLIC, key) == '{"z":1,"a":{"y":"é","b":[1,2.5]},"exp":1.5}'
    assert key.startswith("eyJhbGciOiJSUzI1NiJ9.") and "=" not in key


@pytest.mark.parametrize("name", ["RSA_2048_PKCS1_SIGN", "RSA_2048_PKCS1_PSS_SIGN"])
@pytest.mark.parametrize(
    "dataset",
    ["license/e30=", "machine/e30=", "key/e30=", "eyJhbGciOiJSUzI1NiJ9.e30", "(request-target): get /v1/me\nhost: x"],
)
def test_what_is_signed_elsewhere_is_no_dataset_of_the_old_schemes(name: str, dataset: str) -> None:
    """The signature of such a key would be that of a file, a token, another key or an answer."""
    with pytest.raises(SchemeError) as caught:
        SCHEMES[name].sign(SIGNER, dataset)
    assert (caught.value.code, caught.value.detail) == ("KEY_NOT_ALLOWED", "is reserved")
    data = dataset.encode()
    parts = (data, SIGNER.sign(SCHEMES[name].algorithm, data))
    key = ".".join(base64.urlsafe_b64encode(part).decode() for part in parts)
    assert SCHEMES[name].verify(PUBLIC, key) is None


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "RSA_2048_JWT_RS256"])
@QUICK
@given(dataset=ENCODABLE, position=st.integers(0, 10_000), letter=st.sampled_from("Aa0_-.=/+ \n\u00e9"))
def test_round_trip_and_no_second_spelling(name: str, dataset: str, position: int, letter: str) -> None:
    scheme = SCHEMES[name]
    key = scheme.sign(SIGNER, dataset)
    assert scheme.verify(PUBLIC, key) == dataset
    position %= len(key)
    for forged in (key[:position] + letter + key[position + 1 :], key[:position] + letter + key[position:]):
        assert forged == key or scheme.verify(PUBLIC, forged) is None


@QUICK
@given(st.text())
def test_any_text_is_answered(key: str) -> None:
    assert all(scheme.verify(PUBLIC, key) is None for scheme in SCHEMES.values())


@pytest.mark.parametrize("name", SCHEMES)
def test_keys_of_other_schemes_and_accounts_are_not_genuine(name: str) -> None:
    key = SCHEMES[name].sign(SIGNER, '{"a":1}')
    assert [other for other in SCHEMES if SCHEMES[other].verify(PUBLIC, key) is not None] == [name]


def test_encrypted_keys_have_one_length() -> None:
    scheme = SCHEMES["RSA_2048_PKCS1_ENCRYPT"]
    assert {len(scheme.sign(SIGNER, "x" * size)) for size in (0, 1, 245)} == {344}


@pytest.mark.parametrize("case", VECTORS["templates"]["cases"], ids=lambda case: str(case["template"]))
def test_templates(case: dict[str, Any]) -> None:
    assert expand(case["template"], replace(FACTS, expiry=None)) == case["result"]


def test_results_are_not_expanded_again() -> None:
    assert expand("{{email}}{{expiry}}", replace(FACTS, email="{{id}}")) == "{{id}}2025-01-31T12:00:00.000Z"


def test_plain_keys() -> None:
    for case in VECTORS["plain"]:
        assert plain_key(bytes.fromhex(case["randomBytesHex"])) == case["key"]
    assert re.fullmatch(VECTORS["plainKeyRegex"], plain_key(b"\xff" * 16))
    with pytest.raises(ValueError):
        plain_key(bytes(15))
