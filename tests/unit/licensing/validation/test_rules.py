"""Every row of the table of spec validation.md §4: when it matches, what it answers, and that its place is right."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.validation.case import Case
from chalicelib.licensing.validation.decide import validate
from chalicelib.licensing.validation.rules import CHECKS
from chalicelib.licensing.validation.scopes import read
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW
from tests.unit.licensing.validation.scene import EXPIRED, OWNER, machine, snapshot

A, DEAD, IDLE = machine("A"), machine("B", status="DEAD"), machine("C", status="NOT_STARTED")
BANNED = make.user(banned_at=NOW)
FLOATING = {"floating": True}
STRICT = {"strict": True}
ONE = {"machine": "id-A"}

ACTIVATED = "is not activated"
NONE_OF_ONE = "(has no associated machine)"
NONE_OF_MANY = "(has no associated machines)"
OVERDUE = {
    **{"require_check_in": True, "check_in_interval": "day", "check_in_interval_count": 1},
    **{"last_check_in": make.LONG_AGO},
}

# row, the facts, the scope, valid, code, detail
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], bool, str, str]] = [
    ("2", {"owner": BANNED}, {}, False, "BANNED", "is banned"),
    ("3", {"suspended": True}, {}, False, "SUSPENDED", "is suspended"),
    (
        *("4", {"expiration_strategy": "REVOKE_ACCESS", "expiry": EXPIRED}, {}),
        *(False, "EXPIRED", "is expired"),
    ),
    ("5", OVERDUE, {}, False, "OVERDUE", "is overdue for check in"),
    ("7a", {}, {"product": "other"}, False, "PRODUCT_SCOPE_MISMATCH", "product scope does not match"),
    ("7b", {"require_product_scope": True}, {}, False, "PRODUCT_SCOPE_REQUIRED", "product scope is required"),
    ("8a", {}, {"policy": "other"}, False, "POLICY_SCOPE_MISMATCH", "policy scope does not match"),
    ("8b", {"require_policy_scope": True}, {}, False, "POLICY_SCOPE_REQUIRED", "policy scope is required"),
    ("9a", {}, {"user": "u2"}, False, "USER_SCOPE_MISMATCH", "user scope does not match"),
    ("9b", {"require_user_scope": True}, {}, False, "USER_SCOPE_REQUIRED", "user scope is required"),
    ("10a", {}, {"entitlements": []}, False, "ENTITLEMENTS_SCOPE_EMPTY", "entitlements scope is empty"),
    (
        *("10b", {"entitlement_codes": frozenset({"A"})}, {"entitlements": ["A", "a"]}),
        *(False, "ENTITLEMENTS_MISSING", "is missing one or more required entitlements"),
    ),
    ("11a", {}, ONE, False, "NO_MACHINE", f"machine {ACTIVATED} {NONE_OF_ONE}"),
    ("11b", FLOATING, ONE, False, "NO_MACHINES", f"machine {ACTIVATED} {NONE_OF_MANY}"),
    (
        *("11c", {"machines": 1}, ONE),
        *(False, "MACHINE_SCOPE_MISMATCH", f"machine {ACTIVATED} (does not match any associated machines)"),
    ),
    (
        "11d",
        {"machines": 1, "machine": machine("A", owner_id="u2"), "owner": OWNER},
        ONE | {"user": "u1"},
        *(False, "USER_SCOPE_MISMATCH", "user scope does not match (does not match associated machine owner)"),
    ),
    (
        *("11e", {"machines": 1, "machine": IDLE, "require_heartbeat": True}, ONE),
        *(False, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required"),
    ),
    ("11f", {"machines": 1, "machine": DEAD}, ONE, False, "HEARTBEAT_DEAD", "machine heartbeat is dead"),
    ("11g", {"require_machine_scope": True}, {}, False, "MACHINE_SCOPE_REQUIRED", "machine scope is required"),
    ("12a", {"found": (A,)}, {"fingerprint": ""}, False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty"),
    ("12b", {}, {"fingerprint": "A"}, False, "NO_MACHINE", f"fingerprint {ACTIVATED} {NONE_OF_ONE}"),
    ("12c", FLOATING, {"fingerprints": ["A"]}, False, "NO_MACHINES", f"fingerprint {ACTIVATED} {NONE_OF_MANY}"),
    ("12d", {"found": (DEAD,)}, {"fingerprint": "B"}, False, "HEARTBEAT_DEAD", "machine heartbeat is dead"),
    (
        *("12e", {"found": (A,)}, {"fingerprint": "a"}),
        *(False, "FINGERPRINT_SCOPE_MISMATCH", f"fingerprint {ACTIVATED} (does not match any associated machines)"),
    ),
    (
        "12f",
        {"found": (machine("A", owner_id="u2"),), "owner": OWNER},
        {"fingerprint": "A", "user": "one@example.com"},
        *(False, "USER_SCOPE_MISMATCH", "user scope does not match (does not match associated machine owners)"),
    ),
    (
        *("12g", {"found": (IDLE,), "require_heartbeat": True}, {"fingerprint": "C"}),
        *(False, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required"),
    ),
    (
        *("12h", {"require_fingerprint_scope": True}, {}),
        *(False, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required"),
    ),
    (
        *("13a", {"found": (A,)}, {"components": ["x"], "fingerprints": ["A"]}),
        *(False, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required when using the components scope"),
    ),
    (
        *("13b", {"found": (A,)}, {"components": [], "fingerprint": "A"}),
        *(False, "COMPONENTS_SCOPE_EMPTY", "components scope is empty"),
    ),
    (
        *("13c", {"found": (A,)}, {"components": ["x"], "fingerprint": "A"}),
        False,
        "COMPONENTS_SCOPE_MISMATCH",
        "one or more component is not activated (does not match any associated components)",
    ),
    (
        *("13d", {"require_components_scope": True}, {}),
        *(False, "COMPONENTS_SCOPE_REQUIRED", "components scope is required"),
    ),
    (
        *("14a", {}, {"checksum": "c"}),
        *(False, "CHECKSUM_SCOPE_MISMATCH", "checksum scope is not valid (does not match any accessible artifacts)"),
    ),
    ("14b", {"require_checksum_scope": True}, {}, False, "CHECKSUM_SCOPE_REQUIRED", "checksum scope is required"),
    (
        *("15a", {}, {"version": "1.0.0"}),
        *(False, "VERSION_SCOPE_MISMATCH", "version scope is not valid (does not match any accessible releases)"),
    ),
    ("15b", {"require_version_scope": True}, {}, False, "VERSION_SCOPE_REQUIRED", "version scope is required"),
    ("16", {"policy_max_users": 1, "users": 2}, {}, False, "TOO_MANY_USERS", "has too many associated users"),
    ("17", {"expiry": EXPIRED}, {}, False, "EXPIRED", "is expired"),
    ("18", {}, {}, True, "VALID", "is valid"),
    ("19", STRICT, {}, False, "NO_MACHINE", "must have exactly 1 associated machine"),
    ("20", STRICT | {"machines": 2}, {}, False, "TOO_MANY_MACHINES", "has too many associated machines"),
    ("21", STRICT | FLOATING, {}, False, "NO_MACHINES", "must have at least 1 associated machine"),
    (
        *("22", STRICT | FLOATING | {"machines": 3, "policy_max_machines": 2}, {}),
        *(False, "TOO_MANY_MACHINES", "has too many associated machines"),
    ),
    (
        *("23", STRICT | {"machines": 1, "cores": 9, "policy_max_cores": 8}, {}),
        *(False, "TOO_MANY_CORES", "has too many associated machine cores"),
    ),
    (
        *("24", STRICT | {"machines": 1, "memory": 9, "policy_max_memory": 8}, {}),
        *(False, "TOO_MUCH_MEMORY", "has too much associated machine memory"),
    ),
    (
        *("25", STRICT | {"machines": 1, "disk": 9, "policy_max_disk": 8}, {}),
        *(False, "TOO_MUCH_DISK", "has too much associated machine disk"),
    ),
    (
        "26",
        {**STRICT, "machines": 1, "processes": 9, "policy_max_processes": 8, "process_leasing_strategy": "PER_LICENSE"},
        *({}, False, "TOO_MANY_PROCESSES", "has too many associated processes"),
    ),
    ("27", STRICT | {"machines": 1, "expiry": EXPIRED}, {}, False, "EXPIRED", "is expired"),
    ("28", STRICT | {"machines": 1}, {}, True, "VALID", "is valid"),
]

SCOPED = {row for row, *_ in ROWS if 7 <= int(row.rstrip("abcdefgh")) <= 15}


def test_the_table_has_every_row_in_order_but_environments() -> None:
    assert [check.row for check in CHECKS] == [row for row, *_ in ROWS]


def test_quick_skips_the_scopes_only() -> None:
    assert {check.row for check in CHECKS if check.skipped_by_quick} == SCOPED


@pytest.mark.parametrize(("row", "facts", "scope", "valid", "code", "detail"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row(row: str, facts: dict[str, Any], scope: dict[str, Any], valid: bool, code: str, detail: str) -> None:
    stored = snapshot(**facts)
    case = Case(stored, read(scope))
    assert next(check.row for check in CHECKS if check.matches(case)) == row
    verdict = validate(stored, read(scope), quick=False)
    assert (verdict.valid, verdict.code, verdict.detail) == (valid, code, detail)


@pytest.mark.parametrize(("row", "facts", "scope"), [row[:3] for row in ROWS if row[0] in SCOPED])
def test_a_scope_never_counts_in_a_quick_validation(row: str, facts: dict[str, Any], scope: dict[str, Any]) -> None:
    assert validate(snapshot(**facts), read(scope), quick=True).code == "VALID"


# Facts that do not touch each other may be put together: the earlier row must answer.
COMBINABLE = ["2", "3", "4", "5", "7b", "8b", "9b", "11g", "12h", "13d", "14b", "15b", "16", "18"]


@pytest.mark.parametrize("position", range(len(COMBINABLE)))
def test_earlier_rows_win(position: int) -> None:
    rows = {row[0]: row for row in ROWS}
    together: dict[str, Any] = {}
    for name in COMBINABLE[position:]:
        together |= rows[name][1]
    assert validate(snapshot(**together), None, quick=False).code == rows[COMBINABLE[position]][4]
