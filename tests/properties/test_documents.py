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
from chalicelib.store.items import rate
from tests.api.scene import Scene
from tests.api.shelf import Shelf
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


LINKED = {
    "product": ("product", "other-product"),
    "policy": ("policy", "sibling-policy", "other-policy", "bare-policy"),
    "license": ("license", "other-license"),
    "user": ("owner", "attached", "stranger", "candidate", "developer"),
    "machine": ("machine", "attached-machine"),
    "release": ("release",),
    "constraint": ("constraint",),
    "group": ("group",),
    "entitlement": ("entitlement", "inherited", "spare"),
}
"""What documents may link to, by type."""


class Site:
    """One of everything, the ids documents may name, and bearers who send them."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.world = World(shelf)
        self.scene = Scene(self.world)
        self.bearers = [
            self.scene.bearers[name] for name in ("admin", "admin", "product", "owner", "license-key", "none")
        ]
        self.ids = {kind: [self.scene.ids[name] for name in names] for kind, names in LINKED.items()}
        shelf.keep("built")
        self._built = self._stored()

    def put_back(self) -> None:
        """The store as it was."""
        self._shelf.put_back("built")

    def is_as_built(self) -> bool:
        """Whether there are as many items as before; attempts are counted, whatever becomes of them."""
        return self._stored() == self._built

    def _stored(self) -> int:
        tables = (self.world.database.names.resources, self.world.database.names.outbox)
        counted = {
            "Select": "COUNT",
            "ConsistentRead": True,
            "FilterExpression": "kind <> :rate",
            "ExpressionAttributeValues": {":rate": {"S": rate.KIND}},
        }
        return sum(self.world.transport.call("Scan", {"TableName": table, **counted})["Count"] for table in tables)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    shelf = Shelf(tmp_path_factory.mktemp("site"))
    yield Site(shelf)
    shelf.close()


Ids = dict[str, list[str]]


def sensible(member: Member, ids: Ids) -> st.SearchStrategy[Any]:
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
            return st.sampled_from(sum(ids.values(), [])) | st.uuids().map(str)
        case "array":
            assert member.element is not None
            return st.lists(sensible(member.element, ids), max_size=4)
        case "metadata":
            return st.dictionaries(TEXT, ANYTHING, max_size=4)
    return _object(member, _narrowed(member, ids))


def _object(member: Member, ids: Ids) -> st.SearchStrategy[Any]:
    required = {name: bent(child, ids) for name, child in member.members.items() if child.required}
    optional = {name: bent(child, ids) for name, child in member.members.items() if not child.required}
    return st.fixed_dictionaries(required, optional=optional)


def _narrowed(member: Member, ids: Ids) -> Ids:
    """The ids that a linkage may name, as far as its types have some."""
    types, identifier = member.members.get("type"), member.members.get("id")
    if types is None or identifier is None or not identifier.required:
        return ids
    return {kind: found for kind, found in ids.items() if kind in (types.choices or ())} or ids


def bent(member: Member, ids: Ids) -> st.SearchStrategy[Any]:
    """Mostly sensible values, sometimes null or anything at all."""
    return st.integers(0, 59).flatmap(
        lambda dice: ANYTHING if dice == 59 else st.none() if dice == 58 else sensible(member, ids)
    )


def documents(operation: Operation, ids: Ids) -> st.SearchStrategy[Any]:
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
SEGMENTS = (
    st.sampled_from(["THE-LICENSE", "the-owner@acme.example", "%", "%2F", "%00", "%ff", "..", "+", "actions", "a.b"])
    | TEXT
)


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


def tried(site: Site, method: str, path: str, body: Any, as_: str | None) -> None:
    raw = None if body is None else json.dumps(body).encode("utf-8", "surrogatepass")
    answer = site.world.send(method, path, raw=raw, as_=as_)
    well_formed(answer)
    assert answer.status < 400 or site.is_as_built()
    if method != "GET" and (answer.status < 400 or answer.status == 429):
        site.put_back()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_documents(site: Site, operation: Operation) -> None:
    path = "/v1/accounts/acme" + site.scene.path(operation)

    @settings(SETTINGS, max_examples=60 if operation.body is not None else 10)
    @given(documents(operation, site.ids), st.sampled_from(site.bearers))
    def run(body: Any, as_: str | None) -> None:
        tried(site, operation.methods[0], path, body, as_)

    site.put_back()
    run()


@SETTINGS
@given(st.sampled_from(OPERATIONS), SEGMENTS, QUERIES, st.data())
def test_paths_and_queries(site: Site, operation: Operation, segment: str, query: str, data: st.DataObject) -> None:
    wire = _on_the_wire(segment.replace("?", "%3F").replace("/", "%2F"))
    parent = data.draw(st.sampled_from([wire, site.scene.path(operation).split("/")[2:3]]))
    path = "/v1" + operation.path.replace("{id}", "".join(parent)).replace("{child}", wire)
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
@given(
    st.sampled_from(OPERATIONS), st.binary(max_size=40) | ANYTHING.map(lambda value: json.dumps(value).encode()[:-1])
)
def test_bytes(site: Site, operation: Operation, raw: bytes) -> None:
    path = "/v1/accounts/acme" + site.scene.path(operation)
    site.put_back()
    well_formed(site.world.send(operation.methods[0], path, raw=raw))
