"""What else belongs to a license: its product and its machines (spec licenses.md §10.7)."""

from __future__ import annotations

import pytest

from tests.api.helpers import NOWHERE, first, user, user_token
from tests.api.licenses.cast import Cast, owned, path, related
from tests.world import World, segment

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"


def test_product(world: World) -> None:
    license = world.license(key="SOME-LICENSE-KEY")
    shown = world.get(f"/v1/products/{related(license, 'product')}").document
    for name in (license["id"], "SOME-LICENSE-KEY"):
        answer = world.get(f"/v1/licenses/{name}/product")
        assert (answer.status, answer.document) == (200, shown)


def test_no_machines(world: World) -> None:
    license = world.license()
    assert world.get(path(license, "machines")).document == {"data": []}
    page = world.get(path(license, "machines") + "?page[number]=1&page[size]=5").document
    assert page["links"]["meta"] == {"pages": 0, "count": 0}
    assert world.get(path(license, "machines") + "?limit=101").error == (400, None, "limit")
    for name in (NOWHERE, "a fingerprint"):
        answer = world.get(path(license, "machines", segment(name)))
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested machine '{name}' was not found")


@pytest.mark.parametrize("part", ["product", "machines", "policy", "owner", "group", "users", "entitlements", "tokens"])
def test_nothing_belongs_to_a_license_that_is_not_there(shared_world: World, part: str) -> None:
    answer = shared_world.get(f"/v1/licenses/{NOWHERE}/{part}")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested license '{NOWHERE}' was not found")


def test_who_may(local_world: World) -> None:
    cast = Cast(local_world)
    assert cast.statuses("GET", "product") == READ
    assert cast.statuses("GET", "machines") == READ
    assert cast.statuses("GET", f"machines/{NOWHERE}") == READ.replace("200", "404")


def test_by_default_users_and_licenses_read_machines_but_no_product(world: World) -> None:
    owner = user(world)
    license = owned(world, owner, world.policy(authenticationStrategy="LICENSE")["id"])
    for bearer in (user_token(world, owner), f"License {license['attributes']['key']}"):
        assert world.get(path(license, "machines"), as_=bearer).status == 200
        assert world.get(path(license, "product"), as_=bearer).status == 403
