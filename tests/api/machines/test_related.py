"""What a machine belongs to, and single machines below what they belong to (spec machines.md §2, §6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.helpers import NOWHERE, component, first, machine, open_license, process, user, user_token
from tests.api.licenses.cast import BEARERS, Cast, related
from tests.world import START, World, segment

READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"
PARTS = ("product", "license", "owner", "group", "components", "processes")


def grouped(world: World) -> str:
    return str(world.create("groups", {"name": "Group"})["id"])


def test_what_it_belongs_to(world: World) -> None:
    owner, group, license = user(world), grouped(world), world.license()
    made = machine(world, license, fingerprint="a print", owner_id=owner.id, group_id=group)
    for named in (made.id, "a%20print"):
        for part, where in (
            ("product", f"products/{related(license, 'product')}"),
            ("license", f"licenses/{license['id']}"),
            ("owner", f"users/{owner.id}"),
            ("group", f"groups/{group}"),
        ):
            answer = world.get(f"/v1/machines/{named}/{part}")
            assert (answer.status, answer.document) == (200, world.get(f"/v1/{where}").document)


def test_without_owner_and_group(world: World) -> None:
    made = machine(world, world.license())
    owner = world.get(f"/v1/machines/{made.id}/owner")
    assert (owner.status, owner.document) == (200, {"data": None})
    group = world.get(f"/v1/machines/{made.id}/group")
    assert first(group) == (404, "NOT_FOUND", None, "The requested group was not found")


@pytest.mark.parametrize("part", PARTS)
def test_of_a_machine_that_is_not_there(shared_world: World, part: str) -> None:
    for named in (NOWHERE, "a print"):
        answer = shared_world.get(f"/v1/machines/{segment(named)}/{part}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine '{named}' was not found")


def test_who_may(local_world: World) -> None:
    """Users and licenses hold every permission here."""
    cast = Cast(local_world)
    made = machine(local_world, cast.license, owner_id=cast.stranger.id, group_id=grouped(local_world))
    on_it = component(local_world, made).id, process(local_world, made).id
    parts = (*PARTS, f"components/{on_it[0]}", f"processes/{on_it[1]}")
    for part in parts:
        path = f"/v1/machines/{made.id}/{part}"
        found = [local_world.get(path, as_=cast.tokens[bearer]).status for bearer in BEARERS]
        assert " ".join(map(str, found)) == READ, part


def test_what_is_allowed_by_default(world: World) -> None:
    group, owner = grouped(world), user(world)
    license = open_license(world)
    made = machine(world, license, group_id=group, owner_id=owner.id)
    tied = {"data": {"type": "users", "id": owner.id}}
    assert world.send("PUT", f"/v1/licenses/{license['id']}/owner", tied).status == 200
    rows = {
        f"License {license['attributes']['key']}": "403 200 403 200 200 200",
        user_token(world, owner): "403 200 200 200 200 200",
    }
    for as_, row in rows.items():
        found = [world.get(f"/v1/machines/{made.id}/{part}", as_=as_).status for part in PARTS]
        assert " ".join(map(str, found)) == row


@pytest.mark.parametrize("part", ["components", "processes"])
def test_it_is_told_that_a_page_is_wrong(world: World, part: str) -> None:
    made = machine(world, world.license())
    narrow = user_token(world, user(world, "admin", permissions=("machine.read",)))
    assert world.get(f"/v1/machines/{made.id}/{part}?limit=0", as_=narrow).error == (400, None, "limit")
    assert world.get(f"/v1/machines/{made.id}/{part}", as_=narrow).error == (403, None, None)
    assert world.get(f"/v1/machines/{NOWHERE}/{part}?limit=0", as_=narrow).status == 404


# --- below what they belong to --------------------------------------------------------------------------------------


def test_single_ones_below(world: World) -> None:
    owner, attached, group = user(world), user(world), grouped(world)
    policy = world.policy(authenticationStrategy="MIXED")["id"]
    license = world.create("licenses", {}, policy=("policies", policy), owner=("users", owner.id))
    body = {"data": [{"type": "users", "id": attached.id}]}
    assert world.post(f"/v1/licenses/{license['id']}/users", body).status == 201
    sibling, foreign = world.license(policy), world.license()
    made = machine(world, license, fingerprint="a.print", group_id=group, created=START)
    shown = world.get(f"/v1/machines/{made.id}").document
    outside = [machine(world, foreign, fingerprint="a.print", created=START - timedelta(days=1))]
    outside.append(machine(world, sibling, owner_id=owner.id, created=START))
    parents = {
        f"licenses/{license['id']}": outside,
        f"licenses/{license['attributes']['key']}": outside,
        f"products/{related(license, 'product')}": outside[:1],
        f"users/{owner.id}": outside,
        f"users/{attached.email}": outside,
        f"groups/{group}": outside,
    }
    for parent, strangers in parents.items():
        for named in (made.id, made.id.upper(), "a.print"):
            answer = world.get(f"/v1/{parent}/machines/{named}")
            assert (answer.status, answer.document) == (200, shown), parent
        for one in (*(stranger.id for stranger in strangers), "A.print", NOWHERE, license["id"]):
            answer = world.get(f"/v1/{parent}/machines/{one}")
            assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine '{one}' was not found")


def test_who_sees_single_ones_below(local_world: World) -> None:
    cast, group = Cast(local_world), grouped(local_world)
    made = machine(local_world, cast.license, fingerprint="print", group_id=group)
    other = machine(local_world, local_world.license(), fingerprint="other", group_id=group)
    rows = {
        f"licenses/{cast.license['id']}": READ,
        f"products/{cast.product}": "401 200 200 200 200 200 200 404 403 403 404 403 404",
        f"users/{cast.owner.id}": "401 200 200 200 200 200 200 404 200 403 404 403 404",
        f"users/{cast.attached.id}": "401 200 200 200 200 200 200 404 403 200 404 403 404",
        f"groups/{group}": "401 200 200 200 200 200 200 404 404 404 404 404 404",
    }
    for parent, row in rows.items():
        for named in ("print", made.id):
            path = f"/v1/{parent}/machines/{named}"
            found = [local_world.get(path, as_=cast.tokens[bearer]).status for bearer in BEARERS]
            assert " ".join(map(str, found)) == row, parent
    path = f"/v1/groups/{group}/machines/{other.id}"
    assert [local_world.get(path, as_=cast.tokens[one]).status for one in ("admin", "product")] == [200, 404]
