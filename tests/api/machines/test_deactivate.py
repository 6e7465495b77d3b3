"""DELETE /machines/<id or fingerprint> (spec machines.md §3.2, §6.4, §6.5)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store import deactivation
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, by_key, first, user
from tests.api.installing import (
    DENIED,
    activate,
    activated,
    add,
    at,
    attached,
    counts,
    floating,
    gone,
    limited,
    part,
    roomy,
    spawn,
    spent,
)
from tests.api.licenses.cast import BEARERS, Cast, emitted, grouped, owned, path, protect, related
from tests.races.crowd import feed, rows
from tests.world import World, segment


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def left(world: World, *kinds: str) -> list[str]:
    """The kinds of which something is stored."""
    return [kind for kind in kinds if rows(world, Row, kind)]


def test_everything_on_it_goes(world: World) -> None:
    group = grouped(world)
    license = roomy(world)
    ann = attached(world, license)
    made = activated(world, license, owner=ann.id, group=group["id"], cores=1, memory=2, disk=3, metadata={"a": 1})
    other = activated(world, license, "other", cores=4)
    on_it = [add(world, made, "a"), add(world, made, "b"), spawn(world, made, "1"), spawn(world, made, "2")]
    spawn(world, other)
    world.listen("*")
    shown = world.get(at(made)).data
    answer = gone(world, made)
    assert (answer.status, answer.raw, "keygen-signature" in answer.headers) == (204, b"", True)
    assert emitted(world) == [("machine.deleted", {"data": shown})]
    for one in (made, *(answer.data for answer in on_it)):
        assert world.get(at(one)).error == (404, "NOT_FOUND", None)
    assert counts(world, license) == (1, 4, 0, 0)
    assert world.get(f"/v1/groups/{group['id']}/machines").data == []
    assert world.get("/v1/machines").data == [world.get(at(other)).data]
    assert world.get("/v1/components").data == []
    assert len(world.get("/v1/processes").data) == 1
    [meter] = rows(world, Row, "license-meter")
    assert meter["processes"] == 1
    detail = f"The requested machine '{made['id']}' was not found"
    assert first(gone(world, made)) == (404, "NOT_FOUND", None, detail)
    world.stream().handle(feed(world, "task"))
    assert left(world, "component", "hint") == []
    assert {item["kind"] for item in rows(world, Row) if made["id"] in item["pk"]} == {"tombstone"}


def test_by_fingerprint(shared_world: World) -> None:
    made = activated(shared_world, roomy(shared_world), "4d:Eq UV")
    assert shared_world.send("DELETE", f"/v1/machines/{segment('4d:Eq UV')}").status == 204
    assert shared_world.get(at(made)).status == 404


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None) -> str:
        found = []
        for bearer in BEARERS:
            made = activated(world, cast.license, "one", owner=owner)
            answer = gone(world, made, cast.tokens[bearer])
            found.append(str(answer.status))
            if answer.status != 204:
                gone(world, made)
        return " ".join(found)

    assert shown(None) == "401 204 204 204 403 403 204 404 204 403 404 204 404"
    assert shown(cast.attached.id) == "401 204 204 204 403 403 204 404 204 204 404 204 404"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 204 204 204 403 403 204 404 403 403 404 204 404"


def test_denied(cast: Cast) -> None:
    made = activated(cast.world, cast.license)
    assert first(gone(cast.world, made, cast.tokens["attached"])) == (403, None, None, DENIED)


def test_the_place_is_free_at_once(local_world: World) -> None:
    world = local_world
    license = world.license()
    for _ in range(3):
        made = activated(world, license, parts=[part("a")])
        assert activate(world, license, "other").status == 422
        assert gone(world, made).status == 204
    assert counts(world, license) == (0, 0, 0, 0)


def test_what_is_not_removed_yet_is_gone_nevertheless(local_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Components and processes disappear with their machine, also from what must be unique."""
    world = local_world
    monkeypatch.setattr(deactivation, "drop_parts", lambda *given: None)
    wide = {"componentUniquenessStrategy": "UNIQUE_PER_ACCOUNT", "maxProcesses": 1}
    license, other = roomy(world, **wide), roomy(world, **wide)
    made = activated(world, license, parts=[part("a"), part("b")])
    old = [world.get(at(made, "components")).data[0], spawn(world, made).data]
    assert gone(world, made).status == 204
    assert left(world, "component", "process") == ["component", "process"]
    assert [world.get(at(one)).status for one in old] == [404, 404]
    again = activated(world, license, parts=[part("a")])
    assert spawn(world, again).status == 201
    assert activate(world, other, parts=[part("a")]).status == 422
    assert activate(world, other, parts=[part("b")]).status == 201
    monkeypatch.undo()
    world.stream().handle(feed(world, "task"))
    assert len(rows(world, Row, "component")) == 2
    assert len(rows(world, Row, "process")) == 1
    assert len([item for item in rows(world, Row, "fingerprint") if item["target_sk"].startswith("component")]) == 2
    assert [one["attributes"]["fingerprint"] for one in world.get(at(again, "components")).data] == ["a"]


