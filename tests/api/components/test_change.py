"""PATCH and DELETE /components/<id> (spec machines.md §3.2, §8)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.components.test_create import added
from tests.api.helpers import NOWHERE, first
from tests.api.installing import activated, add, at, gone, roomy, update
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.world import World, resource

UNPERMITTED = "unpermitted parameter"


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update(world: World, method: str) -> None:
    made = added(world, activated(world, world.license()), metadata={"a": 1})
    world.listen("*")
    world.clock.advance(seconds=5)
    body = resource("component", {"name": "New", "metadata": {"b": {"cD": 2}}})
    body["data"]["id"] = "ignored"
    answer = world.send(method, at(made), body)
    changed = {"name": "New", "metadata": {"b": {"cD": 2}}, "updated": to_text(world.clock.now())}
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | changed})
    assert world.get(at(made)).data == answer.data
    assert emitted(world) == [("component.updated", {"data": answer.data})]


def test_null_and_absent_keep(shared_world: World) -> None:
    made = added(shared_world, activated(shared_world, shared_world.license()), metadata={"a": 1})
    assert update(shared_world, made).data == made
    assert update(shared_world, made, name=None, metadata=None).data == made


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "machines", "attributes": {}}}, "/data/type", "is invalid"),
        ({"data": {"type": "components"}}, "/data/attributes", "is missing"),
        (resource("components", {"fingerprint": "part"}), "/data/attributes/fingerprint", UNPERMITTED),
        (resource("components", {"name": ""}), "/data/attributes/name", "cannot be blank"),
        (
            resource("components", {"name": 1}),
            "/data/attributes/name",
            "type mismatch (received integer expected string)",
        ),
        (resource("components", {}, machine=("machines", NOWHERE)), "/data/relationships", UNPERMITTED),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = added(shared_world, activated(shared_world, shared_world.license()))
    assert first(shared_world.send("PATCH", at(made), body)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("given", "code", "detail"),
    [
        ({"name": "x" * 256}, "NAME_TOO_LONG", "is too long (maximum is 255 characters)"),
        ({"metadata": {"k": "x" * 16384}}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
    ],
)
def test_fields(shared_world: World, given: Any, code: str, detail: str) -> None:
    made = added(shared_world, activated(shared_world, shared_world.license()))
    answer = update(shared_world, made, **given)
    assert [first(answer), len(answer.errors)] == [(422, code, f"/data/attributes/{next(iter(given))}", detail), 1]


def test_each_bearer_updates(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None, **sent: Any) -> str:
        machine = activated(world, cast.license, owner=owner)
        made = added(world, machine)
        found = [update(world, made, cast.tokens[bearer], **sent) for bearer in BEARERS]
        gone(world, machine)
        return " ".join(str(answer.status) for answer in found)

    assert shown(None, name="New") == "401 200 200 200 200 403 200 404 200 403 404 200 404"
    assert shown(cast.attached.id, name="New") == "401 200 200 200 200 403 200 404 200 200 404 200 404"
    assert shown(cast.attached.id, metadata={}) == "401 200 200 200 200 403 200 404 400 400 404 400 404"
    assert shown(cast.attached.id, metadata=None) == "401 200 200 200 200 403 200 404 400 400 404 400 404"
    protect(world, cast.license)
    assert shown(cast.attached.id, name="New") == "401 200 200 200 200 403 200 404 403 403 404 200 404"


def test_each_bearer_deletes(cast: Cast) -> None:
    world, shown = cast.world, []
    machine = activated(world, cast.license, owner=cast.attached.id)
    for bearer in BEARERS:
        made = added(world, machine)
        answer = gone(world, made, cast.tokens[bearer])
        shown.append(str(answer.status))
        if answer.status != 204:
            gone(world, made)
    assert " ".join(shown) == "401 204 204 204 403 403 204 404 204 204 404 204 404"


def test_delete(world: World) -> None:
    machine = activated(world, world.license())
    made, other = added(world, machine), added(world, machine, "other")
    world.listen("*")
    answer = gone(world, made)
    assert (answer.status, answer.raw) == (204, b"")
    assert emitted(world) == [("component.deleted", {"data": made})]
    missing = (404, "NOT_FOUND", None, f"The requested machine component '{made['id']}' was not found")
    assert [first(gone(world, made)), first(update(world, made, name="a"))] == [missing, missing]
    assert world.get(at(machine, "components")).data == [other]
    assert add(world, machine).status == 201


def test_found_by_id_only(shared_world: World) -> None:
    added(shared_world, activated(shared_world, shared_world.license()), "some-part")
    for method in ("PATCH", "DELETE"):
        answer = shared_world.send(method, "/v1/components/some-part", resource("components", {}))
        assert first(answer)[3] == "The requested machine component 'some-part' was not found"


def test_one_after_its_machine(local_world: World) -> None:
    machine = activated(local_world, roomy(local_world))
    made = added(local_world, machine)
    assert gone(local_world, machine).status == 204
    assert [gone(local_world, made).status, update(local_world, made, name="a").status] == [404, 404]
