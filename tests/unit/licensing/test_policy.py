from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import fields as attributes

from chalicelib.licensing import policy, policy_rules
from chalicelib.licensing.policy import Policy
from tests.unit.licensing import make
from tests.unit.licensing.make import BIG_INTEGER, INTEGER, NOW, codes, invalid


def created(**fields: Any) -> Policy:
    account_protected = fields.pop("account_protected", False)
    given = {"name": "Policy"} | fields
    return policy.create("id", given, product=make.product(), account_protected=account_protected, now=NOW)


def updated(stored: Policy | None = None, /, **changes: Any) -> Policy:
    return policy.update(stored or make.policy(max_machines=1), changes, NOW)


def problem(name: str, kind: str, detail: str) -> tuple[str, str, str]:
    head, *tail = name.split("_")
    pointer = "/data/attributes/" + head + "".join(part.capitalize() for part in tail)
    return (f"{name.upper()}_{kind}", pointer, detail)


# --- defaults -------------------------------------------------------------------------------------------------------


def test_defaults() -> None:
    assert created() == Policy(id="id", product_id="product", name="Policy", max_machines=1, created=NOW, updated=NOW)


@pytest.mark.parametrize(
    ("sent", "name", "value"),
    [
        ({}, "max_machines", 1),
        ({"floating": True}, "max_machines", None),
        ({"floating": True, "max_machines": 5}, "max_machines", 5),
        ({}, "heartbeat_basis", "FROM_FIRST_PING"),
        ({"require_heartbeat": True}, "heartbeat_basis", "FROM_CREATION"),
        ({"require_heartbeat": True, "heartbeat_basis": "FROM_FIRST_PING"}, "heartbeat_basis", "FROM_FIRST_PING"),
        ({"encrypted": True}, "scheme", "LEGACY_ENCRYPT"),
        ({"encrypted": False}, "scheme", None),
        ({"account_protected": True}, "protected", True),
        ({"account_protected": True, "protected": False}, "protected", False),
        ({"account_protected": True, "protected": None}, "protected", True),
        ({"strict": None, "overage_strategy": None, "metadata": None}, "overage_strategy", "NO_OVERAGE"),
        ({"max_uses": 0}, "max_uses", 0),
        ({"duration": None}, "duration", None),
    ],
)
def test_defaults_that_depend(sent: dict[str, Any], name: str, value: object) -> None:
    assert getattr(created(**sent), name) == value


# --- single fields --------------------------------------------------------------------------------------------------

BOUNDS = {
    "duration": (86_400, INTEGER, "must be greater than or equal to 86400 (1 day)"),
    "max_processes": (1, INTEGER, "must be greater than 0"),
    "max_users": (1, INTEGER, None),
    "max_cores": (1, INTEGER, None),
    "max_memory": (1, BIG_INTEGER, None),
    "max_disk": (1, BIG_INTEGER, None),
    "max_uses": (0, INTEGER, None),
    "heartbeat_duration": (60, INTEGER, "must be greater than or equal to 60 (1 minute)"),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds(name: str) -> None:
    low, high, detail = BOUNDS[name]
    for value in (low, high, None):
        assert getattr(created(**{name: value}), name) == value
        assert getattr(updated(**{name: value}), name) == value
    for value in (low - 1, high + 1):
        code = name.upper() + "_INVALID"
        assert codes(created, **{name: value}) == [code]
    assert detail is None or [text for _, _, text in invalid(created, **{name: low - 1})] == [detail]


@pytest.mark.parametrize("name", ["duration", "heartbeat_duration"])
@pytest.mark.parametrize("value", [0, -1])
def test_durations_are_positive_first(name: str, value: int) -> None:
    assert invalid(created, **{name: value}) == [problem(name, "INVALID", "must be greater than 0")]
    assert invalid(created, **{name: 1}) != invalid(created, **{name: value})


@pytest.mark.parametrize(
    ("floating", "value", "detail"),
    [
        (True, 0, "must be greater than or equal to 1 for floating policy"),
        (True, -1, "must be greater than or equal to 0"),
        (True, INTEGER + 1, f"must be less than or equal to {INTEGER}"),
        (False, 0, "must be equal to 1 for non-floating policy"),
        (False, 2, "must be equal to 1 for non-floating policy"),
    ],
)
def test_max_machines_depends_on_floating(floating: bool, value: int, detail: str) -> None:
    found = invalid(created, floating=floating, max_machines=value)
    assert found == [problem("max_machines", "INVALID", detail)]


DETAILS = {
    "expiration_basis": "unsupported expiration basis",
    "renewal_basis": "unsupported renewal basis",
    "heartbeat_basis": "unsupported heartbeat basis",
    "machine_uniqueness_strategy": "unsupported machine uniqueness strategy",
    "heartbeat_resurrection_strategy": "unsupported heartbeat resurrection strategy",
}
CHOICES = sorted(policy_rules.CHOICES)


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name: str) -> None:
    default = next(attribute.default for attribute in attributes(Policy) if attribute.name == name)
    assert default in policy_rules.CHOICES[name]
    detail = DETAILS.get(name, f"unsupported {name.replace('_', ' ')}")
    for value in ("NO_SUCH", policy_rules.CHOICES[name][0].lower(), ""):
        found = invalid(created, **{name: value})
        assert found == [problem(name, "NOT_ALLOWED", detail)]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in CHOICES for value in policy_rules.CHOICES[name]])
