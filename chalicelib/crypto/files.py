"""License and machine files: certificates that are verified, and read, offline (cryptography.md §4.3, §4.5)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from chalicelib.crypto.keys import ALGORITHMS, PublicKeys, Signer, verify

Kind = Literal["license", "machine"]

PLAIN, SEALED = "base64", "aes-256-gcm"
ENCODINGS = (PLAIN, SEALED)
NONCE_BYTES = 12
_TAG_BYTES = 16
_LINE = 60
_HEAD, _FOOT = "-----BEGIN {} FILE-----", "-----END {} FILE-----"


class Algorithm(NamedTuple):
    """How a file is made: `base64` or `aes-256-gcm`, and one of the four signatures."""

    encoding: str
    signing: str

    def __str__(self) -> str:
        return f"{self.encoding}+{self.signing}"


class BadAlgorithm(ValueError):
    """A text that names no algorithm; its message is the detail of the error (§4.2 rows 3, 4)."""


class SigningFailed(Exception):
    """A signature that its own public key does not verify. It never leaves the service."""


def algorithm_of(text: str) -> Algorithm:
    """`<encoding>+<signing>`; a space counts as the plus that a query string made of it. Raises BadAlgorithm."""
    encoding, _, signing = text.replace(" ", "+").partition("+")
    if encoding not in ENCODINGS:
        raise BadAlgorithm("invalid encoding algorithm")
    if signing not in ALGORITHMS:
        raise BadAlgorithm("invalid signing algorithm")
    return Algorithm(encoding, signing)


def certificate(
    kind: Kind, payload: bytes, algorithm: Algorithm, signer: Signer, keys: PublicKeys, secret: str, nonce: bytes
) -> str:
    """The certificate over `payload`, checked with the public key. Raises SigningFailed.

    `secret` is the license key, for machine files followed by the fingerprint; `nonce` 12 random bytes, never used
    before. Neither matters to `base64`.
    """
    encoded = _b64(payload) if algorithm.encoding == PLAIN else _encrypted(payload, secret, nonce)
    signed = f"{kind}/{encoded}".encode()
    signature = signer.sign(algorithm.signing, signed)
    if not verify(algorithm.signing, keys, signature, signed):
        raise SigningFailed(str(algorithm))
    document = json.dumps(
        {"enc": encoded, "sig": _b64(signature), "alg": str(algorithm)}, separators=(",", ":"), ensure_ascii=False
    )
    return _wrapped(kind, _b64(document.encode()))


def opened(kind: Kind, text: str, keys: PublicKeys, secret: str = "") -> bytes | None:
    """The payload of a certificate, None unless it is genuine and, where it is encrypted, `secret` is right."""
    document = _document(kind, text)
    if document is None:
        return None
    encoded, signature = document["enc"], _unb64(document["sig"])
    try:
        algorithm = algorithm_of(document["alg"])
    except BadAlgorithm:
        return None
    if signature is None or not verify(algorithm.signing, keys, signature, f"{kind}/{encoded}".encode()):
        return None
    return _unb64(encoded) if algorithm.encoding == PLAIN else _decrypted(encoded, secret)


def _wrapped(kind: Kind, body: str) -> str:
    lines = [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
    return "\n".join((_HEAD.format(kind.upper()), *lines, _FOOT.format(kind.upper()), ""))


def _document(kind: Kind, text: str) -> Mapping[str, str] | None:
    head, foot = _HEAD.format(kind.upper()) + "\n", "\n" + _FOOT.format(kind.upper()) + "\n"
    if not (text.startswith(head) and text.endswith(foot)):
        return None
    raw = _unb64(text[len(head) : -len(foot)].replace("\n", ""))
    try:
        document: Any = None if raw is None else json.loads(raw)
    except ValueError:
        return None
    if not isinstance(document, dict) or not all(isinstance(document.get(name), str) for name in ("enc", "sig", "alg")):
        return None
    return document


def _encrypted(payload: bytes, secret: str, nonce: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"{NONCE_BYTES} bytes of nonce are needed")
    sealed = AESGCM(_key(secret)).encrypt(nonce, payload, None)
    return ".".join(_b64(part) for part in (sealed[:-_TAG_BYTES], nonce, sealed[-_TAG_BYTES:]))


def _decrypted(encoded: str, secret: str) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = [_unb64(part) for part in encoded.split(".")]
    if len(parts) != 3 or any(part is None for part in parts):
        return None
    sealed, nonce, tag = (part or b"" for part in parts)
    if (len(nonce), len(tag)) != (NONCE_BYTES, _TAG_BYTES):
        return None
    try:
        return AESGCM(_key(secret)).decrypt(nonce, sealed + tag, None)
    except InvalidTag:
        return None


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes | None:
    """The bytes of the one canonical text, None for any other: a genuine file has no second spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if _b64(data) == text else None
