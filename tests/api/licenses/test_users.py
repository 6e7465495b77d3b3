"""Users of a license: list, show, attach, detach (spec licenses.md §10.2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.user import User
from chalicelib.store.table import Outbox, Row
from tests.api.helpers import NOWHERE, first, user, user_token
from tests.api.licenses.cast import Cast, count, emitted, ids, links, owned, path, protect
from tests.races.crowd import feed, rows
from tests.world import Answer, World, resource, segment

USER, USERS = "/data/relationships/user", "/data/relationships/users"
NOT_FOUND = (422, "USER_NOT_FOUND", USER, "must exist")
TAKEN = (422, "USER_TAKEN", USER, "already exists")
CONFLICT = (422, "USER_CONFLICT", USER, "already exists (user is attached through owner)")


def limited(maximum: int) -> tuple[int, str, str, str]:
    return 422, "USER_LIMIT_EXCEEDED", USERS, f"user count has exceeded maximum allowed for license ({maximum})"


def people(world: World, number: int) -> list[User]:
    """That many users, each a second younger than the one before."""
    found = []
    for _ in range(number):
        found.append(user(world))
        world.clock.advance(seconds=1)
    return found


def attach(world: World, license: Any, *users: User, **options: Any) -> Answer:
    return world.post(path(license, "users"), links("users", *(one.id for one in users)), **options)


def detach(world: World, license: Any, *users: User, **options: Any) -> Answer:
    return world.send("DELETE", path(license, "users"), links("users", *(one.id for one in users)), **options)


def listed(world: World, license: Any, query: str = "", **options: Any) -> list[str]:
    return ids(world.get(path(license, "users") + query, **options))


# --- attach -----------------------------------------------------------------------------------------------------------


def test_wire_shape(world: World) -> None:
    license, [ann] = world.license(), people(world, 1)
    answer = attach(world, license, ann)
    account = world.account["account"]
    home, shown = f"/v1/accounts/{account}", "2026-03-01T12:00:01.000Z"
    [made] = answer.data
    assert (answer.status, "location" in answer.headers) == (201, False)
    assert answer.document == {
        "data": [
            {
                "id": made["id"],
                "type": "license-users",
                "attributes": {"created": shown, "updated": shown},
                "relationships": {
                    "account": {"links": {"related": home}, "data": {"type": "accounts", "id": account}},
                    "environment": {"links": {"related": None}, "data": None},
                    "license": {
                        "links": {"related": f"{home}/licenses/{license['id']}"},
                        "data": {"type": "licenses", "id": license["id"]},
                    },
                    "user": {
                        "links": {"related": f"{home}/users/{ann.id}"},
                        "data": {"type": "users", "id": ann.id},
                    },
                },
                "links": {"related": f"{home}/licenses/{license['id']}/users/{ann.id}"},
            }
        ]
    }


def test_several_are_attached_in_the_order_of_the_request(world: World) -> None:
    license, users = world.license(), people(world, 3)
    answer = attach(world, license, users[1], users[2], users[0])
    assert [one["relationships"]["user"]["data"]["id"] for one in answer.data] == [
        users[1].id,
        users[2].id,
        users[0].id,
    ]
    assert len(set(ids(answer))) == 3
    assert count(world, license) == 3


def test_by_key_and_with_ids_in_any_spelling(world: World) -> None:
    license, [ann, bob] = world.license(key="SOME-LICENSE-KEY"), people(world, 2)
    body = {"data": [{"type": "user", "id": ann.id.upper()}, {"type": "users", "id": bob.id.replace("-", "")}]}
    assert world.post("/v1/licenses/SOME-LICENSE-KEY/users", body).status == 201
    assert listed(world, license) == [bob.id, ann.id]


def test_an_attached_user_sees_the_license_at_once(world: World) -> None:
    license, [ann] = world.license(), people(world, 1)
    token = user_token(world, ann)
    assert world.get(path(license), as_=token).status == 404
    attach(world, license, ann)
    assert world.get(path(license), as_=token).status == 200
    detach(world, license, ann)
    assert world.get(path(license), as_=token).status == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, (400, None, "/data", "is missing")),
        ({}, (400, None, "/data", "is missing")),
        ({"data": None}, (400, None, "/data", "cannot be null")),
        ({"data": {}}, (400, None, "/data", "type mismatch (received object expected array)")),
        ({"data": []}, (400, None, "/data", "length must be between 1 and 100 (inclusive)")),
        (links("users", *[NOWHERE] * 101), (400, None, "/data", "length must be between 1 and 100 (inclusive)")),
        ({"data": [{"type": "users"}]}, (400, None, "/data/0/id", "is missing")),
        ({"data": [{"id": NOWHERE}]}, (400, None, "/data/0/type", "is missing")),
        (links("licenses", NOWHERE), (400, None, "/data/0/type", "is invalid")),
        (links("users", "x"), (400, None, "/data/0/id", "type mismatch (received string expected UUID string)")),
        ({"data": [], "meta": {}}, (400, None, "/meta", "unpermitted parameter")),
        ({"data": [{"type": "users", "id": NOWHERE, "meta": 1}]}, (400, None, "/data/0/meta", "unpermitted parameter")),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_documents_that_are_refused(shared_world: World, method: str, body: Any, error: Any) -> None:
    license = shared_world.license()
    assert first(shared_world.send(method, path(license, "users"), body)) == error


def test_who_cannot_be_attached(world: World) -> None:
    [ann, bob, cyd] = people(world, 3)
    license = owned(world, ann)
    attach(world, license, bob)
    assert first(world.post(path(license, "users"), links("users", NOWHERE))) == NOT_FOUND
    assert first(world.post(path(license, "users"), links("users", license["id"]))) == NOT_FOUND
    assert first(attach(world, license, bob)) == TAKEN
    assert first(attach(world, license, cyd, cyd)) == TAKEN
    assert first(attach(world, license, ann)) == CONFLICT
    assert listed(world, license) == [bob.id, ann.id]


def test_all_or_nothing_and_only_the_first_is_told(world: World) -> None:
    [ann, bob] = people(world, 2)
    license = owned(world, ann)
    answer = world.post(path(license, "users"), links("users", bob.id, ann.id, NOWHERE))
    assert (first(answer), len(answer.errors), answer.errors[0]["title"]) == (CONFLICT, 1, "Unprocessable resource")
    assert listed(world, license) == [ann.id]
    assert count(world, license) == 1
    assert rows(world, Row, "attachment") == []


@pytest.mark.parametrize(
    ("overage", "maximum", "highest"),
    [
        (None, 2, 2),
        ("NO_OVERAGE", 2, 2),
        ("ALLOW_1_25X_OVERAGE", 4, 5),
        ("ALLOW_1_5X_OVERAGE", 4, 6),
        ("ALLOW_2X_OVERAGE", 2, 4),
        ("ALWAYS_ALLOW_OVERAGE", 1, 7),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_the_limit_counts_the_owner(
    local_world: World, overage: str | None, maximum: int, highest: int, together: bool
) -> None:
    strategy = {} if overage is None else {"overageStrategy": overage}
    policy = local_world.policy(floating=True, maxUsers=maximum, **strategy)["id"]
    [owner, *others] = people(local_world, 8)
    license, free = owned(local_world, owner, policy), highest - 1
    if together:
        assert attach(local_world, license, *others[:free]).status == 201
    else:
        assert {attach(local_world, license, one).status for one in others[:free]} == {201}
    assert count(local_world, license) == highest
    if overage != "ALWAYS_ALLOW_OVERAGE":
        assert first(attach(local_world, license, others[free])) == limited(maximum)
        assert count(local_world, license) == highest


def test_too_many_at_once_leave_none(world: World) -> None:
    license, users = world.license(world.policy(maxUsers=2)["id"]), people(world, 3)
    assert first(attach(world, license, *users)) == limited(2)
    assert listed(world, license) == []


def test_the_override_of_the_license_counts(world: World) -> None:
    license, [ann, bob] = world.license(world.policy(maxUsers=1)["id"], maxUsers=2), people(world, 2)
    assert attach(world, license, ann, bob).status == 201
    detach(world, license, bob)
    world.send("PATCH", path(license), resource("licenses", {"maxUsers": None}))
    assert first(attach(world, license, bob)) == limited(1)


def test_a_seat_that_was_given_back_is_free(world: World) -> None:
    license, [ann, bob] = world.license(world.policy(maxUsers=1)["id"]), people(world, 2)
    attach(world, license, ann)
    assert first(attach(world, license, bob)) == limited(1)
    detach(world, license, ann)
    assert attach(world, license, bob).status == 201


def test_a_hundred_at_once(local_world: World) -> None:
    license, users = local_world.license(local_world.policy(maxUsers=100)["id"]), people(local_world, 100)
    local_world.listen("*")
    answer = attach(local_world, license, *users)
    assert (answer.status, len(answer.data)) == (201, 100)
    assert count(local_world, license) == 100
    newest = [one.id for one in users[::-1]]
    assert listed(local_world, license, "?limit=100") == newest
    assert first(attach(local_world, license, user(local_world))) == limited(100)
    gone = detach(local_world, license, *users)
    assert (gone.status, count(local_world, license), listed(local_world, license)) == (204, 0, [])
    assert [(name, len(payload["data"])) for name, payload in emitted(local_world)] == [
        ("license.users.attached", 100),
        ("license.users.detached", 100),
    ]


def test_who_is_detached_before_the_second_pass_stays_detached(local_world: World) -> None:
    license, users = local_world.license(), people(local_world, 95)
    attach(local_world, license, *users)
    detach(local_world, license, *users[90:])
    for _ in range(2):
        local_world.clock.advance(minutes=2)
        local_world.sweep()
    assert rows(local_world, Outbox, "task") == []
    assert count(local_world, license) == 90
    assert listed(local_world, license, "?limit=100") == [one.id for one in users[89::-1]]


def test_an_owner_who_was_about_to_be_attached_gets_the_seat_once(
    local_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request ends before its task begins: of the last ten, one becomes the owner, others attach another."""
    license, users = local_world.license(), people(local_world, 100)
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.store.tasks.start", lambda *anything: None)
        assert attach(local_world, license, *users).status == 201
    assert count(local_world, license) == 100
    assert (
        local_world.send("PUT", path(license, "owner"), {"data": {"type": "users", "id": users[95].id}}).status == 200
    )
    assert attach(local_world, license, users[96]).status == 201
    assert local_world.stream().handle(feed(local_world, "task")) == {"batchItemFailures": []}
    local_world.clock.advance(minutes=2)
    local_world.sweep()
    assert count(local_world, license) == 100
    assert listed(local_world, license, "?limit=100") == [one.id for one in users[::-1]]
    assert len(rows(local_world, Row, "attachment")) == 99


