"""Key pairs: forms, generation, signing, verifying, the blob, and what must not leak or load."""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crypto import keys
from chalicelib.crypto.keys import ALGORITHMS, KeyPairs, Secrets, Signer
from chalicelib.crypto.loading import KeyFormatError
from tests.unit.crypto.material import KEYS, PAIRS, PUBLIC, QUICK, SECRET

SIGNER = Signer(PAIRS)
ROOT = Path(__file__).parents[3]


def test_public_forms_are_the_vectors() -> None:
    assert keys.public(PAIRS) == PUBLIC


def test_account_meta_is_the_vectors() -> None:
    assert keys.account_meta(PUBLIC) == KEYS["accountMeta"]


def test_generated_pairs_have_the_stated_forms() -> None:
    pairs = keys.generate()
    assert keys.checked(pairs) == pairs
    assert re.fullmatch("[0-9a-f]{64}", pairs.ed25519)
    assert pairs.rsa.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert pairs.ecdsa.startswith("-----BEGIN PRIVATE KEY-----\n")
    public = keys.public(pairs)
    assert re.fullmatch("[0-9a-f]{64}", public.ed25519)
    for pem in (public.rsa, public.ecdsa):
        assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")
        assert pem.endswith("-----END PUBLIC KEY-----\n")
    signer = Signer(pairs)
    for algorithm in ALGORITHMS:
        assert keys.verify(algorithm, public, signer.sign(algorithm, b"data"), b"data")
        assert not keys.verify(algorithm, PUBLIC, signer.sign(algorithm, b"data"), b"data")


def test_new_secret_is_128_hex_and_fresh() -> None:
    assert re.fullmatch("[0-9a-f]{128}", keys.new_secret())
    assert keys.new_secret() != keys.new_secret()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@QUICK
@given(data=st.binary(min_size=1, max_size=64), flip=st.integers(0, 10_000))
def test_a_flipped_bit_is_rejected(algorithm: str, data: bytes, flip: int) -> None:
    signature = SIGNER.sign(algorithm, data)
    assert keys.verify(algorithm, PUBLIC, signature, data)
    assert not keys.verify(algorithm, PUBLIC, flipped(signature, flip), data)
    assert not keys.verify(algorithm, PUBLIC, signature, flipped(data, flip))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("signature", [b"", b"x", bytes(63), bytes(64), bytes(256), bytes(257), b"\xff" * 256])
def test_malformed_signatures_are_rejected_without_error(algorithm: str, signature: bytes) -> None:
    assert keys.verify(algorithm, PUBLIC, signature, b"data") is False


def test_no_algorithm_accepts_the_signature_of_another() -> None:
    for made in ALGORITHMS:
        signature = SIGNER.sign(made, b"data")
        accepted = [name for name in ALGORITHMS if keys.verify(name, PUBLIC, signature, b"data")]
        assert accepted == [made]


def test_pss_salt_is_the_maximum() -> None:
    public = forms.load_pem_public_key(PUBLIC.rsa.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(SIGNER.sign("rsa-pss-sha256", b"data"), b"data", padding.PSS(padding.MGF1(SHA256()), 222), SHA256())


@QUICK
@given(st.binary(max_size=245))
def test_seal_is_recovered_with_the_public_key(data: bytes) -> None:
    sealed = SIGNER.seal(data)
    assert len(sealed) == 256
    assert keys.unseal(PUBLIC, sealed) == data


def test_seal_limits() -> None:
    with pytest.raises(ValueError):
        SIGNER.seal(bytes(246))
    assert keys.unseal(PUBLIC, bytes(256)) is None
    assert keys.unseal(PUBLIC, b"short") is None


@pytest.mark.parametrize("algorithm", ["", "seal", "ED25519", "rsa-sha1", "none"])
def test_unknown_algorithms_raise(algorithm: str) -> None:
    with pytest.raises(ValueError):
        SIGNER.sign(algorithm, b"")
    with pytest.raises(ValueError):
        keys.verify(algorithm, PUBLIC, b"", b"")


def test_one_signer_serves_many_threads() -> None:
    signer = Signer(PAIRS)
    jobs = [(algorithm, str(n).encode()) for n in range(25) for algorithm in ALGORITHMS]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(lambda job: signer.sign(*job), jobs))
    assert all(keys.verify(name, PUBLIC, made, data) for (name, data), made in zip(jobs, signatures, strict=True))


