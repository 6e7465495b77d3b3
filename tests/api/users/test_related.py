"""What belongs to a user: licenses, machines, products (spec resources.md §4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.api.users.people import at, attach, owned, path_of, person
from tests.world import Answer, World


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]


def product_of(license: Any) -> str:
    return str(license["relationships"]["product"]["data"]["id"])


def test_licenses(world: World) -> None:
    ann = person(world)
    mine = owned(world, ann["id"])
    world.clock.advance(seconds=1)
    shared = owned(world, user(world).id)
    attach(world, shared, ann["id"])
    other = owned(world, user(world).id)
    for path in (path_of(ann), f"/v1/users/{at('ANN@acme.example')}"):
        assert ids(world.get(f"{path}/licenses")) == [shared["id"], mine["id"]]
        assert ids(world.get(f"{path}/licenses?limit=1")) == [shared["id"]]
        assert ids(world.get(f"{path}/licenses?product={product_of(mine)}")) == [mine["id"]]
        assert ids(world.get(f"{path}/licenses?suspended=true")) == []
        for one in (mine, shared):
            for name in (one["id"], one["attributes"]["key"]):
                assert world.get(f"{path}/licenses/{name}").data["id"] == one["id"]
        for name in (other["id"], other["attributes"]["key"], NOWHERE):
            detail = f"The requested license '{name}' was not found"
            assert first(world.get(f"{path}/licenses/{name}")) == (404, "NOT_FOUND", None, detail)


def test_products(world: World) -> None:
    ann = person(world)
    mine, shared = owned(world, ann["id"]), owned(world, user(world).id)
    owned(world, ann["id"], product_of(mine))
    attach(world, shared, ann["id"])
    other = world.product()["id"]
    path = f"{path_of(ann)}/products"
    assert set(ids(world.get(path))) == {product_of(mine), product_of(shared)}
    assert len(ids(world.get(path))) == 2
    assert world.get(f"{path}/{product_of(shared)}").data["id"] == product_of(shared)
    for name in (other, NOWHERE, "nonsense"):
        assert world.get(f"{path}/{name}").error == (404, "NOT_FOUND", None)


def test_machines(world: World) -> None:
    path = f"{path_of(person(world))}/machines"
    assert ids(world.get(path)) == []
    detail = "The requested machine 'fingerprint' was not found"
    assert first(world.get(f"{path}/fingerprint")) == (404, "NOT_FOUND", None, detail)


def test_to_the_user_itself(world: World) -> None:
    me = user(world, permissions=("user.read", "license.read", "product.read", "machine.read"))
    mine, shared = owned(world, me.id), owned(world, user(world).id)
    attach(world, shared, me.id)
    as_, path = user_token(world, me), f"/v1/users/{me.id}"
    assert set(ids(world.get(f"{path}/licenses", as_=as_))) == {mine["id"], shared["id"]}
    assert set(ids(world.get(f"{path}/products", as_=as_))) == {product_of(mine), product_of(shared)}
    assert ids(world.get(f"{path}/machines", as_=as_)) == []
    for one in (mine, shared):
        assert world.get(f"{path}/licenses/{one['id']}", as_=as_).status == 200
        assert world.get(f"{path}/products/{product_of(one)}", as_=as_).status == 200


def test_to_products(world: World) -> None:
    one = user(world)
    ours, theirs = owned(world, one.id), owned(world, one.id)
    own, path = world.token(f"/v1/products/{product_of(ours)}"), f"/v1/users/{one.id}"
    assert ids(world.get(f"{path}/licenses", as_=own)) == [ours["id"]]
    assert ids(world.get(f"{path}/products", as_=own)) == [product_of(ours)]
    assert world.get(f"{path}/licenses/{ours['id']}", as_=own).status == 200
    assert world.get(f"{path}/licenses/{theirs['id']}", as_=own).error[0] == 404
    assert world.get(f"{path}/products/{product_of(theirs)}", as_=own).error[0] == 404
    assert world.get(f"/v1/users/{user(world, 'read-only').id}/licenses", as_=own).error[0] == 404


@pytest.mark.parametrize("plural", ["licenses", "machines", "products"])
def test_to_others(local_world: World, plural: str) -> None:
    one, friend = user(local_world), user(local_world)
    license = owned(local_world, one.id)
    attach(local_world, license, friend.id)
    path = f"/v1/users/{one.id}/{plural}"
    for role in ("developer", "sales-agent", "support-agent", "read-only"):
        assert local_world.get(path, as_=staff(local_world, role)).status == 200
    assert local_world.get(path, as_=user_token(local_world, friend)).error[0] == 403
    assert local_world.get(path, as_=user_token(local_world, user(local_world))).error[0] == 404
    assert local_world.get(path, as_=by_key(license)).error[0] == 403
    assert local_world.get(path, as_=None).error == (401, "TOKEN_MISSING", None)
    assert local_world.get(f"{path}?limit=0", as_=user_token(local_world, friend)).error == (400, None, "limit")
    assert local_world.get(f"/v1/users/{NOWHERE}/{plural}?limit=0").error[0] == 404
    assert local_world.get(f"/v1/users/{NOWHERE}/{plural}/{NOWHERE}").error[0] == 404
