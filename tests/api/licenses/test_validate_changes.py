"""Validations after what they ask for is gone, or the license has another policy and owner (spec validation.md §4)."""

from __future__ import annotations

import pytest

from tests.api.helpers import user
from tests.api.licenses.cast import link, links, path, related
from tests.api.licenses.site import VALID, Site, no
from tests.api.licenses.test_validate_scopes import BY
from tests.world import World


@pytest.fixture
def site(local_world: World) -> Site:
    return Site(local_world)


@BY
def test_a_machine_that_is_gone(site: Site, by: str) -> None:
    """Neither it nor what was on it is found, even under its fingerprint when another machine has it."""
    assert site.world.send("DELETE", f"/v1/machines/{site.ids['a']}").status == 204
    gone = site.ids["a"]
    assert site.asked(by, machine=gone) == no("MACHINE_SCOPE_MISMATCH")
    assert site.asked(by, fingerprint="a") == no("FINGERPRINT_SCOPE_MISMATCH")
    site.activate("a", "bob")
    assert site.asked(by, machine=gone) == no("MACHINE_SCOPE_MISMATCH")
    assert site.asked(by, fingerprint="a", machine="a", user="bob@") == VALID
    assert site.asked(by, fingerprint="a", components=["disk"]) == no("COMPONENTS_SCOPE_MISMATCH")
    site.tighten(processLeasingStrategy="PER_LICENSE", maxProcesses=1)
    assert site.asked(by) == VALID
    for name in ("a", "b", "free"):
        assert site.world.send("DELETE", f"/v1/machines/{site.ids[name]}").status == 204
    assert [site.asked(by), site.asked(by, fingerprint="a")] == [no("NO_MACHINES")] * 2


@BY
def test_a_user_who_is_gone(site: Site, by: str) -> None:
    """Its machines go with it; whoever gets its email is somebody else."""
    site.tighten(maxUsers=1)
    assert site.asked(by) == (True, "TOO_MANY_USERS")
    assert site.world.send("DELETE", f"/v1/users/{site.ids['bob']}").status == 204
    user(site.world, email=site.emails["bob"])
    assert [site.asked(by, user=name) for name in ("bob", "bob@")] == [no("USER_SCOPE_MISMATCH")] * 2
    assert site.asked(by, fingerprint="b") == no("FINGERPRINT_SCOPE_MISMATCH")
    assert site.asked(by, fingerprint="a", user="ann@") == VALID


@BY
def test_an_entitlement_that_is_gone(site: Site, by: str) -> None:
    """Whatever gets its code is another one, which the license does not have."""
    first = site.world.create("entitlements", {"name": "One", "code": "ONE"})["id"]
    for holder in (path(site.license), f"/v1/policies/{site.policy}"):
        assert site.world.post(f"{holder}/entitlements", links("entitlements", first)).status < 300
    assert site.asked(by, entitlements=["ONE"], fingerprint="a") == VALID
    assert site.world.send("DELETE", f"/v1/entitlements/{first}").status == 204
    assert site.asked(by, entitlements=["ONE"]) == no("ENTITLEMENTS_MISSING")
    second = site.world.create("entitlements", {"name": "One", "code": "ONE"})["id"]
    assert site.asked(by, entitlements=["ONE"]) == no("ENTITLEMENTS_MISSING")
    assert site.world.post(f"/v1/policies/{site.policy}/entitlements", links("entitlements", second)).status < 300
    assert site.asked(by, entitlements=["ONE"]) == VALID


@BY
def test_a_license_that_is_transferred(site: Site, by: str) -> None:
    """Machines, users and processes stay; rules, entitlements and the owner are those of afterwards."""
    world = site.world
    old, new = (world.create("entitlements", {"name": code, "code": code})["id"] for code in ("OLD", "NEW"))
    assert world.post(f"/v1/policies/{site.policy}/entitlements", links("entitlements", old)).status < 300
    rules = {"machineMatchingStrategy": "MATCH_ALL", "processLeasingStrategy": "PER_USER", "maxProcesses": 9}
    policy = world.policy(related(site.license, "product"), strict=True, floating=True, **rules)["id"]
    assert world.post(f"/v1/policies/{policy}/entitlements", links("entitlements", new)).status < 300
    assert site.asked(by, entitlements=["OLD"], fingerprints=["a", "x"]) == VALID
    for part, target in (("policy", link("policies", policy)), ("owner", link("users", site.ids["cyd"]))):
        assert world.send("PUT", path(site.license, part), target).status == 200
    assert site.asked(by, user=None) == no("USER_SCOPE_MISMATCH")
    assert site.asked(by, policy=policy, entitlements=["NEW"], fingerprints=["a", "b"]) == VALID
    assert site.asked(by, policy=site.policy) == no("POLICY_SCOPE_MISMATCH")
    assert site.asked(by, entitlements=["OLD"]) == no("ENTITLEMENTS_MISSING")
    assert site.asked(by, fingerprints=["a", "x"]) == no("FINGERPRINT_SCOPE_MISMATCH")
    assert [site.asked(by, user=name) for name in ("cyd@", "bob", "ann")] == [VALID, VALID, no("USER_SCOPE_MISMATCH")]
    site.fill("free", "456", ())
    assert site.asked(by) == VALID
    site.tighten(policy, maxProcesses=2)
    assert [site.asked(by), site.asked(by, user="bob")] == [no("TOO_MANY_PROCESSES"), VALID]
