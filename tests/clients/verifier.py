"""Response signatures, verified as cryptography.md §5 and clients.md §1 say and with nothing of the service.

Two readers of the same headers: those that know `Date` and `Digest` only, and those that want `Keygen-Date` and
`Keygen-Digest`. Both build the signing string from the request they sent, not from anything in the answer.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


class NotGenuine(Exception):
    """The answer is not what the account signed for this request."""


@dataclass(frozen=True)
class Sent:
    """What a client knows of its own request: `target` is path and query as written on the wire."""

    method: str
    target: str
    host: str


def verify(sent: Sent, headers: Mapping[str, str], body: bytes, keys: Mapping[str, str], *, dialect: str = "") -> str:
    """The id of the signing account; `dialect` is `` or `keygen-`. Raises NotGenuine.

    `keys` are the account's public keys: `ed25519` in hex, `rsa2048` and `ecdsa` in PEM.
    """
    found = {name.lower(): value for name, value in headers.items()}
    date, digest = found.get(f"{dialect}date", ""), found.get(f"{dialect}digest", "")
    if digest != "sha-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode():
        raise NotGenuine("digest")
    parsedate_to_datetime(date)
    parameters = parse(found.get("keygen-signature", ""))
    if parameters["headers"] != "(request-target) host date digest":
        raise NotGenuine("headers")
    text = f"(request-target): {sent.method.lower()} {sent.target}\nhost: {sent.host}\ndate: {date}\ndigest: {digest}"
    _check(parameters["algorithm"], base64.b64decode(parameters["signature"], validate=True), text.encode(), keys)
    return parameters["keyid"]


def parse(header: str) -> dict[str, str]:
    """The parameters in the way SDKs read them: split at commas, then at the first `=`, quotes trimmed."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    found = {name: value.strip('"') for name, _, value in parts}
    if set(found) != {"keyid", "algorithm", "signature", "headers"}:
        raise NotGenuine("signature header")
    return found


def _check(algorithm: str, signature: bytes, text: bytes, keys: Mapping[str, str]) -> None:
    try:
        if algorithm == "ed25519":
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys["ed25519"])).verify(signature, text)
        elif algorithm == "ecdsa-p256":
            curve = load_pem_public_key(keys["ecdsa"].encode())
            assert isinstance(curve, ec.EllipticCurvePublicKey)
            curve.verify(signature, text, ec.ECDSA(hashes.SHA256()))
        else:
            number = load_pem_public_key(keys["rsa2048"].encode())
            assert isinstance(number, rsa.RSAPublicKey)
            number.verify(signature, text, PADDINGS[algorithm], hashes.SHA256())
    except InvalidSignature as error:
        raise NotGenuine("signature") from error


PADDINGS: Mapping[str, padding.AsymmetricPadding] = {
    "rsa-sha256": padding.PKCS1v15(),
    "rsa-pss-sha256": padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH),
}