# --- tokens of a license ----------------------------------------------------------------------------------------------


def test_deactivations_of_a_token(world: World) -> None:
    license = roomy(world)
    token, where = limited(world, license, maxDeactivations=1)
    made = [activated(world, license, str(number), token) for number in range(3)]
    assert gone(world, made[0], token).status == 204
    answer = gone(world, made[1], token)
    detail = "exceeds maximum allowed (1)"
    assert first(answer) == (422, "DEACTIVATIONS_LIMIT_EXCEEDED", "/data/attributes/deactivations", detail)
    assert (spent(world, where), counts(world, license)) == ((3, 1), (2, 0, 0, 0))
    assert gone(world, made[0], token).status == 404
    assert gone(world, made[1]).status == 204
    assert spent(world, where) == (3, 1)


def test_deactivations_count_without_maximum_too(local_world: World) -> None:
    license = roomy(local_world, authenticationStrategy="MIXED")
    token, where = limited(local_world, license)
    for as_ in (token, by_key(license), "admin"):
        assert gone(local_world, activated(local_world, license), as_).status == 204
    assert spent(local_world, where) == (0, 1)


# --- what deactivates by the way (§6.5) -------------------------------------------------------------------------------


@pytest.mark.parametrize("parent", ["license", "policy", "product", "owner"])
def test_a_license_takes_its_machines_along(local_world: World, parent: str) -> None:
    world = local_world
    ann, group = user(world), grouped(world)
    license = owned(world, ann, floating(world)["id"])
    made = activated(world, license, parts=[part("a")], group=group["id"], metadata={"a": 1})
    on_it = [made, spawn(world, made).data, add(world, made, "b").data]
    place = {
        "license": path(license),
        "policy": f"/v1/policies/{related(license, 'policy')}",
        "product": f"/v1/products/{related(license, 'product')}",
        "owner": f"/v1/users/{ann.id}",
    }
    world.listen("*")
    assert world.send("DELETE", place[parent]).status == 204
    assert [world.get(at(one)).status for one in on_it] == [404, 404, 404]
    assert world.get("/v1/machines").data == []
    for _ in range(3):
        world.stream().handle(feed(world, "task"))
        world.clock.advance(minutes=2)
        world.sweep()
    kinds = ("machine", "component", "process", "fingerprint", "bucket", "hint", "license", "license-meter")
    assert left(world, *kinds) == []
    [meter] = rows(world, Row, "group-meter")
    assert meter["machines"] == 0
    assert not [name for name, _ in emitted(world) if name.startswith(("machine", "component", "process"))]


@pytest.mark.parametrize("action", [(), ("actions/revoke",)])
def test_what_they_took_of_a_group_is_free_when_their_license_is_gone(world: World, action: tuple[str, ...]) -> None:
    group = grouped(world, maxMachines=1)
    license, other = roomy(world), roomy(world)
    made = activated(world, license, group=group["id"])
    assert activate(world, other, group=group["id"]).error[1] == "GROUP_MACHINE_LIMIT_EXCEEDED"
    assert world.send("DELETE", path(license, *action)).status == 204
    assert activate(world, other, made["id"], group=group["id"]).status == 201


def test_a_user_takes_its_machines_along(world: World) -> None:
    license = roomy(world, maxMachines=2)
    ann = attached(world, license)
    made, kept = activated(world, license, owner=ann.id, cores=3), activated(world, license, "other", cores=4)
    assert world.send("DELETE", f"/v1/users/{ann.id}").status == 204
    assert world.get(at(made)).status == 404
    world.stream().handle(feed(world, "task"))
    assert counts(world, license) == (1, 4, 0, 0)
    assert world.get(at(kept)).status == 200
    assert activate(world, license).status == 201


def test_machines_of_a_user_that_left_stay(world: World) -> None:
    license = roomy(world, maxMachines=1, machineLeasingStrategy="PER_USER", maxProcesses=1)
    ann = attached(world, license)
    made = activated(world, license, owner=ann.id, cores=3)
    spawn(world, made)
    body = {"data": [{"type": "users", "id": ann.id}]}
    assert world.send("DELETE", path(license, "users"), body).status == 204
    found = world.get(at(made))
    assert (found.status, related(found.data, "owner")) == (200, None)
    assert activate(world, license, "other").error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    sums = {item["sk"]: (item["machines"], item["cores"], item["processes"]) for item in rows(world, Row, "bucket")}
    assert sums == {f"bucket#{ann.id}": (0, 0, 0), "bucket#none": (1, 3, 1)}


def test_machines_of_a_group_that_is_gone_have_none(world: World) -> None:
    group = grouped(world)
    made = activated(world, world.license(), group=group["id"])
    assert world.send("DELETE", f"/v1/groups/{group['id']}").status == 204
    assert related(world.get(at(made)).data, "group") is None
    assert gone(world, made).status == 204


def test_nothing_that_is_not_there(shared_world: World) -> None:
    answer: Any = gone(shared_world, {"type": "machines", "id": NOWHERE})
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine '{NOWHERE}' was not found")
