"""From the text form of a key to the library's object (cryptography.md §1).

RSA and P-256 are imported by the functions that load them. Errors never carry key material, not even as a cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


class KeyFormatError(ValueError):
    """Key material of the wrong form. The message never quotes the material."""


def ed25519_private(seed: str) -> Ed25519PrivateKey:
    """From a seed of 64 hex characters. KeyFormatError."""
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    except ValueError:
        raise KeyFormatError("ed25519: not a seed of 64 hex characters") from None


def ed25519_public(text: str) -> Ed25519PublicKey:
    """From 64 hex characters. KeyFormatError."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise KeyFormatError("ed25519: not a public key of 64 hex characters") from None


def rsa_private(pem: str, *, trusted: bool = True) -> RSAPrivateKey:
    """From PEM. KeyFormatError.

    A trusted key was generated or checked by us and then kept under authenticated encryption: nobody can have altered
    it, so the primality checks of every load (27 ms against 0.01 ms) would prove nothing new.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = _private("rsa", pem, unsafe_skip_rsa_key_validation=trusted)
    if not isinstance(key, RSAPrivateKey):
        raise KeyFormatError("rsa: not an RSA private key")
    return key


def rsa_public(pem: str) -> RSAPublicKey:
    """From PEM (SPKI). KeyFormatError."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = _public("rsa", pem)
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("rsa: not an RSA public key")
    return key


def ecdsa_private(pem: str) -> EllipticCurvePrivateKey:
    """From PEM; of any curve. KeyFormatError."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    key = _private("ecdsa", pem)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise KeyFormatError("ecdsa: not an elliptic curve private key")
    return key


def ecdsa_public(pem: str) -> EllipticCurvePublicKey:
    """From PEM (SPKI). KeyFormatError."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    key = _public("ecdsa", pem)
    if not isinstance(key, EllipticCurvePublicKey):
        raise KeyFormatError("ecdsa: not an elliptic curve public key")
    return key


def _private(name: str, pem: str, **options: bool) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem.encode(), None, **options)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: the key is encrypted
        raise KeyFormatError(f"{name}: not a usable private key in PEM form") from None


def _public(name: str, pem: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError(f"{name}: not a public key in PEM form") from None
