from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import token
from chalicelib.licensing.token import Token
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, INTEGER, NOW, codes, invalid

TWO_WEEKS = timedelta(days=14)


def created(*, stored: Any = None, kind: Any = "activation-token", **fields: Any) -> Token:
    return token.create("id", kind, "license", "license", "license", stored, fields, NOW)


def test_defaults() -> None:
    assert created() == Token(
        id="id", kind="activation-token", bearer_kind="license", bearer_id="license", created=NOW, updated=NOW
    )
    assert created().permissions == ("*",)


@pytest.mark.parametrize(
    ("kind", "fields", "expiry"),
    [
        ("user-token", {}, NOW + TWO_WEEKS),
        ("user-token", {"expiry": None}, None),
        ("user-token", {"expiry": NOW - DAY}, NOW - DAY),
        ("admin-token", {}, None),
        ("product-token", {}, None),
        ("activation-token", {}, None),
        ("activation-token", {"expiry": NOW + DAY}, NOW + DAY),
    ],
)
def test_expiry(kind: str, fields: dict[str, Any], expiry: datetime | None) -> None:
    assert created(kind=kind, **fields).expiry == expiry


def test_everything_sent_is_kept_and_null_is_absent() -> None:
    fields = {"name": "N", "max_activations": 0, "max_deactivations": INTEGER, "permissions": ["license.read"]}
    made = created(**fields)
    assert {name: getattr(made, name) for name in fields} == fields | {"permissions": ("license.read",)}
    assert created(**dict.fromkeys(fields)) == created()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "n" * 255}, []),
        ({"name": "n" * 256}, ["NAME_TOO_LONG"]),
        ({"max_activations": -1}, ["MAX_ACTIVATIONS_INVALID"]),
        ({"max_deactivations": -1}, ["MAX_DEACTIVATIONS_INVALID"]),
        ({"max_activations": INTEGER + 1}, ["MAX_ACTIVATIONS_INVALID"]),
        ({"permissions": []}, []),
        ({"permissions": ["policy.read"]}, ["PERMISSIONS_NOT_ALLOWED"]),
        ({"permissions": ["policy.read"], "stored": ("*",)}, []),
        ({"permissions": ["license.create"], "stored": ("*",)}, ["PERMISSIONS_NOT_ALLOWED"]),
        ({"permissions": ["license.read"], "stored": ()}, ["PERMISSIONS_NOT_ALLOWED"]),
        ({"permissions": ["*"], "stored": ()}, []),
        (
            {"name": "n" * 256, "max_activations": -1, "max_deactivations": -1, "permissions": ["x"]},
            ["NAME_TOO_LONG", "MAX_ACTIVATIONS_INVALID", "MAX_DEACTIVATIONS_INVALID", "PERMISSIONS_NOT_ALLOWED"],
        ),
    ],
    ids=range(12),
)
def test_errors(fields: dict[str, Any], expected: list[str]) -> None:
    assert codes(created, **fields) == expected


def test_pointers_and_details() -> None:
    assert invalid(created, max_activations=-1) == [
        ("MAX_ACTIVATIONS_INVALID", "/data/attributes/maxActivations", "must be greater than or equal to 0")
    ]


def test_a_regenerated_token_that_ends_gets_two_weeks() -> None:
    ending = make.token(expiry=NOW - DAY, activations=3, name="N")
    assert token.regenerated(ending, NOW) == replace(ending, expiry=NOW + TWO_WEEKS, updated=NOW)
    assert token.regenerated(make.token(), NOW).expiry is None


def test_the_effective_set_is_shown() -> None:
    stored = make.token(permissions=("license.validate", "license.read", "policy.read"))
    assert token.shown_permissions(stored, "user", frozenset({"*"})) == sorted(stored.permissions)
    assert token.shown_permissions(stored, "user", frozenset({"license.read"})) == ["license.read"]
    assert token.shown_permissions(make.token(), "user", frozenset({"b", "a"})) == ["a", "b"]


def test_tokens_end_with_their_generation() -> None:
    user = make.user(token_generation=3)
    assert not token.is_revoked(make.token(generation=3), user)
    for earlier in (0, 2):
        assert token.is_revoked(make.token(generation=earlier), user)


@pytest.mark.parametrize(("role", "kind"), [("user", "user-token"), ("sales-agent", "sales-token")])
def test_a_token_that_is_kept_fits_its_user(role: str, kind: str) -> None:
    user, before = make.user(role=role, token_generation=3), make.token(kind="admin-token", generation=2, name="N")
    kept = token.kept(before, user)
    assert kept == replace(before, kind=kind, generation=3)
    assert not token.is_revoked(kept, user)


def test_a_new_token_is_of_the_generation_it_is_given() -> None:
    made = token.create("id", "user-token", "user", "user", "user", None, {}, NOW, generation=2)
    assert made.generation == 2
