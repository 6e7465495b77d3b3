"""Password hashes: what they look like, what they accept, and texts that are none."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from chalicelib.crypto import passwords

STORED = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcy4uLg$vrnWxuYqhRN078D3ZMWqbbLZRiCRL8O0ejcfb8jgJSI"


def test_the_form_names_a_memory_hard_function_and_a_salt_of_its_own() -> None:
    one, other = passwords.hashed("correct horse"), passwords.hashed("correct horse")
    assert re.fullmatch(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", one)
    assert len(one) < 100
    assert one != other
    assert passwords.verified("correct horse", one)


def test_a_hash_accepts_its_password_only() -> None:
    assert passwords.verified("correct horse", STORED)
    for other in ("", "correct horsf", "correct horse ", "Correct horse", "correct horse\0"):
        assert not passwords.verified(other, STORED)


@pytest.mark.parametrize("password", ["", "ü" * 72, "x" * 10_000, "\ud800", "nul\0nul"])
def test_any_text_can_be_a_password(password: str) -> None:
    stored = passwords.hashed(password)
    assert passwords.verified(password, stored)
    assert not passwords.verified(password + "x", stored)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "correct horse",
        "$argon2id$",
        STORED[:-1],
        STORED + "A",
        STORED.replace("argon2id", "argon2i"),
        STORED.replace("m=19456", "m=1"),
        STORED.replace("m=19456", "m=many"),
        STORED.replace("p=1", "p=0"),
        STORED.replace("t=2", "t=3"),
        "$2b$12$" + "a" * 53,
        "\ud800",
    ],
)
def test_what_is_no_hash_accepts_nothing(stored: str) -> None:
    assert not passwords.verified("correct horse", stored)


def test_stored_parameters_are_used() -> None:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    former = Argon2id(salt=b"s" * 16, length=32, iterations=1, lanes=1, memory_cost=64).derive_phc_encoded(b"secret")
    assert passwords.verified("secret", former)


def test_the_function_is_imported_when_it_is_needed() -> None:
    script = "import sys; import chalicelib.crypto.passwords; print(any('argon2' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("password", ["", "correct horse", "A", "\0" * 32])
def test_the_hash_of_no_password_accepts_nothing_and_looks_like_any_other(password: str) -> None:
    assert not passwords.verified(password, passwords.NO_PASSWORD)
    assert len(passwords.NO_PASSWORD) == len(STORED)
    assert passwords.NO_PASSWORD.split("$")[:4] == passwords.hashed("any").split("$")[:4]
