"""Rows 16 to 26: the limits and the overage beyond them (spec validation.md §4, §6)."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.licensing.validation.case import Case
from chalicelib.licensing.validation.check import Check, Condition, always

ALWAYS = False

Count = Callable[[Case], int]
Limit = Callable[[Case], int | None]

_NODE_LOCKED_OVERAGE = frozenset({"ALWAYS_ALLOW_OVERAGE", "ALLOW_2X_OVERAGE"})


def _over(row: str, code: str, detail: str, count: Count, limit: Limit, when: Condition = always) -> Check:
    def exceeded(case: Case) -> bool:
        bound = limit(case)
        return bound is not None and when(case) and count(case) > bound

    def allowed(case: Case) -> bool:
        return case.allows(count(case), limit(case))

    return Check(row, ALWAYS, code, detail, exceeded, allowed, overage=True)


def _effective(name: str) -> Limit:
    return lambda case: case.limit(name)


def _leased(name: str) -> Count:
    return lambda case: case.leased(name)


def _users(case: Case) -> int:
    return case.license.users + (case.license.owner_id is not None)


def _processes(case: Case) -> int:
    strategy = case.policy.process_leasing_strategy
    if strategy == "PER_LICENSE":
        return case.license.processes
    if strategy == "PER_USER":
        return case.bucket.processes
    machine = case.leasing_machine
    return machine.processes if machine is not None else 0


def _process_limit(case: Case) -> int | None:
    limit = case.limit("max_processes")
    if limit is None or case.policy.process_leasing_strategy in ("PER_LICENSE", "PER_USER"):
        return limit
    machine = case.leasing_machine
    return (machine.max_processes or limit) if machine is not None else None


def _node_locked(case: Case) -> bool:
    return not case.policy.floating and case.license.machines > 1


def _node_locked_allowed(case: Case) -> bool:
    limit = case.limit("max_machines") or 1
    return case.policy.overage_strategy in _NODE_LOCKED_OVERAGE and case.allows(case.leased("machines"), limit)


TOO_MANY_USERS = _over(
    *("16", "TOO_MANY_USERS", "has too many associated users"),
    *(_users, _effective("max_users")),
)

STRICT_CHECKS: tuple[Check, ...] = (
    Check(
        *("19", ALWAYS, "NO_MACHINE", "must have exactly 1 associated machine"),
        lambda c: not c.policy.floating and c.license.machines == 0,
    ),
    Check(
        *("20", ALWAYS, "TOO_MANY_MACHINES", "has too many associated machines"),
        lambda c: _node_locked(c) and c.leased("machines") > (c.limit("max_machines") or 1),
        _node_locked_allowed,
        overage=True,
    ),
    Check(
        *("21", ALWAYS, "NO_MACHINES", "must have at least 1 associated machine"),
        lambda c: c.policy.floating and c.license.machines == 0,
    ),
    _over(
        *("22", "TOO_MANY_MACHINES", "has too many associated machines"),
        *(_leased("machines"), _effective("max_machines")),
        when=lambda c: c.policy.floating and c.license.machines > 1,
    ),
    _over(
        *("23", "TOO_MANY_CORES", "has too many associated machine cores"),
        *(_leased("cores"), _effective("max_cores")),
    ),
    _over(
        *("24", "TOO_MUCH_MEMORY", "has too much associated machine memory"),
        *(_leased("memory"), _effective("max_memory")),
    ),
    _over(
        *("25", "TOO_MUCH_DISK", "has too much associated machine disk"),
        *(_leased("disk"), _effective("max_disk")),
    ),
    _over(
        *("26", "TOO_MANY_PROCESSES", "has too many associated processes"),
        *(_processes, _process_limit),
    ),
)