# --- detach -----------------------------------------------------------------------------------------------------------


def test_detach(world: World) -> None:
    license, [ann, bob, cyd] = world.license(), people(world, 3)
    attach(world, license, ann, bob, cyd)
    answer = detach(world, license, bob, ann)
    assert (answer.status, answer.raw) == (204, b"")
    assert listed(world, license) == [cyd.id]
    assert count(world, license) == 1


def test_who_cannot_be_detached(world: World) -> None:
    [ann, bob, cyd] = people(world, 3)
    license = owned(world, ann)
    attach(world, license, bob)
    owner = f"cannot detach user '{ann.id}' (user is attached through owner)"
    answer = detach(world, license, cyd, bob, ann)
    assert (first(answer), answer.errors[0]["title"]) == ((403, None, "/data/2", owner), "Access denied")
    stranger = f"cannot detach user '{cyd.id}' (user is not attached)"
    answer = detach(world, license, bob, cyd)
    assert (first(answer), answer.errors[0]["title"]) == ((422, None, "/data/1", stranger), "Unprocessable entity")
    again = f"cannot detach user '{bob.id}' (user is not attached)"
    assert first(detach(world, license, bob, bob)) == (422, None, "/data/1", again)
    nobody = f"cannot detach user '{NOWHERE}' (user is not attached)"
    assert first(world.send("DELETE", path(license, "users"), links("users", NOWHERE))) == (
        422,
        None,
        "/data/0",
        nobody,
    )
    assert listed(world, license) == [bob.id, ann.id]


