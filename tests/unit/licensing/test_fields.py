from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib.licensing import fields
from chalicelib.licensing.errors import Problem
from tests.unit.licensing.make import BIG_INTEGER, INTEGER

ID = "70c5a026-6f9f-4742-8454-d6ba1e4faeb1"


def codes(found: Iterable[Problem | None]) -> list[str | None]:
    return [problem.code for problem in found if problem is not None]


def test_pointers_are_camel_case() -> None:
    attribute = fields.invalid("max_machines", "INVALID", "no")
    relationship = fields.unrelated("machine_owner", "NOT_FOUND", "must exist")
    assert attribute == Problem("no", code="MAX_MACHINES_INVALID", pointer="/data/attributes/maxMachines")
    assert relationship.pointer == "/data/relationships/machineOwner"
    assert relationship.code == "MACHINE_OWNER_NOT_FOUND"


@pytest.mark.parametrize(
    ("length", "detail"),
    [
        (None, None),
        (0, "is too short (minimum is 2 characters)"),
        (1, "is too short (minimum is 2 characters)"),
        (2, None),
        (5, None),
        (6, "is too long (maximum is 5 characters)"),
    ],
)
def test_text_length(length: int | None, detail: str | None) -> None:
    found = fields.text_length("name", None if length is None else "ü" * length, 5, 2)
    assert (found and found.detail) == detail


@pytest.mark.parametrize("value", [None, "", " ", "\t\n"])
def test_a_required_text_is_not_blank(value: str | None) -> None:
    found = fields.present("name", value)
    assert found is not None
    assert (found.code, found.detail) == ("NAME_MISSING", "can't be blank")
    assert fields.present("name", " x ") is None


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (None, None),
        (-1, "must be greater than or equal to 0"),
        (0, None),
        (INTEGER, None),
        (INTEGER + 1, f"must be less than or equal to {INTEGER}"),
        (10**40, f"must be less than or equal to {INTEGER}"),
    ],
)
def test_integer_bounds(value: int | None, detail: str | None) -> None:
    found = fields.integer("max_uses", value)
    assert (found and found.detail) == detail
    assert fields.integer("max_memory", BIG_INTEGER, high=BIG_INTEGER) is None


def test_choices_are_exact() -> None:
    assert fields.choice("overage_strategy", None, ("A",)) is None
    assert fields.choice("overage_strategy", "A", ("A",)) is None
    found = fields.choice("overage_strategy", "a", ("A",))
    assert found == Problem(
        "unsupported overage strategy", code="OVERAGE_STRATEGY_NOT_ALLOWED", pointer="/data/attributes/overageStrategy"
    )
    assert fields.choice("x", "a", (), "is bad") == Problem(
        "is bad", code="X_NOT_ALLOWED", pointer="/data/attributes/x"
    )


@pytest.mark.parametrize(
    ("code", "taken", "expected"),
    [
        (None, True, []),
        ("app", False, []),
        ("c" * 255, False, []),
        ("c" * 256, False, ["CODE_TOO_LONG"]),
        ("action", False, ["CODE_NOT_ALLOWED"]),
        ("actions", True, ["CODE_NOT_ALLOWED", "CODE_TAKEN"]),
        ("Actions", False, []),
        (ID, False, ["CODE_INVALID"]),
        (ID.replace("-", "").upper(), False, ["CODE_INVALID"]),
        ("app", True, ["CODE_TAKEN"]),
    ],
)
def test_code_rules(code: str | None, taken: bool, expected: list[str]) -> None:
    assert codes(fields.code(code, taken)) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, []),
        ("https://example.com", []),
        ("http://sub.example.co:8080/path?a=b#c", []),
        ("HTTPS://EXAMPLE.COM", []),
        ("https://user@example.com/", []),
        ("https://example.com/" + "a" * 235, []),
        ("https://example.com/" + "a" * 236, ["URL_TOO_LONG"]),
        ("ftp://" + "a" * 250, ["URL_TOO_LONG", "URL_PROTOCOL_INVALID"]),
        ("example.com", ["URL_PROTOCOL_INVALID"]),
        ("ftp://example.com", ["URL_PROTOCOL_INVALID"]),
        ("javascript:alert(1)", ["URL_PROTOCOL_INVALID"]),
        ("https://", ["URL_HOST_INVALID"]),
        ("https://localhost", ["URL_HOST_INVALID"]),
        ("https://127.0.0.1", ["URL_HOST_INVALID"]),
        ("https://example", ["URL_HOST_INVALID"]),
        ("https://example.c", ["URL_HOST_INVALID"]),
        ("https://api.own.test/x", ["URL_HOST_INVALID"]),
        ("https://API.own.test/x", ["URL_HOST_INVALID"]),
        ("https://exa mple.com", ["URL_INVALID"]),
        ("https://example.com\n", ["URL_INVALID"]),
        ("https://[::1", ["URL_INVALID"]),
        ("https://example.com:port", ["URL_INVALID"]),
        ("https://example.com:99999", ["URL_INVALID"]),
    ],
)
def test_url_rules(url: str | None, expected: list[str]) -> None:
    assert codes(fields.url(url, {"api.own.test"})) == expected


def keyed(count: int) -> dict[str, Any]:
    return {f"k{index}": index for index in range(count)}


@pytest.mark.parametrize(
    ("metadata", "detail"),
    [
        (None, None),
        ({}, None),
        (keyed(64), None),
        (keyed(65), "too many keys (exceeded limit of 64 keys)"),
        ({"a": keyed(62), "b": 1}, None),
        ({"a": keyed(63), "b": 1}, "too many keys (exceeded limit of 64 keys)"),
        ({"a": [keyed(32), keyed(31)]}, None),
        ({"a": [keyed(32), keyed(32)]}, "too many keys (exceeded limit of 64 keys)"),
        # {"a":"..."} is eight bytes more than its text.
        ({"a": "x" * 16_376}, None),
        ({"a": "x" * 16_377}, "too large (exceeded limit of 16384 bytes)"),
        ({"a": "ü" * 8_188}, None),
        ({"a": "ü" * 8_189}, "too large (exceeded limit of 16384 bytes)"),
        ({"a": "x" * 17_000} | keyed(70), "too large (exceeded limit of 16384 bytes)"),
    ],
    ids=range(13),
)
def test_metadata_size(metadata: dict[str, Any] | None, detail: str | None) -> None:
    found = fields.metadata(metadata)
    assert (found and found.detail) == detail
    assert found is None or (found.code, found.pointer) == ("METADATA_TOO_LONG", "/data/attributes/metadata")


def test_permissions_are_judged_by_the_role() -> None:
    assert fields.permissions("license", None) is None
    assert fields.permissions("license", ("license.read",)) is None
    assert fields.permissions("license", ("license.create",)) == Problem(
        "unsupported permissions", code="PERMISSIONS_NOT_ALLOWED", pointer="/data/attributes/permissions"
    )
