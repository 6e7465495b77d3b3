"""Scopes and limits that ask for machines (spec validation.md §4 rows 11 to 13 and 19 to 26, §6.3, §6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE
from tests.api.licenses.cast import link
from tests.api.licenses.site import VALID, Site, Verdict, no
from tests.api.licenses.test_validate_scopes import BY
from tests.world import World


@pytest.fixture(scope="module")
def shared_site() -> Iterator[Site]:
    engine = Engine(":memory:")
    yield Site(World(EngineTransport(engine)))
    engine.close()


@pytest.fixture
def site(local_world: World) -> Site:
    return Site(local_world)


@BY
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, VALID),
        ({"fingerprint": "a"}, VALID),
        ({"fingerprint": "A"}, no("FINGERPRINT_SCOPE_MISMATCH")),
        ({"fingerprint": "other"}, no("FINGERPRINT_SCOPE_MISMATCH")),
        ({"fingerprints": ["other", "free"]}, VALID),
        ({"fingerprints": ["other", "x"]}, no("FINGERPRINT_SCOPE_MISMATCH")),
        ({"fingerprint": "x", "fingerprints": ["a"]}, no("FINGERPRINT_SCOPE_MISMATCH")),
        ({"machine": "a"}, VALID),
        ({"machine": "free", "fingerprint": "a"}, VALID),
        ({"machine": "other a"}, no("MACHINE_SCOPE_MISMATCH")),
        ({"machine": NOWHERE}, no("MACHINE_SCOPE_MISMATCH")),
        ({"machine": "ann"}, no("MACHINE_SCOPE_MISMATCH")),
        ({"machine": "fingerprint"}, no("MACHINE_SCOPE_MISMATCH")),
        ({"fingerprint": "a", "user": "ann"}, VALID),
        ({"fingerprint": "a", "user": "ann@"}, VALID),
        ({"fingerprint": "free", "user": "bob@"}, VALID),
        ({"fingerprint": "a", "user": "bob"}, no("USER_SCOPE_MISMATCH")),
        ({"fingerprints": ["b", "a"], "user": "bob"}, no("USER_SCOPE_MISMATCH")),
        ({"machine": "b", "user": "bob@"}, VALID),
        ({"machine": "b", "user": "ann@"}, no("USER_SCOPE_MISMATCH")),
        ({"machine": "free", "user": "cyd"}, no("USER_SCOPE_MISMATCH")),
        ({"fingerprint": "a", "components": ["disk", "x"]}, VALID),
        ({"fingerprint": "a", "components": ["card"]}, no("COMPONENTS_SCOPE_MISMATCH")),
        ({"fingerprint": "a", "components": ["Disk"]}, no("COMPONENTS_SCOPE_MISMATCH")),
        ({"fingerprint": "b", "components": ["disk"]}, no("COMPONENTS_SCOPE_MISMATCH")),
        ({"fingerprints": ["a"], "components": ["disk"]}, no("FINGERPRINT_SCOPE_REQUIRED")),
    ],
    ids=str,
)
def test_scopes(shared_site: Site, by: str, scope: Any, expected: Verdict) -> None:
    assert shared_site.asked(by, **scope) == expected


def test_the_id_of_a_machine_in_any_spelling(shared_site: Site) -> None:
    for spelling in (shared_site.ids["a"].upper(), shared_site.ids["a"].replace("-", "")):
        assert shared_site.asked(machine=spelling) == VALID


@BY
def test_machines_leased_by_user(site: Site, by: str) -> None:
    """Sums are those of the user asked for, else those of nobody; rows 20 to 25."""
    site.activate("a2", "ann")
    site.activate("free2", None)
    site.activate("free3", None)
    site.tighten(machineLeasingStrategy="PER_USER", maxMachines=2)
    many = (True, "TOO_MANY_MACHINES")
    assert [site.asked(by, user=name) for name in ("ann", "ann@", "bob", "bob@")] == [VALID] * 4
    assert [site.asked(by), site.asked(by, machine="a")] == [many] * 2
    site.tighten(maxMachines=1)
    assert [site.asked(by, user=name) for name in ("ann", "ann@", "bob", "bob@")] == [many, many, VALID, VALID]
    site.tighten(maxMachines=None, maxCores=3)
    cores = (True, "TOO_MANY_CORES")
    assert [site.asked(by, user=name) for name in ("ann@", "bob@")] == [cores, VALID]
    moved = site.world.send("PUT", f"/v1/machines/{site.ids['a2']}/owner", link("users", site.ids["bob"]))
    assert moved.status == 200, moved.raw
    assert [site.asked(by, user=name) for name in ("ann@", "bob@")] == [VALID, cores]


@BY
@pytest.mark.parametrize(
    ("strategy", "limit", "scope", "passes"),
    [
        ("PER_MACHINE", 1, {}, True),
        ("PER_MACHINE", 1, {"machine": "a"}, False),
        ("PER_MACHINE", 1, {"fingerprint": "a"}, False),
        ("PER_MACHINE", 1, {"fingerprints": ["b", "a"]}, True),
        ("PER_MACHINE", 1, {"machine": "a", "fingerprint": "b"}, True),
        ("PER_MACHINE", 2, {"machine": "a"}, True),
        ("PER_LICENSE", 2, {}, False),
        ("PER_LICENSE", 3, {"machine": "a"}, True),
        ("PER_USER", 1, {}, True),
        ("PER_USER", 1, {"user": "ann"}, False),
        ("PER_USER", 1, {"user": "ann@"}, False),
        ("PER_USER", 1, {"user": "bob@"}, True),
        ("PER_USER", 2, {"user": "ann"}, True),
    ],
)
def test_processes(shared_site: Site, by: str, strategy: str, limit: int, scope: Any, passes: bool) -> None:
    shared_site.tighten(processLeasingStrategy=strategy, maxProcesses=limit)
    try:
        assert shared_site.asked(by, **scope) == (VALID if passes else (True, "TOO_MANY_PROCESSES"))
    finally:
        shared_site.tighten(processLeasingStrategy="PER_MACHINE", maxProcesses=None)
