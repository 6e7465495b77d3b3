"""Media types and JSON (spec http.md §4, §5.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.helpers import first
from tests.world import World, resource

API, PLAIN = "application/vnd.api+json; charset=utf-8", "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", API),
        ("*/*", API),
        ("*", API),
        ("application/vnd.api+json", API),
        ("application/vnd.keygen+json", API),
        ("application/vnd.api+json, application/json", API),
        ("APPLICATION/VND.API+JSON; charset=utf-8", API),
        ("application/json", PLAIN),
        ("application/json; charset=utf-8", PLAIN),
        ("application/json, text/plain, */*", PLAIN),
        ("application/json, application/vnd.api+json", PLAIN),
        ("text/html, application/json", PLAIN),
        ("*/*, application/json", PLAIN),
        ("application/octet-stream", API),
        ("text/html, */*;q=0.8", API),
    ],
)
def test_accepted(shared_world: World, accept: str, expected: str) -> None:
    for path, status in (("/v1/products", 200), ("/v1/products/none", 404), ("/v1/nowhere", 404)):
        answer = shared_world.get(path, headers={"accept": accept})
        assert (answer.status, answer.headers["content-type"]) == (status, expected)


@pytest.mark.parametrize(
    "headers",
    [
        *({"accept": value} for value in ("text/html", "image/*", "application/vnd.api+xml", "json", "application/")),
        *({"content-type": value} for value in ("application/vnd.api+xml", "json", "application/json/x", "a b/c")),
    ],
)
def test_not_acceptable(shared_world: World, headers: dict[str, str]) -> None:
    for path in ("/v1/products", "/v1/nowhere"):
        answer = shared_world.post(path, {}, as_=None, headers=headers)
        assert answer.error == (400, "MIME_TYPE_INVALID", None)
        assert (answer.headers["content-type"], set(answer.document)) == (API, {"errors"})


@pytest.mark.parametrize(
    "sent",
    [
        "application/vnd.api+json",
        "application/json",
        "application/json; charset=utf-8",
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
    ],
)
def test_bodies_are_json(shared_world: World, sent: str) -> None:
    document = resource("products", {"name": "App"})
    assert shared_world.post("/v1/products", document, headers={"content-type": sent}).status == 201


@pytest.mark.parametrize("sent", ["application/xml", "application/octet-stream", "image/png"])
def test_other_bodies_are_ignored(shared_world: World, sent: str) -> None:
    answer = shared_world.post("/v1/products", raw=b"<data/>", headers={"content-type": sent})
    assert first(answer) == (400, None, "/data", "is missing")


BROKEN = [
    b"{",
    b"{}x",
    b"{} {}",
    b"{'data': 1}",
    b'{"data": 1,}',
    b'{"data": NaN}',
    b'{"data": -Infinity}',
    b'{"data": 01}',
    b'{"data": 1e999}',
    b'{/* no */"data": 1}',
    b'{"data": "\\l"}',
    b'{"data": "\\ud83d"}',
    b'{"data": "\\udc00\\ud83d"}',
    b'{"data": "\x01"}',
    b'{"data": "\xff"}',
    b'{"data": "\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"   ",
]


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
def test_broken_json(shared_world: World, raw: bytes) -> None:
    for method, path in (
        ("POST", "/v1/products"),
        ("POST", "/v1/licenses/none/actions/reset-usage"),
        ("PATCH", "/v1/products/none"),
        ("DELETE", "/v1/products/none"),
        ("POST", "/v1/accounts/none/licenses"),
    ):
        answer = shared_world.send(method, path, raw=raw, as_=None)
        assert answer.error == (400, "JSON_INVALID", None), raw[:40]
        assert "source" not in answer.errors[0]
        assert (answer.errors[0]["title"], set(answer.document)) == ("Bad request", {"errors"})


@pytest.mark.parametrize(
    "raw",
    [b'{"data": "a\\u0000"}', b'{"a\\u0000": 1}', b'{"data": [{"a": ["\\u0000"]}]}', b'["\\u0000"]'],
)
def test_null_bytes(shared_world: World, raw: bytes) -> None:
    answer = shared_world.post("/v1/products", raw=raw)
    assert answer.error == (400, "ENCODING_INVALID", None)
    assert set(answer.document) == {"errors"}


@pytest.mark.parametrize(
    ("raw", "received"), [(b"[]", "array"), (b"5", "integer"), (b'"x"', "string"), (b"true", "boolean")]
)
def test_what_is_no_object_is_data(shared_world: World, raw: bytes, received: str) -> None:
    detail = f"type mismatch (received {received} expected object)"
    assert first(shared_world.post("/v1/products", raw=raw)) == (400, None, "/data", detail)


def test_bodies_of_reads_are_ignored(shared_world: World) -> None:
    assert shared_world.send("GET", "/v1/products", raw=b"{").status == 200


def test_the_last_of_equal_keys_wins(shared_world: World) -> None:
    raw = b'{"data":{"type":"products","attributes":{"name":"A","name":"B","metadata":{"a_b":1,"aB":2}}}}'
    attributes = shared_world.post("/v1/products", raw=raw).attributes
    assert (attributes["name"], attributes["metadata"]) == ("B", {"aB": 2})


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("customerId", "customerId"),
        ("customer_id", "customerId"),
        ("customer-id", "customerId"),
        ("Customer ID", "customerId"),
        ("customer.id", "customerId"),
        ("customerID", "customerId"),
        ("ABC", "abc"),
        ("HTMLParser", "htmlParser"),
        ("key_1", "key1"),
        ("key-1", "key1"),
        ("key1", "key1"),
        ("ExampleKey1", "exampleKey1"),
        ("  __a__b--c  ", "aBC"),
        ("Größe", "grosse"),
        ("naïve café", "naiveCafe"),
    ],
)
def test_keys(shared_world: World, sent: str, shown: str) -> None:
    metadata = {sent: {sent: [1]}, "list": [{sent: 1}]}
    product = shared_world.product(metadata=metadata)
    assert product["attributes"]["metadata"] == {shown: {shown: [1]}, "list": [{shown: 1}]}
    assert shared_world.get(f"/v1/products/{product['id']}").data == product


VALUES: list[Any] = [
    *(0, 1, -1, 2**53 + 1, 2**63, -(10**40), 1.0, 0.1, -2.5e-10, 1e300, True, False, None, ""),
    *(" ", "a\nb", "\u2028", "😀", "\x7f", "</script>"),
]


@pytest.mark.parametrize("value", VALUES)
def test_values_of_metadata_stay_as_sent(world: World, value: Any) -> None:
    product = world.product(metadata={"a": value})
    stored = world.get(f"/v1/products/{product['id']}")
    found = stored.attributes["metadata"]["a"]
    assert (found, type(found)) == (value, type(value))
    assert json.loads(stored.raw)["data"] == product
