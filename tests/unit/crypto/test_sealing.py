from __future__ import annotations

import base64

import pytest

from chalicelib.crypto.keys import new_secret
from chalicelib.crypto.sealing import UnsealError, seal, unseal

SECRET = new_secret()
PLAIN = b'{"passwordResetToken":"0123456789abcdef"}'


@pytest.mark.parametrize("plain", [b"", b"\0", PLAIN, b"x" * 10_000])
def test_there_and_back(plain: bytes) -> None:
    assert unseal(SECRET, seal(SECRET, plain, "user.password-reset"), "user.password-reset") == plain


def test_it_hides_and_never_repeats() -> None:
    sealed = {seal(SECRET, PLAIN, "name") for _ in range(3)}
    assert len(sealed) == 3
    assert all(b"0123456789" not in base64.b64decode(one) for one in sealed)


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_altered(position: int) -> None:
    raw = bytearray(base64.b64decode(seal(SECRET, PLAIN, "name")))
    raw[position] ^= 1
    with pytest.raises(UnsealError):
        unseal(SECRET, base64.b64encode(raw).decode(), "name")


@pytest.mark.parametrize("sealed", ["", "AAAA", "nonsense", "!", "☃"])
def test_nonsense(sealed: str) -> None:
    with pytest.raises(UnsealError):
        unseal(SECRET, sealed, "name")


def test_another_secret_or_context() -> None:
    sealed = seal(SECRET, PLAIN, "name")
    for secret, context in ((new_secret(), "name"), (SECRET, "other"), (SECRET, "")):
        with pytest.raises(UnsealError):
            unseal(secret, sealed, context)
