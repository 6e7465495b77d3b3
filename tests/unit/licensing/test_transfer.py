"""Licenses change policy, owner and group (spec licenses.md §10.4-10.6, D-6; policies.md §3.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing import transfer
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.policy_rules import CHOICES
from chalicelib.licensing.uniqueness import RANKS
from chalicelib.licensing.user import User
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, counted, invalid, license_, policy

POLICY, OWNER, GROUP = (f"/data/relationships/{name}" for name in ("policy", "owner", "group"))
NEW = policy(id="new", product_id="elsewhere")
STORED = license_(
    owner_id="owner",
    group_id="group",
    expiry=NOW + DAY,
    protected=True,
    uses=3,
    last_check_in=NOW - DAY,
    basis=7,
    updated=make.LONG_AGO,
)


def moved(
    new: Policy | None = NEW, current: Policy = policy(), license: License = STORED, **collisions: bool
) -> License:
    given = {"machines_collide": False, "components_collide": False} | collisions
    return transfer.change_policy(license, current, new, NOW, **given)


def owned(license: License, owner: User | None, terms: Policy = policy(), **given: Any) -> License:
    defaults = {"named": owner is not None, "attached": False, "group": None}
    return transfer.change_owner(license, terms, owner, NOW, **defaults | given)


def grouped(license: License, group: Counted | None, named: bool = True, terms: Policy = policy()) -> License:
    return transfer.change_group(license, terms, group, NOW, named=named)


# --- policy ---------------------------------------------------------------------------------------------------------


def test_a_license_follows_its_policy_to_another_product() -> None:
    assert moved() == replace(STORED, policy_id="new", product_id="elsewhere", basis=8, updated=NOW)


@pytest.mark.parametrize(
    ("strategy", "duration", "expiry"),
    [
        ("KEEP_EXPIRY", 86_400 * 2, NOW + DAY),
        ("KEEP_EXPIRY", None, NOW + DAY),
        (None, 86_400 * 2, NOW + DAY),
        ("RESET_EXPIRY", 86_400 * 2, NOW + 2 * DAY),
        ("RESET_EXPIRY", None, None),
    ],
)
def test_the_new_policy_says_what_becomes_of_the_expiry(
    strategy: str | None, duration: int | None, expiry: Any
) -> None:
    new = policy(id="new", transfer_strategy=strategy, duration=duration, expiration_basis="FROM_FIRST_USE")
    assert moved(new, policy(transfer_strategy="RESET_EXPIRY", duration=1)).expiry == expiry


def test_an_unknown_policy() -> None:
    assert invalid(moved, None) == [("POLICY_NOT_FOUND", POLICY, "must exist")]


ENCRYPTED = "cannot change from an encrypted policy to an unencrypted policy (or vice-versa)"
POOLED = "cannot change from a pooled policy to an unpooled policy (or vice-versa)"
SCHEME = "cannot change to a policy with a different scheme"
LESS = "cannot change to a policy with a less strict {} uniqueness strategy"
MORE = "cannot change to a policy with a more strict {} uniqueness strategy"
LEGACY = {"encrypted": True, "scheme": "LEGACY_ENCRYPT"}


@pytest.mark.parametrize(
    ("current", "new", "detail"),
    [
        ({}, LEGACY, ENCRYPTED),
        (LEGACY, {}, ENCRYPTED),
        ({}, {"use_pool": True}, POOLED),
        ({"use_pool": True}, {}, POOLED),
        ({}, {"scheme": "ED25519_SIGN"}, SCHEME),
        ({"scheme": "ED25519_SIGN"}, {"scheme": "ECDSA_P256_SIGN"}, SCHEME),
        ({"machine_uniqueness_strategy": "UNIQUE_PER_POLICY"}, {}, LESS.format("machine")),
        ({"component_uniqueness_strategy": "UNIQUE_PER_LICENSE"}, {}, LESS.format("component")),
        # The first that fails is told.
        ({}, {**LEGACY, "use_pool": True}, ENCRYPTED),
        ({"machine_uniqueness_strategy": "UNIQUE_PER_ACCOUNT"}, {"use_pool": True}, POOLED),
        (
            {
                "machine_uniqueness_strategy": "UNIQUE_PER_ACCOUNT",
                "component_uniqueness_strategy": "UNIQUE_PER_ACCOUNT",
            },
            {},
            LESS.format("machine"),
        ),
        ({}, {"use_pool": True, "max_machines": 5, "floating": True}, POOLED),
    ],
)
def test_policies_that_do_not_go_together(current: dict[str, Any], new: dict[str, Any], detail: str) -> None:
    found = invalid(moved, policy(id="new", **new), policy(**current), replace(STORED, max_machines=5))
    assert found == [("POLICY_NOT_COMPATIBLE", POLICY, detail)]


WIDTHS = ("UNIQUE_PER_MACHINE", "UNIQUE_PER_LICENSE", "UNIQUE_PER_POLICY", "UNIQUE_PER_PRODUCT", "UNIQUE_PER_ACCOUNT")


@given(st.sampled_from(["machine", "component"]), st.sampled_from(WIDTHS), st.sampled_from(WIDTHS), st.booleans())
def test_uniqueness_never_shrinks_and_grows_only_without_collisions(
    kind: str, current: str, new: str, collide: bool
) -> None:
    name = f"{kind}_uniqueness_strategy"
    found = invalid(moved, policy(id="new", **{name: new}), policy(**{name: current}), **{f"{kind}s_collide": collide})
    wider = WIDTHS.index(new) - WIDTHS.index(current)
    expected = LESS if wider < 0 else MORE if wider > 0 and collide else None
    assert found == ([] if expected is None else [("POLICY_NOT_COMPATIBLE", POLICY, expected.format(kind))])


def test_every_uniqueness_strategy_has_a_rank() -> None:
    assert set(CHOICES["machine_uniqueness_strategy"]) | set(CHOICES["component_uniqueness_strategy"]) == set(WIDTHS)
    assert sorted(RANKS, key=RANKS.__getitem__) == list(WIDTHS)


def test_overrides_are_judged_under_the_new_policy() -> None:
    overridden = replace(STORED, max_machines=5, max_cores=-1)
    assert invalid(moved, policy(id="new"), policy(floating=True), overridden) == [
        ("MAX_MACHINES_INVALID", "/data/attributes/maxMachines", "must be equal to 1 for non-floating policy"),
        ("MAX_CORES_INVALID", "/data/attributes/maxCores", "must be greater than or equal to 1"),
    ]
    floating = policy(id="new", floating=True)
    assert moved(floating, policy(), replace(STORED, max_machines=5)).max_machines == 5


# --- owner ----------------------------------------------------------------------------------------------------------

FULL = counted(2, id="full", max_licenses=2)
GROUP_FULL = (
    *("GROUP_LICENSE_LIMIT_EXCEEDED", GROUP),
    "license count has exceeded maximum allowed by current group (2)",
)
TOO_MANY = (
    *("USER_LIMIT_EXCEEDED", "/data/relationships/users"),
    "user count has exceeded maximum allowed for license (2)",
)
ATTACHED = ("OWNER_INVALID", OWNER, "already exists (user is attached through users)")


def test_a_new_owner() -> None:
    assert owned(STORED, make.user()) == replace(STORED, owner_id="user", basis=8, updated=NOW)


def test_no_owner_any_more() -> None:
    assert owned(STORED, None) == replace(STORED, owner_id=None, basis=8, updated=NOW)
    crowded = replace(STORED, users=9)
    assert owned(crowded, None, policy(max_users=2)).owner_id is None


def test_a_license_without_group_inherits_that_of_its_new_owner() -> None:
    alone = replace(STORED, group_id=None)
    assert owned(alone, make.user(), group=counted(id="g")).group_id == "g"
    assert owned(STORED, make.user(), group=counted(id="g")).group_id == "group"
    assert owned(alone, make.user(), group=None).group_id is None
    assert owned(alone, None, group=counted(id="g")).group_id is None


@pytest.mark.parametrize(
    ("users", "overage", "refused"),
    [
        (0, "NO_OVERAGE", False),
        (1, "NO_OVERAGE", False),
        (2, "NO_OVERAGE", True),
        (2, "ALLOW_1_5X_OVERAGE", False),
        (3, "ALLOW_1_5X_OVERAGE", True),
        (3, "ALLOW_2X_OVERAGE", False),
        (99, "ALWAYS_ALLOW_OVERAGE", False),
    ],
)
@pytest.mark.parametrize("former", [None, "owner"])
def test_a_new_owner_needs_room(users: int, overage: str, refused: bool, former: str | None) -> None:
    terms = policy(max_users=2, overage_strategy=overage)
    found = invalid(owned, replace(STORED, owner_id=former, users=users), make.user(), terms)
    assert found == ([TOO_MANY] if refused else [])


def test_owners_that_are_refused() -> None:
    assert invalid(owned, STORED, None, named=True) == [("OWNER_NOT_FOUND", OWNER, "must exist")]
    assert invalid(owned, STORED, make.user(), attached=True) == [ATTACHED]
    alone = replace(STORED, group_id=None)
    assert invalid(owned, alone, make.user(), group=FULL) == [GROUP_FULL]
    assert invalid(owned, STORED, make.user(), group=FULL) == []


def test_everything_wrong_with_an_owner_is_told() -> None:
    crowded = replace(STORED, group_id=None, users=2, max_machines=5)
    found = invalid(owned, crowded, make.user(), policy(max_users=2), attached=True, group=FULL)
    assert found[:3] == [ATTACHED, TOO_MANY, GROUP_FULL]
    assert [code for code, _, _ in found[3:]] == ["MAX_MACHINES_INVALID"]


def test_the_same_owner_again_is_not_judged() -> None:
    crowded = replace(STORED, group_id=None, users=9, max_machines=5)
    same = owned(crowded, make.user(id="owner"), policy(max_users=2), attached=True, group=FULL)
    assert same == replace(crowded, updated=NOW)
    unowned = replace(crowded, owner_id=None)
    assert owned(unowned, None) == replace(unowned, updated=NOW)


# --- group ----------------------------------------------------------------------------------------------------------


def test_groups() -> None:
    assert grouped(STORED, counted(id="g")) == replace(STORED, group_id="g", updated=NOW)
    assert grouped(STORED, None, named=False) == replace(STORED, group_id=None, updated=NOW)


def test_groups_that_are_refused() -> None:
    assert invalid(grouped, STORED, None) == [("GROUP_NOT_FOUND", GROUP, "must exist")]
    assert invalid(grouped, replace(STORED, group_id=None), None) == [("GROUP_NOT_FOUND", GROUP, "must exist")]
    assert invalid(grouped, STORED, FULL) == [GROUP_FULL]
    assert [code for code, _, _ in invalid(grouped, replace(STORED, max_machines=5), counted(id="g"))] == [
        "MAX_MACHINES_INVALID"
    ]


def test_the_same_group_again_is_not_judged() -> None:
    inside = replace(STORED, group_id="full", max_machines=5)
    assert grouped(inside, FULL) == replace(inside, updated=NOW)
    outside = replace(STORED, group_id=None)
    assert grouped(outside, None, named=False) == replace(outside, updated=NOW)
