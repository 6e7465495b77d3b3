"""Scopes that ask for users and entitlements (spec validation.md §4 rows 9 and 10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import user
from tests.world import World


def asked(world: World, license: Any, by: str, **scope: Any) -> tuple[bool, str]:
    """The verdict of a validation by id, by the key in the path, or by key."""
    meta: dict[str, Any] = {"scope": scope}
    key = license["attributes"]["key"]
    if by == "validate-key":
        answer = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": key, **meta}}, as_=None)
    else:
        answer = world.post(f"/v1/licenses/{license['id'] if by == 'id' else key}/actions/validate", {"meta": meta})
    assert answer.status == 200, answer.raw
    return answer.document["meta"]["valid"], answer.document["meta"]["code"]


BY = pytest.mark.parametrize("by", ["id", "key", "validate-key"])
VALID, MISMATCH, MISSING = (True, "VALID"), (False, "USER_SCOPE_MISMATCH"), (False, "ENTITLEMENTS_MISSING")


@BY
def test_users(local_world: World, by: str) -> None:
    owner, attached, stranger = user(local_world), user(local_world), user(local_world)
    license = local_world.license()
    base = f"/v1/licenses/{license['id']}"
    assert asked(local_world, license, by, user=None) == VALID
    local_world.send("PUT", f"{base}/owner", {"data": {"type": "users", "id": owner.id}})
    local_world.post(f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    for one in (owner, attached):
        assert asked(local_world, license, by, user=one.id) == VALID
        assert asked(local_world, license, by, user=one.email) == VALID
        assert asked(local_world, license, by, user=one.email.upper()) == MISMATCH
    for name in (stranger.id, stranger.email, "nobody@acme.example", "nobody", None):
        assert asked(local_world, license, by, user=name) == MISMATCH
    local_world.send("DELETE", f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    assert asked(local_world, license, by, user=attached.email) == MISMATCH


@BY
def test_entitlements(local_world: World, by: str) -> None:
    policy = local_world.policy()["id"]
    license = local_world.license(policy)
    made = {name: local_world.create("entitlements", {"name": name, "code": name}) for name in ("OWN", "Given", "none")}
    own, given = ({"data": [{"type": "entitlements", "id": made[name]["id"]}]} for name in ("OWN", "Given"))
    assert asked(local_world, license, by, entitlements=["OWN"]) == MISSING
    assert local_world.post(f"/v1/licenses/{license['id']}/entitlements", own).status == 201
    assert local_world.post(f"/v1/policies/{policy}/entitlements", given).status < 300
    for codes in (["OWN"], ["Given"], ["OWN", "Given", "OWN"]):
        assert asked(local_world, license, by, entitlements=codes) == VALID
    for codes in (["none"], ["OWN", "none"], ["own"], ["GIVEN"], ["unknown"]):
        assert asked(local_world, license, by, entitlements=codes) == MISSING
    assert asked(local_world, license, by, entitlements=[]) == (False, "ENTITLEMENTS_SCOPE_EMPTY")
    assert local_world.send("DELETE", f"/v1/entitlements/{made['Given']['id']}").status == 204
    assert asked(local_world, license, by, entitlements=["Given"]) == MISSING
    other = local_world.policy(license["relationships"]["product"]["data"]["id"])["id"]
    moved = {"data": {"type": "policies", "id": other}}
    assert local_world.send("PUT", f"/v1/licenses/{license['id']}/policy", moved).status == 200
    assert asked(local_world, license, by, entitlements=["OWN"]) == VALID
