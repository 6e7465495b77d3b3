"""PATCH /users/{idOrEmail}: what, and by whom (spec resources.md §4.1, auth.md §5.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff, user, user_token
from tests.api.users.people import PASSWORD, change, events, path_of, person, sign_in, stored
from tests.world import World, resource

ATTRIBUTES = "/data/attributes"
ELSE = "ensure the token or license is allowed to access all resources"


def denied(reason: str) -> tuple[int, None, None, str]:
    return 403, None, None, f"You do not have permission to complete the request ({reason})"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes_what_is_sent(world: World, method: str) -> None:
    made = person(world, firstName="Ann", lastName="Lee", metadata={"a": 1, "b": 2})
    world.listen("*")
    world.clock.advance(seconds=1.5)
    sent = {"firstName": "Anna", "email": " ANNA@acme.example ", "metadata": {"b": 3}}
    body = resource("user", sent)
    body["data"]["id"] = made["id"]
    answer = world.send(method, "/v1/users/Ann@acme.example", body)
    expected = {
        "firstName": "Anna",
        "fullName": "Anna Lee",
        "email": "anna@acme.example",
        "metadata": {"b": 3},
        "updated": "2026-03-01T12:00:01.500Z",
    }
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | expected})
    assert world.get(path_of(made)).document == answer.document
    assert events(world) == [("user.updated", answer.document)]


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("firstName", None),
        ("lastName", None),
        ("email", "ann@acme.example"),
        ("metadata", {"a": 1}),
        ("role", "user"),
        ("permissions", ["license.read"]),
    ],
)
def test_null(local_world: World, name: str, after: Any) -> None:
    given: dict[str, Any] = {
        "firstName": "Ann",
        "lastName": "Lee",
        "metadata": {"a": 1},
        "permissions": ["license.read"],
    }
    made = person(local_world, **given)
    sent: dict[str, Any] = {name: None}
    answer = change(local_world, made, **sent)
    full = {"fullName": None} if name.endswith("Name") else {}
    assert answer.attributes == made["attributes"] | {name: after} | full


@pytest.mark.parametrize(
    ("attributes", "detail", "where"),
    [
        ({"email": ""}, "cannot be blank", "email"),
        ({"role": "owner"}, "is invalid", "role"),
        ({"password": ""}, "cannot be blank", "password"),
        ({"status": "ACTIVE"}, "unpermitted parameter", "status"),
        ({"permissions": "x"}, "type mismatch (received string expected array)", "permissions"),
        ({"permissions": [1]}, "type mismatch (received integer expected string)", "permissions/0"),
        ({"role": 1}, "type mismatch (received integer expected string)", "role"),
    ],
)
def test_bad_documents(shared_world: World, attributes: Any, detail: str, where: str) -> None:
    path = f"/v1/users/{shared_world.account['admin']}"
    answer = shared_world.send("PATCH", path, resource("users", attributes))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/{where}", detail)


def test_the_group_has_a_path_of_its_own(shared_world: World) -> None:
    body = resource("users", {}, group=("groups", NOWHERE))
    answer = shared_world.send("PATCH", f"/v1/users/{shared_world.account['admin']}", body)
    assert first(answer) == (400, None, "/data/relationships", "unpermitted parameter")


def test_field_rules(world: World) -> None:
    person(world, "other@acme.example")
    made = person(world)
    answer = change(world, made, email="OTHER@acme.example", firstName="a" * 256, password="1")
    expected = ["EMAIL_TAKEN", "FIRST_NAME_TOO_LONG", "PASSWORD_TOO_SHORT"]
    assert [code for code, _ in codes(answer)] == expected
    assert change(world, made, email="nonsense").error == (422, "EMAIL_INVALID", f"{ATTRIBUTES}/email")
    assert change(world, made, permissions=["account.update"]).error[1] == "PERMISSIONS_NOT_ALLOWED"
    assert world.get(path_of(made)).data == made


def test_emails_move(world: World) -> None:
    made = person(world)
    assert change(world, made, email="ANN@acme.example").attributes["email"] == "ann@acme.example"
    assert change(world, made, email="new@acme.example").status == 200
    assert world.get("/v1/users/ann@acme.example").status == 404
    assert world.get("/v1/users/new@acme.example").data["id"] == made["id"]
    assert person(world, "ann@acme.example")["id"] != made["id"]


def test_metadata_is_looked_for_as_it_is_now(world: World) -> None:
    made = person(world, metadata={"a": 1, "b": 1})
    change(world, made, metadata={"a": 2, "b": 1})
    for query, found in (("a]=1", []), ("a]=2", [made["id"]]), ("b]=1", [made["id"]])):
        assert [one["id"] for one in world.get(f"/v1/users?metadata[{query}").data] == found


def test_staff_set_and_remove_passwords(world: World) -> None:
    made = person(world)
    answer = change(world, made, password=PASSWORD)
    assert PASSWORD.encode() not in answer.raw
    assert sign_in(world, "ann@acme.example").status == 201
    assert change(world, made, firstName="Ann").status == 200
    assert sign_in(world, "ann@acme.example").status == 201
    assert change(world, made, password=None).status == 200
    assert "password" not in stored(world, made)
    assert sign_in(world, "ann@acme.example").error[1] == "PASSWORD_NOT_SUPPORTED"


BY_OTHERS = {
    "developer": {"password", "metadata", "permissions"},
    "sales-agent": {"metadata"},
    "product": {"password", "metadata", "permissions"},
    "itself": set(),
}
SENT: dict[str, Any] = {"password": PASSWORD, "metadata": {"a": 1}, "permissions": ["license.read"], "role": "user"}


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("bearer", BY_OTHERS)
def test_who_may_send_what(local_world: World, bearer: str, name: str) -> None:
    target = user(local_world)
    if bearer == "itself":
        as_ = user_token(local_world, target)
    elif bearer == "product":
        as_ = local_world.token(f"/v1/products/{local_world.product()['id']}")
    else:
        as_ = staff(local_world, bearer)
    path = f"/v1/users/{target.id}"
    answer = local_world.send("PATCH", path, resource("users", {name: SENT[name]}), as_=as_)
    if name in BY_OTHERS[bearer]:
        assert answer.status == 200
    else:
        assert first(answer) == (400, None, f"{ATTRIBUTES}/{name}", "unpermitted parameter")
    allowed = {"email": "new@acme.example", "firstName": "Ann", "lastName": None}
    assert local_world.send("PATCH", path, resource("users", allowed), as_=as_).status == 200


@pytest.mark.parametrize("role", ["support-agent", "read-only"])
def test_who_may_not(local_world: World, role: str) -> None:
    lacks = f"{role.replace('-', ' ')} lacks permission to perform action"
    target = user(local_world)
    body = resource("users", {"firstName": "Ann"})
    answer = local_world.send("PATCH", f"/v1/users/{target.id}", body, as_=staff(local_world, role))
    assert answer.error[0] == 403
    assert role != "read-only" or first(answer) == denied(lacks)


def test_strangers_and_licenses(world: World) -> None:
    target = user(world)
    path, body = f"/v1/users/{target.id}", resource("users", {"firstName": "Ann"})
    assert world.send("PATCH", path, body, as_=None).error == (401, "TOKEN_MISSING", None)
    assert world.send("PATCH", path, body, as_=user_token(world, user(world))).error[0] == 404
    assert world.send("PATCH", path, body, as_=by_key(open_license(world))).error[0] == 404


@pytest.mark.parametrize(
    ("bearer", "target", "status", "reason"),
    [
        ("admin", "admin", 200, None),
        ("developer", "developer", 200, None),
        ("developer", "sales-agent", 200, None),
        ("developer", "admin", 403, "developer lacks privileges to perform action on user"),
        ("sales-agent", "developer", 403, "sales agent lacks privileges to perform action on user"),
        ("sales-agent", "read-only", 403, ELSE),
        ("sales-agent", "user", 200, None),
    ],
)
def test_ranks(local_world: World, bearer: str, target: str, status: int, reason: str | None) -> None:
    one = user(local_world, target)
    body = resource("users", {"firstName": "Ann"})
    answer = local_world.send("PATCH", f"/v1/users/{one.id}", body, as_=staff(local_world, bearer))
    assert answer.status == status
    assert reason is None or first(answer) == denied(reason)


def test_equals_who_hold_more_are_left_alone(world: World) -> None:
    limited = user_token(world, user(world, "developer", permissions=("user.update", "user.read")))
    path = f"/v1/users/{user(world, 'developer').id}"
    answer = world.send("PATCH", path, resource("users", {"firstName": "Ann"}), as_=limited)
    assert first(answer) == denied("developer lacks privileges to perform action on user")
    one = user(world, "developer", permissions=("user.read",))
    path = f"/v1/users/{one.id}"
    assert world.send("PATCH", path, resource("users", {"firstName": "Ann"}), as_=limited).status == 200
    answer = world.send("PATCH", path, resource("users", {"permissions": ["license.read"]}), as_=limited)
    assert first(answer) == denied("developer lacks privileges to perform action on user")


def test_400_comes_before_403(world: World) -> None:
    as_ = staff(world, "read-only")
    path = f"/v1/users/{user(world).id}"
    assert world.send("PATCH", path, {"nonsense": 1}, as_=as_).error[0] == 400
    assert world.send("PATCH", f"/v1/users/{NOWHERE}", {"nonsense": 1}, as_=as_).error[0] == 404
