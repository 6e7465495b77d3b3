"""A program without a network: it has a public key, a certificate and a secret, and nothing of the service."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SKEW = timedelta(minutes=5)


class NotGenuine(Exception):
    """The account did not sign this."""


class NotReadable(Exception):
    """The secret is not the one it was encrypted with."""


def envelope(kind: str, certificate: str) -> dict[str, str]:
    """What is between the markers; `kind` is `license` or `machine`."""
    head, foot = (f"-----{word} {kind.upper()} FILE-----" for word in ("BEGIN", "END"))
    assert certificate.startswith(head + "\n") and certificate.endswith("\n" + foot + "\n")
    found: dict[str, str] = json.loads(base64.b64decode(certificate.removeprefix(head)[: -len(foot) - 2]))
    assert set(found) == {"enc", "sig", "alg"}
    return found


def sealed(kind: str, envelope: dict[str, str]) -> str:
    """A certificate of an envelope: the reverse, for who would forge one."""
    head, foot = (f"-----{word} {kind.upper()} FILE-----" for word in ("BEGIN", "END"))
    return f"{head}\n{base64.b64encode(json.dumps(envelope).encode()).decode()}\n{foot}\n"


def opened(kind: str, certificate: str, public_key: str, secret: str) -> dict[str, Any]:
    """The payload. Raises NotGenuine and NotReadable."""
    found = envelope(kind, certificate)
    check(public_key, found["sig"], f"{kind}/{found['enc']}")
    payload: dict[str, Any] = json.loads(_plain(found, secret))
    return payload


def check(public_key: str, signature: str, text: str) -> None:
    """An Ed25519 signature over a text, in either Base64. Raises NotGenuine."""
    raw = base64.b64decode(signature.replace("-", "+").replace("_", "/"), validate=True)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(raw, text.encode())
    except InvalidSignature as error:
        raise NotGenuine from error


def in_time(payload: dict[str, Any], now: datetime) -> bool:
    """Whether a file may be relied on at an instant."""
    meta = payload["meta"]
    ends = None if meta["expiry"] is None else datetime.fromisoformat(meta["expiry"])
    return datetime.fromisoformat(meta["issued"]) - SKEW <= now and (ends is None or now <= ends)


def _plain(found: dict[str, str], secret: str) -> bytes:
    if found["alg"].startswith("base64+"):
        return base64.b64decode(found["enc"], validate=True)
    text, nonce, tag = (base64.b64decode(part, validate=True) for part in found["enc"].split("."))
    try:
        return AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(nonce, text + tag, None)
    except InvalidTag as error:
        raise NotReadable from error
