from typing import Any

import pytest

from tests.api.groups.crowd import group
from tests.api.helpers import NOWHERE, codes, first, staff
from tests.api.test_events import outbox
from tests.world import World, resource

LIMITS = ("maxUsers", "maxLicenses", "maxMachines")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes_what_is_sent(world: World, method: str) -> None:
    made = group(world, maxUsers=5, metadata={"a": 1})
    path = f"/v1/groups/{made['id']}"
    world.clock.advance(seconds=1.5)
    answer = world.send(method, path, resource("group", {"name": "New", "maxLicenses": 3, "metadata": {"b": 3}}))
    changed = {"name": "New", "maxLicenses": 3, "metadata": {"b": 3}, "updated": "2026-03-01T12:00:01.500Z"}
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | changed})
    assert world.get(path).data == answer.data


@pytest.mark.parametrize("name", LIMITS)
def test_null_removes_a_limit(world: World, name: str) -> None:
    limit: dict[str, Any] = {name: 5}
    made = group(world, **limit)
    path = f"/v1/groups/{made['id']}"
    assert world.send("PATCH", path, resource("groups", {name: None})).attributes[name] is None
    assert world.get(path).attributes[name] is None


@pytest.mark.parametrize("name", ["name", "metadata"])
def test_null_changes_nothing_else(local_world: World, name: str) -> None:
    made = group(local_world, metadata={"a": 1})
    answer = local_world.send("PATCH", f"/v1/groups/{made['id']}", resource("groups", {name: None}))
    assert answer.attributes == made["attributes"]


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": {"type": "groups"}}, "/data/attributes", "is missing"),
        ({"data": {"type": "groups", "attributes": {"name": ""}}}, "/data/attributes/name", "cannot be blank"),
        (
            {"data": {"type": "groups", "attributes": {"maxUsers": 2**31}}},
            "/data/attributes/maxUsers",
            "integer is too large",
        ),
        ({"data": {"type": "groups", "attributes": {"owner": 1}}}, "/data/attributes/owner", "unpermitted parameter"),
    ],
)
def test_documents(local_world: World, document: Any, pointer: str, detail: str) -> None:
    path = f"/v1/groups/{group(local_world)['id']}"
    assert first(local_world.send("PATCH", path, document)) == (400, None, pointer, detail)


def test_fields_of_an_update(local_world: World) -> None:
    answer = local_world.send(
        "PATCH", f"/v1/groups/{group(local_world)['id']}", resource("groups", {"name": "x" * 256})
    )
    assert codes(answer) == [("NAME_TOO_LONG", "/data/attributes/name")]


def test_404_then_403_then_400(local_world: World) -> None:
    bearer, path = staff(local_world, "read-only"), f"/v1/groups/{group(local_world)['id']}"
    for nowhere in (NOWHERE, "Team", "x.y"):
        for method in ("GET", "PATCH", "DELETE"):
            answer = local_world.send(method, f"/v1/groups/{nowhere}", {}, as_=bearer)
            assert first(answer) == (404, "NOT_FOUND", None, f"The requested group '{nowhere}' was not found")
    for method in ("PATCH", "DELETE"):
        assert local_world.send(method, path, {}, as_=bearer).error == (403, None, None)
    assert local_world.send("PATCH", path, {}).error == (400, None, "/data")


def test_an_id_in_any_spelling(local_world: World) -> None:
    made = group(local_world)
    assert local_world.get(f"/v1/groups/{made['id'].replace('-', '').upper()}").data == made


@pytest.mark.parametrize("role", ["sales-agent", "support-agent", "read-only"])
def test_staff_that_may_not(local_world: World, role: str) -> None:
    bearer, path = staff(local_world, role), f"/v1/groups/{group(local_world)['id']}"
    assert local_world.get(path, as_=bearer).status == 200
    sent = resource("groups", {"name": "New"})
    assert local_world.send("PATCH", path, sent, as_=bearer).error == (403, None, None)
    assert local_world.send("DELETE", path, as_=bearer).error == (403, None, None)


def test_products_change_and_delete_every_group(world: World) -> None:
    token = world.token(f"/v1/products/{world.product()['id']}")
    path = f"/v1/groups/{group(world)['id']}"
    assert world.send("PATCH", path, resource("groups", {"name": "New"}), as_=token).attributes["name"] == "New"
    assert world.send("DELETE", path, as_=token).status == 204


def test_events(local_world: World) -> None:
    local_world.listen("*")
    made = group(local_world)
    path = f"/v1/groups/{made['id']}"
    changed = local_world.send("PATCH", path, resource("groups", {"name": "New"})).document
    local_world.send("DELETE", path)
    assert sorted(outbox(local_world), key=lambda one: one[0]) == [
        ("group.created", {"data": made}),
        ("group.deleted", changed),
        ("group.updated", changed),
    ]