def test_every_choice_is_accepted(name: str, value: str) -> None:
    company = {"floating": True, "heartbeat_cull_strategy": "KEEP_DEAD"}
    assert getattr(created(**company | {name: value}), name) == value


def test_components_may_be_unique_per_machine_but_machines_not() -> None:
    assert not invalid(created, component_uniqueness_strategy="UNIQUE_PER_MACHINE")
    assert invalid(created, machine_uniqueness_strategy="UNIQUE_PER_MACHINE")


@pytest.mark.parametrize(
    ("name", "sent"),
    [("NAME_MISSING", None), ("NAME_MISSING", ""), ("NAME_MISSING", " "), ("NAME_TOO_LONG", "n" * 256)],
)
def test_name(name: str, sent: str | None) -> None:
    assert codes(created, name=sent) == [name]


def test_metadata_is_judged() -> None:
    found = invalid(created, metadata={f"k{index}": 1 for index in range(65)})
    assert [code for code, _, _ in found] == ["METADATA_TOO_LONG"]


# --- cross rules ----------------------------------------------------------------------------------------------------

ENCRYPTED_DETAIL = "cannot be encrypted and use a pool"
POOL_DETAIL = "cannot use a scheme and use a pool"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"scheme": "ED25519_SIGN"}, []),
        ({"encrypted": True, "scheme": "LEGACY_ENCRYPT"}, []),
        ({"encrypted": True, "scheme": "ED25519_SIGN"}, ["SCHEME_NOT_ALLOWED"]),
        ({"encrypted": True, "scheme": "NO_SUCH"}, ["SCHEME_NOT_ALLOWED"]),
        ({"scheme": "NO_SUCH"}, ["SCHEME_NOT_ALLOWED"]),
        ({"scheme": "LEGACY_ENCRYPT"}, ["SCHEME_INVALID"]),
        ({"use_pool": True}, []),
        ({"use_pool": True, "encrypted": True}, ["ENCRYPTED_NOT_SUPPORTED", "SCHEME_NOT_SUPPORTED"]),
        ({"use_pool": True, "scheme": "ED25519_SIGN"}, ["SCHEME_NOT_SUPPORTED"]),
    ],
)
def test_key_kinds(sent: dict[str, Any], expected: list[str]) -> None:
    assert codes(created, **sent) == expected


def test_every_scheme_is_accepted() -> None:
    for scheme in policy_rules.SCHEMES:
        assert created(scheme=scheme, encrypted=scheme == "LEGACY_ENCRYPT").scheme == scheme


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"encrypted": True, "scheme": "ED25519_SIGN"}, r"unsupported encryption scheme \(.+\)"),
        ({"scheme": "NO_SUCH"}, "unsupported signing scheme"),
        ({"scheme": "LEGACY_ENCRYPT"}, "must be encrypted when using LEGACY_ENCRYPT scheme"),
    ],
)
def test_scheme_details(sent: dict[str, Any], detail: str) -> None:
    [(_, pointer, found)] = invalid(created, **sent)
    assert pointer == "/data/attributes/scheme"
    assert re.fullmatch(detail, found)


