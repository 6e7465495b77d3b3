from typing import Any

import pytest

from tests.api.helpers import codes, first, staff
from tests.world import HOST, World, resource

ATTRIBUTES = "/data/attributes"
LIMITS = ("maxUsers", "maxLicenses", "maxMachines")
RELATED = ("owners", "users", "licenses", "machines")
LOW, HIGH = -2_147_483_648, 2_147_483_647


def test_wire_shape(world: World) -> None:
    sent = {"name": "Team", "maxUsers": 5, "maxLicenses": 0, "maxMachines": 7, "metadata": {"customerID": 7}}
    answer = world.post("/v1/groups", resource("groups", sent))
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/groups/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{home}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "groups",
            "attributes": {
                **sent,
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
                **{name: {"links": {"related": f"{home}/{name}"}} for name in RELATED},
            },
            "links": {"self": home},
        }
    }
    assert world.get(home).document == answer.document


@pytest.mark.parametrize("spelling", ["group", "groups"])
@pytest.mark.parametrize("sent", [{}, dict.fromkeys([*LIMITS, "metadata"])])
def test_everything_but_the_name_is_optional(local_world: World, spelling: str, sent: dict[str, Any]) -> None:
    answer = local_world.post("/v1/groups", resource(spelling, {"name": "Team", **sent}))
    assert (answer.status, answer.attributes) == (
        201,
        {
            "name": "Team",
            **dict.fromkeys(LIMITS),
            "metadata": {},
            "created": "2026-03-01T12:00:00.000Z",
            "updated": "2026-03-01T12:00:00.000Z",
        },
    )


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "teams"}}, "/data/type", "is invalid"),
        ({"data": {"type": "groups"}}, ATTRIBUTES, "is missing"),
        ({"data": {"type": "groups", "attributes": {}}}, f"{ATTRIBUTES}/name", "is missing"),
        ({"data": {"type": "groups", "attributes": {"name": "A"}, "id": "x"}}, "/data/id", "unpermitted parameter"),
        (
            {"data": {"type": "groups", "attributes": {"name": "A"}, "relationships": {"owners": {}}}},
            "/data/relationships",
            "unpermitted parameter",
        ),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/groups", document)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("name", None, "cannot be null"),
        ("name", "", "cannot be blank"),
        ("name", 5, "type mismatch (received integer expected string)"),
        ("metadata", [], "type mismatch (received array expected object)"),
        *((name, 5.0, "type mismatch (received float expected integer)") for name in LIMITS),
        *((name, "5", "type mismatch (received string expected integer)") for name in LIMITS),
        *((name, True, "type mismatch (received boolean expected integer)") for name in LIMITS),
        *((name, HIGH + 1, "integer is too large") for name in LIMITS),
        *((name, LOW - 1, "integer is too large") for name in LIMITS),
        ("maxUsers", 10**40, "integer is too large"),
    ],
)
def test_types(shared_world: World, name: str, value: Any, detail: str) -> None:
    answer = shared_world.post("/v1/groups", resource("groups", {"name": "A", name: value}))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/{name}", detail)


@pytest.mark.parametrize("value", [LOW, -1, 0, HIGH])
@pytest.mark.parametrize("name", LIMITS)
def test_limits_have_no_range(world: World, name: str, value: int) -> None:
    made = world.create("groups", {"name": "A", name: value})
    assert world.get(f"/v1/groups/{made['id']}").attributes[name] == value


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("name", "x" * 256, "NAME_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("metadata", {"a": "x" * 16_384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
    ],
)
def test_fields(shared_world: World, name: str, value: Any, code: str, detail: str) -> None:
    answer = shared_world.post("/v1/groups", resource("groups", {"name": "A", name: value}))
    assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", detail)


def test_all_problems_are_told(shared_world: World) -> None:
    sent = {"name": "x" * 256, "metadata": dict.fromkeys(map(str, range(65)))}
    assert codes(shared_world.post("/v1/groups", resource("groups", sent))) == [
        ("NAME_TOO_LONG", f"{ATTRIBUTES}/name"),
        ("METADATA_TOO_LONG", f"{ATTRIBUTES}/metadata"),
    ]


def test_names_need_not_be_unique(shared_world: World) -> None:
    assert len({shared_world.create("groups", {"name": "Same"})["id"] for _ in range(2)}) == 2


def test_the_document_is_told_before_the_403(local_world: World) -> None:
    bearer = staff(local_world, "sales-agent")
    assert local_world.post("/v1/groups", {}, as_=bearer).error == (400, None, "/data")
    sent = resource("groups", {"name": "x" * 256})
    assert local_world.post("/v1/groups", sent, as_=bearer).error == (403, None, None)


def test_products_make_groups(world: World) -> None:
    token = world.token(f"/v1/products/{world.product()['id']}")
    assert world.post("/v1/groups", resource("groups", {"name": "Team"}), as_=token).status == 201
