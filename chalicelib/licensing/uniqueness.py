"""How far a fingerprint must be unique (spec policies.md §3.7, machines.md §4.4, §8), and how names may look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import invalid

if TYPE_CHECKING:
    from chalicelib.licensing.policy import Policy

Kind = Literal["machine", "component"]
"""What has a fingerprint."""

Scope = Literal["machine", "license", "policy", "product", "account"]
"""Where a fingerprint must be new, from narrow to wide."""

MAXIMUM_LENGTH = 4096


class _Strategy(NamedTuple):
    rank: int
    scope: Scope


_STRATEGIES: Mapping[str, _Strategy] = {
    "UNIQUE_PER_ACCOUNT": _Strategy(4, "account"),
    "UNIQUE_PER_PRODUCT": _Strategy(3, "product"),
    "UNIQUE_PER_POLICY": _Strategy(2, "policy"),
    "UNIQUE_PER_LICENSE": _Strategy(1, "license"),
    "UNIQUE_PER_MACHINE": _Strategy(0, "machine"),
}

RANKS: Mapping[str, int] = {name: strategy.rank for name, strategy in _STRATEGIES.items()}
"""How wide a uniqueness strategy reaches."""

_OWN_SCOPE: Mapping[Kind, Scope] = {"machine": "license", "component": "machine"}
"""Where a fingerprint is unique whatever the strategy says."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fingerprint is held, or is to be: product and policy are those its license has now.

    `machine_id` is the machine a component is part of, None for machines.
    """

    product_id: str
    policy_id: str
    license_id: str
    machine_id: str | None = None


def strategy(kind: Kind, policy: Policy) -> str:
    """The strategy of a policy for machines or components."""
    return policy.machine_uniqueness_strategy if kind == "machine" else policy.component_uniqueness_strategy


def scope(strategy: str) -> Scope:
    """The scope that must be searched."""
    return _STRATEGIES[strategy].scope


def is_wide(kind: Kind, strategy: str) -> bool:
    """Whether the strategy reaches beyond the license of a machine, the machine of a component.

    Only then is it not enough to look where the machine or component itself is going to be stored.
    """
    return RANKS[strategy] > (RANKS["UNIQUE_PER_LICENSE"] if kind == "machine" else RANKS["UNIQUE_PER_MACHINE"])


def taken(kind: Kind, strategy: str, place: Place, holders: Iterable[Place]) -> Scope | None:
    """The scope of `place` in which the same fingerprint is held already, None when it is free.

    A holder that is on the way to another policy counts in both: the caller lists it twice.
    """
    # A machine held on its own license is told so under every strategy; a component by the strategy's own words.
    searched: tuple[Scope, ...] = ("license", scope(strategy)) if kind == "machine" else (scope(strategy),)
    held = list(holders)
    return next((one for one in searched if any(_within(one, place, holder) for holder in held)), None)


def taken_problem(kind: Kind, found: Scope | None) -> Problem | None:
    """What is said when `taken` found the fingerprint."""
    if found is None:
        return None
    where = "" if found == _OWN_SCOPE[kind] else f" for this {found}"
    return invalid("fingerprint", "TAKEN", f"has already been taken{where}")


def name_problems(name: str, value: str) -> Iterator[Problem | None]:
    """What is wrong with a fingerprint or pid in itself; `name` is that of the attribute."""
    if value in rules.RESERVED:
        yield invalid(name, "NOT_ALLOWED", "is reserved")
    yield rules.text_length(name, value, MAXIMUM_LENGTH, 1)


def _within(searched: Scope, place: Place, holder: Place) -> bool:
    if searched == "account":
        return True
    name = f"{searched}_id"
    same: bool = getattr(holder, name) == getattr(place, name)
    return same
