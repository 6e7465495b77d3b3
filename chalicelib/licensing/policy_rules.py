"""The field rules and cross rules of policies, as tables over snake_case values (spec policies.md §1.1, §1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib.licensing import fields
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import MAXIMUM_BIG_INTEGER, MAXIMUM_INTEGER, invalid

Values = Mapping[str, Any]

LEGACY_SCHEME = "LEGACY_ENCRYPT"
SCHEMES = (
    LEGACY_SCHEME,
    "RSA_2048_PKCS1_ENCRYPT",
    "RSA_2048_PKCS1_SIGN",
    "RSA_2048_PKCS1_PSS_SIGN",
    "RSA_2048_PKCS1_SIGN_V2",
    "RSA_2048_PKCS1_PSS_SIGN_V2",
    "RSA_2048_JWT_RS256",
    "ED25519_SIGN",
    "ECDSA_P256_SIGN",
)
CHECK_IN_INTERVALS = ("day", "week", "month", "year")
CHECK_IN_COUNTS = range(1, 366)

REVIVAL_MINUTES = (1, 2, 5, 10, 15)

_MATCHING = ("MATCH_ANY", "MATCH_TWO", "MATCH_MOST", "MATCH_ALL")
_UNIQUENESS = ("UNIQUE_PER_ACCOUNT", "UNIQUE_PER_PRODUCT", "UNIQUE_PER_POLICY", "UNIQUE_PER_LICENSE")

CHOICES: Mapping[str, tuple[str, ...]] = {
    "machine_uniqueness_strategy": _UNIQUENESS,
    "machine_matching_strategy": _MATCHING,
    "component_uniqueness_strategy": (*_UNIQUENESS, "UNIQUE_PER_MACHINE"),
    "component_matching_strategy": _MATCHING,
    "expiration_strategy": ("RESTRICT_ACCESS", "REVOKE_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS"),
    "expiration_basis": (
        "FROM_CREATION",
        "FROM_FIRST_VALIDATION",
        "FROM_FIRST_ACTIVATION",
        "FROM_FIRST_USE",
        "FROM_FIRST_DOWNLOAD",
    ),
    "renewal_basis": ("FROM_EXPIRY", "FROM_NOW", "FROM_NOW_IF_EXPIRED"),
    "transfer_strategy": ("KEEP_EXPIRY", "RESET_EXPIRY"),
    "authentication_strategy": ("TOKEN", "LICENSE", "SESSION", "MIXED", "NONE"),
    "machine_leasing_strategy": ("PER_LICENSE", "PER_USER"),
    "process_leasing_strategy": ("PER_MACHINE", "PER_LICENSE", "PER_USER"),
    "overage_strategy": (
        "NO_OVERAGE",
        "ALWAYS_ALLOW_OVERAGE",
        "ALLOW_1_25X_OVERAGE",
        "ALLOW_1_5X_OVERAGE",
        "ALLOW_2X_OVERAGE",
    ),
    "heartbeat_cull_strategy": ("DEACTIVATE_DEAD", "KEEP_DEAD"),
    "heartbeat_resurrection_strategy": (
        "NO_REVIVE",
        *(f"{minutes}_MINUTE_REVIVE" for minutes in REVIVAL_MINUTES),
        "ALWAYS_REVIVE",
    ),
    "heartbeat_basis": ("FROM_CREATION", "FROM_FIRST_PING"),
}

# name: (what it must at least be, detail below that) ..., then the maximum.
FLOORS: Mapping[str, tuple[tuple[int, str], ...]] = {
    "duration": ((1, "greater than 0"), (86_400, "greater than or equal to 86400 (1 day)")),
    "max_machines": ((0, "greater than or equal to 0"),),
    "max_processes": ((1, "greater than 0"),),
    "max_users": ((1, "greater than or equal to 1"),),
    "max_cores": ((1, "greater than or equal to 1"),),
    "max_memory": ((1, "greater than or equal to 1"),),
    "max_disk": ((1, "greater than or equal to 1"),),
    "max_uses": ((0, "greater than or equal to 0"),),
    "heartbeat_duration": ((1, "greater than 0"), (60, "greater than or equal to 60 (1 minute)")),
}
_BIG = frozenset({"max_memory", "max_disk"})

NULLABLE = frozenset(FLOORS) | {"check_in_interval", "check_in_interval_count"}

# overage strategy: what every limit must be divisible by, so that its multiple is a whole number.
DIVISORS: Mapping[str, int] = {"ALLOW_1_25X_OVERAGE": 4, "ALLOW_1_5X_OVERAGE": 2}
_DIVISIBLE = ("max_machines", "max_cores", "max_memory", "max_disk", "max_processes", "max_users")


class CrossRule(NamedTuple):
    """A rule over several fields: broken when `when` holds."""

    when: Callable[[Values], Any]
    name: str
    kind: str
    detail: str

    def problem(self) -> Problem:
        """What is said when the rule is broken."""
        return invalid(self.name, self.kind, self.detail)


CROSS_RULES: tuple[CrossRule, ...] = (
    CrossRule(
        lambda v: v["encrypted"] and v["scheme"] != LEGACY_SCHEME,
        *("scheme", "NOT_ALLOWED", "unsupported encryption scheme (encrypted policies use LEGACY_ENCRYPT)"),
    ),
    CrossRule(
        lambda v: v["scheme"] is not None and v["scheme"] not in SCHEMES,
        *("scheme", "NOT_ALLOWED", "unsupported signing scheme"),
    ),
    CrossRule(
        lambda v: v["scheme"] == LEGACY_SCHEME and not v["encrypted"],
        *("scheme", "INVALID", "must be encrypted when using LEGACY_ENCRYPT scheme"),
    ),
    CrossRule(
        lambda v: v["use_pool"] and v["encrypted"],
        *("encrypted", "NOT_SUPPORTED", "cannot be encrypted and use a pool"),
    ),
    CrossRule(
        lambda v: v["use_pool"] and v["scheme"],
        *("scheme", "NOT_SUPPORTED", "cannot use a scheme and use a pool"),
    ),
    CrossRule(
        lambda v: (
            v["heartbeat_resurrection_strategy"] == "ALWAYS_REVIVE" and v["heartbeat_cull_strategy"] != "KEEP_DEAD"
        ),
        *("heartbeat_cull_strategy", "NOT_ALLOWED", "incompatible heartbeat cull strategy (ALWAYS_REVIVE: KEEP_DEAD)"),
    ),
    CrossRule(
        lambda v: v["floating"] and v["max_machines"] is not None and v["max_machines"] < 1,
        *("max_machines", "INVALID", "must be greater than or equal to 1 for floating policy"),
    ),
    CrossRule(
        lambda v: not v["floating"] and v["max_machines"] not in (None, 1),
        *("max_machines", "INVALID", "must be equal to 1 for non-floating policy"),
    ),
    CrossRule(
        lambda v: v["require_check_in"] and v["check_in_interval"] not in CHECK_IN_INTERVALS,
        *("check_in_interval", "NOT_ALLOWED", "must be one of: day, week, month, year"),
    ),
    CrossRule(
        lambda v: (
            v["check_in_interval_count"] not in CHECK_IN_COUNTS
            # Unused counts are not judged, but must fit where counts are stored.
            and (v["require_check_in"] or abs(v["check_in_interval_count"] or 0) > MAXIMUM_INTEGER)
        ),
        *("check_in_interval_count", "NOT_ALLOWED", "must be a number between 1 and 365 inclusive"),
    ),
)

READ = frozenset(CHOICES) | NULLABLE | {"name", "scheme", "encrypted", "use_pool", "floating", "require_check_in"}
READ |= {"metadata"}
"""The fields the rules look at."""

_ORDER = tuple(
    dict.fromkeys(("duration", "encrypted", "scheme", *FLOORS, *CHOICES, *(rule.name for rule in CROSS_RULES)))
)


def problems(values: Values) -> Iterator[Problem | None]:
    """Everything wrong with `values`, which hold every name in `READ`, field by field."""
    yield fields.present("name", values["name"])
    yield from (fields.text_length(name, values[name]) for name in ("name", "check_in_interval"))
    for name in _ORDER:
        yield _bounded(name, values[name]) if name in FLOORS else None
        yield _chosen(name, values[name]) if name in CHOICES else None
        yield from (rule.problem() for rule in CROSS_RULES if rule.name == name and rule.when(values))
    yield from _overage(values)
    yield fields.metadata(values["metadata"])


def _chosen(name: str, value: str | None) -> Problem | None:
    return fields.choice(name, value, CHOICES[name])


def _bounded(name: str, value: int | None) -> Problem | None:
    if value is None:
        return None
    maximum = MAXIMUM_BIG_INTEGER if name in _BIG else MAXIMUM_INTEGER
    for floor, detail in FLOORS[name]:
        if value < floor:
            return invalid(name, "INVALID", f"must be {detail}")
    return fields.integer(name, value, high=maximum)


def _overage(values: Values) -> Iterator[Problem]:
    strategy = values["overage_strategy"]
    divisor = DIVISORS.get(strategy)
    if divisor is None:
        return
    if not values["floating"]:
        yield _incompatible(f"cannot use {strategy} for a node-locked policy")
    for name in _DIVISIBLE if values["floating"] else _DIVISIBLE[1:]:
        if (values[name] or 0) % divisor:
            words = name.replace("_", " ")
            yield _incompatible(f"cannot use {strategy} with a {words} of {values[name]}, not divisible by {divisor}")


def _incompatible(why: str) -> Problem:
    return invalid("overage_strategy", "NOT_ALLOWED", f"incompatible overage strategy ({why})")