# --- list and show ----------------------------------------------------------------------------------------------------


def test_owner_and_attached_users_newest_first(world: World) -> None:
    [ann, owner, cyd] = people(world, 3)
    license = owned(world, owner)
    attach(world, license, cyd, ann)
    answer = world.get(path(license, "users"))
    assert (answer.status, ids(answer)) == (200, [cyd.id, owner.id, ann.id])
    assert "links" not in answer.document
    assert listed(world, license, "?order=asc") == [ann.id, owner.id, cyd.id]
    assert listed(world, license, "?limit=1") == [cyd.id]
    page = world.get(path(license, "users") + "?page[number]=2&page[size]=2")
    assert (ids(page), page.document["links"]["meta"]) == ([ann.id], {"pages": 2, "count": 3})
    after = world.get(path(license, "users") + f"?page[cursor]={owner.id}&page[size]=5")
    assert (ids(after), after.document["links"]["next"]) == ([ann.id], None)
    [shown] = [one for one in answer.data if one["id"] == ann.id]
    assert (shown["type"], shown["attributes"]["email"]) == ("users", ann.email)
    assert answer.data[1] == world.get(path(license, "owner")).data


def test_a_list_of_nobody(world: World) -> None:
    license = world.license()
    assert world.get(path(license, "users")).document == {"data": []}
    page = world.get(path(license, "users") + "?page[number]=1").document
    assert (page["data"], page["links"]["meta"]) == ([], {"pages": 0, "count": 0})


