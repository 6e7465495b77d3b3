"""License and machine files against the vectors; round trips, forgeries, wrong secrets."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crypto.files import (
    ENCODINGS,
    NONCE_BYTES,
    Algorithm,
    BadAlgorithm,
    Kind,
    SigningFailed,
    algorithm_of,
    certificate,
    opened,
)
from chalicelib.crypto.keys import ALGORITHMS, PublicKeys, Signer
from tests.unit.crypto.material import PAIRS, PUBLIC, QUICK, vectors

SIGNER = Signer(PAIRS)
NONCE = bytes(range(NONCE_BYTES))
EVERY = [Algorithm(encoding, signing) for encoding in ENCODINGS for signing in ALGORITHMS]


def _cases() -> list[Any]:
    found = []
    for kind in ("license", "machine"):
        file = vectors(f"{kind}-files")
        secret = file["licenseKey"] + file.get("fingerprint", "")
        found += [pytest.param(kind, secret, case, id=f"{kind}-{case['name']}") for case in file["cases"]]
    return found


@pytest.mark.parametrize(("kind", "secret", "case"), _cases())
def test_vectors(kind: Kind, secret: str, case: dict[str, Any]) -> None:
    payload = case["payload"].encode()
    assert opened(kind, case["certificate"], PUBLIC, secret) == payload
    nonce = base64.b64decode(case["enc"].split(".")[1]) if "aes" in case["name"] else NONCE
    made = certificate(kind, payload, algorithm_of(case["algorithm"]), SIGNER, PUBLIC, secret, nonce)
    assert opened(kind, made, PUBLIC, secret) == payload
    if case["deterministic"]:
        assert made == case["certificate"]


@QUICK
@given(payload=st.binary(max_size=300), secret=st.text(max_size=40), algorithm=st.sampled_from(EVERY))
def test_round_trip(payload: bytes, secret: str, algorithm: Algorithm) -> None:
    made = certificate("license", payload, algorithm, SIGNER, PUBLIC, secret, NONCE)
    assert opened("license", made, PUBLIC, secret) == payload
    assert opened("machine", made.replace("LICENSE", "MACHINE"), PUBLIC, secret) is None
    assert "\r" not in made and made.endswith("FILE-----\n")
    assert max(map(len, made.splitlines())) <= 60


@QUICK
@given(algorithm=st.sampled_from(EVERY), place=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_can_be_flipped(algorithm: Algorithm, place: int, bit: int) -> None:
    text = certificate("license", b'{"data":{}}', algorithm, SIGNER, PUBLIC, "secret", NONCE).encode()
    index = place % len(text)
    forged = text[:index] + bytes([text[index] ^ 1 << bit]) + text[index + 1 :]
    assert opened("license", forged.decode("latin-1"), PUBLIC, "secret") is None


def test_a_wrong_secret_opens_nothing() -> None:
    made = certificate("machine", b"{}", algorithm_of("aes-256-gcm+ed25519"), SIGNER, PUBLIC, "key-and-print", NONCE)
    assert opened("machine", made, PUBLIC, "key-and-print") == b"{}"
    assert opened("machine", made, PUBLIC, "key") is None


def test_anothers_keys_verify_nothing() -> None:
    other = PublicKeys(ed25519="00" * 31 + "01", rsa=PUBLIC.rsa, ecdsa=PUBLIC.ecdsa)
    made = certificate("license", b"{}", algorithm_of("base64+ed25519"), SIGNER, PUBLIC, "", NONCE)
    assert opened("license", made, other) is None
    with pytest.raises(SigningFailed):
        certificate("license", b"{}", algorithm_of("base64+ed25519"), SIGNER, other, "", NONCE)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("rot13+ed25519", "invalid encoding algorithm"),
        ("", "invalid encoding algorithm"),
        ("BASE64+ed25519", "invalid encoding algorithm"),
        ("base64", "invalid signing algorithm"),
        ("base64+", "invalid signing algorithm"),
        ("base64+ed25519+ed25519", "invalid signing algorithm"),
        ("aes-256-gcm+md5", "invalid signing algorithm"),
    ],
)
def test_what_is_no_algorithm(text: str, detail: str) -> None:
    with pytest.raises(BadAlgorithm, match=detail):
        algorithm_of(text)


def test_a_space_is_a_plus() -> None:
    assert str(algorithm_of("aes-256-gcm rsa-sha256")) == "aes-256-gcm+rsa-sha256"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN LICENSE FILE-----\n-----END LICENSE FILE-----\n",
        "-----BEGIN LICENSE FILE-----\ne30=\n-----END LICENSE FILE-----\n",
    ],
)
def test_what_is_no_file(text: str) -> None:
    assert opened("license", text, PUBLIC) is None


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="nonce"):
        certificate("license", b"{}", algorithm_of("aes-256-gcm+ed25519"), SIGNER, PUBLIC, "", b"short")


def test_the_document_has_three_members_in_order() -> None:
    made = certificate("license", b"{}", algorithm_of("base64+ed25519"), SIGNER, PUBLIC, "", NONCE)
    body = "".join(made.splitlines()[1:-1])
    assert list(json.loads(base64.b64decode(body))) == ["enc", "sig", "alg"]
