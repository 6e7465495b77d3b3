"""POST /users: by staff, by products, by anybody (spec resources.md §4.1, §4.3, auth.md §5.6)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import permissions
from tests.api.helpers import NOWHERE, by_key, codes, first, open_license, staff, user, user_token
from tests.api.users.people import PASSWORD, events, full_admins, group, lives, members, protect, sign_in, stored
from tests.world import HOST, Answer, World, resource

ATTRIBUTES = "/data/attributes"
DENIED = "You do not have permission to complete the request ({})"
ELSE = DENIED.format("ensure the token or license is allowed to access all resources")


def create(world: World, as_: str | None = "admin", group: str | None = None, **attributes: Any) -> Answer:
    links = {} if group is None else {"group": ("groups", group)}
    return world.post("/v1/users", resource("users", {"email": "new@acme.example", **attributes}, **links), as_=as_)


def test_wire_shape(world: World) -> None:
    inside = group(world)
    sent: dict[str, Any] = {"firstName": "Ann", "lastName": "Lee", "metadata": {"customerId": 7}}
    sent["permissions"] = ["license.read"]
    answer = create(world, group=inside["id"], email=" Ann@ACME.example ", password=PASSWORD, **sent)
    account = f"/v1/accounts/{world.account['account']}"
    base = f"{account}/users/{answer.data['id']}"
    assert answer.status == 201
    assert answer.headers["location"] == f"https://{HOST}{base}"
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "users",
            "attributes": {
                "fullName": "Ann Lee",
                **sent,
                "email": "ann@acme.example",
                "status": "ACTIVE",
                "role": "user",
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": account},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "group": {"links": {"related": f"{base}/group"}, "data": {"type": "groups", "id": inside["id"]}},
                "products": {"links": {"related": f"{base}/products"}},
                "licenses": {"links": {"related": f"{base}/licenses"}},
                "machines": {"links": {"related": f"{base}/machines"}},
                "tokens": {"links": {"related": f"{base}/tokens"}},
                "secondFactors": {"links": {"related": f"{base}/second-factors"}},
            },
            "links": {"self": base},
        }
    }
    assert world.get(f"/v1/users/{answer.data['id']}").document == answer.document
    assert members(world, inside) == 1


@pytest.mark.parametrize(
    ("first_name", "last_name", "full"),
    [("Ann", None, None), (None, "Lee", None), (None, None, None), ("", "Lee", " Lee")],
)
def test_full_name(local_world: World, first_name: str | None, last_name: str | None, full: str | None) -> None:
    shown = create(local_world, firstName=first_name, lastName=last_name).attributes
    assert (shown["firstName"], shown["lastName"], shown["fullName"]) == (first_name, last_name, full)


def test_defaults(local_world: World) -> None:
    shown = create(local_world, password=None, permissions=None, role=None, metadata=None).attributes
    assert shown["permissions"] == sorted(permissions.default("user"))
    assert (shown["role"], shown["metadata"]) == ("user", {})
    assert "password" not in stored(local_world, create(local_world, email="other@acme.example").data)


def test_a_password_is_never_shown_or_stored(world: World) -> None:
    world.listen("*")
    answer = create(world, password=PASSWORD)
    assert PASSWORD.encode() not in answer.raw
    item = stored(world, answer.data)
    assert item["password"].startswith("$argon2id$")
    assert PASSWORD not in str(item)
    assert events(world) == [("user.created", answer.document)]
    assert sign_in(world, "new@acme.example").status == 201


@pytest.mark.parametrize(
    ("attributes", "detail", "where"),
    [
        ({"email": None}, "cannot be null", "email"),
        ({"email": " "}, "cannot be blank", "email"),
        ({"email": 1}, "type mismatch (received integer expected string)", "email"),
        ({"firstName": 1}, "type mismatch (received integer expected string)", "firstName"),
        ({"password": ""}, "cannot be blank", "password"),
        ({"password": 123456}, "type mismatch (received integer expected string)", "password"),
        ({"role": "owner"}, "is invalid", "role"),
        ({"role": "sales_agent"}, "is invalid", "role"),
        ({"role": "product"}, "is invalid", "role"),
        ({"permissions": "*"}, "type mismatch (received string expected array)", "permissions"),
        ({"permissions": [None]}, "cannot be null", "permissions/0"),
        ({"metadata": {"a": {"b": {"c": {}}}}}, "maximum depth of 2 exceeded", "metadata/a/b/c"),
        ({"status": "BANNED"}, "unpermitted parameter", "status"),
        ({"fullName": "A B"}, "unpermitted parameter", "fullName"),
        ({"bannedAt": 0}, "unpermitted parameter", "bannedAt"),
    ],
)
def test_bad_documents(shared_world: World, attributes: Any, detail: str, where: str) -> None:
    assert first(create(shared_world, **attributes)) == (400, None, f"{ATTRIBUTES}/{where}", detail)


def test_the_email_is_required(shared_world: World) -> None:
    answer = shared_world.post("/v1/users", resource("users", {"firstName": "Ann"}))
    assert first(answer) == (400, None, f"{ATTRIBUTES}/email", "is missing")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"email": "nonsense"}, [("EMAIL_INVALID", "email")]),
        ({"email": "a@b"}, [("EMAIL_INVALID", "email")]),
        ({"email": 'a","admin":"1@acme.example'}, [("EMAIL_INVALID", "email")]),
        ({"email": "a\\b@acme.example"}, [("EMAIL_INVALID", "email")]),
        ({"email": "a\x01b@acme.example"}, [("EMAIL_INVALID", "email")]),
        ({"email": "ADMIN@acme.example"}, [("EMAIL_TAKEN", "email")]),
        ({"email": "a" * 250 + "@b.example"}, [("EMAIL_TOO_LONG", "email")]),
        ({"firstName": "a" * 256}, [("FIRST_NAME_TOO_LONG", "firstName")]),
        ({"lastName": "a" * 256}, [("LAST_NAME_TOO_LONG", "lastName")]),
        ({"password": "12345"}, [("PASSWORD_TOO_SHORT", "password")]),
        ({"password": "a" * 73}, [("PASSWORD_TOO_LONG", "password")]),
        ({"permissions": ["nonsense"]}, [("PERMISSIONS_NOT_ALLOWED", "permissions")]),
        ({"permissions": ["account.update"]}, [("PERMISSIONS_NOT_ALLOWED", "permissions")]),
        ({"metadata": {"a": "x" * 16_400}}, [("METADATA_TOO_LONG", "metadata")]),
        (
            {"email": "nonsense", "password": "1", "permissions": ["x"]},
            [
                ("EMAIL_INVALID", "email"),
                ("PASSWORD_TOO_SHORT", "password"),
                ("PERMISSIONS_NOT_ALLOWED", "permissions"),
            ],
        ),
    ],
)
def test_field_rules(shared_world: World, attributes: Any, expected: Any) -> None:
    answer = create(shared_world, **attributes)
    assert (answer.status, codes(answer)) == (422, [(code, f"{ATTRIBUTES}/{name}") for code, name in expected])


@pytest.mark.parametrize("password", ["123456", "a" * 72, "      ."])
def test_passwords_within_bounds(local_world: World, password: str) -> None:
    assert create(local_world, password=password).status == 201
    assert sign_in(local_world, "new@acme.example", password).status == 201


def test_emails_are_unique_in_any_case(world: World) -> None:
    made = create(world, email="ann@acme.example").data
    answer = create(world, email="ANN@acme.example")
    assert first(answer) == (422, "EMAIL_TAKEN", f"{ATTRIBUTES}/email", "has already been taken")
    assert world.send("DELETE", f"/v1/users/{made['id']}").status == 204
    assert create(world, email="ANN@acme.example").status == 201


def test_groups(world: World) -> None:
    full = group(world, maxUsers=1)
    assert create(world, group=full["id"]).status == 201
    where = "/data/relationships/group"
    answer = create(world, group=full["id"], email="b@acme.example")
    detail = "user count has exceeded maximum allowed by current group (1)"
    assert first(answer) == (422, "GROUP_USER_LIMIT_EXCEEDED", where, detail)
    answer = create(world, group=NOWHERE, email="b@acme.example")
    assert first(answer) == (422, "GROUP_NOT_FOUND", where, "must exist")
    document = resource("users", {"email": "b@acme.example"}) | {}
    document["data"]["relationships"] = {"group": {"data": None}}
    assert world.post("/v1/users", document).data["relationships"]["group"]["data"] is None
    assert members(world, full) == 1


def test_anybody_may_register(world: World) -> None:
    world.listen("*")
    answer = create(world, None, password=PASSWORD, firstName="Ann", metadata={"a": 1})
    assert (answer.status, answer.attributes["role"]) == (201, "user")
    assert "keygen-bearer" not in answer.headers
    assert events(world) == [("user.created", answer.document)]
    assert lives(world, "Bearer " + sign_in(world, "new@acme.example").attributes["token"])


@pytest.mark.parametrize(
    ("attributes", "where"),
    [({"role": "user"}, "role"), ({"role": None}, "role"), ({"permissions": []}, "permissions")],
)
def test_nobody_gives_themselves_rights(shared_world: World, attributes: Any, where: str) -> None:
    expected = (400, None, f"{ATTRIBUTES}/{where}", "unpermitted parameter")
    assert first(create(shared_world, None, **attributes)) == expected


def test_nobody_joins_a_group(shared_world: World) -> None:
    answer = create(shared_world, None, group=NOWHERE)
    assert first(answer) == (400, None, "/data/relationships/group", "unpermitted parameter")


def test_a_protected_account_is_closed_to_strangers(world: World) -> None:
    protect(world)
    reason = DENIED.format("ensure a token or license is present and valid")
    assert first(create(world, None)) == (403, None, None, reason)
    assert first(create(world, None, email=None))[0] == 400
    assert create(world).status == 201


def test_bad_credentials_still_fail(shared_world: World) -> None:
    assert create(shared_world, "Bearer nonsense").error == (401, "TOKEN_INVALID", None)


MAY = {
    "admin": {"user", "admin", "developer", "sales-agent", "support-agent", "read-only"},
    "developer": {"user"},
    "sales-agent": {"user"},
    "support-agent": set(),
    "read-only": set(),
}


@pytest.mark.parametrize("bearer", MAY)
@pytest.mark.parametrize("role", sorted(MAY["admin"]))
def test_staff(local_world: World, bearer: str, role: str) -> None:
    answer = create(local_world, staff(local_world, bearer), **({} if role == "user" else {"role": role}))
    if role in MAY[bearer]:
        assert (answer.status, answer.attributes["role"]) == (201, role)
    elif MAY[bearer]:
        assert first(answer) == (400, None, f"{ATTRIBUTES}/role", "unpermitted parameter")
    else:
        assert answer.error[0] == (403 if role == "user" else 400)


@pytest.mark.parametrize(
    ("role", "held", "given", "allowed"),
    [
        ("admin", None, ["*"], True),
        ("admin", ["user.create", "admin.create"], ["*"], False),
        ("admin", ["user.create", "admin.create"], ["user.create"], True),
        ("admin", ["user.create"], ["user.create"], False),
    ],
)
def test_privileges_among_equals(
    local_world: World, role: str, held: list[str] | None, given: list[str], allowed: bool
) -> None:
    maker = user(local_world, role, permissions=None if held is None else tuple(held))
    answer = create(local_world, user_token(local_world, maker), role=role, permissions=given)
    assert answer.status == (201 if allowed else 403)
    if held == ["user.create"]:
        assert answer.errors[0]["detail"] == DENIED.format("admin lacks permission to perform action")
    elif not allowed:
        assert answer.errors[0]["detail"] == DENIED.format("admin lacks privileges to perform action on user")


def test_admins_are_counted(world: World) -> None:
    assert full_admins(world) == 1
    create(world, role="admin", email="a@acme.example")
    create(world, role="admin", email="b@acme.example", permissions=["user.read"])
    create(world, role="developer", email="c@acme.example")
    assert full_admins(world) == 2


def test_products(world: World) -> None:
    product = world.product()
    own = world.token(f"/v1/products/{product['id']}")
    answer = create(world, own, permissions=["license.read"], metadata={"a": 1}, password=PASSWORD)
    assert (answer.status, answer.attributes["permissions"]) == (201, ["license.read"])
    answer = create(world, own, role="user", email="b@acme.example")
    assert first(answer) == (400, None, f"{ATTRIBUTES}/role", "unpermitted parameter")


def test_customers_and_licenses_do_not(world: World) -> None:
    for as_ in (user_token(world, user(world)), by_key(open_license(world))):
        assert create(world, as_).error == (403, None, None)
        assert create(world, as_, email=None).error == (400, None, f"{ATTRIBUTES}/email")


def test_metadata_can_be_looked_for(world: World) -> None:
    made = create(world, metadata={"customerId": 7}).data
    create(world, email="b@acme.example", metadata={"customerId": 8})
    assert [one["id"] for one in world.get("/v1/users?metadata[customerId]=7").data] == [made["id"]]
