"""Whatever arrives at whatever route: never a 500, well-formed refusals, and a refusal stores nothing.

Documents are made from the schemas of the operations, then bent: members dropped, renamed, nulled, of another type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.operation import Operation
from chalicelib.api.resources import OPERATIONS
from chalicelib.api.schema import Member
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import by_key
from tests.world import Answer, World

SETTINGS = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXT = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
KEYS = st.sampled_from(["data", "meta", "type", "id", "attributes", "name", "key", "foo", "links"]) | TEXT
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
EDGES = st.sampled_from([0, 1, -1, 59, 86_400, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30])
TIMES = st.sampled_from(["", "0", 0, "2027-01-01", "2027-01-01T00:00:00Z", 10**12, "9999-12-31T23:59:59Z", "soon"])
WORDS = st.sampled_from(
    ["OPEN", "TOKEN", "day", "month", "https://example.com", "*", "license.read", "12345678", "code"]
)


class Site:
    """A world with something of every kind in it, and the ids documents may name."""

    def __init__(self) -> None:
        self.engine = Engine(":memory:")
        self.world = World(EngineTransport(self.engine))
        checked: dict[str, Any] = {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1}
        policy = self.world.policy(authenticationStrategy="MIXED", **checked)
        self.license = self.world.license(policy["id"], key="MY-SECRET-KEY")
        links = self.license["relationships"]
        self.ids = {
            "products": links["product"]["data"]["id"],
            "policies": links["policy"]["data"]["id"],
            "licenses": self.license["id"],
        }
        product = self.world.token(f"/v1/products/{self.ids['products']}")
        self.bearers = [self.world.admin, self.world.admin, product, by_key(self.license), None]

    def stored(self) -> int:
        """How many items there are; reads the engine, not the service."""
        tables = [self.world.database.names.resources, self.world.database.names.outbox]
        return sum(
            self.engine.call("Scan", {"TableName": table, "Select": "COUNT", "ConsistentRead": True})["Count"]
            for table in tables
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.engine.close()


def sensible(member: Member, ids: list[str]) -> st.SearchStrategy[Any]:
    """Values of the type a member declares."""
    match member.type:
        case "string":
            return st.sampled_from(member.choices) if member.choices else TEXT | WORDS
        case "integer":
            return EDGES | st.integers(-5, 400)
        case "boolean":
            return st.booleans()
        case "time":
            return TIMES
        case "UUID string":
            return st.sampled_from(ids) | st.uuids().map(str)
        case "array":
            assert member.element is not None
            return st.lists(sensible(member.element, ids), max_size=4)
        case "metadata":
            return st.dictionaries(TEXT, ANYTHING, max_size=4)
    required = {name: bent(child, ids) for name, child in member.members.items() if child.required}
    optional = {name: bent(child, ids) for name, child in member.members.items() if not child.required}
    return st.fixed_dictionaries(required, optional=optional)


def bent(member: Member, ids: list[str]) -> st.SearchStrategy[Any]:
    """Mostly sensible values, sometimes null or anything at all."""
    return st.integers(0, 59).flatmap(
        lambda dice: ANYTHING if dice == 59 else st.none() if dice == 58 else sensible(member, ids)
    )


def documents(operation: Operation, ids: list[str]) -> st.SearchStrategy[Any]:
    """A document for an operation; with luck it is accepted."""
    return ANYTHING if operation.body is None else bent(operation.body, ids)


def _on_the_wire(text: str) -> str:
    """No request line carries a raw line break."""
    return text.replace("\r", "%0D").replace("\n", "%0A")


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            ["limit", "order", "page", "page[number]", "page[size]", "page[cursor]", "page[]", "page[x][y]"]
        )
        | st.sampled_from(["token", "auth", "environment", "a[b", "[", "]", "=", "%", "%zz", "%00", "%ff", "é"])
        | TEXT,
        st.sampled_from(["", "0", "1", "100", "101", "-1", "asc", "desc", "license:x", "token:", "%", "9" * 30]) | TEXT,
    ),
    max_size=4,
).map(lambda pairs: _on_the_wire("&".join(f"{name}={value}" for name, value in pairs)))
SEGMENTS = st.sampled_from(["MY-SECRET-KEY", "%", "%2F", "%00", "%ff", "..", "+", "actions", "a.b"]) | TEXT


def well_formed(answer: Answer) -> None:
    if answer.status < 400:
        return
    assert answer.status < 500, answer.raw
    document = answer.document
    assert set(document) <= {"meta", "errors"}
    assert document.get("meta", {"id": answer.headers["x-request-id"]}) == {"id": answer.headers["x-request-id"]}
    assert document["errors"]
    assert answer.status == 422 or len(document["errors"]) == 1
    for error in document["errors"]:
        assert {"title", "detail"} <= set(error) <= {"title", "detail", "code", "source"}
        assert len(error.get("source", {"one": 1})) == 1
        assert None not in error.values()


def tried(site: Site, method: str, path: str, body: Any, as_: str | None) -> Answer:
    before = site.stored()
    raw = None if body is None else json.dumps(body).encode("utf-8", "surrogatepass")
    answer = site.world.send(method, path, raw=raw, as_=as_)
    well_formed(answer)
    assert answer.status < 400 or site.stored() == before
    return answer


# What deletes would take away the ground all other examples stand on.
KEPT = [operation for operation in OPERATIONS if "DELETE" not in operation.methods]


@pytest.mark.parametrize("operation", KEPT, ids=lambda operation: operation.name)
def test_documents(site: Site, operation: Operation) -> None:
    kind = operation.path.split("/")[1] if operation.path else ""
    path = "/v1/accounts/acme" + operation.path.replace("{id}", site.ids.get(kind, ""))
    ids = list(site.ids.values())

    @SETTINGS
    @given(documents(operation, ids), st.sampled_from(site.bearers))
    def run(body: Any, as_: str | None) -> None:
        tried(site, operation.methods[0], path, body, as_)

    run()


@SETTINGS
@given(st.sampled_from(OPERATIONS), SEGMENTS, QUERIES, st.data())
def test_paths_and_queries(site: Site, operation: Operation, segment: str, query: str, data: st.DataObject) -> None:
    wire = _on_the_wire(segment.replace("?", "%3F").replace("/", "%2F"))
    path = "/v1" + operation.path.replace("{id}", wire)
    tried(site, operation.methods[0], f"{path}?{query}", None, data.draw(st.sampled_from(site.bearers)))


NAMES = ["authorization", "accept", "content-type", "host", "origin", "keygen-version", "keygen-accept-signature"]
LINES = st.text(st.characters(codec="latin-1", min_codepoint=32, exclude_characters="\x7f"), max_size=20)
VALUES = LINES | st.builds(
    "{0}{1}".format,
    st.sampled_from(["Bearer ", "Basic ", "License ", "Basic OnY=", "application/", 'algorithm="', "v1.", "*/*,"]),
    LINES,
)


@SETTINGS
@given(
    st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "HEAD", "BREW"]),
    st.dictionaries(st.sampled_from([*NAMES, "access-control-request-headers"]), VALUES, max_size=3),
)
def test_headers(site: Site, method: str, headers: dict[str, str]) -> None:
    answer = site.world.send(method, "/v1/accounts/acme/products/none", {}, as_=None, headers=headers)
    well_formed(answer)
    for value in answer.headers.values():
        assert value.isascii() and value.isprintable(), answer.headers


@SETTINGS
@given(st.sampled_from(KEPT), st.binary(max_size=40) | ANYTHING.map(lambda value: json.dumps(value).encode()[:-1]))
def test_bytes(site: Site, operation: Operation, raw: bytes) -> None:
    path = "/v1/accounts/acme" + operation.path.replace("{id}", site.license["id"])
    well_formed(site.world.send(operation.methods[0], path, raw=raw))
