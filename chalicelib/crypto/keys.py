"""An account's key pairs: values, generation, signing and verifying (cryptography.md §1, §2).

Ed25519 signs nearly every response and is imported with this module. RSA and P-256 are imported by the functions
that use them: those imports cost some 5 ms more, and most containers never need them.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.crypto import loading
from chalicelib.crypto.loading import KeyFormatError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PSS
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

ALGORITHMS = ("ed25519", "rsa-pss-sha256", "rsa-sha256", "ecdsa-p256")
RSA_BITS = 2048
RSA_EXPONENT = 65537
SECRET_BYTES = 64
_BLOB_VERSION = 1

Operation = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """Private forms (§1): Ed25519 seed as 64 lower-case hex, RSA as PKCS#1 PEM, P-256 as PKCS#8 PEM. Hidden in repr."""

    ed25519: str = field(repr=False)
    rsa: str = field(repr=False)
    ecdsa: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Public forms (§1): Ed25519 as 64 lower-case hex, RSA and P-256 as SPKI PEM with a final newline."""

    ed25519: str
    rsa: str
    ecdsa: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """All an account keeps private: its key pairs and its token secret (128 lower-case hex, auth.md §1.1)."""

    pairs: KeyPairs
    secret: str = field(repr=False)


def new_secret() -> str:
    """A fresh token secret: 64 random bytes as 128 lower-case hex characters."""
    import secrets  # drags in `random`; only account creation needs it

    return secrets.token_hex(SECRET_BYTES)


def generate() -> KeyPairs:
    """Three fresh key pairs for a new account (§1). Takes some 0.05 s, varying widely, nearly all of it for RSA."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    rsa_key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
    return _forms(Ed25519PrivateKey.generate(), rsa_key, ec.generate_private_key(ec.SECP256R1()))


def public(pairs: KeyPairs) -> PublicKeys:
    """The public forms of `pairs`. Imports RSA and P-256: store the result beside the account, do not recompute it."""
    from cryptography.hazmat.primitives import serialization as forms

    def pem(key: RSAPublicKey | EllipticCurvePublicKey) -> str:
        return key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo).decode()

    return PublicKeys(
        ed25519=loading.ed25519_private(pairs.ed25519).public_key().public_bytes_raw().hex(),
        rsa=pem(loading.rsa_private(pairs.rsa).public_key()),
        ecdsa=pem(loading.ecdsa_private(pairs.ecdsa).public_key()),
    )


def account_meta(keys: PublicKeys) -> dict[str, Any]:
    """`data.meta` of the account resource (resources.md §6): base64 of each text form, PEMs with their newline."""
    rsa = _b64_text(keys.rsa)
    named = {"ed25519": _b64_text(keys.ed25519), "rsa2048": rsa, "ecdsa": _b64_text(keys.ecdsa)}
    return {"publicKey": rsa, "keys": named}


def checked(pairs: KeyPairs) -> KeyPairs:
    """Pairs that come from outside, e.g. an import, fully validated (about 30 ms) and in the forms of §1.

    KeyFormatError if they are unusable.
    """
    rsa = loading.rsa_private(pairs.rsa, trusted=False)
    if rsa.key_size != RSA_BITS or rsa.public_key().public_numbers().e != RSA_EXPONENT:
        raise KeyFormatError("rsa: 2048 bits and exponent 65537 are required")
    ecdsa = loading.ecdsa_private(pairs.ecdsa)
    if ecdsa.curve.name != "secp256r1":
        raise KeyFormatError("ecdsa: P-256 is required")
    return _forms(loading.ed25519_private(pairs.ed25519), rsa, ecdsa)


def _forms(ed25519: Ed25519PrivateKey, rsa: RSAPrivateKey, ecdsa: EllipticCurvePrivateKey) -> KeyPairs:
    from cryptography.hazmat.primitives import serialization as forms

    plain = forms.NoEncryption()
    return KeyPairs(
        ed25519=ed25519.private_bytes_raw().hex(),
        rsa=rsa.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, plain).decode(),
        ecdsa=ecdsa.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, plain).decode(),
    )


def serialize(pairs: KeyPairs, secret: str) -> bytes:
    """One JSON blob of every private part of an account, to be wrapped as a whole (`secrets.Wrapper`)."""
    return json.dumps({"v": _BLOB_VERSION, "secret": secret, **asdict(pairs)}, separators=(",", ":")).encode()


def deserialize(blob: bytes) -> Secrets:
    """The inverse of `serialize`; raises KeyFormatError. Checks the shape only: the wrapper vouches for the content."""
    document = _document(blob)
    parts = [document.get(name) for name in ("ed25519", "rsa", "ecdsa", "secret")]
    texts = [part for part in parts if isinstance(part, str) and part]
    if document.get("v") != _BLOB_VERSION or len(texts) != len(parts):
        raise KeyFormatError("not a blob of account secrets")
    ed25519, rsa, ecdsa, secret = texts
    return Secrets(KeyPairs(ed25519, rsa, ecdsa), secret)


