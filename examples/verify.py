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
# What each scheme of license keys signs with; `_V2`, Ed25519 and P-256 keys sign `key/<dataset>` as text.
SCHEMES = {
    "ED25519_SIGN": "ed25519",
    "ECDSA_P256_SIGN": "ecdsa-p256",
    "RSA_2048_PKCS1_SIGN_V2": "rsa-sha256",
    "RSA_2048_PKCS1_PSS_SIGN_V2": "rsa-pss-sha256",
    "RSA_2048_PKCS1_SIGN": "rsa-sha256",
    "RSA_2048_PKCS1_PSS_SIGN": "rsa-pss-sha256",
}


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


def license_key(scheme, key, text):
    """What a signed license key says."""
    if scheme == "RSA_2048_PKCS1_ENCRYPT":
        try:
            return key.recover_data_from_signature(base64.urlsafe_b64decode(text), padding.PKCS1v15(), None)
        except InvalidSignature as error:
            raise Forged("the key was not made by this vendor") from error
    if scheme == "RSA_2048_JWT_RS256":
        signed, _, signature = text.rpartition(".")
        payload = signed.partition(".")[2]
        check("rsa-sha256", key, base64.urlsafe_b64decode(signature + "=="), signed.encode())
        return base64.urlsafe_b64decode(payload + "==")
    signed, _, signature = text.partition(".")
    dataset = base64.urlsafe_b64decode(signed.removeprefix("key/"))
    check(SCHEMES[scheme], key, base64.urlsafe_b64decode(signature), signed.encode() if "/" in signed else dataset)
    return dataset


def file(key, text, secret, now):
    """What a license file or machine file says; `secret` opens an encrypted one."""
    lines = text.strip().splitlines()
    kind = "machine" if "MACHINE" in lines[0] else "license"
    document = json.loads(base64.b64decode("".join(lines[1:-1])))
    encoding, _, signing = document["alg"].partition("+")
    check(signing, key, base64.b64decode(document["sig"]), f"{kind}/{document['enc']}".encode())
    payload = opened(document["enc"], secret) if encoding == "aes-256-gcm" else base64.b64decode(document["enc"])
    meta = json.loads(payload)["meta"]
    if instant(meta["issued"]) > now + CLOCK_SKEW:
        raise Forged("the file was issued in the future: is the clock of this machine right?")
    if meta["expiry"] is not None and instant(meta["expiry"]) < now:
        raise Forged(f"the file expired at {meta['expiry']}")
    return payload


def opened(encoded, secret):
    sealed, nonce, tag = (base64.b64decode(part) for part in encoded.split("."))
    try:
        return AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(nonce, sealed + tag, None)
    except InvalidTag as error:
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
    except (Forged, ValueError, KeyError) as error:
        sys.exit(f"refused: {error}")
