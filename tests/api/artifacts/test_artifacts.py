"""Artifacts: the files of releases, as metadata (spec resources.md §9.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff
from tests.api.releases.shipping import ATTRIBUTES, artifact, ids, release
from tests.api.test_events import outbox
from tests.world import HOST, Answer, World, resource


def create(world: World, release_id: str, attributes: dict[str, Any], **options: Any) -> Answer:
    return world.post("/v1/artifacts", resource("artifacts", attributes, release=("releases", release_id)), **options)


def update(world: World, artifact_id: str, attributes: dict[str, Any], **options: Any) -> Answer:
    return world.send("PATCH", f"/v1/artifacts/{artifact_id}", resource("artifacts", attributes), **options)


@pytest.fixture
def shipped(local_world: World) -> str:
    """The id of a release."""
    return str(release(local_world, local_world.product()["id"])["id"])


def test_wire_shape(world: World) -> None:
    made = release(world, world.product()["id"])["id"]
    sent = {
        "filename": "App.ZIP",
        "filetype": "ZIP",
        "filesize": 5 * 1024**3,
        "platform": "macOS",
        "arch": "ARM64",
        "signature": "Signed==",
        "checksum": "AbC+/==",
        "metadata": {"customerID": 7},
    }
    answer = create(world, made, sent)
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/artifacts/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{home}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "artifacts",
            "attributes": {
                **sent,
                "filetype": "zip",
                "platform": "macos",
                "arch": "arm64",
                "status": "UPLOADED",
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
                "release": {
                    "links": {"related": f"{account}/releases/{made}"},
                    "data": {"type": "releases", "id": made},
                },
            },
            "links": {"self": home},
        }
    }
    assert world.get(home).document == answer.document


def test_nothing_but_a_name_is_needed(local_world: World, shipped: str) -> None:
    nulls: dict[str, Any] = dict.fromkeys(("filetype", "filesize", "platform", "arch", "signature", "checksum"))
    for name, sent in (("a", {}), ("b", {**nulls, "metadata": None})):
        shown = create(local_world, shipped, {"filename": name, **sent}).attributes
        assert {one: shown[one] for one in nulls} == nulls
        assert (shown["filename"], shown["metadata"]) == (name, {})


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"type": "files"}}, "/data/type", "is invalid"),
        (resource("artifacts", {}), f"{ATTRIBUTES}/filename", "is missing"),
        (resource("artifacts", {"filename": None}), f"{ATTRIBUTES}/filename", "cannot be null"),
        (resource("artifacts", {"filename": " "}), f"{ATTRIBUTES}/filename", "cannot be blank"),
        (resource("artifacts", {"filename": "x"}), "/data/relationships", "is missing"),
        (
            resource("artifacts", {"filename": "x", "status": "WAITING"}),
            f"{ATTRIBUTES}/status",
            "unpermitted parameter",
        ),
        (
            resource("artifacts", {"filename": "x", "filesize": "1"}),
            f"{ATTRIBUTES}/filesize",
            "type mismatch (received string expected integer)",
        ),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/artifacts", document)) == (400, None, pointer, detail)


LONG = "is too long (maximum is {} characters)"


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("filename", "taken", "FILENAME_TAKEN", "already exists"),
        ("filename", "x" * 256, "FILENAME_TOO_LONG", LONG.format(255)),
        ("filetype", "x" * 256, "FILETYPE_TOO_LONG", LONG.format(255)),
        ("filesize", -1, "FILESIZE_INVALID", "must be greater than or equal to 0"),
        ("filesize", 5 * 1024**3 + 1, "FILESIZE_INVALID", "must be less than or equal to 5368709120"),
        ("signature", "x" * 4097, "SIGNATURE_TOO_LONG", LONG.format(4096)),
        ("checksum", "x" * 4097, "CHECKSUM_TOO_LONG", LONG.format(4096)),
        ("metadata", {"a": "x" * 16_384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
    ],
)
def test_fields(local_world: World, shipped: str, name: str, value: Any, code: str, detail: str) -> None:
    artifact(local_world, shipped, "taken")
    answer = create(local_world, shipped, {"filename": "new", name: value})
    assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", detail)
    assert answer.errors[0]["title"] == "Unprocessable resource"


def test_names_are_unique_in_their_release(world: World) -> None:
    product = world.product()["id"]
    one, other = (release(world, product, version=str(number))["id"] for number in range(2))
    made = artifact(world, one)["id"]
    artifact(world, one, "APP.zip")
    artifact(world, other)
    assert world.send("DELETE", f"/v1/artifacts/{made}").status == 204
    assert create(world, one, {"filename": "app.zip"}).error == (422, "FILENAME_TAKEN", f"{ATTRIBUTES}/filename")
    gone = create(world, NOWHERE, {"filename": "x" * 256})
    assert codes(gone) == [
        ("RELEASE_NOT_FOUND", "/data/relationships/release"),
        ("FILENAME_TOO_LONG", f"{ATTRIBUTES}/filename"),
    ]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update(world: World, method: str) -> None:
    made = artifact(world, release(world, world.product()["id"])["id"], checksum="old")
    path = f"/v1/artifacts/{made['id']}"
    world.clock.advance(seconds=1)
    sent = {"filesize": 1, "signature": "s", "checksum": "new", "metadata": {"a": 1}}
    answer = world.send(method, path, resource("artifacts", sent))
    shown = {**sent, "updated": "2026-03-01T12:00:01.000Z"}
    assert answer.data == made | {"attributes": made["attributes"] | shown}
    assert world.get(path).data == answer.data
    cleared = dict.fromkeys(("filesize", "signature", "checksum"))
    assert update(world, made["id"], {**cleared, "metadata": None}).attributes == answer.attributes | cleared


@pytest.mark.parametrize("name", ["filename", "filetype", "platform", "arch", "status"])
def test_what_is_fixed(local_world: World, shipped: str, name: str) -> None:
    made = artifact(local_world, shipped)["id"]
    expected = (400, None, f"{ATTRIBUTES}/{name}", "unpermitted parameter")
    assert first(update(local_world, made, {name: "x"})) == expected
    assert codes(update(local_world, made, {"filesize": -1, "checksum": "x" * 4097})) == [
        ("FILESIZE_INVALID", f"{ATTRIBUTES}/filesize"),
        ("CHECKSUM_TOO_LONG", f"{ATTRIBUTES}/checksum"),
    ]


def test_a_deletion_withdraws(world: World) -> None:
    made = artifact(world, release(world, world.product()["id"])["id"])
    path = f"/v1/artifacts/{made['id']}"
    world.clock.advance(seconds=1)
    answer = world.send("DELETE", path)
    assert (answer.status, answer.raw) == (204, b"")
    yanked = {"status": "YANKED", "updated": "2026-03-01T12:00:01.000Z"}
    assert world.get(path).data == made | {"attributes": made["attributes"] | yanked}
    assert world.send("DELETE", path).status == 204


@pytest.mark.parametrize("name", [NOWHERE, "app.zip", "x"])
def test_unknown(local_world: World, shipped: str, name: str) -> None:
    artifact(local_world, shipped)
    for answer in (
        local_world.get(f"/v1/artifacts/{name}"),
        update(local_world, name, {}),
        local_world.send("DELETE", f"/v1/artifacts/{name}"),
    ):
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested artifact '{name}' was not found")


def test_lists(world: World) -> None:
    made: list[str] = []
    products = [world.product()["id"] for _ in range(2)]
    for product in (*products, products[0]):
        one = release(world, product, version=str(len(made)))["id"]
        made.append(artifact(world, one)["id"])
        world.clock.advance(seconds=1)
    assert ids(world.get("/v1/artifacts")) == made[::-1]
    assert ids(world.get(f"/v1/artifacts?page[cursor]={made[2]}&page[size]=1")) == [made[1]]
    bearer = world.token(f"/v1/products/{products[0]}")
    mine = [made[2], made[0]]
    assert ids(world.get("/v1/artifacts", as_=bearer)) == mine
    assert ids(world.get(f"/v1/products/{products[0]}/artifacts", as_=bearer)) == mine
    world.send("DELETE", f"/v1/products/{products[0]}")
    assert ids(world.get("/v1/artifacts")) == [made[1]]
    assert world.get(f"/v1/artifacts/{made[0]}").status == 404


def test_events(local_world: World, shipped: str) -> None:
    local_world.listen("*")
    made = create(local_world, shipped, {"filename": "a"})
    changed = update(local_world, made.data["id"], {"filesize": 1})
    local_world.send("DELETE", f"/v1/artifacts/{made.data['id']}")
    assert outbox(local_world) == [
        ("artifact.created", made.document),
        ("artifact.updated", changed.document),
        ("artifact.deleted", changed.document),
    ]


def test_who_may(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    shipped = release(world, product)["id"]
    made = artifact(world, shipped)["id"]
    own, foreign = (world.token(f"/v1/products/{one}") for one in (product, world.product()["id"]))
    for number, bearer in enumerate((own, staff(world, "developer"))):
        added = create(world, shipped, {"filename": str(number)}, as_=bearer).data["id"]
        assert update(world, added, {}, as_=bearer).status == 200
        assert world.get("/v1/artifacts", as_=bearer).status == 200
        assert world.send("DELETE", f"/v1/artifacts/{added}", as_=bearer).status == 204
    for role in ("sales-agent", "support-agent", "read-only"):
        bearer = staff(world, role)
        assert world.get("/v1/artifacts", as_=bearer).status == 200
        assert world.get(f"/v1/artifacts/{made}", as_=bearer).status == 200
        assert create(world, shipped, {"filename": "x"}, as_=bearer).status == 403
        assert update(world, made, {}, as_=bearer).status == 403
        assert world.send("DELETE", f"/v1/artifacts/{made}", as_=bearer).status == 403
    stranger = by_key(open_license(world))
    for refused, status in ((foreign, 404), (by_key(license), 403), (stranger, 404), (None, 401)):
        assert world.get(f"/v1/artifacts/{made}", as_=refused).status == status
        assert update(world, made, {}, as_=refused).status == status
        assert world.send("DELETE", f"/v1/artifacts/{made}", as_=refused).status == status
        assert create(world, shipped, {"filename": "x"}, as_=refused).status == min(status, 403)
    assert world.get("/v1/artifacts", as_=by_key(license)).status == 403
    assert create(world, NOWHERE, {"filename": "x"}, as_=own).status == 403