class Signer:
    """Signs with the pairs of one account; loads each key on first use and keeps it. Safe to share among threads."""

    __slots__ = ("_lock", "_operations", "_pairs")

    def __init__(self, pairs: KeyPairs) -> None:
        self._pairs = pairs
        self._lock = threading.Lock()
        self._operations: dict[str, Operation] = {}

    def sign(self, algorithm: str, data: bytes) -> bytes:
        """The signature of `data` in the form of §2: 64 bytes Ed25519, 256 RSA, up to 72 P-256 (DER).

        ValueError when `algorithm` is not in ALGORITHMS.
        """
        if algorithm not in ALGORITHMS:
            raise ValueError("unsupported algorithm")
        return self._operation(algorithm)(data)

    def seal(self, data: bytes) -> bytes:
        """RSA private operation on PKCS#1 v1.5 type 1 padding without digest (§3.3): 256 bytes, `unseal` inverts it.

        ValueError when `data` is longer than 245 bytes.
        """
        return self._operation(_SEAL)(data)

    def _operation(self, name: str) -> Operation:
        operation = self._operations.get(name)
        if operation is None:
            with self._lock:
                operation = self._operations.setdefault(name, _OPERATIONS[name](self._pairs))
        return operation


def verify(algorithm: str, keys: PublicKeys, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is `algorithm`'s over `data` (§2). ValueError: unknown algorithm; KeyFormatError: bad key."""
    check_signature = _VERIFIERS.get(algorithm)
    if check_signature is None:
        raise ValueError("unsupported algorithm")
    try:
        check_signature(keys, signature, data)
    except InvalidSignature:
        return False
    return True


def unseal(keys: PublicKeys, sealed: bytes) -> bytes | None:
    """What `Signer.seal` got, recovered with the public key alone, or None when `sealed` is not genuine (§3.3)."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        return loading.rsa_public(keys.rsa).recover_data_from_signature(sealed, PKCS1v15(), None)
    except InvalidSignature:
        return None


def _document(blob: bytes) -> dict[str, Any]:
    try:
        document = json.loads(blob)
    except ValueError:
        document = None
    if not isinstance(document, dict):  # raised out here: a JSONDecodeError as context would hold the whole blob
        raise KeyFormatError("not a blob of account secrets")
    return document


# --- one row per algorithm -------------------------------------------------------------------------------------------


def _pss() -> PSS:
    """The salt is the longest that fits, 222 bytes: clients verify with exactly that (§2)."""
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.hashes import SHA256

    return PSS(MGF1(SHA256()), PSS.MAX_LENGTH)


def _ed25519_operation(pairs: KeyPairs) -> Operation:
    return loading.ed25519_private(pairs.ed25519).sign


def _ecdsa_operation(pairs: KeyPairs) -> Operation:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    key, scheme = loading.ecdsa_private(pairs.ecdsa), ECDSA(SHA256())
    return lambda data: key.sign(data, scheme)


def _pss_operation(pairs: KeyPairs) -> Operation:
    from cryptography.hazmat.primitives.hashes import SHA256

    key, scheme, digest = loading.rsa_private(pairs.rsa), _pss(), SHA256()
    return lambda data: key.sign(data, scheme, digest)


def _pkcs1_operation(pairs: KeyPairs) -> Operation:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key, scheme, digest = loading.rsa_private(pairs.rsa), PKCS1v15(), SHA256()
    return lambda data: key.sign(data, scheme, digest)


def _seal_operation(pairs: KeyPairs) -> Operation:
    """`NoDigestInfo` is the library's own, blinded way to type 1 padding over raw bytes."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

    key, scheme, digest = loading.rsa_private(pairs.rsa), PKCS1v15(), NoDigestInfo()
    return lambda data: key.sign(data, scheme, digest)


def _verify_ed25519(keys: PublicKeys, signature: bytes, data: bytes) -> None:
    loading.ed25519_public(keys.ed25519).verify(signature, data)


def _verify_ecdsa(keys: PublicKeys, signature: bytes, data: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    loading.ecdsa_public(keys.ecdsa).verify(signature, data, ECDSA(SHA256()))


def _verify_pss(keys: PublicKeys, signature: bytes, data: bytes) -> None:
    from cryptography.hazmat.primitives.hashes import SHA256

    loading.rsa_public(keys.rsa).verify(signature, data, _pss(), SHA256())


def _verify_pkcs1(keys: PublicKeys, signature: bytes, data: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    loading.rsa_public(keys.rsa).verify(signature, data, PKCS1v15(), SHA256())


def _b64_text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_SEAL = "seal"  # not a signature algorithm: reachable through `Signer.seal` only

_OPERATIONS: Mapping[str, Callable[[KeyPairs], Operation]] = {
    "ed25519": _ed25519_operation,
    "rsa-pss-sha256": _pss_operation,
    "rsa-sha256": _pkcs1_operation,
    "ecdsa-p256": _ecdsa_operation,
    _SEAL: _seal_operation,
}

_VERIFIERS: Mapping[str, Callable[[PublicKeys, bytes, bytes], None]] = {
    "ed25519": _verify_ed25519,
    "rsa-pss-sha256": _verify_pss,
    "rsa-sha256": _verify_pkcs1,
    "ecdsa-p256": _verify_ecdsa,
}
