"""The filters of lists of users (spec resources.md §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.licensing.filters import users as filters
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.users import Candidate
from tests.unit.licensing.make import DAY, LONG_AGO, NOW, TICK, user

ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NAMES = ["roles", "product", "license", "group", "status", "assigned", "active", "metadata"]


def candidate(user_fields: Mapping[str, Any] | None = None, **known: Any) -> Candidate:
    return Candidate(user=user(**user_fields or {}), **known)


def fits(query: Mapping[str, Any], found: Candidate) -> bool:
    asked = filters.parse(query, NOW)
    assert not impossible(asked)
    return filters.matching(asked, found)


def shown(query: Mapping[str, Any]) -> list[str]:
    roles = ("admin", "developer", "sales-agent", "support-agent", "read-only", "user")
    return [role for role in roles if fits(query, candidate({"role": role}))]


@pytest.mark.parametrize(
    "query", [{}, {"roles": []}, {"roles": ["", " "]}, {"roles": "admin"}, {"roles": {"x": "admin"}}]
)
def test_only_customers_unless_other_roles_are_asked_for(query: Mapping[str, Any]) -> None:
    assert shown(query) == ["user"]


def test_roles() -> None:
    assert shown({"roles": ["admin"]}) == ["admin"]
    assert shown({"roles": ["user", "sales_agent", "read-only", "user", "boss"]}) == [
        "sales-agent",
        "read-only",
        "user",
    ]


def test_roles_that_nobody_has_leave_nothing() -> None:
    asked = filters.parse({"roles": [f"role-{number}" for number in range(1000)]}, NOW)
    assert impossible(asked)
    assert not filters.matching(asked, candidate())


def test_group() -> None:
    assert fits({"group": ONE.upper()}, candidate({"group_id": ONE}))
    assert not fits({"group": ONE}, candidate({"group_id": OTHER}))
    assert not fits({"group": ONE}, candidate())


def test_license_and_product() -> None:
    found = candidate(licenses=frozenset({ONE}), products=frozenset({OTHER}))
    assert fits({"license": ONE, "product": OTHER}, found)
    assert not fits({"license": OTHER}, found)
    assert not fits({"product": ONE}, found)


@pytest.mark.parametrize("query", [{"group": "x"}, {"license": "x"}, {"product": "KEY"}, {"status": "GONE"}])
def test_what_means_nothing_leaves_nothing(query: Mapping[str, Any]) -> None:
    assert impossible(filters.parse(query, NOW))


QUIET = NOW - 90 * DAY - TICK


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (candidate({"created": NOW - 90 * DAY}), "ACTIVE"),
        (candidate({"created": QUIET}), "INACTIVE"),
        (candidate({"created": QUIET}, last_activity=NOW - 90 * DAY), "ACTIVE"),
        (candidate({"created": QUIET}, last_activity=QUIET), "INACTIVE"),
        (candidate({"created": NOW, "banned_at": NOW}, last_activity=NOW), "BANNED"),
    ],
)
def test_a_user_has_one_status(found: Candidate, status: str) -> None:
    asked = [name for name in ("active", "Inactive", "BANNED") if fits({"status": name}, found)]
    assert [name.upper() for name in asked] == [status]


@pytest.mark.parametrize("name", ["assigned", "active"])
@pytest.mark.parametrize(("sent", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_assigned(name: str, sent: str, value: bool) -> None:
    assert fits({name: sent}, candidate(owns_license=True, licenses=frozenset({ONE}))) is value
    assert fits({name: sent}, candidate(licenses=frozenset({ONE}))) is not value


def test_metadata() -> None:
    found = candidate({"metadata": {"customer_id": "1", "seats": 5}})
    assert fits({"metadata": {"customerId": "1", "seats": "5"}}, found)
    assert not fits({"metadata": {"customerId": "1", "seats": "6"}}, found)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "roles"])
@pytest.mark.parametrize("sent", ["", " ", [], ["x"], {}, {"x": ""}, None])
def test_blank_and_misshapen_values_are_skipped(name: str, sent: Any) -> None:
    assert filters.parse({name: sent}, NOW) == (filters.CUSTOMERS,)


def test_a_list_may_read_fewer_parameters() -> None:
    query = {"roles": ["admin"], "group": ONE, "status": "GONE", "metadata": {"a": "b"}}
    assert filters.parse(query, NOW, ()) == ()
    assert [one.name for one in filters.parse(query, NOW, ("group", "roles"))] == ["roles", "group"]
    assert filters.parse({"group": ONE}, NOW, ("group",)) == (filters.Grouped(identifier=ONE),)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, False),
        ({"group": ONE, "metadata": {"a": "b"}}, False),
        ({"status": "BANNED"}, False),
        ({"status": "ACTIVE"}, True),
        ({"status": "INACTIVE"}, True),
        ({"assigned": "true"}, True),
        ({"active": "false"}, True),
        ({"product": ONE}, True),
        ({"license": ONE}, True),
    ],
)
def test_licenses_are_only_read_where_they_count(query: Mapping[str, Any], expected: bool) -> None:
    asked = filters.parse(query, NOW)
    assert filters.asks_for_licenses(asked) is expected
    if not expected:
        bare, known = (
            candidate({"created": LONG_AGO}),
            candidate(
                {"created": LONG_AGO},
                last_activity=NOW,
                owns_license=True,
                licenses=frozenset({ONE}),
                products=frozenset({ONE}),
            ),
        )
        assert filters.matching(asked, bare) is filters.matching(asked, known)
