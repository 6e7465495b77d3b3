"""Components, alone and with their machine (spec machines.md §1.2, §4.7, §8)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import component
from chalicelib.licensing.component import Component, Inline
from chalicelib.licensing.errors import Problems
from chalicelib.licensing.uniqueness import Scope
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, codes, invalid, machine

FINGERPRINT, NAME = "/data/attributes/fingerprint", "/data/attributes/name"
BIG = {"a": "x" * 16_384}


def created(*, on: Any = machine(), taken: Scope | None = None, **fields: Any) -> Component:
    sent = {"fingerprint": "cpu", "name": "CPU"} | fields
    return component.create("c", sent, machine=on, taken=taken, now=NOW)


def test_a_component_belongs_to_its_machine_and_license() -> None:
    made = created(metadata={"slot": 1}, on=machine(id="m", license_id="l"))
    assert made == Component(
        id="c",
        machine_id="m",
        license_id="l",
        fingerprint="cpu",
        name="CPU",
        metadata={"slot": 1},
        created=NOW,
        updated=NOW,
    )
    assert created(metadata=None).metadata == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"on": None}, ("MACHINE_NOT_FOUND", "/data/relationships/machine", "must exist")),
        ({"taken": "machine"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken")),
        ({"taken": "policy"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken for this policy")),
        ({"fingerprint": "actions"}, ("FINGERPRINT_NOT_ALLOWED", FINGERPRINT, "is reserved")),
        (
            {"fingerprint": "x" * 4097},
            ("FINGERPRINT_TOO_LONG", FINGERPRINT, "is too long (maximum is 4096 characters)"),
        ),
        ({"name": "x" * 256}, ("NAME_TOO_LONG", NAME, "is too long (maximum is 255 characters)")),
        (
            {"metadata": BIG},
            ("METADATA_TOO_LONG", "/data/attributes/metadata", "too large (exceeded limit of 16384 bytes)"),
        ),
    ],
)
def test_what_a_component_cannot_be(given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(created, **given) == [expected]


def test_everything_wrong_is_told_in_order() -> None:
    assert codes(created, on=None, taken="account", fingerprint="action", name="x" * 256, metadata=BIG) == [
        "MACHINE_NOT_FOUND",
        "FINGERPRINT_TAKEN",
        "FINGERPRINT_NOT_ALLOWED",
        "NAME_TOO_LONG",
        "METADATA_TOO_LONG",
    ]


def test_an_update_changes_name_and_metadata() -> None:
    stored = make.component(name="old", metadata={"a": 1}, fingerprint="cpu")
    after = component.update(stored, {"name": "new", "metadata": {"b": 2}}, NOW + DAY)
    assert (after.name, after.metadata, after.updated) == ("new", {"b": 2}, NOW + DAY)
    assert component.update(stored, {"metadata": None}, NOW).metadata == {"a": 1}
    assert codes(component.update, stored, {"name": "x" * 256}, NOW) == ["NAME_TOO_LONG"]


# --- with their machine ---------------------------------------------------------------------------------------------


def sent(*fingerprints: str, **fields: Any) -> tuple[Inline, ...]:
    return tuple(Inline(f"c{i}", {"fingerprint": one, "name": "N"} | fields) for i, one in enumerate(fingerprints))


def problems(parts: tuple[Inline, ...], taken: dict[str, Scope]) -> list[tuple[str | None, str | None, str]]:
    def judge() -> None:
        found = Problems()
        found.extend(component.inline_problems(parts, taken))
        found.raise_if_any()

    return invalid(judge)


def place(index: int, name: str = "fingerprint") -> str:
    return f"/data/relationships/components/data/{index}/attributes/{name}"


def test_components_are_made_with_their_machine() -> None:
    first, second = component.inline(machine(id="m", license_id="l"), sent("a", "b"), NOW)
    assert (first.id, first.fingerprint, first.machine_id, first.license_id) == ("c0", "a", "m", "l")
    assert (second.id, second.fingerprint, second.created) == ("c1", "b", NOW)


def test_distinct_free_components_are_no_problem() -> None:
    assert problems(sent("a", "b"), {}) == []
    assert problems((), {}) == []


def test_each_of_two_equal_components_offends() -> None:
    assert problems(sent("a", "b", "a"), {}) == [
        ("COMPONENTS_FINGERPRINT_CONFLICT", place(0), "is duplicated"),
        ("COMPONENTS_FINGERPRINT_CONFLICT", place(2), "is duplicated"),
    ]


def test_components_that_are_held_elsewhere() -> None:
    assert problems(sent("a", "b", "c"), {"b": "license", "c": "account"}) == [
        ("COMPONENTS_FINGERPRINT_TAKEN", place(1), "has already been taken for this license"),
        ("COMPONENTS_FINGERPRINT_TAKEN", place(2), "has already been taken for this account"),
    ]


def test_other_problems_are_told_at_their_place() -> None:
    found = problems(sent("a", "action", name="x" * 256, metadata=BIG), {})
    assert [(code, pointer) for code, pointer, _ in found] == [
        ("COMPONENTS_NAME_TOO_LONG", place(0, "name")),
        ("COMPONENTS_METADATA_TOO_LONG", place(0, "metadata")),
        ("COMPONENTS_FINGERPRINT_NOT_ALLOWED", place(1)),
        ("COMPONENTS_NAME_TOO_LONG", place(1, "name")),
        ("COMPONENTS_METADATA_TOO_LONG", place(1, "metadata")),
    ]