def test_blob_round_trip() -> None:
    blob = keys.serialize(PAIRS, SECRET)
    assert keys.deserialize(blob) == Secrets(PAIRS, SECRET)
    assert len(blob) < 4096


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        keys.serialize(PAIRS, ""),
        keys.serialize(PAIRS, SECRET)[:-1],
        keys.serialize(PAIRS, SECRET).replace(b'"v":1', b'"v":2'),
        keys.serialize(PAIRS, SECRET).replace(b'"rsa":', b'"rs":'),
    ],
)
def test_blobs_of_another_shape_are_refused_quietly(blob: bytes) -> None:
    with pytest.raises(KeyFormatError) as caught:
        keys.deserialize(blob)
    assert caught.value.__context__ is None, "a JSONDecodeError would carry the whole blob"


def test_repr_hides_private_parts() -> None:
    shown = repr(PAIRS) + repr(Secrets(PAIRS, SECRET)) + repr(SIGNER) + str(Secrets(PAIRS, SECRET))
    for private in (PAIRS.ed25519, PAIRS.rsa[40:80], PAIRS.ecdsa[40:80], SECRET):
        assert private not in shown


def small_rsa() -> str:
    key = rsa.generate_private_key(65537, 1024)
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, forms.NoEncryption()).decode()


def other_curve() -> str:
    key = ec.generate_private_key(ec.SECP384R1())
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()).decode()


@pytest.mark.parametrize(
    "pairs",
    [
        replace(PAIRS, ed25519="zz" * 32),
        replace(PAIRS, ed25519="ab" * 31),
        replace(PAIRS, rsa="sesame-sesame"),
        replace(PAIRS, rsa=PAIRS.ecdsa),
        replace(PAIRS, rsa=small_rsa()),
        replace(PAIRS, ecdsa=PAIRS.rsa),
        replace(PAIRS, ecdsa=other_curve()),
    ],
)
def test_check_refuses_unusable_pairs_without_quoting_them(pairs: KeyPairs) -> None:
    with pytest.raises(KeyFormatError) as caught:
        keys.checked(pairs)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert not any(part in shown for part in (pairs.ed25519, pairs.rsa, pairs.ecdsa))


def test_pairs_from_outside_get_their_stated_forms() -> None:
    rsa_key = forms.load_pem_private_key(PAIRS.rsa.encode(), None)
    ecdsa_key = forms.load_pem_private_key(PAIRS.ecdsa.encode(), None)
    plain = forms.NoEncryption()
    other = KeyPairs(
        ed25519=PAIRS.ed25519.upper(),
        rsa=rsa_key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, plain).decode() + PAIRS.ecdsa,
        ecdsa=ecdsa_key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, plain).decode(),
    )
    assert keys.checked(other) == keys.checked(PAIRS) == PAIRS


def test_check_validates_the_rsa_numbers() -> None:
    """A wrong private exponent passes the trusted load and must not pass the check of an import."""
    key = forms.load_pem_private_key(PAIRS.rsa.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    n = key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(n.p, n.q, n.d, n.dmp1, n.dmq1 + 2, n.iqmp, n.public_numbers)
    pem = wrong.private_key(unsafe_skip_rsa_key_validation=True).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, forms.NoEncryption()
    )
    with pytest.raises(KeyFormatError):
        keys.checked(replace(PAIRS, rsa=pem.decode()))


@pytest.mark.parametrize(
    ("algorithm", "public"),
    [
        ("ed25519", replace(PUBLIC, ed25519="00")),
        ("rsa-sha256", replace(PUBLIC, rsa="nothing")),
        ("rsa-pss-sha256", replace(PUBLIC, rsa=PUBLIC.ecdsa)),
        ("ecdsa-p256", replace(PUBLIC, ecdsa=PUBLIC.rsa)),
    ],
)
def test_bad_public_keys_raise(algorithm: str, public: keys.PublicKeys) -> None:
    with pytest.raises(KeyFormatError):
        keys.verify(algorithm, public, bytes(64), b"")


def test_the_ed25519_path_imports_neither_rsa_nor_ec() -> None:
    program = f"""
import sys
from datetime import UTC, datetime
from chalicelib.crypto import digests, keys, responses, schemes, secrets
signer = keys.Signer(keys.KeyPairs({PAIRS.ed25519!r}, "", ""))
now = datetime(2024, 2, 1, tzinfo=UTC)
responses.headers(signer, "a", "ed25519", "GET", "/", "h", now, b"")
assert keys.verify("ed25519", keys.PublicKeys({PUBLIC.ed25519!r}, "", ""), signer.sign("ed25519", b"x"), b"x")
parts = ("rsa", "ec", "padding", "dsa", "dh", "utils")
print([part for part in parts if "cryptography.hazmat.primitives.asymmetric." + part in sys.modules])
print("cryptography.hazmat.primitives.serialization" in sys.modules, "secrets" in sys.modules, "random" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("[]\nFalse False False\n", "")


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit changed."""
    bit %= len(data) * 8
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
