"""The vectors' keys as our values, and the JSON files themselves. Test keys only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import settings

from chalicelib.crypto.keys import KeyPairs, PublicKeys

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> Any:
    """A file of `shared/spec/vectors`, copied here."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


KEYS = vectors("keys")
ACCOUNT = KEYS["accountId"]
PAIRS = KeyPairs(
    ed25519=KEYS["ed25519"]["privateSeedHex"],
    rsa=KEYS["rsa2048"]["privateKeyPem"],
    ecdsa=KEYS["ecdsaP256"]["privateKeyPem"],
)
PUBLIC = PublicKeys(
    ed25519=KEYS["ed25519"]["publicKeyHex"],
    rsa=KEYS["rsa2048"]["publicKeyPem"],
    ecdsa=KEYS["ecdsaP256"]["publicKeyPem"],
)
SECRET = "0123456789abcdef" * 8

# No deadline: the first example of a test may import RSA, and two busy cores are no reason to fail.
QUICK = settings(deadline=None, max_examples=60)