@pytest.mark.parametrize(
    ("cull", "fails"), [(None, True), ("DEACTIVATE_DEAD", True), ("KEEP_DEAD", False)], ids=["absent", "other", "kept"]
)
def test_always_revive_needs_keep_dead(cull: str | None, fails: bool) -> None:
    sent = {"heartbeat_resurrection_strategy": "ALWAYS_REVIVE", "heartbeat_cull_strategy": cull}
    found = invalid(created, **sent)
    assert [code for code, _, _ in found] == ["HEARTBEAT_CULL_STRATEGY_NOT_ALLOWED"] * fails
    assert all(detail.startswith("incompatible heartbeat cull strategy") for _, _, detail in found)


LIMITS = ("max_machines", "max_cores", "max_memory", "max_disk", "max_processes", "max_users")


@pytest.mark.parametrize(("strategy", "divisor"), [("ALLOW_1_25X_OVERAGE", 4), ("ALLOW_1_5X_OVERAGE", 2)])
class TestOverage:
    def test_limits_must_be_divisible(self, strategy: str, divisor: int) -> None:
        for name in LIMITS:
            assert not invalid(created, floating=True, overage_strategy=strategy, **{name: divisor * 3})
            sent = {"floating": True, "overage_strategy": strategy, name: divisor + 1}
            [(code, pointer, detail)] = invalid(created, **sent)
            assert (code, pointer) == ("OVERAGE_STRATEGY_NOT_ALLOWED", "/data/attributes/overageStrategy")
            assert detail.startswith("incompatible overage strategy (")
            assert name.replace("_", " ") in detail
            assert f"not divisible by {divisor}" in detail

    def test_node_locked_policies_cannot(self, strategy: str, divisor: int) -> None:
        [(code, _, detail)] = invalid(created, overage_strategy=strategy, max_cores=divisor + 1)
        assert code == "OVERAGE_STRATEGY_NOT_ALLOWED"
        assert strategy in detail
        assert "node-locked" in detail

    def test_several_failures_are_one(self, strategy: str, divisor: int) -> None:
        sent = dict.fromkeys(LIMITS, divisor + 1) | {"floating": True, "overage_strategy": strategy}
        [(_, _, detail)] = invalid(created, **sent)
        assert "max machines" in detail

    def test_no_limits_are_fine(self, strategy: str, divisor: int) -> None:
        assert not invalid(created, floating=True, overage_strategy=strategy, max_uses=divisor + 1)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"require_check_in": True, "check_in_interval": "day", "check_in_interval_count": 1}, []),
        ({"require_check_in": True, "check_in_interval": "year", "check_in_interval_count": 365}, []),
        (
            {"require_check_in": True},
            ["CHECK_IN_INTERVAL_NOT_ALLOWED", "CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"],
        ),
        (
            {"require_check_in": True, "check_in_interval": "hour", "check_in_interval_count": 1},
            ["CHECK_IN_INTERVAL_NOT_ALLOWED"],
        ),
        (
            {"require_check_in": True, "check_in_interval": "week", "check_in_interval_count": 0},
            ["CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"],
        ),
        (
            {"require_check_in": True, "check_in_interval": "month", "check_in_interval_count": 366},
            ["CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"],
        ),
        ({"check_in_interval": "fortnight", "check_in_interval_count": 0}, []),
        ({"check_in_interval_count": INTEGER}, []),
        ({"check_in_interval_count": -INTEGER}, []),
        ({"check_in_interval_count": INTEGER + 1}, ["CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"]),
        ({"check_in_interval_count": 10**40}, ["CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"]),
    ],
)
def test_check_in(sent: dict[str, Any], expected: list[str]) -> None:
    assert codes(created, **sent) == expected


def test_check_in_details() -> None:
    assert invalid(created, require_check_in=True) == [
        problem("check_in_interval", "NOT_ALLOWED", "must be one of: day, week, month, year"),
        problem("check_in_interval_count", "NOT_ALLOWED", "must be a number between 1 and 365 inclusive"),
    ]


def test_revival_strategies() -> None:
    assert policy_rules.CHOICES["heartbeat_resurrection_strategy"] == (
        *("NO_REVIVE", "1_MINUTE_REVIVE", "2_MINUTE_REVIVE", "5_MINUTE_REVIVE", "10_MINUTE_REVIVE"),
        *("15_MINUTE_REVIVE", "ALWAYS_REVIVE"),
    )


