"""PATCH and DELETE /processes/<id> (spec machines.md §3.2, §9)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, first
from tests.api.installing import activated, at, attached, gone, roomy, update
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.api.processes.test_spawn import spawned
from tests.races.crowd import rows
from tests.world import World, resource

UNPERMITTED = "unpermitted parameter"


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update(world: World, method: str) -> None:
    made = spawned(world, activated(world, world.license()), metadata={"a": 1})
    world.listen("*")
    world.clock.advance(seconds=5)
    body = resource("process", {"metadata": {"b": {"cD": 2}}})
    body["data"]["id"] = "ignored"
    answer = world.send(method, at(made), body)
    changed = {"metadata": {"b": {"cD": 2}}, "updated": to_text(world.clock.now())}
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | changed})
    assert world.get(at(made)).data == answer.data
    assert emitted(world) == [("process.updated", {"data": answer.data})]


def test_null_and_absent_keep(shared_world: World) -> None:
    made = spawned(shared_world, activated(shared_world, shared_world.license()), metadata={"a": 1})
    assert update(shared_world, made).data == made
    assert update(shared_world, made, metadata=None).data == made


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "machines", "attributes": {}}}, "/data/type", "is invalid"),
        ({"data": {"type": "processes"}}, "/data/attributes", "is missing"),
        (resource("processes", {"pid": "1"}), "/data/attributes/pid", UNPERMITTED),
        (
            resource("processes", {"metadata": []}),
            "/data/attributes/metadata",
            "type mismatch (received array expected object)",
        ),
        (resource("processes", {}, machine=("machines", NOWHERE)), "/data/relationships", UNPERMITTED),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = spawned(shared_world, activated(shared_world, shared_world.license()))
    assert first(shared_world.send("PATCH", at(made), body)) == (400, None, pointer, detail)


def test_fields(shared_world: World) -> None:
    made = spawned(shared_world, activated(shared_world, shared_world.license()))
    answer = update(shared_world, made, metadata={"k": "x" * 16384})
    detail = "too large (exceeded limit of 16384 bytes)"
    assert first(answer) == (422, "METADATA_TOO_LONG", "/data/attributes/metadata", detail)


def test_each_bearer_updates(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None, **sent: Any) -> str:
        machine = activated(world, cast.license, owner=owner)
        made = spawned(world, machine)
        found = [update(world, made, cast.tokens[bearer], **sent) for bearer in BEARERS]
        gone(world, machine)
        return " ".join(str(answer.status) for answer in found)

    assert shown(None) == "401 200 200 200 200 403 200 404 200 403 404 200 404"
    assert shown(cast.attached.id) == "401 200 200 200 200 403 200 404 200 200 404 200 404"
    assert shown(cast.attached.id, metadata={}) == "401 200 200 200 200 403 200 404 400 400 404 400 404"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 200 200 200 200 403 200 404 403 403 404 200 404"


def test_each_bearer_kills(cast: Cast) -> None:
    world, shown = cast.world, []
    machine = activated(world, cast.license, owner=cast.attached.id)
    for bearer in BEARERS:
        made = spawned(world, machine)
        answer = gone(world, made, cast.tokens[bearer])
        shown.append(str(answer.status))
        if answer.status != 204:
            gone(world, made)
    assert " ".join(shown) == "401 204 204 204 403 403 204 404 204 204 404 204 404"


def counted(world: World) -> tuple[int, dict[str, int], dict[str, int]]:
    """How many processes the license, each owner and each machine count."""
    [meter] = rows(world, Row, "license-meter")
    buckets = {item["sk"].partition("#")[2]: item["processes"] for item in rows(world, Row, "bucket")}
    return meter["processes"], buckets, {item["id"]: item["processes"] for item in rows(world, Row, "machine")}


def test_kill(world: World) -> None:
    license = roomy(world)
    ann = attached(world, license)
    one, other = activated(world, license, "1", owner=ann.id), activated(world, license, "2")
    made = [spawned(world, one, "1"), spawned(world, one, "2"), spawned(world, other, "1")]
    assert counted(world) == (3, {ann.id: 2, "none": 1}, {one["id"]: 2, other["id"]: 1})
    world.listen("*")
    answer = gone(world, made[0])
    assert (answer.status, answer.raw) == (204, b"")
    assert emitted(world) == [("process.deleted", {"data": made[0]})]
    missing = (404, "NOT_FOUND", None, f"The requested machine process '{made[0]['id']}' was not found")
    assert [first(gone(world, made[0])), first(update(world, made[0]))] == [missing, missing]
    assert counted(world) == (2, {ann.id: 1, "none": 1}, {one["id"]: 1, other["id"]: 1})
    assert world.get(at(one, "processes")).data == [made[1]]


def test_found_by_id_only(shared_world: World) -> None:
    spawned(shared_world, activated(shared_world, shared_world.license()), "some-pid")
    for method in ("PATCH", "DELETE"):
        answer = shared_world.send(method, "/v1/processes/some-pid", resource("processes", {}))
        assert first(answer)[3] == "The requested machine process 'some-pid' was not found"
