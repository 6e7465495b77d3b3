"""Digests: fixed values, shapes, and inputs a client may invent."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crypto import digests
from tests.unit.crypto.material import QUICK

ANY_TEXT = st.text(st.characters())


def test_token_digest_is_hmac_over_ascii_texts() -> None:
    secret, token = "ab" * 64, "activ-70c5a0266f9f47423454d6ba1e4faeb1v3"
    expected = hmac.new(secret.encode("ascii"), token.encode("ascii"), hashlib.sha256).hexdigest()
    assert digests.token_digest(secret, token) == expected
    assert digests.token_digest(secret, token + "x") != expected
    assert digests.token_digest("cd" * 64, token) != expected


def test_known_values() -> None:
    full = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digests.full_digest("abc") == full
    assert digests.name_digest("abc") == full[:32]


@QUICK
@given(ANY_TEXT, ANY_TEXT)
def test_any_text_is_hashed_and_compared(a: str, b: str) -> None:
    assert len(digests.name_digest(a)) == 32
    assert len(digests.token_digest("ab", a)) == 64
    assert digests.equal(a, a)
    assert digests.equal(a, b) == (a == b)
    assert (digests.full_digest(a) == digests.full_digest(b)) == (a == b)


def test_lone_surrogates_do_not_fail() -> None:
    assert len(digests.name_digest("\ud800")) == 32
    assert not digests.equal("\ud800", "\ud801")
