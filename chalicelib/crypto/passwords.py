"""Passwords at rest: Argon2id, a memory-hard hash, as PHC text that names its own parameters (resources.md §4.1).

One hash takes 19 MiB and about 30 ms of CPU; both are paid for every guess. The function is imported where
it is needed: most requests show no password.
"""

from __future__ import annotations

import os
from math import ceil

from cryptography.exceptions import InvalidKey

MEMORY_KIB, ITERATIONS, LANES = 19_456, 2, 1
SALT_BYTES, HASH_BYTES = 16, 32

NO_PASSWORD = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}"
    f"${'A' * ceil(SALT_BYTES * 4 / 3)}${'A' * ceil(HASH_BYTES * 4 / 3)}"
)
"""The hash of no password that anybody knows; refusing one takes as long as with any other hash of ours."""


def hashed(password: str) -> str:
    """`$argon2id$v=19$m=...,t=...,p=...$<salt>$<hash>` with a new salt; under 100 ASCII characters."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = os.urandom(SALT_BYTES)
    function = Argon2id(salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return function.derive_phc_encoded(_bytes(password))


def verified(password: str, stored: str) -> bool:
    """Whether `stored` is a hash of `password`, compared in constant time; a text that is no hash is of none."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(_bytes(password), stored)
    except (InvalidKey, ValueError):
        # A ValueError (also of text that cannot be encoded) speaks of parameters no hash of ours has.
        return False
    return True


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
