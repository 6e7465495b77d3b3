from tests.api.helpers import by_key, open_license
from tests.world import World


def test_newest_first_without_links(world: World) -> None:
    made = []
    for _ in range(3):
        made.append(world.product())
        world.clock.advance(seconds=1)
    assert world.get("/v1/products").document == {"data": made[::-1]}
    assert world.get("/v1/products?order=ASC&limit=2").document == {"data": made[:2]}


def test_products_may_not_list(world: World) -> None:
    token = world.token(f"/v1/products/{world.product()['id']}")
    assert world.get("/v1/products", as_=token).error == (403, None, None)
    assert world.get("/v1/products?limit=0", as_=token).error == (400, None, "limit")


def test_licenses_see_their_own_and_open_ones(world: World) -> None:
    own, _, open_ = world.product(), world.product(), world.product(distributionStrategy="OPEN")
    reader = by_key(open_license(world, own["id"], permissions=["product.read"]))
    assert {one["id"] for one in world.get("/v1/products", as_=reader).data} == {own["id"], open_["id"]}


def test_pages_count_only_what_is_visible(local_world: World) -> None:
    own = local_world.product()
    reader = by_key(open_license(local_world, own["id"], permissions=["product.read"]))
    local_world.clock.advance(seconds=1)
    for _ in range(3):
        local_world.product()
    answer = local_world.get("/v1/products?page[number]=1&page[size]=1", as_=reader)
    assert [one["id"] for one in answer.data] == [own["id"]]
    assert answer.document["links"]["meta"] == {"pages": 1, "count": 1}


def test_deleted_products_are_not_counted(world: World) -> None:
    kept, gone = world.product(), world.product()
    world.send("DELETE", f"/v1/products/{gone['id']}")
    answer = world.get("/v1/products?page[number]=1")
    assert answer.data == [kept]
    assert answer.document["links"]["meta"] == {"pages": 1, "count": 1}
