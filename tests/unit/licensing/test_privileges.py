"""Who may act on whom (spec resources.md §4.3, auth.md §5.6)."""

from __future__ import annotations

import pytest

from chalicelib.licensing import permissions
from chalicelib.licensing.privileges import RANKS, lacks_privileges

NOBODY: frozenset[str] = frozenset()
ALL = frozenset({"*"})
READ = frozenset({"user.read"})
MORE = frozenset({"user.read", "user.update"})


def test_every_role_has_a_rank() -> None:
    assert set(RANKS) == set(permissions.ROLES)
    assert sorted(RANKS, key=lambda role: -RANKS[role])[:7] == [
        *("admin", "environment", "developer", "product", "sales-agent", "support-agent", "read-only")
    ]
    assert RANKS["user"] == RANKS["license"] == 0


@pytest.mark.parametrize("bearer", RANKS)
@pytest.mark.parametrize("target", RANKS)
def test_nobody_acts_on_who_ranks_higher(bearer: str, target: str) -> None:
    if RANKS[bearer] < RANKS[target]:
        assert lacks_privileges(bearer, ALL, False, target, NOBODY)
    if RANKS[bearer] > RANKS[target]:
        assert not lacks_privileges(bearer, NOBODY, False, target, ALL)


@pytest.mark.parametrize(
    ("held", "full", "target_held", "lacks"),
    [
        (READ, False, READ, False),
        (MORE, False, READ, False),
        (READ, False, MORE, True),
        (READ, True, MORE, False),
        (ALL, False, MORE, False),
        (MORE, False, ALL, True),
        (ALL, False, ALL, False),
        (permissions.allowed("admin"), False, ALL, False),
        (NOBODY, False, NOBODY, False),
        (NOBODY, False, READ, True),
    ],
)
def test_among_equals_permissions_decide(
    held: frozenset[str], full: bool, target_held: frozenset[str], lacks: bool
) -> None:
    assert lacks_privileges("admin", held, full, "admin", target_held) is lacks


def test_a_wildcard_is_worth_what_its_role_is_allowed() -> None:
    assert lacks_privileges("license", ALL, False, "user", permissions.allowed("user"))
    assert not lacks_privileges("user", ALL, False, "license", permissions.allowed("user") & {"license.read"})


def test_users_may_act_on_themselves() -> None:
    held = permissions.default("user")
    assert not lacks_privileges("user", held, False, "user", held)
