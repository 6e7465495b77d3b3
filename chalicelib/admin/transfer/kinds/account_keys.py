"""The key pairs and the secret of an account as a file has them: under `meta`, in the forms they are kept in
(cryptography.md §1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.admin.transfer.readers import Reader, text
from chalicelib.admin.transfer.report import Rejected
from chalicelib.crypto import keys as key_pairs
from chalicelib.crypto.keys import KeyPairs, PublicKeys, Secrets
from chalicelib.crypto.loading import KeyFormatError
from chalicelib.licensing.account import Account

# By the names of the file: what pairs call them.
_NAMES = {"ed25519": "ed25519", "rsa2048": "rsa", "ecdsa": "ecdsa"}
_SECRET = re.compile(r"[0-9a-f]{128}")


def _forms(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(name in _NAMES and isinstance(one, str) for name, one in value.items()):
        raise ValueError(f"an object with strings named {', '.join(_NAMES)}")
    return {_NAMES[name]: one for name, one in value.items()}


MEMBERS: Mapping[str, Reader] = {"private_keys": _forms, "public_keys": _forms, "secret": text}


def secrets(meta: Mapping[str, Any], known: Secrets | None) -> Secrets:
    """The keys and the secret an account is to have: as the line says, else as `known`, else new ones.

    Raises Rejected for what cannot be used, and for public keys that are not those of the private ones.
    """
    pairs = _pairs(meta.get("private_keys") or {}, known)
    _check_public(meta.get("public_keys") or {}, pairs)
    secret = meta.get("secret")
    if secret is None:
        secret = key_pairs.new_secret() if known is None else known.secret
    elif not _SECRET.fullmatch(secret):
        raise Rejected("meta.secret: must be 128 lower-case hex digits")
    return Secrets(pairs, secret)


def _pairs(given: Mapping[str, str], known: Secrets | None) -> KeyPairs:
    if known is not None and not given:
        return known.pairs
    others = known.pairs if known is not None else key_pairs.generate() if len(given) < len(_NAMES) else None
    pairs = KeyPairs(**{name: given[name] if name in given else getattr(others, name) for name in _NAMES.values()})
    try:
        if known is None or pairs != known.pairs:
            pairs = key_pairs.checked(pairs)
    except KeyFormatError as error:
        reason = str(error)
    else:
        return pairs
    raise Rejected(f"meta.privateKeys: {reason}")


def _check_public(given: Mapping[str, str], pairs: KeyPairs) -> None:
    if not given:
        return
    derived = key_pairs.public(pairs)
    for name, one in _NAMES.items():
        if one in given and given[one].strip() != getattr(derived, one).strip():
            raise Rejected(f"meta.publicKeys: {name} is not that of the private key")


def public(secrets: Secrets) -> dict[str, Any]:
    """The public keys as fields of an account."""
    return _fields(key_pairs.public(secrets.pairs))


def _fields(found: PublicKeys) -> dict[str, Any]:
    return {"ed25519_public": found.ed25519, "rsa_public": found.rsa, "ecdsa_public": found.ecdsa}


def shown(account: Account, known: Secrets) -> dict[str, Any]:
    """The same for a file."""
    pairs = known.pairs
    return {
        "private_keys": {"ed25519": pairs.ed25519, "rsa2048": pairs.rsa, "ecdsa": pairs.ecdsa},
        "public_keys": {
            "ed25519": account.ed25519_public,
            "rsa2048": account.rsa_public,
            "ecdsa": account.ecdsa_public,
        },
        "secret": known.secret,
    }
