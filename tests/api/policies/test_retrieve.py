import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license
from tests.world import World


def test_by_id_in_any_spelling(world: World) -> None:
    policy = world.policy()
    for named in (policy["id"], policy["id"].upper(), policy["id"].replace("-", "")):
        assert world.get(f"/v1/policies/{named}").data == policy


@pytest.mark.parametrize("named", [NOWHERE, "Policy", "a%2Fb"])
def test_unknown(shared_world: World, named: str) -> None:
    shared_world.policy()
    shown = named.replace("%2F", "/")
    detail = f"The requested policy '{shown}' was not found"
    assert first(shared_world.get(f"/v1/policies/{named}")) == (404, "NOT_FOUND", None, detail)


def test_who_sees_it(world: World) -> None:
    license = open_license(world, permissions=["policy.read"])
    own = world.get(f"/v1/policies/{license['relationships']['policy']['data']['id']}").data
    other = world.policy()
    product = world.token(f"/v1/products/{own['relationships']['product']['data']['id']}")
    for as_ in (product, by_key(license)):
        assert world.get(f"/v1/policies/{own['id']}", as_=as_).data == own
        assert world.get(f"/v1/policies/{other['id']}", as_=as_).error == (404, "NOT_FOUND", None)
    plain = by_key(world.license(own["id"]))
    assert world.get(f"/v1/policies/{own['id']}", as_=plain).error == (403, None, None)


def test_list(world: World) -> None:
    license = open_license(world, permissions=["policy.read"])
    own = world.get(f"/v1/policies/{license['relationships']['policy']['data']['id']}").data
    product = world.token(f"/v1/products/{own['relationships']['product']['data']['id']}")
    world.clock.advance(seconds=1)
    other = world.policy()
    assert world.get("/v1/policies").document == {"data": [other, own]}
    assert world.get("/v1/policies", as_=product).data == [own]
    assert world.get("/v1/policies?page[number]=1", as_=product).document["links"]["meta"] == {"pages": 1, "count": 1}
    assert world.get("/v1/policies", as_=by_key(license)).data == [own]


def test_pages_count_only_what_is_visible(local_world: World) -> None:
    license = open_license(local_world, permissions=["policy.read"])
    local_world.clock.advance(seconds=1)
    local_world.policy()
    page = local_world.get("/v1/policies?page[number]=1&page[size]=1", as_=by_key(license)).document
    assert [one["id"] for one in page["data"]] == [license["relationships"]["policy"]["data"]["id"]]
    assert page["links"]["meta"] == {"pages": 1, "count": 1}
