"""PUT /machines/<id or fingerprint>/owner (spec machines.md §3.2, §6.2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, codes, first, user
from tests.api.installing import (
    GROUP,
    OWNER,
    activate,
    activated,
    at,
    attached,
    counts,
    exceeded,
    floating,
    hand,
    only,
    roomy,
    spawn,
)
from tests.api.licenses.cast import BEARERS, Cast, emitted, grouped, link, owned, path, related
from tests.races.crowd import rows
from tests.world import World, resource

INVALID = (422, "OWNER_INVALID", OWNER, "must be a valid license user")
NOT_FOUND = (422, "OWNER_NOT_FOUND", OWNER, "must exist")


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def sums(world: World) -> dict[str, tuple[int, ...]]:
    """By owner: machines, cores, memory, disk, processes."""
    names = ("machines", "cores", "memory", "disk", "processes")
    return {
        item["sk"].partition("#")[2]: tuple(item[name] for name in names)
        for item in rows(world, Row, "bucket")
        if item["machines"]
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change(world: World, method: str) -> None:
    ann = user(world)
    license = owned(world, ann, floating(world)["id"])
    bob = attached(world, license)
    made = activated(world, license, cores=1, memory=2, disk=3)
    spawn(world, made)
    world.listen("*")
    world.clock.advance(seconds=5)
    for owner, key in ((ann.id, ann.id), (bob.id, bob.id), (None, "none")):
        answer = hand(world, made, owner, method=method)
        assert (answer.status, related(answer.data, "owner")) == (200, owner)
        assert answer.attributes == made["attributes"] | {"updated": to_text(world.clock.now())}
        assert world.get(at(made)).data == answer.data
        assert emitted(world)[-1] == ("machine.owner.updated", {"data": answer.data})
        assert sums(world) == {key: (1, 1, 2, 3, 1)}
        for one in (ann, bob):
            shown = world.get(f"/v1/machines?owner={one.id}").data
            assert [item["id"] for item in shown] == ([made["id"]] if one.id == owner else [])
    assert (counts(world, license), len(emitted(world))) == ((1, 1, 2, 3), 3)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": []}, "/data", "type mismatch (received array expected object)"),
        ({"data": {"type": "users"}}, "/data/id", "is missing"),
        ({"data": {"type": "groups", "id": NOWHERE}}, "/data/type", "is invalid"),
        (link("users", "ann@acme.example"), "/data/id", "type mismatch (received string expected UUID string)"),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = activated(shared_world, roomy(shared_world))
    assert first(shared_world.send("PUT", at(made, "owner"), body)) == (400, None, pointer, detail)


def test_each_bearer(cast: Cast) -> None:
    made = activated(cast.world, cast.license, owner=cast.owner.id)
    found = [hand(cast.world, made, cast.attached.id, cast.tokens[bearer]) for bearer in BEARERS]
    shown = " ".join(str(answer.status) for answer in found)
    assert shown == "401 200 200 200 403 403 200 404 403 403 404 403 404"


def test_the_order_of_refusals(cast: Cast) -> None:
    world, made = cast.world, activated(cast.world, cast.license)
    assert hand(world, {"type": "machines", "id": NOWHERE}, "nobody").error == (404, "NOT_FOUND", None)
    assert hand(world, made, "nobody", cast.tokens["owner"]).error == (403, None, None)
    assert hand(world, made, "nobody").status == 400
    assert first(hand(world, made, NOWHERE)) == NOT_FOUND


def test_only_users_of_the_license(shared_world: World) -> None:
    license = roomy(shared_world)
    made = activated(shared_world, license)
    assert first(hand(shared_world, made, user(shared_world).id)) == INVALID
    assert first(hand(shared_world, made, NOWHERE)) == NOT_FOUND


def test_the_same_owner_is_not_asked_again(local_world: World) -> None:
    """A license that changed its owner left the machines to whom they were (§6.5)."""
    world, ann, bob = local_world, user(local_world), user(local_world)
    license = owned(world, ann)
    made = activated(world, license, owner=ann.id)
    assert world.send("PUT", path(license, "owner"), link("users", bob.id)).status == 200
    assert related(world.get(at(made)).data, "owner") == ann.id
    assert hand(world, made, ann.id).status == 200
    assert hand(world, made, bob.id).status == 200
    assert first(hand(world, made, ann.id)) == INVALID


# --- the group of the new owner ---------------------------------------------------------------------------------------


def members(world: World) -> dict[str, int]:
    return {item["pk"].split("#")[2]: item["machines"] for item in rows(world, Row, "group-meter")}


def test_a_machine_without_group_inherits_one(world: World) -> None:
    license, old, new = roomy(world), grouped(world)["id"], grouped(world)["id"]
    ann = user(world, group_id=new)
    world.post(path(license, "users"), {"data": [{"type": "users", "id": ann.id}]})
    grouped_one, bare = activated(world, license, "1", group=old), activated(world, license, "2")
    assert related(hand(world, grouped_one, ann.id).data, "group") == old
    assert related(hand(world, bare, ann.id).data, "group") == new
    assert members(world) == {old: 1, new: 1}
    assert related(hand(world, bare, None).data, "group") == new
    assert members(world) == {old: 1, new: 1}


def test_a_full_group(local_world: World) -> None:
    world, group = local_world, grouped(local_world, maxMachines=1)["id"]
    license, ann = roomy(world), user(world, group_id=group)
    world.post(path(license, "users"), {"data": [{"type": "users", "id": ann.id}]})
    activated(world, license, "1", owner=ann.id)
    made = activated(world, license, "2")
    detail = "machine count has exceeded maximum allowed by current group (1)"
    assert first(hand(world, made, ann.id)) == (422, "GROUP_MACHINE_LIMIT_EXCEEDED", GROUP, detail)
    assert (members(world), related(world.get(at(made)).data, "owner")) == ({group: 1}, None)


# --- limits of the new owner's bucket ---------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["cores", "memory", "disk"])
def test_sizes_per_user(local_world: World, what: str) -> None:
    world = local_world
    license = roomy(world, machineLeasingStrategy="PER_USER", **only(f"max{what.title()}", 4))
    ann = attached(world, license)
    activated(world, license, "1", owner=ann.id, **only(what, 3))
    made = activated(world, license, "2", **only(what, 2))
    assert first(hand(world, made, ann.id)) == exceeded(what, 4, "user")
    small = activated(world, license, "3", **only(what, 1))
    assert hand(world, small, ann.id).status == 200


def test_the_count_per_user_is_not_asked(local_world: World) -> None:
    world = local_world
    license = roomy(world, machineLeasingStrategy="PER_USER", maxMachines=1)
    ann = attached(world, license)
    activated(world, license, "1", owner=ann.id)
    made = activated(world, license, "2")
    assert hand(world, made, ann.id).status == 200
    assert activate(world, license, "3", owner=ann.id).error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert activate(world, license, "3").status == 201


def test_sizes_per_license_are_evaluated(local_world: World) -> None:
    """Whatever the change, the sum of the license is looked at (§4.5)."""
    world, policy = local_world, floating(local_world, maxCores=4)
    license = world.license(policy["id"])
    ann = attached(world, license)
    made = activated(world, license, cores=4)
    assert hand(world, made, ann.id).status == 200
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", {"maxCores": 2})).status == 200
    assert hand(world, made, ann.id).status == 200
    assert codes(hand(world, made, None)) == [("MACHINE_CORE_LIMIT_EXCEEDED", "/data")]


def test_a_refused_change_changes_nothing(local_world: World) -> None:
    license = roomy(local_world)
    made = activated(local_world, license)
    local_world.listen("*")
    assert hand(local_world, made, user(local_world).id).status == 422
    assert (local_world.get(at(made)).data, emitted(local_world)) == (made, [])
