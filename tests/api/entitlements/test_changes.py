from typing import Any

import pytest

from tests.api.helpers import NOWHERE, codes, first, staff
from tests.api.test_events import outbox
from tests.world import World, resource


def entitlement(world: World, code: str = "FEATURE", **attributes: Any) -> Any:
    return world.create("entitlements", {"name": "Feature", "code": code, **attributes})


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes_what_is_sent(world: World, method: str) -> None:
    made = entitlement(world, metadata={"a": 1})
    world.clock.advance(seconds=1.5)
    answer = world.send(method, "/v1/entitlements/FEATURE", resource("entitlement", {"metadata": {"b": 3}}))
    changed = {"metadata": {"b": 3}, "updated": "2026-03-01T12:00:01.500Z"}
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | changed})
    assert world.get(f"/v1/entitlements/{made['id']}").data == answer.data


@pytest.mark.parametrize("name", ["name", "code", "metadata"])
def test_null_changes_nothing(local_world: World, name: str) -> None:
    made = entitlement(local_world, metadata={"a": 1})
    answer = local_world.send("PATCH", f"/v1/entitlements/{made['id']}", resource("entitlements", {name: None}))
    assert answer.attributes == made["attributes"]


def test_a_code_moves(world: World) -> None:
    made, other = entitlement(world), entitlement(world, "other")
    path = f"/v1/entitlements/{made['id']}"
    assert world.send("PATCH", path, resource("entitlements", {"code": "OTHER"})).error == (
        422,
        "CODE_TAKEN",
        "/data/attributes/code",
    )
    assert world.send("PATCH", path, resource("entitlements", {"code": "Feature"})).attributes["code"] == "Feature"
    assert world.send("PATCH", "/v1/entitlements/Feature", resource("entitlements", {"code": "new"})).status == 200
    assert [world.get(f"/v1/entitlements/{code}").status for code in ("FEATURE", "Feature", "new")] == [404, 404, 200]
    entitlement(world, "feature")
    assert world.get("/v1/entitlements/other").data == other


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": {"type": "entitlements"}}, "/data/attributes", "is missing"),
        ({"data": {"type": "entitlements", "attributes": {"code": ""}}}, "/data/attributes/code", "cannot be blank"),
        ({"data": {"type": "entitlements", "attributes": {"a": 1}}}, "/data/attributes/a", "unpermitted parameter"),
    ],
)
def test_documents(local_world: World, document: Any, pointer: str, detail: str) -> None:
    path = f"/v1/entitlements/{entitlement(local_world)['id']}"
    assert first(local_world.send("PATCH", path, document)) == (400, None, pointer, detail)


def test_fields_of_an_update(local_world: World) -> None:
    path = f"/v1/entitlements/{entitlement(local_world)['id']}"
    sent = resource("entitlements", {"name": "x" * 256, "code": "actions"})
    assert codes(local_world.send("PATCH", path, sent)) == [
        ("NAME_TOO_LONG", "/data/attributes/name"),
        ("CODE_NOT_ALLOWED", "/data/attributes/code"),
    ]


def test_404_then_403_then_400(local_world: World) -> None:
    bearer, path = staff(local_world, "read-only"), f"/v1/entitlements/{entitlement(local_world)['id']}"
    nowhere = f"/v1/entitlements/{NOWHERE}"
    for method in ("PATCH", "DELETE"):
        assert local_world.send(method, nowhere, {}, as_=bearer).error == (404, "NOT_FOUND", None)
        assert local_world.send(method, path, {}, as_=bearer).error == (403, None, None)
    assert local_world.send("PATCH", path, {}).error == (400, None, "/data")
    assert local_world.get(nowhere).errors[0]["detail"] == f"The requested entitlement '{NOWHERE}' was not found"


def test_a_deletion(world: World) -> None:
    made = entitlement(world)
    path = f"/v1/entitlements/{made['id']}"
    answer = world.send("DELETE", "/v1/entitlements/FEATURE")
    assert (answer.status, answer.raw) == (204, b"")
    for gone in (path, "/v1/entitlements/FEATURE"):
        assert world.get(gone).error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", path).error == (404, "NOT_FOUND", None)
    assert world.get("/v1/entitlements").data == []
    assert entitlement(world, "feature")["id"] != made["id"]


def test_events(local_world: World) -> None:
    local_world.listen("*")
    made = entitlement(local_world)
    path = f"/v1/entitlements/{made['id']}"
    changed = local_world.send("PATCH", path, resource("entitlements", {"name": "New"})).document
    local_world.send("DELETE", path)
    assert sorted(outbox(local_world), key=lambda one: one[0]) == [
        ("entitlement.created", {"data": made}),
        ("entitlement.deleted", changed),
        ("entitlement.updated", changed),
    ]