def test_show_by_id_and_by_email(world: World) -> None:
    [owner, ann] = people(world, 2)
    license = owned(world, owner)
    attach(world, license, ann)
    for one in (owner, ann):
        for text in (one.id, one.id.replace("-", "").upper(), one.email, one.email.upper()):
            answer = world.get(path(license, "users", segment(text)))
            assert (answer.status, answer.data["id"]) == (200, one.id)


def test_who_does_not_belong_is_not_found(world: World) -> None:
    license, [ann] = world.license(), people(world, 1)
    for text in (ann.id, ann.email, NOWHERE, "nobody@acme.example"):
        answer = world.get(path(license, "users", segment(text)))
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested user '{text}' was not found")


def test_a_deleted_user_leaves_its_seat(world: World) -> None:
    license, [ann, bob] = world.license(world.policy(maxUsers=2)["id"]), people(world, 2)
    attach(world, license, ann, bob)
    assert world.send("DELETE", f"/v1/users/{ann.id}").status == 204
    world.stream().handle(feed(world, "task"))
    assert listed(world, license) == [bob.id]
    assert world.get(path(license, "users", ann.id)).status == 404
    assert count(world, license) == 1
    assert first(attach(world, license, ann)) == NOT_FOUND


def test_a_product_sees_customers_only(world: World) -> None:
    license, colleague = world.license(), user(world, "sales-agent")
    product = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
    [ann, bob] = people(world, 2)
    attach(world, license, ann, colleague, bob)
    assert set(listed(world, license)) == {ann.id, bob.id, colleague.id}
    page = world.get(path(license, "users") + "?page[number]=1", as_=product)
    assert (ids(page), page.document["links"]["meta"]["count"]) == ([bob.id, ann.id], 2)
    assert world.get(path(license, "users", ann.id), as_=product).status == 200
    assert world.get(path(license, "users", colleague.id), as_=product).status == 404


def test_an_owner_of_the_staff_is_hidden_from_the_product(world: World) -> None:
    license = owned(world, user(world, "developer"))
    product = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
    assert listed(world, license, as_=product) == []
    assert len(listed(world, license)) == 1


