"""Creating releases (spec resources.md §9.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff
from tests.api.releases.shipping import ATTRIBUTES, body, constraint, entitlement, ids, release
from tests.api.test_events import outbox
from tests.world import HOST, World, resource


def test_wire_shape(world: World) -> None:
    product = world.product()["id"]
    sent: dict[str, Any] = {
        "version": "1.2-beta.3+build.4",
        "channel": "beta",
        "tag": "latest",
        "name": "Spring",
        "description": "Flowers",
        "backdated": "2026-01-01T00:00:00Z",
        "metadata": {"customerID": 7},
    }
    answer = world.post("/v1/releases", body(product, **sent))
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/releases/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{home}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "releases",
            "attributes": {
                "name": "Spring",
                "description": "Flowers",
                "channel": "beta",
                "status": "DRAFT",
                "tag": "latest",
                "version": "1.2.0-beta.3+build.4",
                "semver": {"major": 1, "minor": 2, "patch": 0, "prerelease": "beta.3", "build": "build.4"},
                "metadata": {"customerId": 7},
                "backdated": "2026-01-01T00:00:00.000Z",
                "yanked": None,
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": account},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "product": {"links": {"related": f"{home}/product"}, "data": {"type": "products", "id": product}},
                "package": {"links": {"related": None}, "data": None},
                "entitlements": {"links": {"related": f"{home}/entitlements"}},
                "constraints": {"links": {"related": f"{home}/constraints"}},
                "artifacts": {"links": {"related": f"{home}/artifacts"}},
            },
            "links": {"self": home},
        }
    }
    assert world.get(home).document == answer.document
    assert world.get(f"{home}/product").data["id"] == product
    assert ids(world.get(f"{home}/artifacts")) == ids(world.get(f"{home}/constraints")) == []


def test_defaults(local_world: World) -> None:
    product = local_world.product()["id"]
    nulls = dict.fromkeys(("status", "tag", "name", "description", "backdated", "metadata"))
    for number, attributes in enumerate(({}, nulls)):
        shown = local_world.post("/v1/releases", body(product, version=str(number), **attributes)).attributes
        assert {name: shown[name] for name in nulls} == nulls | {"status": "DRAFT", "metadata": {}}
        assert shown["version"] == f"{number}.0.0"
        assert shown["semver"]["prerelease"] is shown["semver"]["build"] is None


@pytest.mark.parametrize("channel", ["rc", "beta", "alpha", "dev"])
def test_channels(local_world: World, channel: str) -> None:
    product = local_world.product()["id"]
    answer = local_world.post("/v1/releases", body(product, version=f"1.0.0-{channel}.1", channel=channel))
    assert (answer.status, answer.attributes["channel"]) == (201, channel)


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "products"}}, "/data/type", "is invalid"),
        ({"data": {"type": "releases"}}, ATTRIBUTES, "is missing"),
        (resource("releases", {"channel": "stable"}), f"{ATTRIBUTES}/version", "is missing"),
        (resource("releases", {"version": "1.0.0"}), f"{ATTRIBUTES}/channel", "is missing"),
        (resource("releases", {"version": "1.0.0", "channel": "stable"}), "/data/relationships", "is missing"),
        (
            {"data": {**resource("releases", {"version": "1", "channel": "stable"})["data"], "relationships": {}}},
            "/data/relationships/product",
            "is missing",
        ),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/releases", document)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("version", None, "cannot be null"),
        ("version", 1, "type mismatch (received integer expected string)"),
        ("channel", "nightly", "is invalid"),
        ("channel", None, "cannot be null"),
        ("status", "YANKED", "is invalid"),
        ("status", "published", "is invalid"),
        ("backdated", "yesterday", "failed to coerce string to time"),
        ("metadata", [], "type mismatch (received array expected object)"),
        ("semver", {}, "unpermitted parameter"),
        ("yanked", "2026-01-01T00:00:00Z", "unpermitted parameter"),
    ],
)
def test_types(shared_world: World, name: str, value: Any, detail: str) -> None:
    answer = shared_world.post("/v1/releases", body(NOWHERE, **{name: value}))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/{name}", detail)


LONG = "is too long (maximum is {} characters)"


@pytest.mark.parametrize(
    ("sent", "name", "code", "detail"),
    [
        ({"version": "v1.0.0"}, "version", "VERSION_INVALID", "must be a valid version"),
        ({"version": "one"}, "version", "VERSION_INVALID", "must be a valid version"),
        ({"version": "1.0.0.0"}, "version", "VERSION_INVALID", "must be a valid version"),
        (
            {"version": "1.0.0-rc.1"},
            "version",
            "VERSION_CHANNEL_INVALID",
            "does not match the stable channel (expected x.y.z, got 1.0.0-rc.1)",
        ),
        (
            {"version": "1.0", "channel": "rc"},
            "version",
            "VERSION_CHANNEL_INVALID",
            "does not match the rc channel (expected x.y.z-rc.n, got 1.0.0)",
        ),
        (
            {"version": "1.0.0-beta", "channel": "rc"},
            "version",
            "VERSION_CHANNEL_INVALID",
            "does not match the rc channel (expected x.y.z-rc.n, got 1.0.0-beta)",
        ),
        ({"version": "7.0"}, "version", "VERSION_TAKEN", "version already exists"),
        ({"version": "7"}, "version", "VERSION_TAKEN", "version already exists"),
        ({"tag": "seven"}, "tag", "TAG_TAKEN", "tag already exists"),
        ({"tag": "x" * 256}, "tag", "TAG_TOO_LONG", LONG.format(255)),
        ({"name": "x" * 256}, "name", "NAME_TOO_LONG", LONG.format(255)),
        ({"description": "x" * 16_385}, "description", "DESCRIPTION_TOO_LONG", LONG.format(16_384)),
        ({"backdated": "2026-03-01T12:00:00Z"}, "backdated", "BACKDATED_INVALID", "must be in the past"),
        (
            {"metadata": {"a": "x" * 16_384}},
            "metadata",
            "METADATA_TOO_LONG",
            "too large (exceeded limit of 16384 bytes)",
        ),
    ],
)
def test_fields(local_world: World, sent: Any, name: str, code: str, detail: str) -> None:
    product = local_world.product()["id"]
    release(local_world, product, version="7.0.0", tag="seven")
    answer = local_world.post("/v1/releases", body(product, **sent))
    assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", detail)
    assert answer.errors[0]["title"] == "Unprocessable resource"


def test_names_are_unique_in_their_product(world: World) -> None:
    one, other = world.product()["id"], world.product()["id"]
    made = release(world, one, tag="t")
    assert release(world, other, tag="t")["attributes"]["version"] == "1.0.0"
    again = body(one, tag="t")
    both = [("VERSION_TAKEN", f"{ATTRIBUTES}/version"), ("TAG_TAKEN", f"{ATTRIBUTES}/tag")]
    assert codes(world.post("/v1/releases", again)) == both
    assert world.post("/v1/releases", body(one, version="1.0.0+1", tag="T")).status == 201
    assert world.send("DELETE", f"/v1/releases/{made['id']}").status == 204
    assert world.post("/v1/releases", again).status == 201


def test_all_problems_are_told(local_world: World) -> None:
    sent = body(NOWHERE, [NOWHERE], version="x", tag="x" * 256, backdated="2027-01-01T00:00:00Z")
    assert codes(local_world.post("/v1/releases", sent)) == [
        ("PRODUCT_NOT_FOUND", "/data/relationships/product"),
        ("CONSTRAINTS_ENTITLEMENT_NOT_FOUND", "/data/relationships/constraints/data/0/relationships/entitlement"),
        ("VERSION_INVALID", f"{ATTRIBUTES}/version"),
        ("TAG_TOO_LONG", f"{ATTRIBUTES}/tag"),
        ("BACKDATED_INVALID", f"{ATTRIBUTES}/backdated"),
    ]


def test_with_constraints(world: World) -> None:
    product, entitlements = world.product()["id"], [entitlement(world, f"code-{one}") for one in range(20)]
    made = release(world, product, entitlements)
    path = f"/v1/releases/{made['id']}"
    held = world.get(f"{path}/constraints?limit=100").data
    targets = [one["relationships"]["entitlement"]["data"]["id"] for one in held]
    assert sorted(targets) == sorted(ids(world.get(f"{path}/entitlements?limit=100"))) == sorted(entitlements)
    nothing = release(world, product, [], version="2")
    assert ids(world.get(f"/v1/releases/{nothing['id']}/constraints")) == []


def test_unfit_constraints(local_world: World) -> None:
    product, one, two = local_world.product()["id"], entitlement(local_world, "1"), entitlement(local_world, "2")
    place = "/data/relationships/constraints/data/{}/relationships/entitlement"
    answer = local_world.post("/v1/releases", body(product, [one, two, NOWHERE, one.upper()]))
    assert (answer.status, codes(answer)) == (
        422,
        [
            ("CONSTRAINTS_ENTITLEMENT_CONFLICT", place.format(0)),
            ("CONSTRAINTS_ENTITLEMENT_NOT_FOUND", place.format(2)),
            ("CONSTRAINTS_ENTITLEMENT_CONFLICT", place.format(3)),
        ],
    )
    many = local_world.post("/v1/releases", body(product, [one] * 21))
    assert first(many) == (422, None, None, "too many records")
    assert ids(local_world.get("/v1/releases")) == []


@pytest.mark.parametrize(
    ("sent", "place", "detail"),
    [
        ({"data": [{"type": "entitlements", "id": NOWHERE}]}, "data/0/id", "unpermitted parameter"),
        ({"data": [constraint(NOWHERE, "entitlements")]}, "data/0/type", "is invalid"),
        ({"data": [{"type": "constraints"}]}, "data/0/relationships", "is missing"),
        ({"data": {}}, "data", "type mismatch (received object expected array)"),
    ],
)
def test_documents_of_constraints(shared_world: World, sent: Any, place: str, detail: str) -> None:
    document = body(NOWHERE)
    document["data"]["relationships"]["constraints"] = sent
    pointer = f"/data/relationships/constraints/{place}"
    assert first(shared_world.post("/v1/releases", document)) == (400, None, pointer, detail)


def test_who_may(world: World) -> None:
    license = open_license(world)
    product, other = license["relationships"]["product"]["data"]["id"], world.product()["id"]
    own, foreign = (world.token(f"/v1/products/{one}") for one in (product, other))
    document = body(product)
    for role in ("sales-agent", "support-agent", "read-only"):
        assert world.post("/v1/releases", document, as_=staff(world, role)).error == (403, None, None)
    for refused, status in ((foreign, 403), (by_key(license), 403), (None, 401)):
        assert world.post("/v1/releases", document, as_=refused).status == status
    assert world.post("/v1/releases", {}, as_=foreign).error == (400, None, "/data")
    assert world.post("/v1/releases", body(NOWHERE), as_=own).status == 403
    assert world.post("/v1/releases", document, as_=own).status == 201
    assert world.post("/v1/releases", body(product, version="2"), as_=staff(world, "developer")).status == 201


def test_constraints_take_a_permission_more(local_world: World) -> None:
    product, one = local_world.product()["id"], entitlement(local_world, "one")
    narrow = {"data": {"type": "tokens", "attributes": {"permissions": ["release.create"]}}}
    bearer = local_world.token(f"/v1/products/{product}", narrow)
    assert local_world.post("/v1/releases", body(product, [one]), as_=bearer).error == (403, None, None)
    assert local_world.post("/v1/releases", body(product, []), as_=bearer).status == 201


def test_events(local_world: World) -> None:
    product = local_world.product()["id"]
    local_world.listen("*")
    made = local_world.post("/v1/releases", body(product)).document
    assert local_world.post("/v1/releases", body(product)).status == 422
    assert outbox(local_world) == [("release.created", made)]
