"""The owners of a group (resources.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.groups.crowd import attach, group, licensed, member, owner_ids, owners, path_of
from tests.api.helpers import NOWHERE, by_key, first, staff, user, user_token
from tests.world import World

ELEMENT = {"type": "users", "id": NOWHERE}


def test_wire_shape(world: World) -> None:
    made, one, other = group(world), user(world), user(world, "developer")
    answer = attach(world, made, one, other)
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/groups/{made['id']}"
    assert [found["relationships"]["user"]["data"]["id"] for found in answer.data] == [one.id, other.id]
    owner = answer.data[0]
    assert answer.document.keys() == {"data"}
    assert owner == {
        "id": owner["id"],
        "type": "group-owners",
        "attributes": {"created": "2026-03-01T12:00:00.000Z", "updated": "2026-03-01T12:00:00.000Z"},
        "relationships": {
            "account": {"links": {"related": account}, "data": {"type": "accounts", "id": world.account["account"]}},
            "environment": {"links": {"related": None}, "data": None},
            "group": {"links": {"related": home}, "data": {"type": "groups", "id": made["id"]}},
            "user": {"links": {"related": f"{account}/users/{one.id}"}, "data": {"type": "users", "id": one.id}},
        },
        "links": {"self": f"{home}/owners/{owner['id']}"},
    }
    assert owner["id"] != one.id
    assert world.get(owner["links"]["self"]).document == {"data": owner}
    assert world.get(f"{path_of(made)}/{owner['id'].replace('-', '').upper()}").data == owner
    for nothing in (NOWHERE, one.id, "x"):
        answer = world.get(f"{path_of(made)}/{nothing}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested group owner '{nothing}' was not found")


def test_the_owner_of_another_group_is_not_found(local_world: World) -> None:
    one, other = group(local_world), group(local_world)
    (owner,) = attach(local_world, one, user(local_world)).data
    assert local_world.get(f"{path_of(other)}/{owner['id']}").error == (404, "NOT_FOUND", None)


def test_lists(world: World) -> None:
    made, found = group(world), []
    for _ in range(3):
        world.clock.advance(seconds=1)
        found += attach(world, made, user(world)).data
    path = path_of(made)
    assert world.get(path).document == {"data": found[::-1]}
    assert world.get(f"{path}?order=asc&limit=2").data == found[:2]
    numbered = world.get(f"{path}?page[number]=2&page[size]=2").document
    assert (numbered["data"], numbered["links"]["meta"]) == (found[:1], {"pages": 2, "count": 3})
    first_page = world.get(f"{path}?page[cursor]=&page[size]=2").document
    assert first_page["data"] == found[:0:-1]
    assert world.get(first_page["links"]["next"]).document["data"] == found[:1]
    assert world.get(f"{path}?page[cursor]={NOWHERE}").data == []


@pytest.mark.parametrize("kind", ["user", "license"])
def test_members_see_the_owners(local_world: World, kind: str) -> None:
    made = group(local_world)
    (owner,) = attach(local_world, made, user(local_world)).data
    is_user = kind == "user"
    bearer = user_token(local_world, member(local_world, made)) if is_user else by_key(licensed(local_world, made))
    assert local_world.get(path_of(made), as_=bearer).data == [owner]
    assert local_world.get(owner["links"]["self"], as_=bearer).data == owner


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": None}, "/data", "cannot be null"),
        ({"data": {}}, "/data", "type mismatch (received object expected array)"),
        ({"data": [None]}, "/data/0", "cannot be null"),
        ({"data": ["x"]}, "/data/0", "type mismatch (received string expected object)"),
        ({"data": [{}]}, "/data/0/type", "is missing"),
        ({"data": [{"type": "users"}]}, "/data/0/id", "is missing"),
        ({"data": [{"type": "groups", "id": NOWHERE}]}, "/data/0/type", "is invalid"),
        ({"data": [ELEMENT, {"type": "users", "id": None}]}, "/data/1/id", "cannot be null"),
        (
            {"data": [{"type": "users", "id": "a@acme.example"}]},
            "/data/0/id",
            "type mismatch (received string expected UUID string)",
        ),
        (
            {"data": [{"type": "users", "id": 5}]},
            "/data/0/id",
            "type mismatch (received integer expected UUID string)",
        ),
        ({"data": [ELEMENT | {"attributes": {}}]}, "/data/0/attributes", "unpermitted parameter"),
        ({"data": [ELEMENT], "meta": {}}, "/meta", "unpermitted parameter"),
        ({"data": [ELEMENT] * 401}, "/data", "length must be between 0 and 400 (inclusive)"),
    ],
)
def test_documents(local_world: World, method: str, document: Any, pointer: str, detail: str) -> None:
    answer = local_world.send(method, path_of(group(local_world)), document)
    assert first(answer) == (400, None, pointer, detail)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_404_then_400_then_403(local_world: World, method: str) -> None:
    bearer, made = staff(local_world, "support-agent"), group(local_world)
    nowhere = f"/v1/groups/{NOWHERE}/owners"
    assert local_world.send(method, nowhere, {}, as_=bearer).error == (404, "NOT_FOUND", None)
    assert local_world.send(method, path_of(made), {}, as_=bearer).error == (400, None, "/data")
    assert local_world.send(method, path_of(made), {"data": [ELEMENT]}, as_=bearer).error == (403, None, None)


def test_a_bare_array_and_the_singular(local_world: World) -> None:
    made, one = group(local_world), user(local_world)
    sent = [{"type": "user", "id": one.id.replace("-", "").upper()}]
    assert local_world.post(path_of(made), sent).status == 200
    assert owner_ids(local_world, made) == [one.id]
    assert local_world.send("DELETE", path_of(made), sent).status == 204
    assert owner_ids(local_world, made) == []


def test_nobody_is_a_number_too(local_world: World) -> None:
    made = group(local_world)
    answer = local_world.post(path_of(made), {"data": []})
    assert (answer.status, answer.document) == (200, {"data": []})
    assert local_world.send("DELETE", path_of(made), {"data": []}).status == 204


@pytest.mark.parametrize("order", [1, -1])
def test_an_unknown_user_attaches_nobody(world: World, order: int) -> None:
    made, one = group(world), user(world)
    elements = [*owners(one)["data"], ELEMENT][::order]
    answer = world.post(path_of(made), {"data": elements})
    assert first(answer) == (422, "USER_NOT_FOUND", "/data/relationships/user", "must exist")
    assert answer.errors[0]["title"] == "Unprocessable resource"
    assert owner_ids(world, made) == []


def test_nobody_is_attached_twice(world: World) -> None:
    made, one, other = group(world), user(world), user(world)
    taken = (422, "USER_TAKEN", "/data/relationships/user", "already exists")
    assert first(world.post(path_of(made), owners(one, one))) == taken
    attach(world, made, one)
    assert first(world.post(path_of(made), owners(other, one))) == taken
    assert owner_ids(world, made) == [one.id]
    attach(world, group(world), one)


def test_the_first_problem_is_told(local_world: World) -> None:
    made, one = group(local_world), user(local_world)
    elements = owners(one, one)["data"]
    assert local_world.post(path_of(made), {"data": [*elements, ELEMENT]}).error[1] == "USER_TAKEN"
    assert local_world.post(path_of(made), {"data": [ELEMENT, *elements]}).error[1] == "USER_NOT_FOUND"


def test_detach(world: World) -> None:
    made, one, other = group(world), user(world), user(world)
    attach(world, made, one, other)
    answer = world.send("DELETE", path_of(made), owners(one))
    assert (answer.status, answer.raw) == (204, b"")
    assert owner_ids(world, made) == [other.id]
    attach(world, made, one)
    assert sorted(owner_ids(world, made)) == sorted([one.id, other.id])


@pytest.mark.parametrize(
    ("asked", "index"), [("stranger", 0), ("owner stranger", 1), ("owner owner", 1), ("owner nobody stranger", 1)]
)
def test_who_is_no_owner_detaches_nobody(world: World, asked: str, index: int) -> None:
    made, one, stranger = group(world), user(world), user(world)
    attach(world, made, one)
    known = {"owner": one.id, "stranger": stranger.id, "nobody": NOWHERE}
    sent = [{"type": "users", "id": known[name]} for name in asked.split()]
    answer = world.send("DELETE", path_of(made), {"data": sent})
    detail = f"owner relationship for user '{sent[index]['id']}' not found"
    assert first(answer) == (422, None, f"/data/{index}", detail)
    assert answer.errors[0]["title"] == "Unprocessable entity"
    assert owner_ids(world, made) == [one.id]


@pytest.mark.parametrize("bearer", ["developer", "product"])
def test_who_else_may(local_world: World, bearer: str) -> None:
    token = (
        staff(local_world, bearer)
        if bearer != "product"
        else local_world.token(f"/v1/products/{local_world.product()['id']}")
    )
    made, one = group(local_world), user(local_world)
    assert local_world.post(path_of(made), owners(one), as_=token).status == 200
    assert len(local_world.get(path_of(made), as_=token).data) == 1
    assert local_world.send("DELETE", path_of(made), owners(one), as_=token).status == 204
