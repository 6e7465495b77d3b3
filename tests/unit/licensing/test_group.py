"""Groups (spec resources.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import group
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.group import Group, Kind, Members
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, codes, counted, invalid

GROUP = "/data/relationships/group"


def created(**fields: Any) -> Group:
    return group.create("id", {"name": "Team"} | fields, NOW)


def updated(**changes: Any) -> Group:
    return group.update(make.group(max_users=1, max_licenses=2, max_machines=3, metadata={"a": 1}), changes, NOW)


def test_defaults() -> None:
    assert created() == Group(id="id", name="Team", created=NOW, updated=NOW)
    assert created(max_users=None, max_licenses=None, max_machines=None, metadata=None) == created()


def test_everything_sent_is_kept() -> None:
    fields = {"max_users": 0, "max_licenses": -1, "max_machines": make.INTEGER, "metadata": {"a": 1}}
    made = created(**fields)
    assert {name: getattr(made, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": None}, "NAME_MISSING"),
        ({"name": "n" * 256}, "NAME_TOO_LONG"),
        ({"metadata": {f"k{index}": 0 for index in range(65)}}, "METADATA_TOO_LONG"),
    ],
)
def test_errors(fields: dict[str, Any], code: str) -> None:
    assert codes(lambda: group.create("id", fields if "name" in fields else {"name": "n"} | fields, NOW)) == [code]


def test_an_update_changes_what_was_sent_only() -> None:
    changed = updated(name="New", max_users=9)
    assert (changed.name, changed.max_users, changed.max_licenses, changed.metadata) == ("New", 9, 2, {"a": 1})
    assert (changed.created, changed.updated) == (make.LONG_AGO, NOW)


def test_null_removes_limits_and_changes_nothing_else() -> None:
    changed = updated(max_users=None, max_licenses=None, max_machines=None, name=None, metadata=None)
    assert (changed.max_users, changed.max_licenses, changed.max_machines) == (None, None, None)
    assert (changed.name, changed.metadata) == ("Group", {"a": 1})


def test_an_update_is_judged_too() -> None:
    assert codes(updated, name="n" * 256) == ["NAME_TOO_LONG"]


@pytest.mark.parametrize("kind", ["user", "license", "machine"])
@pytest.mark.parametrize(
    ("limit", "held", "full"),
    [(None, 10**9, False), (0, 0, True), (1, 0, False), (1, 1, True), (1, 2, True), (-1, 0, True)],
)
def test_full_is_when_no_more_may_enter(kind: Kind, limit: int | None, held: int, full: bool) -> None:
    limited, members = make.group(**{f"max_{kind}s": limit}), Members(**{f"{kind}s": held})
    assert group.limit(kind, limited) == limit
    detail = f"{kind} count has exceeded maximum allowed by current group ({limit})"
    expected = Problem(detail, code=f"GROUP_{kind.upper()}_LIMIT_EXCEEDED", pointer=GROUP)
    assert group.full(kind, limited, members) == (expected if full else None)


def test_kinds_are_counted_apart() -> None:
    limited = make.group(max_users=1, max_licenses=1, max_machines=1)
    assert group.full("license", limited, Members(users=1, machines=1)) is None


def test_entering() -> None:
    full = counted(1, max_licenses=1)
    assert list(group.entry("license", None, named=True)) == [Problem("must exist", "GROUP_NOT_FOUND", GROUP)]
    assert list(filter(None, group.entry("license", None, named=False))) == []
    assert [problem and problem.code for problem in group.entry("license", full, named=False)] == [
        "GROUP_LICENSE_LIMIT_EXCEEDED"
    ]
    assert list(filter(None, group.entry("user", full, named=True))) == []
    assert list(group.entry("license", full, named=True, current_id="group")) == []
    assert (group.entered(full), group.entered(None)) == ("group", None)


def test_a_group_without_a_name_is_refused() -> None:
    assert invalid(group.create, "id", {}, NOW) == [("NAME_MISSING", "/data/attributes/name", "can't be blank")]
