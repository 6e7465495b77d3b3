"""Rows 7 to 15: the scopes (spec validation.md §4, §5.4 to §5.7). Row 6 comes with environments."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.licensing import heartbeat
from chalicelib.licensing.validation.case import Case
from chalicelib.licensing.validation.check import Check, Condition


class _Match(NamedTuple):
    """A matching strategy: how many of `asked` must be found, and what the detail says when they are not."""

    needed: int
    suffix: str


def _match(strategy: str | None, asked: int) -> _Match:
    half = -(-asked // 2)
    table = {
        "MATCH_TWO": _Match(2, "does not match at least 2 associated {}"),
        "MATCH_MOST": _Match(half, "does not match enough associated {}"),
        "MATCH_ALL": _Match(asked, "does not match all associated {}"),
    }
    return table.get(strategy or "", _Match(1, "does not match any associated {}"))


def _machine_match(case: Case) -> _Match:
    asked = len(case.scope.fingerprints)
    return _match("MATCH_ANY" if asked == 1 else case.policy.machine_matching_strategy, asked)


def _machine_mismatch(case: Case) -> str:
    several = "one or more " if len(case.scope.fingerprints) > 1 else ""
    return f"{several}fingerprint is not activated ({_machine_match(case).suffix.format('machines')})"


def _component_match(case: Case) -> _Match:
    return _match(case.policy.component_matching_strategy, len(case.scope.components))


def _component_mismatch(case: Case) -> str:
    return f"one or more component is not activated ({_component_match(case).suffix.format('components')})"


def _components_fail(case: Case) -> bool:
    found = case.snapshot.components.intersection(case.scope.components)
    return case.given("components") and len(found) < _component_match(case).needed


def _required(flag: str, *scopes: str) -> Condition:
    return lambda case: getattr(case.policy, flag) and not any(case.given(scope) for scope in scopes)


def _no_machines(scope: str, *, floating: bool) -> Condition:
    names = {"machine"} if scope == "machine" else {"fingerprint", "fingerprints"}
    return lambda case: (
        not names.isdisjoint(case.scope.given) and case.policy.floating is floating and case.license.machines == 0
    )


def _machine_status(case: Case) -> str | None:
    machine = case.snapshot.machine
    return machine.status if case.given("machine") and machine is not None else None


def _all_dead(case: Case) -> bool:
    return case.scope.by_fingerprint and len(case.matching) - len(case.alive) == len(case.scope.fingerprints)


def _other_owner(case: Case) -> bool:
    machine = case.snapshot.machine
    return case.given("machine") and machine is not None and machine.conflicts(case.scope.user)


_ONE = "fingerprint is not activated (has no associated machine)"
_MANY = "fingerprint is not activated (has no associated machines)"
_UNKNOWN_MACHINE = "machine is not activated (does not match any associated machines)"

S = True

SCOPE_CHECKS: tuple[Check, ...] = (
    Check(
        *("7a", S, "PRODUCT_SCOPE_MISMATCH", "product scope does not match"),
        lambda c: c.given("product") and c.scope.product != c.license.product_id,
    ),
    Check(
        *("7b", S, "PRODUCT_SCOPE_REQUIRED", "product scope is required"),
        _required("require_product_scope", "product"),
    ),
    Check(
        *("8a", S, "POLICY_SCOPE_MISMATCH", "policy scope does not match"),
        lambda c: c.given("policy") and c.scope.policy != c.policy.id,
    ),
    Check(
        *("8b", S, "POLICY_SCOPE_REQUIRED", "policy scope is required"),
        _required("require_policy_scope", "policy"),
    ),
    Check(
        *("9a", S, "USER_SCOPE_MISMATCH", "user scope does not match"),
        lambda c: c.given("user") and not c.snapshot.is_user(c.scope.user),
    ),
    Check(
        *("9b", S, "USER_SCOPE_REQUIRED", "user scope is required"),
        _required("require_user_scope", "user"),
    ),
    Check(
        *("10a", S, "ENTITLEMENTS_SCOPE_EMPTY", "entitlements scope is empty"),
        lambda c: c.given("entitlements") and not c.scope.entitlements,
    ),
    Check(
        *("10b", S, "ENTITLEMENTS_MISSING", "is missing one or more required entitlements"),
        lambda c: not c.snapshot.entitlement_codes.issuperset(c.scope.entitlements),
    ),
    Check(
        *("11a", S, "NO_MACHINE", "machine is not activated (has no associated machine)"),
        _no_machines("machine", floating=False),
    ),
    Check(
        *("11b", S, "NO_MACHINES", "machine is not activated (has no associated machines)"),
        _no_machines("machine", floating=True),
    ),
    Check(
        *("11c", S, "MACHINE_SCOPE_MISMATCH", _UNKNOWN_MACHINE),
        lambda c: c.given("machine") and c.snapshot.machine is None,
    ),
    Check(
        *("11d", S, "USER_SCOPE_MISMATCH", "user scope does not match (does not match associated machine owner)"),
        _other_owner,
    ),
    Check(
        *("11e", S, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required"),
        lambda c: c.policy.require_heartbeat and _machine_status(c) == heartbeat.NOT_STARTED,
    ),
    Check(
        *("11f", S, "HEARTBEAT_DEAD", "machine heartbeat is dead"),
        lambda c: _machine_status(c) == heartbeat.DEAD,
    ),
    Check(
        *("11g", S, "MACHINE_SCOPE_REQUIRED", "machine scope is required"),
        _required("require_machine_scope", "machine"),
    ),
    Check(
        *("12a", S, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty"),
        lambda c: c.scope.by_fingerprint and not c.scope.fingerprints,
    ),
    Check(*("12b", S, "NO_MACHINE", _ONE), _no_machines("fingerprint", floating=False)),
    Check(*("12c", S, "NO_MACHINES", _MANY), _no_machines("fingerprint", floating=True)),
    Check(*("12d", S, "HEARTBEAT_DEAD", "machine heartbeat is dead"), _all_dead),
    Check(
        *("12e", S, "FINGERPRINT_SCOPE_MISMATCH", _machine_mismatch),
        lambda c: c.scope.by_fingerprint and len(c.alive) < _machine_match(c).needed,
    ),
    Check(
        *("12f", S, "USER_SCOPE_MISMATCH", "user scope does not match (does not match associated machine owners)"),
        lambda c: any(machine.conflicts(c.scope.user) for machine in c.alive),
    ),
    Check(
        *("12g", S, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required"),
        lambda c: c.policy.require_heartbeat and any(m.status == heartbeat.NOT_STARTED for m in c.alive),
    ),
    Check(
        *("12h", S, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required"),
        _required("require_fingerprint_scope", "fingerprint", "fingerprints"),
    ),
    Check(
        *("13a", S, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required when using the components scope"),
        lambda c: c.given("components") and not c.given("fingerprint"),
    ),
    Check(
        *("13b", S, "COMPONENTS_SCOPE_EMPTY", "components scope is empty"),
        lambda c: c.given("components") and not c.scope.components,
    ),
    Check(*("13c", S, "COMPONENTS_SCOPE_MISMATCH", _component_mismatch), _components_fail),
    Check(
        *("13d", S, "COMPONENTS_SCOPE_REQUIRED", "components scope is required"),
        _required("require_components_scope", "components"),
    ),
    Check(
        *("14a", S, "CHECKSUM_SCOPE_MISMATCH", "checksum scope is not valid (does not match any accessible artifacts)"),
        lambda c: c.given("checksum") and c.snapshot.artifact_version is None,
        version=lambda c: c.snapshot.artifact_version if c.given("checksum") else None,
    ),
    Check(
        *("14b", S, "CHECKSUM_SCOPE_REQUIRED", "checksum scope is required"),
        _required("require_checksum_scope", "checksum"),
    ),
    Check(
        *("15a", S, "VERSION_SCOPE_MISMATCH", "version scope is not valid (does not match any accessible releases)"),
        lambda c: c.given("version") and not c.snapshot.release_found,
        version=lambda c: c.scope.version,
    ),
    Check(
        *("15b", S, "VERSION_SCOPE_REQUIRED", "version scope is required"),
        _required("require_version_scope", "version"),
    ),
)
