"""Verify a license key, a license file or a machine file offline, with the vendor's public key alone.

    python verify.py key  SCHEME PUBLIC_KEY KEY
    python verify.py file PUBLIC_KEY FILE [LICENSE_KEY [FINGERPRINT]]

PUBLIC_KEY is 64 hex characters (Ed25519) or the name of a PEM file (RSA, P-256). What was signed is printed as text;
the exit status is 0 only if it is genuine and, for a file, not expired. An encrypted license file opens with its
license key, a machine file with the license key and the fingerprint. Needs the package `cryptography`.
"""

import base64
import hashlib
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PSS = padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH)
CLOCK_SKEW = timedelta(minutes=5)

# How each algorithm verifies: key, signature, data.
VERIFY = {
    "ed25519": lambda key, made, data: key.verify(made, data),
    "ecdsa-p256": lambda key, made, data: key.verify(made, data, ec.ECDSA(SHA256())),
    "rsa-pss-sha256": lambda key, made, data: key.verify(made, data, PSS, SHA256()),
    "rsa-sha256": lambda key, made, data: key.verify(made, data, padding.PKCS1v15(), SHA256()),
}
# What each scheme of license keys signs with, and what stands before the dataset where its text is what is signed.
SCHEMES = {
    "ED25519_SIGN": ("ed25519", "key/"),
    "ECDSA_P256_SIGN": ("ecdsa-p256", "key/"),
    "RSA_2048_PKCS1_SIGN_V2": ("rsa-sha256", "key/"),
    "RSA_2048_PKCS1_PSS_SIGN_V2": ("rsa-pss-sha256", "key/"),
    "RSA_2048_PKCS1_SIGN": ("rsa-sha256", ""),
    "RSA_2048_PKCS1_PSS_SIGN": ("rsa-pss-sha256", ""),
}
ENCODINGS = ("base64", "aes-256-gcm")
JWT_HEADER = "eyJhbGciOiJSUzI1NiJ9"
# The vendor signs other things with the same key. None of them is a dataset.
NO_DATASET = (b"license/", b"machine/", b"key/", b"(request-target)", JWT_HEADER.encode())


class Forged(Exception):
    """It is not what it says it is."""


def public_key(text):
    if len(text) == 64 and all(letter in "0123456789abcdef" for letter in text):
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    return load_pem_public_key(Path(text).read_bytes())


def check(algorithm, key, signature, data):
    try:
        VERIFY[algorithm](key, signature, data)
    except (InvalidSignature, AttributeError, TypeError, KeyError) as error:
        raise Forged("the signature does not fit this key and algorithm") from error


def decoded(text, letters=b"+/", padded=True):
    """What base64 stands for. A genuine text has one spelling: any other is refused."""
    data = base64.b64decode(text if padded else text + "=" * (-len(text) % 4), letters, validate=True)
    again = base64.b64encode(data, letters).decode()
    if text != (again if padded else again.rstrip("=")):
        raise Forged("this is not how the vendor would have written it")
    return data


def license_key(scheme, key, text):
    """What a signed license key says."""
    if scheme == "RSA_2048_PKCS1_ENCRYPT":
        return recovered(key, decoded(text, b"-_"))
    if scheme == "RSA_2048_JWT_RS256":
        header, payload, signature = text.split(".")
        if header != JWT_HEADER:
            raise Forged("the key is no token of this vendor")
        check("rsa-sha256", key, decoded(signature, b"-_", padded=False), f"{header}.{payload}".encode())
        return decoded(payload, b"-_", padded=False)
    algorithm, prefix = SCHEMES[scheme]
    signed, signature = text.split(".")
    dataset = decoded(signed.removeprefix(prefix), b"-_")
    if not signed.startswith(prefix) or (not prefix and dataset.startswith(NO_DATASET)):
        raise Forged("the key is not of this scheme")
    check(algorithm, key, decoded(signature, b"-_"), signed.encode() if prefix else dataset)
    return dataset


def recovered(key, sealed):
    """What only the vendor can have sealed. Signatures are made likewise, but what they seal is no text."""
    try:
        data = key.recover_data_from_signature(sealed, padding.PKCS1v15(), None)
        data.decode()
    except (InvalidSignature, UnicodeDecodeError) as error:
        raise Forged("the key was not made by this vendor") from error
    return data


def file(key, text, secret, now):
    """What a license file or machine file says; `secret` opens an encrypted one."""
    first, *body, last = text.strip().splitlines()
    kind = {f"-----BEGIN {kind.upper()} FILE-----": kind for kind in ("license", "machine")}.get(first)
    if kind is None or last != f"-----END {kind.upper()} FILE-----":
        raise Forged("this is neither a license file nor a machine file")
    document = json.loads(decoded("".join(body)))
    encoding, signing = document["alg"].split("+")
    if encoding not in ENCODINGS:
        raise Forged("the encoding of this file is not known")
    check(signing, key, decoded(document["sig"]), f"{kind}/{document['enc']}".encode())
    payload = opened(document["enc"], secret) if encoding == "aes-256-gcm" else decoded(document["enc"])
    meta = json.loads(payload)["meta"]
    if instant(meta["issued"]) > now + CLOCK_SKEW:
        raise Forged("the file was issued in the future: is the clock of this machine right?")
    if meta["expiry"] is not None and instant(meta["expiry"]) < now:
        raise Forged(f"the file expired at {meta['expiry']}")
    return payload


def opened(encoded, secret):
    sealed, nonce, tag = (decoded(part) for part in encoded.split("."))
    try:
        return AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(nonce, sealed + tag, None)
    except (InvalidTag, ValueError) as error:
        raise Forged("the license key (and fingerprint) does not open this file") from error


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "key":
        return license_key(arguments[1], public_key(arguments[2]), arguments[3])
    if 3 <= len(arguments) <= 5 and arguments[0] == "file":
        text = Path(arguments[2]).read_text(encoding="ascii")
        return file(public_key(arguments[1]), text, "".join(arguments[3:]), datetime.now(timezone.utc))
    raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]).decode())
    except Exception as error:  # whatever is wrong with it: it is not proven to be genuine
        sys.exit(f"refused: {error!r}" if not isinstance(error, Forged) else f"refused: {error}")
