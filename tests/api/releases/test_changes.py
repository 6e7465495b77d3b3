"""Changing, publishing, yanking and deleting releases (spec resources.md §9.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import by_key, codes, first, open_license, staff
from tests.api.releases.shipping import ATTRIBUTES, artifact, attach, body, entitlement, ids, release
from tests.api.test_events import outbox
from tests.world import Answer, World, resource


def update(world: World, release_id: str, attributes: dict[str, Any], **options: Any) -> Answer:
    return world.send("PATCH", f"/v1/releases/{release_id}", resource("releases", attributes), **options)


def act(world: World, release_id: str, verb: str, **options: Any) -> Answer:
    return world.post(f"/v1/releases/{release_id}/actions/{verb}", **options)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update(world: World, method: str) -> None:
    made = release(world, world.product()["id"], tag="one", name="One", description="First")
    world.clock.advance(seconds=1)
    sent = {"tag": "two", "name": "Two", "description": "Second", "backdated": 0, "metadata": {"a": 1}}
    answer = world.send(method, "/v1/releases/one", resource("releases", sent))
    shown = {**sent, "backdated": "1970-01-01T00:00:00.000Z", "updated": "2026-03-01T12:00:01.000Z"}
    assert answer.data == made | {"attributes": made["attributes"] | shown}
    assert world.get("/v1/releases/two").data == answer.data
    assert world.get("/v1/releases/one").status == 404
    cleared = dict.fromkeys(("tag", "name", "description", "backdated"))
    after = update(world, made["id"], {**cleared, "metadata": None})
    assert after.attributes == answer.attributes | cleared
    assert world.get("/v1/releases/two").status == 404
    assert world.get("/v1/releases/1.0.0").data == after.data


@pytest.mark.parametrize("name", ["version", "channel", "status", "semver", "yanked"])
def test_what_is_fixed(shared_world: World, name: str) -> None:
    made = release(shared_world, shared_world.product()["id"])
    expected = (400, None, f"{ATTRIBUTES}/{name}", "unpermitted parameter")
    assert first(update(shared_world, made["id"], {name: "1.0.0"})) == expected


def test_a_release_stays_with_its_product(local_world: World) -> None:
    product = local_world.product()["id"]
    made = release(local_world, product)
    moved = resource("releases", {}, product=("products", product))
    answer = local_world.send("PATCH", f"/v1/releases/{made['id']}", moved)
    assert answer.error == (400, None, "/data/relationships")


def test_problems_of_an_update(local_world: World) -> None:
    product = local_world.product()["id"]
    made = release(local_world, product, tag="own")["id"]
    release(local_world, product, version="2", tag="taken")
    sent = {"tag": "taken", "name": "x" * 256, "description": "x" * 16_385, "backdated": "2027-01-01T00:00:00Z"}
    assert codes(update(local_world, made, sent)) == [
        ("TAG_TAKEN", f"{ATTRIBUTES}/tag"),
        ("NAME_TOO_LONG", f"{ATTRIBUTES}/name"),
        ("DESCRIPTION_TOO_LONG", f"{ATTRIBUTES}/description"),
        ("BACKDATED_INVALID", f"{ATTRIBUTES}/backdated"),
    ]
    assert update(local_world, made, {"tag": "own"}).status == 200
    assert update(local_world, made, {"tag": None}).status == 200
    assert local_world.post("/v1/releases", body(product, version="3", tag="own")).status == 201


def test_publish_and_yank(world: World) -> None:
    made = world.post("/v1/releases", body(world.product()["id"])).data
    world.clock.advance(seconds=1)
    now = "2026-03-01T12:00:01.000Z"
    published = act(world, made["id"], "publish")
    assert published.status == 200
    assert published.data == made | {"attributes": made["attributes"] | {"status": "PUBLISHED", "updated": now}}
    yanked = act(world, "1.0.0", "yank")
    assert yanked.attributes == published.attributes | {"status": "YANKED", "yanked": now}
    assert world.get(f"/v1/releases/{made['id']}").data == yanked.data
    assert act(world, made["id"], "publish").data == published.data


def test_deleted(world: World) -> None:
    product = world.product()["id"]
    made = release(world, product, tag="t")["id"]
    kept = release(world, product, version="2")["id"]
    files = [artifact(world, one)["id"] for one in (made, kept)]
    attach(world, made, entitlement(world, "one"))
    path = f"/v1/releases/{made}"
    answer = world.send("DELETE", path)
    assert (answer.status, answer.raw) == (204, b"")
    for gone in (path, "/v1/releases/1.0.0", "/v1/releases/t", f"{path}/constraints", f"/v1/artifacts/{files[0]}"):
        assert world.get(gone).error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", path).status == 404
    assert ids(world.get("/v1/releases")) == [kept]
    assert ids(world.get("/v1/artifacts")) == ids(world.get(f"/v1/products/{product}/artifacts")) == [files[1]]
    again = world.create("artifacts", {"filename": "x"}, release=("releases", kept))
    assert again["relationships"]["release"]["data"]["id"] == kept


def test_events(local_world: World) -> None:
    made = local_world.post("/v1/releases", body(local_world.product()["id"])).data["id"]
    local_world.listen("*")
    answers = [
        ("release.updated", update(local_world, made, {"name": "New"})),
        ("release.published", act(local_world, made, "publish")),
        ("release.yanked", act(local_world, made, "yank")),
    ]
    assert local_world.send("DELETE", f"/v1/releases/{made}").status == 204
    told = [(name, answer.document) for name, answer in answers]
    assert outbox(local_world) == [*told, ("release.deleted", answers[-1][1].document)]


def test_who_may(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    made = release(world, product)["id"]
    own, foreign = (world.token(f"/v1/products/{one}") for one in (product, world.product()["id"]))
    customer, stranger = by_key(license), by_key(open_license(world))
    refused = [(staff(world, role), 403) for role in ("sales-agent", "support-agent", "read-only")]
    for bearer, status in (*refused, (foreign, 404), (customer, 403), (stranger, 404), (None, 401)):
        assert update(world, made, {"version": "2"}, as_=bearer).status == status
        assert act(world, made, "publish", as_=bearer).status == status
        assert act(world, made, "yank", as_=bearer).status == status
        assert world.send("DELETE", f"/v1/releases/{made}", as_=bearer).status == status
    for bearer in (own, staff(world, "developer")):
        one = release(world, product, version="5")["id"]
        assert update(world, one, {}, as_=bearer).status == 200
        assert act(world, one, "publish", as_=bearer).status == 200
        assert act(world, one, "yank", as_=bearer).status == 200
        assert world.send("DELETE", f"/v1/releases/{one}", as_=bearer).status == 204
