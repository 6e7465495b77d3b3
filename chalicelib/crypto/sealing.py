"""Secrets on their way to somebody else: an event that carries one is stored with it sealed (STORE §5).

AES-256-GCM under a key that follows from the account's secret: `nonce 12 | ciphertext and tag`, as base64 text.
"""

from __future__ import annotations

import base64
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_PURPOSE = b"sealed event v1"


class UnsealError(Exception):
    """Not sealed under this secret, altered, or of another context."""


def seal(secret: str, plain: bytes, context: str) -> str:
    """`plain` for whoever knows the account's secret; `context` (the event's name) is bound to it, not hidden."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(_key(secret)).encrypt(nonce, plain, context.encode())).decode()


def unseal(secret: str, sealed: str, context: str) -> bytes:
    """The inverse of `seal` under the same secret and context; raises UnsealError."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(_key(secret)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise UnsealError from error


def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE, "sha256")
