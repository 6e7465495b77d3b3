"""Entitlements (spec resources.md §2 and code rules)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import entitlement
from chalicelib.licensing.entitlement import Entitlement
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, codes, invalid

UUID = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


def created(**fields: Any) -> Entitlement:
    code_taken = fields.pop("code_taken", False)
    return entitlement.create("id", {"name": "App", "code": "APP"} | fields, code_taken=code_taken, now=NOW)


def updated(**changes: Any) -> Entitlement:
    code_taken = changes.pop("code_taken", False)
    return entitlement.update(make.entitlement(metadata={"a": 1}), changes, code_taken=code_taken, now=NOW)


def test_created() -> None:
    assert created(metadata={"b": 2}) == Entitlement(
        id="id", name="App", code="APP", metadata={"b": 2}, created=NOW, updated=NOW
    )
    assert created(metadata=None).metadata == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "n" * 256}, ["NAME_TOO_LONG"]),
        ({"name": None, "code": "X"}, []),
        ({"code": "c" * 256}, ["CODE_TOO_LONG"]),
        ({"code": "action"}, ["CODE_NOT_ALLOWED"]),
        ({"code": "actions"}, ["CODE_NOT_ALLOWED"]),
        ({"code": UUID}, ["CODE_INVALID"]),
        ({"code": UUID.replace("-", "").upper()}, ["CODE_INVALID"]),
        ({"code_taken": True}, ["CODE_TAKEN"]),
        ({"metadata": {"a": "x" * 17_000}}, ["METADATA_TOO_LONG"]),
    ],
)
def test_errors(fields: dict[str, Any], expected: list[str]) -> None:
    assert codes(updated, **fields) == expected
    if fields.get("name", "") is not None:
        assert codes(created, **fields) == expected


def test_name_and_code_are_needed() -> None:
    found = invalid(lambda: entitlement.create("id", {}, code_taken=False, now=NOW))
    assert found == [
        ("NAME_MISSING", "/data/attributes/name", "can't be blank"),
        ("CODE_MISSING", "/data/attributes/code", "can't be blank"),
    ]


def test_an_update_changes_what_was_sent_only() -> None:
    changed = updated(name="New")
    assert (changed.name, changed.code, changed.metadata, changed.updated) == ("New", "FEATURE", {"a": 1}, NOW)
    assert updated(code="NEW").code == "NEW"
    assert updated(name=None, code=None, metadata=None) == updated()
