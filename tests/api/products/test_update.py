from typing import Any

import pytest

from tests.api.helpers import NOWHERE, codes, first, staff
from tests.world import World, resource


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes_what_is_sent(world: World, method: str) -> None:
    product = world.product(code="app", url="https://example.com", platforms=["a"], metadata={"a": 1, "b": 2})
    world.clock.advance(seconds=1.5)
    path = f"/v1/products/{product['id']}"
    answer = world.send(method, path, resource("product", {"name": "New", "metadata": {"b": 3}}))
    changed = {"name": "New", "metadata": {"b": 3}, "updated": "2026-03-01T12:00:01.500Z"}
    assert (answer.status, answer.document) == (
        200,
        {"data": product | {"attributes": product["attributes"] | changed}},
    )
    assert world.get(path).document == answer.document


@pytest.mark.parametrize(
    ("name", "after"),
    [("url", None), ("platforms", None), ("distributionStrategy", None), ("code", "app"), ("name", "App")],
)
def test_null(local_world: World, name: str, after: Any) -> None:
    given = {"code": "app", "url": "https://e.com", "platforms": ["a"], "distributionStrategy": "OPEN"}
    product = local_world.product(**given)
    answer = local_world.send("PATCH", f"/v1/products/{product['id']}", resource("products", {name: None}))
    assert answer.attributes == product["attributes"] | {name: after}


def test_code_moves(world: World) -> None:
    product, other = world.product(code="app"), world.product(code="other")
    path = f"/v1/products/{product['id']}"
    assert world.send("PATCH", path, resource("products", {"code": "OTHER"})).error[1] == "CODE_TAKEN"
    assert world.send("PATCH", path, resource("products", {"code": "App"})).attributes["code"] == "App"
    assert world.send("PATCH", "/v1/products/App", resource("products", {"code": "new"})).status == 200
    assert [world.get(f"/v1/products/{code}").status for code in ("App", "app", "new")] == [404, 404, 200]
    world.product(code="app")
    assert world.get("/v1/products/other").data == other


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": {"type": "products"}}, "/data/attributes", "is missing"),
        ({"data": {"type": "products", "attributes": {"name": ""}}}, "/data/attributes/name", "cannot be blank"),
        (
            {"data": {"type": "products", "id": 5, "attributes": {}}},
            "/data/id",
            "type mismatch (received integer expected string)",
        ),
        (
            {"data": {"type": "products", "attributes": {}, "relationships": {}}},
            "/data/relationships",
            "unpermitted parameter",
        ),
    ],
)
def test_documents(local_world: World, document: Any, pointer: str, detail: str) -> None:
    path = f"/v1/products/{local_world.product()['id']}"
    assert first(local_world.send("PATCH", path, document)) == (400, None, pointer, detail)


def test_the_id_of_the_document_is_ignored(local_world: World) -> None:
    product = local_world.product()
    sent = {"data": {"type": "products", "id": "whatever", "attributes": {}}}
    assert local_world.send("PATCH", f"/v1/products/{product['id']}", sent).data["id"] == product["id"]


def test_fields(local_world: World) -> None:
    path = f"/v1/products/{local_world.product()['id']}"
    sent = {"name": "x" * 256, "distributionStrategy": "FREE", "url": "https://nowhere"}
    assert codes(local_world.send("PATCH", path, resource("products", sent))) == [
        ("NAME_TOO_LONG", "/data/attributes/name"),
        ("DISTRIBUTION_STRATEGY_NOT_ALLOWED", "/data/attributes/distributionStrategy"),
        ("URL_HOST_INVALID", "/data/attributes/url"),
    ]


def test_order_of_refusals(world: World) -> None:
    product, bad = world.product(), {"data": {"type": "nonsense"}}
    path, agent = f"/v1/products/{product['id']}", staff(world, "sales-agent")
    own = world.token(path)
    assert world.send("PATCH", f"/v1/products/{NOWHERE}", bad).error == (404, "NOT_FOUND", None)
    assert world.send("PATCH", path, bad, as_=None).error == (401, "TOKEN_MISSING", None)
    assert world.send("PATCH", path, bad, as_=agent).error == (403, None, None)
    assert world.send("PATCH", path, bad).error == (400, None, "/data/type")
    assert world.send("PATCH", path, resource("products", {"name": "Mine"}), as_=own).status == 200
    forbidden = resource("products", {"permissions": ["*"]})
    assert world.send("PATCH", path, forbidden, as_=own).error == (400, None, "/data/attributes/permissions")