def test_problems_of_one_field_stand_together() -> None:
    sent = {"max_machines": 2, "overage_strategy": "X", "scheme": "X", "require_check_in": True}
    assert codes(created, **sent) == [
        *("SCHEME_NOT_ALLOWED", "MAX_MACHINES_INVALID", "OVERAGE_STRATEGY_NOT_ALLOWED"),
        *("CHECK_IN_INTERVAL_NOT_ALLOWED", "CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED"),
    ]


def test_an_unknown_product_comes_first_and_everything_else_is_listed_too() -> None:
    sent = {"name": "", "duration": 1, "max_uses": -1, "overage_strategy": "X"}
    found = invalid(lambda: policy.create("id", sent, product=None, account_protected=False, now=NOW))
    assert found[0] == ("PRODUCT_NOT_FOUND", "/data/relationships/product", "must exist")
    assert [code for code, _, _ in found[1:]] == [
        *("NAME_MISSING", "DURATION_INVALID", "MAX_USES_INVALID", "OVERAGE_STRATEGY_NOT_ALLOWED")
    ]


# --- update ---------------------------------------------------------------------------------------------------------


def test_an_update_changes_what_was_sent_only() -> None:
    stored = make.policy(floating=True, duration=86_400, max_machines=5)
    changed = updated(stored, strict=True, max_machines=7)
    assert (changed.strict, changed.max_machines, changed.duration, changed.updated) == (True, 7, 86_400, NOW)


@pytest.mark.parametrize("name", sorted(policy_rules.NULLABLE))
def test_null_clears_limits_and_durations(name: str) -> None:
    stored = make.policy(floating=True, **{name: "day" if name == "check_in_interval" else 86_400})
    assert getattr(updated(stored, **{name: None}), name) is None


@pytest.mark.parametrize("name", ["name", "strict", "protected", "overage_strategy", "metadata", "heartbeat_basis"])
def test_null_changes_nothing_else(name: str) -> None:
    assert getattr(updated(**{name: None}), name) == getattr(make.policy(), name)


@pytest.mark.parametrize(
    ("stored", "changes", "expected"),
    [
        ({"floating": True, "max_machines": 5}, {"floating": False}, ["MAX_MACHINES_INVALID"]),
        ({"floating": True, "max_machines": 1}, {"floating": False}, []),
        ({"floating": True}, {"floating": False}, []),
        ({"max_machines": 1}, {"floating": True}, []),
        (
            {"floating": True, "max_cores": 6},
            {"overage_strategy": "ALLOW_1_25X_OVERAGE"},
            ["OVERAGE_STRATEGY_NOT_ALLOWED"],
        ),
        (
            {"floating": True, "overage_strategy": "ALLOW_1_5X_OVERAGE"},
            {"max_users": 3},
            ["OVERAGE_STRATEGY_NOT_ALLOWED"],
        ),
        (
            {"heartbeat_cull_strategy": "KEEP_DEAD", "heartbeat_resurrection_strategy": "ALWAYS_REVIVE"},
            {"heartbeat_cull_strategy": "DEACTIVATE_DEAD"},
            ["HEARTBEAT_CULL_STRATEGY_NOT_ALLOWED"],
        ),
        ({"heartbeat_cull_strategy": "KEEP_DEAD"}, {"heartbeat_resurrection_strategy": "ALWAYS_REVIVE"}, []),
        (
            {"check_in_interval": "hour", "check_in_interval_count": 1},
            {"require_check_in": True},
            ["CHECK_IN_INTERVAL_NOT_ALLOWED"],
        ),
        ({}, {"duration": 5}, ["DURATION_INVALID"]),
    ],
    ids=range(10),
)
def test_the_rules_run_against_the_merged_policy(
    stored: dict[str, Any], changes: dict[str, Any], expected: list[str]
) -> None:
    assert codes(updated, make.policy(**stored), **changes) == expected


def test_machines_are_forced_at_creation_only() -> None:
    assert updated(make.policy(floating=True), floating=False).max_machines is None
    assert updated(make.policy(max_machines=1), max_machines=None).max_machines is None
