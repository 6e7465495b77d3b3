"""What a license is entitled to: list, show, attach, detach (spec licenses.md §10.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, first, user, user_token
from tests.api.licenses.cast import Cast, emitted, entitlements, ids, links, owned, path, related
from tests.world import Answer, World

PLACE = "/data/relationships/entitlement"
NOT_FOUND = (422, "ENTITLEMENT_NOT_FOUND", PLACE, "must exist")
TAKEN = (422, "ENTITLEMENT_TAKEN", PLACE, "already exists")
CONFLICT = (422, "ENTITLEMENT_CONFLICT", PLACE, "already exists (entitlement is attached through policy)")


def attach(world: World, license: Any, *names: str, **options: Any) -> Answer:
    return world.post(path(license, "entitlements"), links("entitlements", *names), **options)


def detach(world: World, license: Any, *names: str, **options: Any) -> Answer:
    return world.send("DELETE", path(license, "entitlements"), links("entitlements", *names), **options)


def inherit(world: World, license: Any, *names: str) -> None:
    """Attach them to the policy of the license."""
    answer = world.post(f"/v1/policies/{related(license, 'policy')}/entitlements", links("entitlements", *names))
    assert answer.status < 300, answer.raw


def listed(world: World, license: Any, query: str = "", **options: Any) -> list[str]:
    return ids(world.get(path(license, "entitlements") + query, **options))


# --- attach -----------------------------------------------------------------------------------------------------------


def test_wire_shape(world: World) -> None:
    license, [sso] = world.license(), entitlements(world, "SSO")
    answer = attach(world, license, sso)
    account = world.account["account"]
    home, shown = f"/v1/accounts/{account}", "2026-03-01T12:00:01.000Z"
    [made] = answer.data
    assert (answer.status, "location" in answer.headers) == (201, False)
    assert answer.document == {
        "data": [
            {
                "id": made["id"],
                "type": "license-entitlements",
                "attributes": {"created": shown, "updated": shown},
                "relationships": {
                    "account": {"links": {"related": home}, "data": {"type": "accounts", "id": account}},
                    "environment": {"links": {"related": None}, "data": None},
                    "license": {
                        "links": {"related": f"{home}/licenses/{license['id']}"},
                        "data": {"type": "licenses", "id": license["id"]},
                    },
                    "entitlement": {
                        "links": {"related": f"{home}/entitlements/{sso}"},
                        "data": {"type": "entitlements", "id": sso},
                    },
                },
                "links": {"related": f"{home}/licenses/{license['id']}/entitlements/{sso}"},
            }
        ]
    }


def test_by_key(world: World) -> None:
    license, [sso] = world.license(key="SOME-LICENSE-KEY"), entitlements(world, "SSO")
    inherit(world, license, *entitlements(world, "AUDIT"))
    assert world.post("/v1/licenses/SOME-LICENSE-KEY/entitlements", links("entitlement", sso)).status == 201
    assert len(ids(world.get("/v1/licenses/SOME-LICENSE-KEY/entitlements"))) == 2
    assert first(world.post("/v1/licenses/SOME-LICENSE-KEY/entitlements", links("entitlement", sso))) == TAKEN


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, (400, None, "/data", "is missing")),
        ({"data": []}, (400, None, "/data", "length must be between 1 and 100 (inclusive)")),
        (links("entitlements", *[NOWHERE] * 101), (400, None, "/data", "length must be between 1 and 100 (inclusive)")),
        (links("users", NOWHERE), (400, None, "/data/0/type", "is invalid")),
        (
            links("entitlements", "SSO"),
            (400, None, "/data/0/id", "type mismatch (received string expected UUID string)"),
        ),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_documents_that_are_refused(shared_world: World, method: str, body: Any, error: Any) -> None:
    license = shared_world.license()
    assert first(shared_world.send(method, path(license, "entitlements"), body)) == error


def test_what_cannot_be_attached(world: World) -> None:
    license, [sso, audit, gold] = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    inherit(world, license, sso)
    attach(world, license, audit)
    assert first(attach(world, license, gold, NOWHERE)) == NOT_FOUND
    assert first(attach(world, license, gold, audit)) == TAKEN
    assert first(attach(world, license, gold, gold)) == TAKEN
    assert first(attach(world, license, gold, sso, NOWHERE)) == CONFLICT
    assert len(attach(world, license, sso, NOWHERE).errors) == 1
    assert listed(world, license) == [audit, sso]


def test_a_hundred_at_once(local_world: World) -> None:
    license, names = local_world.license(), entitlements(local_world, *(f"E{number}" for number in range(100)))
    local_world.listen("*")
    answer = attach(local_world, license, *names)
    assert (answer.status, len(answer.data)) == (201, 100)
    assert listed(local_world, license, "?limit=100") == names[::-1]
    assert detach(local_world, license, *names).status == 204
    assert listed(local_world, license) == []
    assert [(name, len(payload["data"])) for name, payload in emitted(local_world)] == [
        ("license.entitlements.attached", 100),
        ("license.entitlements.detached", 100),
    ]


# --- detach -----------------------------------------------------------------------------------------------------------


def test_detach(world: World) -> None:
    license, names = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    attach(world, license, *names)
    answer = detach(world, license, names[2], names[0])
    assert (answer.status, answer.raw) == (204, b"")
    assert listed(world, license) == [names[1]]
    assert attach(world, license, names[0]).status == 201


def test_what_cannot_be_detached(world: World) -> None:
    license, [sso, audit, gold] = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    inherit(world, license, sso)
    attach(world, license, audit)
    through = f"cannot detach entitlement '{sso}' (entitlement is attached through policy)"
    answer = detach(world, license, gold, audit, sso)
    assert (first(answer), answer.errors[0]["title"]) == ((403, None, "/data/2", through), "Access denied")
    absent = f"cannot detach entitlement '{gold}' (entitlement is not attached)"
    answer = detach(world, license, audit, gold)
    assert (first(answer), answer.errors[0]["title"]) == ((422, None, "/data/1", absent), "Unprocessable entity")
    again = f"cannot detach entitlement '{audit}' (entitlement is not attached)"
    assert first(detach(world, license, audit, audit)) == (422, None, "/data/1", again)
    assert listed(world, license) == [audit, sso]


def test_what_is_on_both_cannot_be_detached_and_is_listed_once(world: World) -> None:
    license, [sso, audit] = world.license(), entitlements(world, "SSO", "AUDIT")
    attach(world, license, sso, audit)
    inherit(world, license, sso)
    assert listed(world, license) == [audit, sso]
    page = world.get(path(license, "entitlements") + "?page[number]=1").document
    assert page["links"]["meta"]["count"] == 2
    assert detach(world, license, sso).error == (403, None, "/data/0")
    policy = f"/v1/policies/{related(license, 'policy')}/entitlements"
    assert world.send("DELETE", policy, links("entitlements", sso)).status == 204
    assert listed(world, license) == [audit, sso]
    assert detach(world, license, sso).status == 204


# --- list and show ----------------------------------------------------------------------------------------------------


def test_own_and_inherited_newest_first(world: World) -> None:
    license, [sso, audit, gold] = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    attach(world, license, gold, sso)
    inherit(world, license, audit)
    answer = world.get(path(license, "entitlements"))
    assert (answer.status, ids(answer)) == (200, [gold, audit, sso])
    assert answer.document == {"data": [world.get(f"/v1/entitlements/{one}").data for one in (gold, audit, sso)]}
    assert listed(world, license, "?order=asc&limit=2") == [sso, audit]
    page = world.get(path(license, "entitlements") + "?page[number]=2&page[size]=2")
    assert (ids(page), page.document["links"]["meta"]) == ([sso], {"pages": 2, "count": 3})
    after = world.get(path(license, "entitlements") + f"?page[cursor]={audit}")
    assert (ids(after), after.document["links"]["next"]) == ([sso], None)


def test_show(world: World) -> None:
    license, [sso, audit, gold] = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    attach(world, license, sso)
    inherit(world, license, audit)
    for one in (sso, audit, sso.upper().replace("-", "")):
        answer = world.get(path(license, "entitlements", one))
        assert (answer.status, answer.data["type"]) == (200, "entitlements")
    for text in (gold, "SSO", NOWHERE):
        answer = world.get(path(license, "entitlements", text))
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested entitlement '{text}' was not found")


def test_an_entitlement_that_is_gone_is_nowhere(world: World) -> None:
    license, [sso, audit] = world.license(), entitlements(world, "SSO", "AUDIT")
    attach(world, license, sso, audit)
    assert world.send("DELETE", f"/v1/entitlements/{sso}").status == 204
    assert listed(world, license) == [audit]
    assert world.get(path(license, "entitlements", sso)).status == 404
    assert first(attach(world, license, sso)) == NOT_FOUND


def test_a_new_policy_brings_its_own(world: World) -> None:
    license, [sso, audit, gold] = world.license(), entitlements(world, "SSO", "AUDIT", "GOLD")
    other = world.license()
    inherit(world, license, sso)
    inherit(world, other, audit)
    attach(world, license, gold)
    body = {"data": {"type": "policies", "id": related(other, "policy")}}
    assert world.send("PUT", path(license, "policy"), body).status == 200
    assert listed(world, license) == [gold, audit]


# --- who may ----------------------------------------------------------------------------------------------------------

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"
ATTACH = "401 201 201 201 403 403 201 404 403 403 404 403 404"
DETACH = "401 204 204 204 403 403 204 404 403 403 404 403 404"


def test_who_may_read(local_world: World) -> None:
    cast = Cast(local_world)
    own, inherited = entitlements(local_world, "OWN", "INHERITED")
    attach(local_world, cast.license, own)
    inherit(local_world, cast.license, inherited)
    assert cast.statuses("GET", "entitlements") == READ
    assert cast.statuses("GET", f"entitlements/{own}") == READ
    assert cast.statuses("GET", f"entitlements/{inherited}") == READ
    for bearer in ("admin", "product", "owner", "attached", "license"):
        assert ids(cast.ask("GET", "entitlements", bearer)) == [inherited, own]


def test_who_may_attach_and_detach(local_world: World) -> None:
    cast = Cast(local_world)
    names = iter(entitlements(local_world, *(f"E{number}" for number in range(40))))
    assert cast.statuses("POST", "entitlements", lambda: links("entitlements", next(names))) == ATTACH

    def attached() -> Any:
        name = next(names)
        assert attach(local_world, cast.license, name).status == 201
        return links("entitlements", name)

    assert cast.statuses("DELETE", "entitlements", attached) == DETACH


def test_users_read_by_default(world: World) -> None:
    owner = user(world)
    license, [sso] = owned(world, owner), entitlements(world, "SSO")
    attach(world, license, sso)
    assert listed(world, license, as_=user_token(world, owner)) == [sso]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_order_of_errors(world: World, method: str) -> None:
    cast = Cast(world)
    assert world.send(method, f"/v1/licenses/{NOWHERE}/entitlements", {"data": []}).status == 404
    assert cast.ask(method, "entitlements", "owner", {"data": []}).error == (400, None, "/data")
    assert cast.ask(method, "entitlements", "owner", links("entitlements", NOWHERE)).status == 403
    assert cast.ask(method, "entitlements", "admin", links("entitlements", NOWHERE)).status == 422


# --- events -----------------------------------------------------------------------------------------------------------


def test_events(world: World) -> None:
    license, [sso, audit] = world.license(), entitlements(world, "SSO", "AUDIT")
    world.listen("license.entitlements.attached", "license.entitlements.detached")
    made = attach(world, license, sso, audit).document
    attach(world, license, sso)
    detach(world, license, audit)
    assert emitted(world) == [
        ("license.entitlements.attached", made),
        ("license.entitlements.detached", {"data": [made["data"][1]]}),
    ]