def test_bad_pagination_is_told_before_the_refusal(world: World) -> None:
    license = world.license(world.policy(authenticationStrategy="LICENSE")["id"])
    key = f"License {license['attributes']['key']}"
    assert world.get(path(license, "users") + "?limit=0", as_=key).error == (400, None, "limit")
    assert world.get(path(license, "users"), as_=key).status == 403


# --- who may ----------------------------------------------------------------------------------------------------------

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
WHO = {
    "list": "401 200 200 200 200 200 200 404 200 200 404 200 404",
    "show": "401 200 200 200 200 200 200 404 200 200 404 200 404",
    "attach": "401 201 201 201 201 403 201 404 201 403 404 403 404",
    "detach": "401 204 204 204 204 403 204 404 204 403 404 403 404",
}


def test_who_may_read(local_world: World) -> None:
    cast = Cast(local_world)
    assert cast.statuses("GET", "users") == WHO["list"]
    assert cast.statuses("GET", f"users/{cast.owner.id}") == WHO["show"]
    assert cast.statuses("GET", f"users/{cast.attached.id}") == WHO["show"]


def test_who_may_attach(local_world: World) -> None:
    cast = Cast(local_world)
    assert cast.statuses("POST", "users", lambda: links("users", user(local_world).id)) == WHO["attach"]


def test_who_may_detach(local_world: World) -> None:
    cast = Cast(local_world)

    def somebody() -> Any:
        guest = user(local_world)
        assert attach(local_world, cast.license, guest).status == 201
        return links("users", guest.id)

    assert cast.statuses("DELETE", "users", somebody) == WHO["detach"]


def test_a_protected_license_is_closed_to_its_owner(world: World) -> None:
    cast = Cast(world)
    protect(world, cast.license)
    guest = user(world)
    assert attach(world, cast.license, guest, as_=cast.tokens["owner"]).status == 403
    assert detach(world, cast.license, cast.attached, as_=cast.tokens["owner"]).status == 403
    assert world.get(path(cast.license, "users"), as_=cast.tokens["owner"]).status == 200
    assert attach(world, cast.license, guest, as_=cast.tokens["product"]).status == 201


def test_by_default_users_attach_nobody_and_licenses_read_nobody(world: World) -> None:
    owner, guest = user(world), user(world)
    license = owned(world, owner, world.policy(authenticationStrategy="LICENSE")["id"])
    token, key = user_token(world, owner), f"License {license['attributes']['key']}"
    lacks = "You do not have permission to complete the request ({} lacks permission to perform action)"
    assert first(attach(world, license, guest, as_=token)) == (403, None, None, lacks.format("user"))
    assert listed(world, license, as_=token) == [owner.id]
    assert first(world.get(path(license, "users"), as_=key)) == (403, None, None, lacks.format("license"))


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_order_of_errors(world: World, method: str) -> None:
    cast = Cast(world)
    bad: dict[str, Any] = {"data": []}
    assert world.send(method, f"/v1/licenses/{NOWHERE}/users", bad).status == 404
    assert cast.ask(method, "users", "license", bad).error == (400, None, "/data")
    assert cast.ask(method, "users", "license", links("users", NOWHERE)).status == 403
    assert cast.ask(method, "users", "admin", links("users", NOWHERE)).status == 422
    assert cast.ask(method, "users", "stranger", bad).status == 404


# --- events -----------------------------------------------------------------------------------------------------------


def test_events(world: World) -> None:
    license, [ann, bob] = world.license(), people(world, 2)
    world.listen("license.users.attached", "license.users.detached")
    made = attach(world, license, ann, bob).document
    attach(world, license, ann)
    detach(world, license, bob)
    assert emitted(world) == [
        ("license.users.attached", made),
        ("license.users.detached", {"data": [made["data"][1]]}),
    ]


def test_attaching_does_not_touch_the_license(world: World) -> None:
    license, [ann] = world.license(), people(world, 1)
    attach(world, license, ann)
    assert world.get(path(license)).attributes == license["attributes"]
