from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.validation.scopes import NO_SCOPE, Scope, kept, read

NULLS = dict.fromkeys(
    (
        *("product", "policy", "user", "machine", "fingerprint", "fingerprints"),
        *("components", "entitlements", "checksum", "version"),
    )
)


@pytest.mark.parametrize("sent", [None, {}, {"product": None}])
def test_no_scope_at_all(sent: dict[str, Any] | None) -> None:
    assert read(sent) == NO_SCOPE == Scope()


def test_null_is_kept_where_it_says_something() -> None:
    assert kept(NULLS) == {"user": None, "fingerprint": None, "fingerprints": None}
    assert read(NULLS) == Scope(given=frozenset({"user", "fingerprint", "fingerprints"}))


def test_what_is_echoed_is_what_was_sent() -> None:
    sent = {"fingerprints": ["a", "a"], "entitlements": [], "fingerprint": "", "version": "1.0.0"}
    assert kept(sent) == sent


def test_everything_is_read() -> None:
    sent = {
        **{"product": "p", "policy": "q", "user": "u", "machine": "m", "checksum": "c", "version": "v"},
        **{"fingerprint": "f", "components": ["x", "y", "x"], "entitlements": ["B", "A", "B"]},
    }
    assert read(sent) == Scope(
        given=frozenset(sent),
        **{"product": "p", "policy": "q", "user": "u", "machine": "m", "checksum": "c", "version": "v"},
        fingerprints=("f",),
        components=("x", "y"),
        entitlements=("B", "A"),
    )


@pytest.mark.parametrize(
    ("sent", "fingerprints"),
    [
        ({"fingerprint": "a"}, ("a",)),
        ({"fingerprint": ""}, ()),
        ({"fingerprint": "  "}, ()),
        ({"fingerprint": None}, ()),
        ({"fingerprints": ["b", "a", "b"]}, ("b", "a")),
        ({"fingerprints": []}, ()),
        ({"fingerprints": None}, ()),
        # The single one wins, even when it is null.
        ({"fingerprint": "a", "fingerprints": ["b"]}, ("a",)),
        ({"fingerprint": None, "fingerprints": ["b"]}, ()),
        ({"fingerprint": "a", "fingerprints": None}, ("a",)),
    ],
)
def test_fingerprints(sent: dict[str, Any], fingerprints: tuple[str, ...]) -> None:
    assert read(sent).fingerprints == fingerprints
    assert read(sent).by_fingerprint


def test_other_scopes_are_not_by_fingerprint() -> None:
    assert not read({"machine": "m"}).by_fingerprint
