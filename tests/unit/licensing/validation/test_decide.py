"""The test matrix of spec validation.md §10 as far as it is pure, and the rules of §5 to §7 behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing import heartbeat
from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.validation.decide import NOT_FOUND, Verdict, touched, validate
from chalicelib.licensing.validation.scopes import read
from chalicelib.licensing.validation.snapshot import MachineState
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, TICK
from tests.unit.licensing.validation.scene import EXPIRED, OWNER, code, machine, outcome, snapshot, verdict

A, B = machine("A"), machine("B", status="DEAD")
RESTRICT, MAINTAIN, ALLOW, REVOKE = "RESTRICT_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS", "REVOKE_ACCESS"
ALWAYS, TWICE, HALF, QUARTER, NEVER = (
    *("ALWAYS_ALLOW_OVERAGE", "ALLOW_2X_OVERAGE", "ALLOW_1_5X_OVERAGE", "ALLOW_1_25X_OVERAGE", "NO_OVERAGE"),
)


# --- T1 to T9: order, expiry, required scopes ---------------------------------------------------------------------


def test_t1_plain() -> None:
    assert verdict() == Verdict(True, "VALID", "is valid")


def test_t2_unknown_key() -> None:
    assert validate(None, read({"product": "x"}), quick=False) == NOT_FOUND
    assert Verdict(False, "NOT_FOUND", "does not exist") == NOT_FOUND


def test_t3_a_ban_comes_before_a_suspension() -> None:
    assert code(owner=make.user(banned_at=NOW), suspended=True) == "BANNED"


def test_only_the_owner_can_ban_a_license() -> None:
    assert code(owner=OWNER, user_names=frozenset({"banned"})) == "VALID"


def test_t4_a_suspension_comes_before_a_revoking_expiry() -> None:
    assert code(suspended=True, expiry=EXPIRED, expiration_strategy=REVOKE) == "SUSPENDED"


@pytest.mark.parametrize(
    ("strategy", "found"),
    [
        (REVOKE, (False, "EXPIRED")),
        (None, (False, "EXPIRED")),
        (RESTRICT, (False, "PRODUCT_SCOPE_MISMATCH")),
        (MAINTAIN, (False, "PRODUCT_SCOPE_MISMATCH")),
        (ALLOW, (False, "PRODUCT_SCOPE_MISMATCH")),
    ],
)
def test_t5_t6_only_a_revoking_expiry_comes_before_scopes(strategy: str | None, found: tuple[bool, str]) -> None:
    assert outcome({"product": "x"}, expiry=EXPIRED, expiration_strategy=strategy) == found


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("strategy", "valid"), [(RESTRICT, False), (MAINTAIN, True), (ALLOW, True)])
def test_t7_expired(strategy: str, valid: bool, quick: bool, strict: bool) -> None:
    facts = {"expiration_strategy": strategy, "strict": strict, "machines": 1}
    assert outcome(None, quick, expiry=EXPIRED, **facts) == (valid, "EXPIRED")
    assert outcome(None, quick, expiry=NOW, **facts) == (True, "VALID")
    assert outcome(None, quick, expiry=NOW - TICK, **facts) == (valid, "EXPIRED")


def test_t8_quick_asks_for_no_scope() -> None:
    assert code(None, quick=True, require_product_scope=True) == "VALID"
    assert code(None, require_product_scope=True) == "PRODUCT_SCOPE_REQUIRED"
    assert code({}, require_product_scope=True) == "PRODUCT_SCOPE_REQUIRED"
    assert code({"product": "product"}, require_product_scope=True) == "VALID"


@pytest.mark.parametrize(
    ("scope", "flag"),
    [
        ({"product": "product"}, "product"),
        ({"policy": "policy"}, "policy"),
        ({"user": "u1"}, "user"),
        ({"machine": "id-A"}, "machine"),
        ({"fingerprint": "A"}, "fingerprint"),
        ({"fingerprints": ["A"]}, "fingerprint"),
        ({"fingerprint": "A", "components": ["x"]}, "components"),
        ({"checksum": "c"}, "checksum"),
        ({"version": "1"}, "version"),
    ],
)
def test_a_matching_scope_satisfies_its_requirement(scope: dict[str, Any], flag: str) -> None:
    facts = {"found": (A,), "machine": A, "owner": OWNER, "components": frozenset("x"), "artifact_version": "1"}
    assert code(scope, release_found=True, **facts, **{f"require_{flag}_scope": True}) == "VALID"


# --- T9, T10: fingerprints that say nothing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (None, "FINGERPRINT_SCOPE_REQUIRED"),
        ({}, "FINGERPRINT_SCOPE_REQUIRED"),
        ({"product": "product"}, "FINGERPRINT_SCOPE_REQUIRED"),
        ({"fingerprint": None}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprint": ""}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprint": "  "}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprints": None}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprints": []}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprint": None, "fingerprints": ["A"]}, "FINGERPRINT_SCOPE_EMPTY"),
        ({"fingerprint": "A", "fingerprints": []}, "VALID"),
    ],
)
def test_t9_t10_fingerprints(scope: dict[str, Any] | None, expected: str) -> None:
    assert code(scope, found=(A,), require_fingerprint_scope=True) == expected


# --- T11 to T13: users --------------------------------------------------------------------------------------------


def test_t11_null_means_no_owner() -> None:
    assert code({"user": None}) == "VALID"
    assert code({"user": None}, owner=OWNER) == "USER_SCOPE_MISMATCH"
    assert code({"user": None}, users=3, user_names=frozenset({"u2"})) == "VALID"


def test_t12_attached_users_and_the_owner_by_id_or_email() -> None:
    attached = frozenset({"u2", "two@example.com"})
    for name in ("u1", "one@example.com", "u2", "two@example.com"):
        assert code({"user": name}, owner=OWNER, user_names=attached) == "VALID"
    assert code({"user": "TWO@example.com"}, owner=OWNER, user_names=attached) == "USER_SCOPE_MISMATCH"


U2_MACHINE = machine("A", owner_id="u2", owner_email="two@example.com")


@pytest.mark.parametrize("scope", [{"fingerprint": "A"}, {"machine": "id-A"}])
@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("u1", "USER_SCOPE_MISMATCH"),
        ("u2", "VALID"),
        ("two@example.com", "VALID"),
        ("one@example.com", "USER_SCOPE_MISMATCH"),
    ],
)
def test_t13_a_machine_of_somebody_else(scope: dict[str, Any], user: str, found: str) -> None:
    facts = {"found": (U2_MACHINE,), "machine": U2_MACHINE, "owner": OWNER}
    names = frozenset({"u2", "two@example.com"})
    given = verdict(scope | {"user": user}, user_names=names, **facts)
    assert given.code == found
    plural = "owners" if "fingerprint" in scope else "owner"
    assert found == "VALID" or given.detail == f"user scope does not match (does not match associated machine {plural})"


def test_a_machine_without_owner_conflicts_with_nobody() -> None:
    assert code({"fingerprint": "A", "user": "u1"}, found=(A,), owner=OWNER) == "VALID"
    assert code({"fingerprint": "A", "user": None}, found=(U2_MACHINE,)) == "VALID"


def test_dead_machines_of_somebody_else_do_not_matter() -> None:
    dead = replace(U2_MACHINE, fingerprint="B", status="DEAD")
    assert code({"fingerprints": ["A", "B"], "user": "u1"}, found=(A, dead), owner=OWNER) == "VALID"


# --- T14 to T18: machines -----------------------------------------------------------------------------------------


def test_t14_two_details_of_no_machine() -> None:
    assert verdict(None, strict=True).detail == "must have exactly 1 associated machine"
    assert verdict({"fingerprint": "A"}, strict=True).detail == (
        "fingerprint is not activated (has no associated machine)"
    )


SUFFIX = {
    "MATCH_ANY": "does not match any associated machines",
    "MATCH_TWO": "does not match at least 2 associated machines",
    "MATCH_MOST": "does not match enough associated machines",
    "MATCH_ALL": "does not match all associated machines",
}


def fleet(alive: int, dead: int = 0) -> tuple[MachineState, ...]:
    return tuple(machine(f"f{index}", status="ALIVE" if index < alive else "DEAD") for index in range(alive + dead))


@pytest.mark.parametrize(
    ("strategy", "valid"), [("MATCH_ALL", False), ("MATCH_ANY", True), ("MATCH_MOST", True), ("MATCH_TWO", False)]
)
def test_t15_one_alive_one_dead(strategy: str, valid: bool) -> None:
    found = verdict({"fingerprints": ["A", "B"]}, found=(A, B), floating=True, machine_matching_strategy=strategy)
    assert found.valid is valid
    if not valid:
        assert found.code == "FINGERPRINT_SCOPE_MISMATCH"
        assert found.detail == f"one or more fingerprint is not activated ({SUFFIX[strategy]})"


@pytest.mark.parametrize("strategy", [*SUFFIX, None])
@pytest.mark.parametrize("asked", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("alive", [0, 1, 2, 3, 4, 5])
def test_match_rule(strategy: str | None, asked: int, alive: int) -> None:
    needed = {"MATCH_TWO": 2, "MATCH_MOST": (asked + 1) // 2, "MATCH_ALL": asked}.get(strategy or "", 1)
    scope = {"fingerprints": [f"f{index}" for index in range(asked)]}
    machines = (*fleet(min(alive, asked)), machine("unrelated"))
    found = verdict(scope, found=machines, machine_matching_strategy=strategy)
    assert found.valid is (min(alive, asked) >= (1 if asked == 1 else needed))
    if asked == 1 and not found.valid:
        assert found.detail == "fingerprint is not activated (does not match any associated machines)"


def test_t16_all_dead() -> None:
    assert code({"fingerprint": "B"}, found=(A, B)) == "HEARTBEAT_DEAD"
    assert code({"fingerprints": ["f0", "f1"]}, found=fleet(0, 2)) == "HEARTBEAT_DEAD"
    assert code({"fingerprints": ["B", "unknown"]}, found=(A, B)) == "FINGERPRINT_SCOPE_MISMATCH"
    assert code({"machine": "id-B"}, machine=B, machines=1) == "HEARTBEAT_DEAD"


def test_t17_equal_fingerprints_are_one() -> None:
    assert code({"fingerprints": ["A", "A"]}, found=(A,), machine_matching_strategy="MATCH_ALL") == "VALID"
    assert code({"fingerprints": ["A", "A"]}, found=(A,), machine_matching_strategy="MATCH_TWO") == "VALID"


@pytest.mark.parametrize(
    ("age", "found"), [(0, "HEARTBEAT_NOT_STARTED"), (600, "HEARTBEAT_NOT_STARTED"), (601, "HEARTBEAT_DEAD")]
)
def test_t18_required_heartbeats_must_start(age: int, found: str) -> None:
    terms = make.policy(require_heartbeat=True)
    status = heartbeat.status(terms, None, NOW - timedelta(seconds=age), NOW)
    young = machine("A", status=status)
    assert code({"fingerprint": "A"}, found=(young,), require_heartbeat=True) == found
    assert code({"machine": "id-A"}, machine=young, machines=1, require_heartbeat=True) == found


def test_heartbeats_that_are_not_required_need_not_start() -> None:
    idle = machine("A", status="NOT_STARTED")
    assert code({"fingerprint": "A"}, found=(idle,)) == "VALID"
    assert code({"machine": "id-A"}, machine=idle, machines=1) == "VALID"


def test_a_machine_scope_does_not_need_the_fingerprint() -> None:
    assert code({"machine": "id-A"}, machine=A, machines=1) == "VALID"
    assert code({"machine": "id-X"}, machines=1) == "MACHINE_SCOPE_MISMATCH"


# --- T19 to T21: components, entitlements -------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [{}, {"fingerprints": ["A"]}, {"machine": "id-A"}])
def test_t19_components_need_the_single_fingerprint(scope: dict[str, Any]) -> None:
    found = verdict({"components": ["x"]} | scope, found=(A,), machine=A, components=frozenset("x"))
    assert found.code == "FINGERPRINT_SCOPE_REQUIRED"
    assert found.detail == "fingerprint scope is required when using the components scope"


@pytest.mark.parametrize("strategy", ["MATCH_ANY", "MATCH_TWO", "MATCH_MOST", "MATCH_ALL", None])
@pytest.mark.parametrize("asked", [1, 2, 3, 4])
@pytest.mark.parametrize("present", [0, 1, 2, 3, 4])
def test_t20_component_match_rule(strategy: str | None, asked: int, present: int) -> None:
    needed = {"MATCH_TWO": 2, "MATCH_MOST": (asked + 1) // 2, "MATCH_ALL": asked}.get(strategy or "", 1)
    names = [f"c{index}" for index in range(asked)]
    components = frozenset(names[:present]) | {"unrelated"}
    scope = {"fingerprint": "A", "components": [*names, names[0]]}
    found = verdict(scope, found=(A,), components=components, component_matching_strategy=strategy)
    # One component under MATCH_TWO can never match: there is no special case.
    assert found.valid is (min(present, asked) >= needed)
    if not found.valid:
        suffix = SUFFIX[strategy or "MATCH_ANY"].replace("machines", "components")
        assert found.detail == f"one or more component is not activated ({suffix})"


def test_t21_entitlements_are_a_set() -> None:
    held = frozenset({"A", "B"})
    assert code({"entitlements": ["A", "A"]}, entitlement_codes=held) == "VALID"
    assert code({"entitlements": ["A", "C"]}, entitlement_codes=held) == "ENTITLEMENTS_MISSING"
    assert code({"entitlements": ["a"]}, entitlement_codes=held) == "ENTITLEMENTS_MISSING"
    assert code({"entitlements": None}) == "VALID"


# --- T22 to T28: limits -------------------------------------------------------------------------------------------

FLEET = {"strict": True, "floating": True, "policy_max_machines": 4}


@pytest.mark.parametrize(
    ("count", "strategy", "found"),
    [
        (4, NEVER, (True, "VALID")),
        (5, NEVER, (False, "TOO_MANY_MACHINES")),
        (5, QUARTER, (True, "TOO_MANY_MACHINES")),
        (5, ALWAYS, (True, "TOO_MANY_MACHINES")),
        (6, QUARTER, (False, "TOO_MANY_MACHINES")),
        (6, HALF, (True, "TOO_MANY_MACHINES")),
        (8, TWICE, (True, "TOO_MANY_MACHINES")),
        (9, TWICE, (False, "TOO_MANY_MACHINES")),
        (999, ALWAYS, (True, "TOO_MANY_MACHINES")),
        (5, None, (False, "TOO_MANY_MACHINES")),
    ],
)
def test_t22_t23_overage(count: int, strategy: str | None, found: tuple[bool, str]) -> None:
    for quick in (False, True):
        assert outcome(None, quick, machines=count, overage_strategy=strategy, **FLEET) == found


def test_t24_without_strict_machines_are_not_counted() -> None:
    assert code(machines=5, **FLEET | {"strict": False}) == "VALID"


@pytest.mark.parametrize(
    ("count", "strategy", "found"),
    [
        (1, NEVER, (True, "VALID")),
        (2, NEVER, (False, "TOO_MANY_MACHINES")),
        (2, QUARTER, (False, "TOO_MANY_MACHINES")),
        (2, HALF, (False, "TOO_MANY_MACHINES")),
        (2, TWICE, (True, "TOO_MANY_MACHINES")),
        (3, TWICE, (False, "TOO_MANY_MACHINES")),
        (9, ALWAYS, (True, "TOO_MANY_MACHINES")),
    ],
)
@pytest.mark.parametrize("maximum", [1, None])
def test_a_node_locked_license_has_one_machine(
    count: int, strategy: str, found: tuple[bool, str], maximum: int | None
) -> None:
    assert outcome(machines=count, strict=True, overage_strategy=strategy, policy_max_machines=maximum) == found


def test_a_floating_license_of_one_machine_has_one_machine() -> None:
    assert code(machines=2, strict=True, floating=True, policy_max_machines=1) == "TOO_MANY_MACHINES"


def test_a_node_locked_license_leased_per_user_has_one_machine_per_user() -> None:
    facts: dict[str, Any] = {"strict": True, "machine_leasing_strategy": "PER_USER", "machines": 2}
    assert code(buckets={None: Bucket(machines=1)}, **facts) == "VALID"
    assert code(buckets={None: Bucket(machines=2)}, **facts) == "TOO_MANY_MACHINES"


def test_what_was_loaded_but_not_asked_for_does_not_matter() -> None:
    facts = {"machine": B, "machines": 1, "found": (B,), "components": frozenset("x")}
    assert code({"product": "product"}, **facts) == "VALID"


def test_the_override_counts_unless_it_is_zero() -> None:
    assert code(machines=5, max_machines=5, **FLEET) == "VALID"
    assert code(machines=5, max_machines=0, **FLEET) == "TOO_MANY_MACHINES"


def test_a_single_machine_is_never_too_many() -> None:
    assert code(machines=1, strict=True, floating=True, policy_max_machines=0) == "VALID"


@pytest.mark.parametrize("strict", [False, True])
def test_t25_users_are_counted_with_the_owner_and_always(strict: bool) -> None:
    facts = {"policy_max_users": 1, "strict": strict, "machines": 1}
    assert outcome(users=1, owner=OWNER, **facts) == (False, "TOO_MANY_USERS")
    assert outcome(users=1, owner=OWNER, overage_strategy=ALWAYS, **facts) == (True, "TOO_MANY_USERS")
    assert outcome(users=1, **facts) == (True, "VALID")
    assert outcome(owner=OWNER, **facts) == (True, "VALID")
    assert outcome(users=1, owner=OWNER, max_users=2, **facts) == (True, "VALID")


def test_t26_machines_leased_per_user() -> None:
    buckets = {"u1": Bucket(machines=2, cores=8), None: Bucket(machines=1, cores=1)}
    facts: dict[str, Any] = {
        **{"strict": True, "floating": True, "policy_max_machines": 1, "machine_leasing_strategy": "PER_USER"},
        **{"machines": 3, "owner": OWNER, "user_names": frozenset({"u2"}), "buckets": buckets},
    }
    assert code({"user": "u1"}, **facts) == "TOO_MANY_MACHINES"
    assert code({"user": "u2"}, **facts) == "VALID"
    assert code(None, **facts) == "VALID"
    assert code({"user": "u1"}, quick=True, **facts) == "VALID"
    more = facts | {"policy_max_machines": None, "policy_max_cores": 4}
    assert code({"user": "u1"}, **more) == "TOO_MANY_CORES"
    assert code(None, **more) == "VALID"


def test_leasing_per_user_still_counts_all_machines_for_presence() -> None:
    facts: dict[str, Any] = {"strict": True, "floating": True, "machine_leasing_strategy": "PER_USER"}
    assert code(machines=0, buckets={None: Bucket(machines=5)}, **facts) == "NO_MACHINES"
    assert code(machines=5, **facts, policy_max_machines=1) == "VALID"


BUSY = {"strict": True, "floating": True, "policy_max_processes": 4}


@pytest.mark.parametrize(
    ("scope", "processes", "override", "found"),
    [
        (None, 9, None, "VALID"),
        ({"fingerprint": "A"}, 5, None, "TOO_MANY_PROCESSES"),
        ({"fingerprints": ["A"]}, 5, None, "TOO_MANY_PROCESSES"),
        ({"machine": "id-A"}, 5, None, "TOO_MANY_PROCESSES"),
        ({"fingerprint": "A"}, 4, None, "VALID"),
        ({"fingerprint": "A"}, 5, 5, "VALID"),
        ({"fingerprint": "A"}, 3, 2, "TOO_MANY_PROCESSES"),
        ({"fingerprint": "A"}, 5, 0, "TOO_MANY_PROCESSES"),
    ],
)
def test_t27_processes_per_machine(
    scope: dict[str, Any] | None, processes: int, override: int | None, found: str
) -> None:
    busy = machine("A", processes=processes, max_processes=override)
    facts = {"found": (busy,), "machine": busy, "processes": 99}
    assert code(scope, **facts, **BUSY) == found
    assert code(scope, quick=True, **facts, **BUSY) == "VALID"


def test_processes_are_those_of_the_first_machine_alive_in_the_order_of_the_request() -> None:
    busy, idle = machine("busy", processes=9), machine("idle")
    dead = machine("dead", processes=9, status="DEAD")
    machines = (busy, idle, dead)
    assert code({"fingerprints": ["idle", "busy"]}, found=machines, **BUSY) == "VALID"
    assert code({"fingerprints": ["busy", "idle"]}, found=machines, **BUSY) == "TOO_MANY_PROCESSES"
    assert code({"fingerprints": ["dead", "idle"]}, found=machines, **BUSY) == "VALID"


def test_fingerprints_come_before_the_machine_scope() -> None:
    busy, idle = machine("busy", processes=9), machine("idle")
    scope = {"machine": "id-busy", "fingerprint": "idle"}
    assert code(scope, found=(busy, idle), machine=busy, **BUSY) == "VALID"


def test_a_machine_limit_needs_a_limit_of_the_license() -> None:
    busy = machine("A", processes=9, max_processes=1)
    assert code({"fingerprint": "A"}, found=(busy,), strict=True, floating=True) == "VALID"


@pytest.mark.parametrize("quick", [False, True])
def test_processes_per_license_and_per_user(quick: bool) -> None:
    buckets = {"u1": Bucket(processes=5), None: Bucket(processes=1)}
    facts: dict[str, Any] = {**BUSY, "machines": 1, "owner": OWNER, "buckets": buckets}
    per_license = facts | {"process_leasing_strategy": "PER_LICENSE"}
    assert code(None, quick, processes=5, **per_license) == "TOO_MANY_PROCESSES"
    assert code(None, quick, processes=4, **per_license) == "VALID"
    per_user = facts | {"process_leasing_strategy": "PER_USER", "processes": 99}
    assert code({"user": "u1"}, quick, **per_user) == ("VALID" if quick else "TOO_MANY_PROCESSES")
    assert code(None, quick, **per_user) == "VALID"


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("overage", "expiration", "found"),
    [
        (ALWAYS, RESTRICT, (False, "EXPIRED")),
        (ALWAYS, MAINTAIN, (True, "TOO_MANY_MACHINES")),
        (ALWAYS, ALLOW, (True, "TOO_MANY_MACHINES")),
        (NEVER, RESTRICT, (False, "TOO_MANY_MACHINES")),
        (NEVER, MAINTAIN, (False, "TOO_MANY_MACHINES")),
        (ALWAYS, REVOKE, (False, "EXPIRED")),
    ],
)
def test_t28_an_overage_does_not_shield_an_expired_license(
    overage: str, expiration: str, found: tuple[bool, str], quick: bool
) -> None:
    facts = {"machines": 5, "overage_strategy": overage, "expiration_strategy": expiration}
    assert outcome(None, quick, expiry=EXPIRED, **facts, **FLEET) == found


def test_an_expired_license_goes_on_to_the_limit_it_breaks() -> None:
    facts: dict[str, Any] = {
        **{"strict": True, "floating": True, "overage_strategy": QUARTER, "expiry": EXPIRED},
        **{"policy_max_users": 4, "users": 5, "policy_max_machines": 4, "machines": 5},
    }
    assert outcome(**facts) == (False, "EXPIRED")
    assert outcome(**facts | {"machines": 6}) == (False, "TOO_MANY_MACHINES")
    assert outcome(**facts | {"machines": 0}) == (False, "NO_MACHINES")
    assert outcome(**facts | {"policy_max_cores": 4, "cores": 9}) == (False, "TOO_MANY_CORES")
    assert outcome(**facts | {"strict": False, "machines": 99}) == (False, "EXPIRED")
    # Not expired, the first overage ends it, even with a broken limit behind.
    assert outcome(**facts | {"expiry": None, "machines": 6}) == (True, "TOO_MANY_USERS")


def test_uses_are_not_a_matter_of_validation() -> None:
    assert code(uses=9, policy_max_uses=1, strict=True, machines=1) == "VALID"


def test_big_limits_are_exact() -> None:
    limit = 2**60 + 4
    facts: dict[str, Any] = {"strict": True, "machines": 1, "policy_max_memory": limit, "overage_strategy": QUARTER}
    # Node-locked policies may have it here: only the machine count of theirs is never allowed more.
    assert outcome(memory=limit // 4 * 5, **facts) == (True, "TOO_MUCH_MEMORY")
    assert outcome(memory=limit // 4 * 5 + 1, **facts) == (False, "TOO_MUCH_MEMORY")


# --- versions, T29, T30: what a validation leaves behind ------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "facts", "version"),
    [
        ({"version": "2.0.0"}, {"release_found": True}, "2.0.0"),
        ({"checksum": "c"}, {"artifact_version": "1.0.0"}, "1.0.0"),
        ({"checksum": "c", "version": "2.0.0"}, {"artifact_version": "1.0.0", "release_found": True}, "2.0.0"),
        # The step matched, although a later one fails.
        ({"checksum": "c", "version": "2.0.0"}, {"artifact_version": "1.0.0"}, "1.0.0"),
        ({"version": "2.0.0"}, {"release_found": True, "expiry": EXPIRED}, "2.0.0"),
        ({"version": "2.0.0"}, {}, None),
        ({"version": "2.0.0"}, {"release_found": True, "suspended": True}, None),
        ({"version": "2.0.0", "product": "x"}, {"release_found": True}, None),
        ({}, {"artifact_version": "1.0.0", "release_found": True}, None),
    ],
)
def test_the_version_that_was_matched(scope: dict[str, Any], facts: dict[str, Any], version: str | None) -> None:
    assert verdict(scope, **facts).version == version
    assert verdict(scope, quick=True, **facts).version is None


FIRST_VALIDATION = make.policy(duration=86_400, expiration_basis="FROM_FIRST_VALIDATION")
FAILED = Verdict(False, "NO_MACHINE", "has none")


def after(stored: License, terms: Policy = FIRST_VALIDATION, found: Verdict = FAILED, quick: bool = False) -> License:
    return touched(stored, terms, found, quick=quick, now=NOW)


def test_t29_the_first_validation_sets_the_expiry_but_a_quick_one_does_not() -> None:
    stored = make.license_(created=make.LONG_AGO)
    assert after(stored, quick=True) == replace(stored, last_validated=NOW, updated=NOW)
    assert after(stored) == replace(stored, last_validated=NOW, updated=NOW, expiry=NOW + DAY)
    assert after(replace(stored, expiry=EXPIRED)).expiry == EXPIRED
    assert after(stored, make.policy(duration=86_400)).expiry is None
    assert after(stored, make.policy(expiration_basis="FROM_FIRST_VALIDATION")).expiry is None


def test_t30_every_outcome_is_a_validation() -> None:
    assert after(make.license_(), found=FAILED).last_validated == NOW
    assert FAILED.event == "license.validation.failed"
    assert verdict().event == "license.validation.succeeded"
    assert verdict(expiry=EXPIRED, expiration_strategy=MAINTAIN).event == "license.validation.succeeded"


def test_the_version_is_kept_until_another_is_matched() -> None:
    stored = make.license_(release_version="1.0.0")
    matched = replace(FAILED, version="2.0.0")
    assert after(stored).release_version == "1.0.0"
    assert after(stored, found=matched).release_version == "2.0.0"
    assert after(stored, found=matched, quick=True).release_version == "1.0.0"


# --- properties -----------------------------------------------------------------------------------------------------

flags = st.booleans()
small = st.integers(0, 6)
limits = st.none() | st.integers(0, 6)
facts_ = st.fixed_dictionaries(
    {
        **dict.fromkeys(("strict", "floating", "suspended"), flags),
        **dict.fromkeys(("machines", "cores", "memory", "disk", "processes", "users"), small),
        **dict.fromkeys(
            ("policy_max_machines", "policy_max_cores", "policy_max_users", "policy_max_processes"), limits
        ),
        "overage_strategy": st.sampled_from([NEVER, QUARTER, HALF, TWICE, ALWAYS]),
        "expiration_strategy": st.sampled_from([RESTRICT, REVOKE, MAINTAIN, ALLOW]),
        "expiry": st.sampled_from([None, EXPIRED, NOW + DAY]),
        "process_leasing_strategy": st.sampled_from(["PER_LICENSE", "PER_USER", "PER_MACHINE"]),
    }
)
scopes_ = st.dictionaries(
    st.sampled_from(["product", "policy", "user", "machine", "fingerprint"]), st.none() | st.text()
)


@given(facts_, scopes_)
def test_an_expired_restricted_license_is_never_valid(facts: dict[str, Any], scope: dict[str, Any]) -> None:
    for strategy in (RESTRICT, REVOKE):
        expired = snapshot(**facts | {"expiry": EXPIRED, "expiration_strategy": strategy})
        for quick in (False, True):
            assert not validate(expired, read(scope), quick).valid


@given(facts_, scopes_)
def test_quick_is_a_validation_without_scopes(facts: dict[str, Any], scope: dict[str, Any]) -> None:
    stored = snapshot(**facts)
    assert validate(stored, read(scope), quick=True) == validate(stored, None, quick=False)


@given(facts_, scopes_)
def test_scopes_only_ever_take_away(facts: dict[str, Any], scope: dict[str, Any]) -> None:
    stored = snapshot(**facts)
    asked = validate(stored, read(scope), quick=False)
    assert not asked.valid or asked == validate(stored, None, quick=False)


@given(facts_)
def test_valid_means_one_of_three_kinds_of_code(facts: dict[str, Any]) -> None:
    found = validate(snapshot(**facts), None, quick=False)
    if found.valid:
        assert found.code in ("VALID", "EXPIRED") or found.code.startswith("TOO_M")
        assert not facts["suspended"]
