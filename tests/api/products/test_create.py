from typing import Any

import pytest

from tests.api.helpers import Error, codes, first, staff
from tests.world import HOST, World, resource

ATTRIBUTES = "/data/attributes"
RELATED = ["policies", "licenses", "machines", "users", "tokens", "platforms", "channels", "releases", "artifacts"]


def test_wire_shape(world: World) -> None:
    sent = {
        "name": "App",
        "code": "app",
        "distributionStrategy": "OPEN",
        "url": "https://app.example.com/x?y=1",
        "platforms": ["macOS", "Windows"],
        "permissions": ["product.read", "license.read"],
        "metadata": {"customerID": 7},
    }
    answer = world.post("/v1/products", resource("products", sent))
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/products/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{home}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "products",
            "attributes": {
                **sent,
                "permissions": ["license.read", "product.read"],
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


def test_defaults(local_world: World) -> None:
    attributes = local_world.product()["attributes"]
    assert len(attributes.pop("permissions")) == 109
    assert attributes == {
        "name": "App",
        "code": None,
        "distributionStrategy": "LICENSED",
        "url": None,
        "platforms": None,
        "metadata": {},
        "created": "2026-03-01T12:00:00.000Z",
        "updated": "2026-03-01T12:00:00.000Z",
    }


@pytest.mark.parametrize("name", ["code", "distributionStrategy", "url", "platforms", "permissions", "metadata"])
def test_null_is_absent(shared_world: World, name: str) -> None:
    sent = {"name": "App", name: None}
    answer = shared_world.post("/v1/products", resource("products", sent))
    assert answer.status == 201, answer.raw
    assert answer.attributes == shared_world.product()["attributes"]


@pytest.mark.parametrize("spelling", ["product", "products"])
def test_type_spellings(shared_world: World, spelling: str) -> None:
    assert shared_world.post("/v1/products", resource(spelling, {"name": "App"})).status == 201


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": None}, "/data", "cannot be null"),
        ({"data": []}, "/data", "type mismatch (received array expected object)"),
        ({"data": {}}, "/data/type", "is missing"),
        ({"data": {"type": None}}, "/data/type", "cannot be null"),
        ({"data": {"type": 1}}, "/data/type", "type mismatch (received integer expected string)"),
        ({"data": {"type": ""}}, "/data/type", "cannot be blank"),
        ({"data": {"type": "licenses"}}, "/data/type", "is invalid"),
        ({"data": {"type": "products"}}, ATTRIBUTES, "is missing"),
        ({"data": {"type": "products", "attributes": None}}, ATTRIBUTES, "cannot be null"),
        ({"data": {"type": "products", "attributes": {}}}, f"{ATTRIBUTES}/name", "is missing"),
        ({"data": {"type": "products", "attributes": {"name": "A"}, "id": "x"}}, "/data/id", "unpermitted parameter"),
        ({"data": {"type": "products"}, "meta": {}}, "/meta", "unpermitted parameter"),
        ({"data": {"type": "products", "links": {}}}, "/data/links", "unpermitted parameter"),
        ({"included": [], "data": {"type": "products", "foo": 1}}, "/included", "unpermitted parameter"),
        ({"data": {"foo_bar": 1, "type": "products"}, "meta": {}}, "/data/fooBar", "unpermitted parameter"),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/products", document)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("name", "value", "where", "detail"),
    [
        ("name", None, "name", "cannot be null"),
        ("name", "", "name", "cannot be blank"),
        ("name", " \t", "name", "cannot be blank"),
        ("name", 5, "name", "type mismatch (received integer expected string)"),
        ("name", 5.0, "name", "type mismatch (received float expected string)"),
        ("name", True, "name", "type mismatch (received boolean expected string)"),
        ("name", [], "name", "type mismatch (received array expected string)"),
        ("name", {}, "name", "type mismatch (received object expected string)"),
        ("code", "", "code", "cannot be blank"),
        ("url", "", "url", "cannot be blank"),
        ("platforms", "mac", "platforms", "type mismatch (received string expected array)"),
        ("platforms", [1], "platforms/0", "type mismatch (received integer expected string)"),
        ("platforms", ["a", None], "platforms/1", "cannot be null"),
        ("permissions", [[]], "permissions/0", "type mismatch (received array expected string)"),
        ("metadata", [], "metadata", "type mismatch (received array expected object)"),
        ("metadata", {"a": {"b": {"c": {}}}}, "metadata/a/b/c", "maximum depth of 2 exceeded"),
        ("metadata", {"array": [1, [{}]]}, "metadata/array/1/0", "maximum depth of 2 exceeded"),
        ("metadata", {"a_b": [[[]]]}, "metadata/aB/0/0", "maximum depth of 2 exceeded"),
        ("created", "2026-01-01", "created", "unpermitted parameter"),
        ("distribution", "OPEN", "distribution", "unpermitted parameter"),
    ],
)
def test_types(shared_world: World, name: str, value: Any, where: str, detail: str) -> None:
    answer = shared_world.post("/v1/products", resource("products", {"name": "App", name: value}))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/{where}", detail)


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("name", "x" * 256, "NAME_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("code", "x" * 256, "CODE_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("code", "action", "CODE_NOT_ALLOWED", "is reserved"),
        ("code", "actions", "CODE_NOT_ALLOWED", "is reserved"),
        ("code", "3C1EE0D2AC634EA7A9B4C94CBA68AFB5", "CODE_INVALID", "is invalid"),
        ("distributionStrategy", "open", "DISTRIBUTION_STRATEGY_NOT_ALLOWED", "unsupported distribution strategy"),
        ("url", "https://e.com/" + "x" * 242, "URL_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("url", "ftp://example.com", "URL_PROTOCOL_INVALID", None),
        ("platforms", ["a" * 500_000], "PLATFORMS_TOO_LONG", "too large (exceeded limit of 327680 bytes)"),
        ("platforms", ["a"] * 100_000, "PLATFORMS_TOO_LONG", "too large (exceeded limit of 327680 bytes)"),
        ("url", "https://licenses.test", "URL_HOST_INVALID", "must be a URL with a valid host"),
        ("url", "https://licenses.test:8443/x", "URL_HOST_INVALID", "must be a URL with a valid host"),
        ("url", "https://localhost", "URL_HOST_INVALID", "must be a URL with a valid host"),
        ("url", "https://127.0.0.1", "URL_HOST_INVALID", "must be a URL with a valid host"),
        ("url", "http://exa mple.com", "URL_INVALID", "must be a valid URL"),
        ("permissions", ["foo"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["product.create"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["product.read", "product.read"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["license.*"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["user.password.update"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("metadata", {"a": "x" * 16_377}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
        ("metadata", {str(n): [] for n in range(65)}, "METADATA_TOO_LONG", "too many keys (exceeded limit of 64 keys)"),
        ("metadata", {"a": {str(n): 1 for n in range(64)}}, "METADATA_TOO_LONG", None),
    ],
)
def test_fields(shared_world: World, name: str, value: Any, code: str, detail: str | None) -> None:
    answer = shared_world.post("/v1/products", resource("products", {"name": "App", name: value}))
    assert answer.error == (422, code, f"{ATTRIBUTES}/{name}")
    assert answer.errors[0]["title"] == "Unprocessable resource"
    assert len(answer.errors) == 1
    assert detail is None or answer.errors[0]["detail"] == detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "x" * 255),
        ("name", "名" * 255),
        ("code", "x" * 255),
        ("code", "a.b/c+d%"),
        ("url", "https://e.com/" + "x" * 241),
        ("url", "http://sub.example.co:8080/"),
        ("platforms", []),
        ("permissions", []),
        ("permissions", ["*"]),
        ("permissions", ["license.suspend"]),
        ("metadata", {"a": "x" * 16_376}),
        ("metadata", {"a": {"b": {"c": 1}}, "d": [[1, "x", None, True, 1.5]]}),
        ("metadata", {"k" + chr(97 + n % 26) + "x" * (n // 26): n for n in range(64)}),
    ],
)
def test_bounds(world: World, name: str, value: Any) -> None:
    answer = world.post("/v1/products", resource("products", {"name": "App", name: value}))
    assert answer.status == 201, answer.raw
    assert answer.attributes[name] == value


def test_all_problems_at_once(shared_world: World) -> None:
    sent = {"permissions": ["no"], "code": "actions", "name": "x" * 256, "url": "gopher://example.com"}
    assert codes(shared_world.post("/v1/products", resource("products", sent))) == [
        ("NAME_TOO_LONG", f"{ATTRIBUTES}/name"),
        ("CODE_NOT_ALLOWED", f"{ATTRIBUTES}/code"),
        ("URL_PROTOCOL_INVALID", f"{ATTRIBUTES}/url"),
        ("PERMISSIONS_NOT_ALLOWED", f"{ATTRIBUTES}/permissions"),
    ]


@pytest.mark.parametrize("code", ["app", "APP"])
def test_codes_are_unique_ignoring_case(world: World, code: str) -> None:
    world.product(code="App")
    answer = world.post("/v1/products", resource("products", {"name": "Other", "code": code}))
    assert first(answer) == (422, "CODE_TAKEN", f"{ATTRIBUTES}/code", "has already been taken")


def test_a_freed_code_can_be_used_again(world: World) -> None:
    product = world.product(code="app")
    assert world.send("DELETE", f"/v1/products/{product['id']}").status == 204
    assert world.product(code="app")["id"] != product["id"]


def test_codes_of_another_account_are_free(local_world: World) -> None:
    other = World(local_world.transport, slug="other")
    other.product(code="app")
    assert local_world.product(code="app")


REFUSED: list[tuple[str, dict[str, Any], Error]] = [
    ("sales-agent", {"name": "App"}, (403, None, None)),
    ("sales-agent", {"name": ""}, (400, None, f"{ATTRIBUTES}/name")),
    ("sales-agent", {"name": "App", "permissions": []}, (400, None, f"{ATTRIBUTES}/permissions")),
    ("sales-agent", {"name": "App", "permissions": None}, (400, None, f"{ATTRIBUTES}/permissions")),
    ("developer", {"name": "App", "foo": 1, "permissions": []}, (400, None, f"{ATTRIBUTES}/foo")),
]


@pytest.mark.parametrize(("role", "sent", "error"), REFUSED)
def test_document_before_authorization(shared_world: World, role: str, sent: dict[str, Any], error: Error) -> None:
    assert shared_world.post("/v1/products", resource("products", sent), as_=staff(shared_world, role)).error == error


def test_any_key_case(local_world: World) -> None:
    sent = {"Name": "App", "distribution-strategy": "OPEN", "META_DATA": {}}
    assert local_world.post("/v1/products", resource("products", sent)).error[2] == f"{ATTRIBUTES}/metaData"
    del sent["META_DATA"]
    assert local_world.post("/v1/products", resource("products", sent)).attributes["distributionStrategy"] == "OPEN"
