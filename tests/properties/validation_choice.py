"""Which cases are worth being sent to a whole service: those that end in some way, or depend on something, rarely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tests.properties.validation_cases import Case
from tests.properties.validation_oracle import answer
from tests.properties.validation_world import World

EACH = 4
"""How many cases are chosen for each trait, if there are as many."""

SCOPES = "product policy user entitlements machine fingerprint fingerprints components checksum version".split()
PARTS = "attached license_entitlements policy_entitlements components constraints artifacts releases".split()
"""What a validation may have to read besides the license, its machines and its parents."""

CALLED = ("email", "id", "nobody")
PER_USER = "PER_USER"

Trait = tuple[Any, ...]


def chosen(numbers: Iterable[int], made: Callable[[int], Case]) -> tuple[list[int], Counter[Trait]]:
    """Those of these cases that show what few before them did, and how often they show it."""
    found, seen = [], Counter[Trait]()
    for number in numbers:
        shown = traits(made(number))
        if any(seen[trait] < EACH for trait in shown):
            found.append(number)
            seen.update(shown)
    return found, seen


def traits(one: Case) -> set[Trait]:
    """What a case shows: an outcome, the scopes, what of the world matters, whose machines are too many."""
    outcome = answer(*one)
    found: set[Trait] = {("outcome", outcome.code, outcome.valid, outcome.detail)}
    if not one.quick:
        found |= {("scope", name, outcome.valid) for name, value in one.sent.items() if value is not None}
    found |= {("matters", name) for name, less in _without(one.world).items() if answer(less, *one[1:]) != outcome}
    return found | _leased(one, outcome.code)


def _without(world: World) -> dict[str, World]:
    """The world without one of its parts, by the name of the part."""
    nothing: dict[str, Any] = {
        "attached": frozenset(),
        "license_entitlements": {},
        "policy_entitlements": {},
        "components": dict.fromkeys(world.components, frozenset()),
        "constraints": dict.fromkeys(world.constraints, frozenset()),
        "artifacts": (),
        "releases": (),
    }
    return {name: world._replace(**{name: nothing[name]}) for name in PARTS}


def _leased(one: Case, code: str) -> set[Trait]:
    """How the user is called whose machines or processes are too many."""
    policy, user = one.world.policy, one.sent.get("user") or ""
    leasing = policy.process_leasing_strategy if code == "TOO_MANY_PROCESSES" else policy.machine_leasing_strategy
    if leasing != PER_USER or code == "TOO_MANY_USERS" or not code.startswith("TOO_"):
        return set()
    return {("leased", code == "TOO_MANY_PROCESSES", "email" if "@" in user else "id" if user else "nobody")}


def check_spread(seen: Counter[Trait], codes: Iterable[str], both_ways: Iterable[str]) -> None:
    """Fails unless cases end with all of `codes`, some of these valid and invalid, and need everything that is read."""
    ways = Counter[tuple[str, bool]]()
    for trait, count in seen.items():
        if trait[0] == "outcome":
            ways[trait[1:3]] += count
    assert [code for code in codes if ways[code, True] + ways[code, False] < EACH] == []
    assert [code for code in both_ways if min(ways[code, True], ways[code, False]) < EACH] == []
    assert [name for name in SCOPES if min(seen["scope", name, True], seen["scope", name, False]) < EACH] == []
    assert [name for name in PARTS if seen["matters", name] < EACH] == []
    assert [name for name in CALLED if seen["leased", False, name] + seen["leased", True, name] < EACH // 2] == []
