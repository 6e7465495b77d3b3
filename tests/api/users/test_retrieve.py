"""GET /users and /users/{idOrEmail}: who finds whom (spec resources.md §4.2, §4.3, auth.md §5.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff, user, user_token
from tests.api.users.people import at, attach, owned, path_of, person
from tests.world import World, resource


def test_by_id_and_email(world: World) -> None:
    made = person(world, "ann+1@acme.example")
    identifiers = (made["id"], made["id"].upper(), made["id"].replace("-", ""), "ann+1@acme.example")
    for one in (*identifiers, at("ann+1@acme.example"), "ANN+1@Acme.Example"):
        answer = world.get(f"/v1/users/{one}")
        assert (answer.status, answer.document) == (200, {"data": made})


@pytest.mark.parametrize("name", [NOWHERE, "nobody@acme.example", "nonsense"])
def test_unknown(shared_world: World, name: str) -> None:
    detail = f"The requested user '{name}' was not found"
    assert first(shared_world.get(f"/v1/users/{name}")) == (404, "NOT_FOUND", None, detail)


def test_customers_see_themselves_and_teammates(world: World) -> None:
    me, owner, stranger = user(world), user(world), user(world)
    license = owned(world, owner.id)
    attach(world, license, me.id)
    team = {me.id, owner.id}
    for bearer, seen in ((me, team), (owner, team), (stranger, {stranger.id})):
        token = user_token(world, bearer)
        for one in (me.id, owner.id, stranger.id):
            assert world.get(f"/v1/users/{one}", as_=token).status == (200 if one in seen else 404)
        assert {one["id"] for one in world.get("/v1/users", as_=token).data} == seen


def test_licenses_need_the_permission(world: World) -> None:
    owner, stranger = user(world), user(world)
    license = owned(world, owner.id)
    assert world.get(f"/v1/users/{owner.id}", as_=by_key(license)).error[0] == 403
    allowed = open_license(world, permissions=["user.read"])
    assert world.get(f"/v1/users/{stranger.id}", as_=by_key(allowed)).error[0] == 404
    assert world.get("/v1/users", as_=by_key(allowed)).data == []


def test_products_see_customers_of_any_product(world: World) -> None:
    own = world.token(f"/v1/products/{world.product()['id']}")
    customer, colleague = user(world), user(world, "read-only")
    assert world.get(f"/v1/users/{customer.id}", as_=own).status == 200
    assert world.get(f"/v1/users/{colleague.id}", as_=own).status == 404
    assert [one["id"] for one in world.get("/v1/users?roles[]=read-only", as_=own).data] == []


@pytest.mark.parametrize("role", ["developer", "sales-agent", "support-agent", "read-only"])
def test_staff_see_everybody(local_world: World, role: str) -> None:
    as_ = staff(local_world, role)
    assert local_world.get(f"/v1/users/{user(local_world).id}", as_=as_).status == 200
    assert local_world.get(f"/v1/users/{local_world.account['admin']}", as_=as_).status == 200


def test_reading_an_admin_takes_a_permission_more(world: World) -> None:
    as_ = user_token(world, user(world, "developer", permissions=("user.read",)))
    denied = "You do not have permission to complete the request (developer lacks permission to perform action)"
    assert first(world.get(f"/v1/users/{world.account['admin']}", as_=as_)) == (403, None, None, denied)
    assert world.get("/v1/users?roles[]=admin", as_=as_).error[0] == 403
    assert world.get("/v1/users", as_=as_).status == 200


def test_the_list_shows_customers_unless_asked(world: World) -> None:
    customer = person(world)
    assert [one["id"] for one in world.get("/v1/users").data] == [customer["id"]]
    assert [one["id"] for one in world.get("/v1/users?roles[]=admin").data] == [world.account["admin"]]
    assert world.get("/v1/users?limit=0").error == (400, None, "limit")


@pytest.mark.parametrize(
    ("age", "activity", "status"),
    [(89, None, "ACTIVE"), (91, None, "INACTIVE"), (200, 89, "ACTIVE"), (200, 91, "INACTIVE")],
)
def test_status(local_world: World, age: int, activity: int | None, status: str) -> None:
    start = local_world.clock.now()
    one = user(local_world)
    if activity is not None:
        local_world.clock.instant = start + timedelta(days=age - activity)
        owned(local_world, one.id)
    local_world.clock.instant = start + timedelta(days=age)
    assert local_world.get(f"/v1/users/{one.id}").attributes["status"] == status
    renamed = local_world.send("PATCH", f"/v1/users/{one.id}", resource("users", {"firstName": "Ann"}))
    assert renamed.attributes["status"] == status


def test_a_deleted_user_is_gone(world: World) -> None:
    made = person(world)
    assert world.send("DELETE", path_of(made)).status == 204
    assert world.get(path_of(made)).error[0] == world.get("/v1/users/ann@acme.example").error[0] == 404
    assert world.get("/v1/users").data == []
