"""Listing and retrieving releases, by id, version or tag (spec resources.md §9.1)."""

from __future__ import annotations

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff, user, user_token
from tests.api.releases.shipping import artifact, ids, release
from tests.world import World, segment


def test_by_id_version_or_tag(world: World) -> None:
    made = release(world, world.product()["id"], version="1.0.0-rc.1+linux", channel="rc", tag="The latest")
    names = [made["id"], made["id"].upper(), made["id"].replace("-", ""), "1.0.0-rc.1+linux", "The latest"]
    for name in names:
        assert world.get(f"/v1/releases/{segment(name)}").data == made
        assert world.send("PATCH", f"/v1/releases/{segment(name)}", changes()).status == 200
        assert world.post(f"/v1/releases/{segment(name)}/actions/publish").data["id"] == made["id"]
        assert ids(world.get(f"/v1/releases/{segment(name)}/artifacts")) == []


def changes() -> object:
    return {"data": {"type": "releases", "attributes": {}}}


@pytest.mark.parametrize("name", [NOWHERE, "1", "1.0", "v1.0.0", "2.0.0", "TAG", "x"])
def test_unknown(shared_world: World, name: str) -> None:
    release(shared_world, shared_world.product()["id"], tag="tag")
    for path in (name, f"{name}/product", f"{name}/artifacts", f"{name}/entitlements", f"{name}/constraints"):
        answer = shared_world.get(f"/v1/releases/{path}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested release '{name}' was not found")


def test_a_name_means_the_own_release_of_a_product_and_for_staff_the_oldest(world: World) -> None:
    products = [world.product()["id"] for _ in range(3)]
    made = []
    for product in products:
        world.clock.advance(seconds=1)
        made.append(release(world, product, tag="stable")["id"])
    for product, own in zip(products, made, strict=True):
        bearer = world.token(f"/v1/products/{product}")
        for name in ("1.0.0", "stable"):
            assert world.get(f"/v1/releases/{name}", as_=bearer).data["id"] == own
            assert world.get(f"/v1/releases/{name}").data["id"] == made[0]
    stranger = world.token(f"/v1/products/{world.product()['id']}")
    assert world.get("/v1/releases/1.0.0", as_=stranger).status == 404
    world.send("DELETE", f"/v1/releases/{made[0]}")
    assert world.get("/v1/releases/stable").data["id"] == made[1]
    world.send("DELETE", f"/v1/products/{products[1]}")
    assert world.get("/v1/releases/stable").data["id"] == made[2]


def test_a_tag_may_be_the_version_of_another(local_world: World) -> None:
    product = local_world.product()["id"]
    tagged = release(local_world, product, version="3", tag="4.0.0")["id"]
    local_world.clock.advance(seconds=1)
    release(local_world, product, version="4")
    for bearer in ("admin", local_world.token(f"/v1/products/{product}")):
        assert local_world.get("/v1/releases/4.0.0", as_=bearer).data["id"] == tagged


def test_a_tag_that_looks_like_an_id(local_world: World) -> None:
    product = local_world.product()["id"]
    made = [release(local_world, product, version=str(number))["id"] for number in range(2)]
    tags = [NOWHERE, made[0]]
    for one, tag in zip((made[0], made[1]), tags, strict=True):
        body = {"data": {"type": "releases", "attributes": {"tag": tag}}}
        assert local_world.send("PATCH", f"/v1/releases/{one}", body).status == 200
    assert local_world.get(f"/v1/releases/{NOWHERE}").data["id"] == made[0]
    assert local_world.get(f"/v1/releases/{made[0]}").data["id"] == made[0]


def test_lists(world: World) -> None:
    one, other = world.product()["id"], world.product()["id"]
    made = []
    for number, product in enumerate((one, other, one)):
        made.append(release(world, product, version=str(number))["id"])
        world.clock.advance(seconds=1)
    assert ids(world.get("/v1/releases")) == made[::-1]
    assert ids(world.get("/v1/releases?order=asc&limit=2")) == made[:2]
    assert ids(world.get(f"/v1/releases?page[cursor]={made[1]}")) == made[:1]
    assert world.get("/v1/releases?page[number]=1").document["links"]["meta"] == {"pages": 1, "count": 3}
    mine = [made[2], made[0]]
    bearer = world.token(f"/v1/products/{one}")
    assert ids(world.get("/v1/releases", as_=bearer)) == ids(world.get(f"/v1/products/{one}/releases")) == mine
    assert ids(world.get(f"/v1/products/{one}/releases", as_=bearer)) == mine
    assert world.get(f"/v1/products/{other}/releases", as_=bearer).status == 404
    assert world.get("/v1/releases?limit=0").error == (400, None, "limit")
    world.send("DELETE", f"/v1/products/{one}")
    assert ids(world.get("/v1/releases")) == [made[1]]


def test_what_belongs_to_it(world: World) -> None:
    product = world.product()["id"]
    one, two = (release(world, product, version=str(number))["id"] for number in range(2))
    first_file = artifact(world, one)["id"]
    world.clock.advance(seconds=1)
    second_file = artifact(world, one, "app.tar")["id"]
    other_file = artifact(world, two)["id"]
    assert ids(world.get(f"/v1/releases/{one}/artifacts")) == [second_file, first_file]
    assert ids(world.get(f"/v1/releases/{two}/artifacts")) == [other_file]
    assert sorted(ids(world.get(f"/v1/products/{product}/artifacts"))) == sorted([first_file, second_file, other_file])
    assert world.get(f"/v1/releases/{one}/product").data == world.get(f"/v1/products/{product}").data


@pytest.mark.parametrize(("strategy", "stranger"), [("LICENSED", 404), ("OPEN", 403), ("CLOSED", 404)])
def test_who_may(local_world: World, strategy: str, stranger: int) -> None:
    world = local_world
    product = world.product(distributionStrategy=strategy)["id"]
    license = open_license(world, product)
    owner = user(world)
    world.send("PUT", f"/v1/licenses/{license['id']}/owner", {"data": {"type": "users", "id": owner.id}})
    made = release(world, product)["id"]
    member = f"/v1/releases/{made}"
    paths = [member, *(f"{member}/{one}" for one in ("product", "artifacts", "entitlements", "constraints"))]
    for path in ("/v1/releases", *paths):
        for role in ("developer", "sales-agent", "support-agent", "read-only"):
            assert world.get(path, as_=staff(world, role)).status == 200
        assert world.get(path, as_=world.token(f"/v1/products/{product}")).status == 200
        assert world.get(path, as_=None).status == 401
    for customer in (by_key(license), user_token(world, owner)):
        assert world.get("/v1/releases", as_=customer).status == 403
        assert {world.get(path, as_=customer).status for path in paths} == {403}
    for outsider in (by_key(open_license(world)), user_token(world, user(world))):
        assert {world.get(path, as_=outsider).status for path in paths} == {stranger}
    foreign = world.token(f"/v1/products/{world.product()['id']}")
    assert {world.get(path, as_=foreign).status for path in paths} == {404}
    assert ids(world.get("/v1/releases", as_=foreign)) == []
