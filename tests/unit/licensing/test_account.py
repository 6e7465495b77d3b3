from __future__ import annotations

import pytest

from chalicelib.licensing.account import slug_problem


@pytest.mark.parametrize("slug", ["ab", "acme", "acme-2", "4ever", "a" * 255])
def test_slugs(slug: str) -> None:
    assert slug_problem(slug) is None


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("", "SLUG_INVALID"),
        ("a", "SLUG_INVALID"),
        ("-a", "SLUG_INVALID"),
        ("Acme", "SLUG_INVALID"),
        ("a_b", "SLUG_INVALID"),
        ("ab\n", "SLUG_INVALID"),
        ("actions", "SLUG_NOT_ALLOWED"),
        ("70c5a026-6f9f-4742-8454-d6ba1e4faeb1", "SLUG_NOT_ALLOWED"),
        ("70c5a0266f9f47428454d6ba1e4faeb1", "SLUG_NOT_ALLOWED"),
        ("a" * 256, "SLUG_TOO_LONG"),
    ],
)
def test_other_slugs(slug: str, code: str) -> None:
    found = slug_problem(slug)
    assert found is not None
    assert (found.code, found.pointer) == (code, "/data/attributes/slug")
