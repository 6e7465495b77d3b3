"""Digests that stand in for secrets and long names in keys of the store (auth.md §1.1).

Text is hashed as UTF-8; a lone surrogate (a client may escape one in JSON) is hashed too instead of failing:
such a name cannot be stored, so its digest finds nothing.
"""

from __future__ import annotations

import hashlib
import hmac

NAME_DIGEST_LENGTH = 32


def token_digest(secret: str, token: str) -> str:
    """64 lower-case hex: HMAC-SHA256 of the whole raw token, keyed by the account secret as ASCII text."""
    return hmac.digest(_bytes(secret), _bytes(token), "sha256").hex()


def name_digest(text: str) -> str:
    """The first 32 hex characters (128 bits) of `full_digest`: short enough for keys, too long to collide by chance."""
    return full_digest(text)[:NAME_DIGEST_LENGTH]


def full_digest(text: str) -> str:
    """64 lower-case hex: SHA-256 of the text."""
    return hashlib.sha256(_bytes(text)).hexdigest()


def equal(a: str, b: str) -> bool:
    """Whether both texts are the same, in time that depends on their lengths only."""
    return hmac.compare_digest(_bytes(a), _bytes(b))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
