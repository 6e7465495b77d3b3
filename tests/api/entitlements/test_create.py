from typing import Any

import pytest

from tests.api.helpers import Error, codes, first, staff
from tests.world import HOST, World, resource

ATTRIBUTES = "/data/attributes"


def test_wire_shape(world: World) -> None:
    sent = {"name": "Feature", "code": "FEATURE-1", "metadata": {"customerID": 7}}
    answer = world.post("/v1/entitlements", resource("entitlements", sent))
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/entitlements/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{home}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "entitlements",
            "attributes": {
                "name": "Feature",
                "code": "FEATURE-1",
                "metadata": {"customerId": 7},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": account},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
            },
            "links": {"self": home},
        }
    }
    assert world.get(home).document == answer.document


@pytest.mark.parametrize("spelling", ["entitlement", "entitlements"])
@pytest.mark.parametrize("metadata", [{}, {"metadata": None}])
def test_metadata_is_optional(local_world: World, spelling: str, metadata: Any) -> None:
    answer = local_world.post("/v1/entitlements", resource(spelling, {"name": "A", "code": "a", **metadata}))
    assert (answer.status, answer.attributes["metadata"]) == (201, {})


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "products"}}, "/data/type", "is invalid"),
        ({"data": {"type": "entitlements"}}, ATTRIBUTES, "is missing"),
        ({"data": {"type": "entitlements", "attributes": {}}}, f"{ATTRIBUTES}/name", "is missing"),
        ({"data": {"type": "entitlements", "attributes": {"name": "A"}}}, f"{ATTRIBUTES}/code", "is missing"),
        (
            {"data": {"type": "entitlements", "id": "x", "attributes": {"name": "A", "code": "a"}}},
            "/data/id",
            "unpermitted parameter",
        ),
        (
            {"data": {"type": "entitlements", "attributes": {"name": "A", "code": "a"}, "relationships": {}}},
            "/data/relationships",
            "unpermitted parameter",
        ),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/entitlements", document)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("name", None, "cannot be null"),
        ("name", "", "cannot be blank"),
        ("name", 5, "type mismatch (received integer expected string)"),
        ("code", None, "cannot be null"),
        ("code", "", "cannot be blank"),
        ("code", " ", "cannot be blank"),
        ("code", 5, "type mismatch (received integer expected string)"),
        ("metadata", [], "type mismatch (received array expected object)"),
    ],
)
def test_types(shared_world: World, name: str, value: Any, detail: str) -> None:
    answer = shared_world.post("/v1/entitlements", resource("entitlements", {"name": "A", "code": "a", name: value}))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/{name}", detail)


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("name", "x" * 256, "NAME_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("code", "x" * 256, "CODE_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("code", "action", "CODE_NOT_ALLOWED", "is reserved"),
        ("code", "actions", "CODE_NOT_ALLOWED", "is reserved"),
        ("code", "0E466FD7-bcc3-4df0-b7e6-b6ff2246e186", "CODE_INVALID", "is invalid"),
        ("code", "0e466fd7bcc34df0b7e6b6ff2246e186", "CODE_INVALID", "is invalid"),
        ("code", "taken", "CODE_TAKEN", "has already been taken"),
        ("code", "TAKEN", "CODE_TAKEN", "has already been taken"),
        ("metadata", {"a": "x" * 16_384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
        (
            "metadata",
            dict.fromkeys(map(str, range(65))),
            "METADATA_TOO_LONG",
            "too many keys (exceeded limit of 64 keys)",
        ),
    ],
)
def test_fields(local_world: World, name: str, value: Any, code: str, detail: str) -> None:
    local_world.create("entitlements", {"name": "Taken", "code": "Taken"})
    answer = local_world.post("/v1/entitlements", resource("entitlements", {"name": "A", "code": "a", name: value}))
    assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", detail)
    assert answer.errors[0]["title"] == "Unprocessable resource"


def test_all_problems_are_told(local_world: World) -> None:
    sent = {"name": "x" * 256, "code": "actions", "metadata": dict.fromkeys(map(str, range(65)))}
    assert codes(local_world.post("/v1/entitlements", resource("entitlements", sent))) == [
        ("NAME_TOO_LONG", f"{ATTRIBUTES}/name"),
        ("CODE_NOT_ALLOWED", f"{ATTRIBUTES}/code"),
        ("METADATA_TOO_LONG", f"{ATTRIBUTES}/metadata"),
    ]


def test_codes_of_products_are_others(local_world: World) -> None:
    local_world.product(code="same")
    assert local_world.create("entitlements", {"name": "A", "code": "same"})["attributes"]["code"] == "same"


@pytest.mark.parametrize(
    ("role", "error"),
    [("sales-agent", (403, None, None)), ("support-agent", (403, None, None)), ("read-only", (403, None, None))],
)
def test_the_document_is_told_before_the_403(local_world: World, role: str, error: Error) -> None:
    bearer = staff(local_world, role)
    assert local_world.post("/v1/entitlements", {}, as_=bearer).error == (400, None, "/data")
    sent = resource("entitlements", {"name": "A", "code": "actions"})
    assert local_world.post("/v1/entitlements", sent, as_=bearer).error == error
