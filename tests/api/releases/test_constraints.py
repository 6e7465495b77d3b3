"""The entitlements a release asks for (spec resources.md §9.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff
from tests.api.releases.shipping import attach, constraint, detach, entitlement, ids, release
from tests.api.test_events import outbox
from tests.world import World


def path(release_id: str) -> str:
    return f"/v1/releases/{release_id}/constraints"


def held(world: World, release_id: str, query: str = "", **options: Any) -> list[str]:
    """The ids of the constraints of a release."""
    return ids(world.get(f"{path(release_id)}{query}", **options))


def asked(world: World, release_id: str, query: str = "") -> list[str]:
    """The ids of the entitlements a release asks for."""
    return ids(world.get(f"/v1/releases/{release_id}/entitlements{query}"))


@pytest.fixture
def shipped(local_world: World) -> str:
    """The id of a release."""
    return str(release(local_world, local_world.product()["id"])["id"])


def test_wire_shape(world: World) -> None:
    made, one = release(world, world.product()["id"])["id"], entitlement(world, "one")
    answer = attach(world, "1.0.0", one)
    base = f"/v1/accounts/{world.account['account']}"
    [shown] = answer.data
    assert (answer.status, "location" in answer.headers) == (200, False)
    assert answer.document == {
        "data": [
            {
                "id": shown["id"],
                "type": "constraints",
                "attributes": {"created": "2026-03-01T12:00:00.000Z", "updated": "2026-03-01T12:00:00.000Z"},
                "relationships": {
                    "account": {
                        "links": {"related": base},
                        "data": {"type": "accounts", "id": world.account["account"]},
                    },
                    "environment": {"links": {"related": None}, "data": None},
                    "release": {
                        "links": {"related": f"{base}/releases/{made}"},
                        "data": {"type": "releases", "id": made},
                    },
                    "entitlement": {
                        "links": {"related": f"{base}/entitlements/{one}"},
                        "data": {"type": "entitlements", "id": one},
                    },
                },
                "links": {"self": f"{base}/releases/{made}/constraints/{shown['id']}"},
            }
        ]
    }
    assert shown["id"] not in (made, one)
    assert world.get(shown["links"]["self"]).data == shown
    assert world.get(f"{path(made)}/{shown['id'].upper()}").data == shown
    assert world.get(path(made)).data == [shown]
    assert world.get(f"/v1/releases/{made}/entitlements").data == [world.get(f"/v1/entitlements/{one}").data]


def test_lists(world: World) -> None:
    made, entitlements, constraints = release(world, world.product()["id"])["id"], [], []
    for code in ("one", "two", "three"):
        entitlements.append(entitlement(world, code))
        world.clock.advance(seconds=1)
    for one in reversed(entitlements):
        constraints.append(attach(world, made, one).data[0]["id"])
        world.clock.advance(seconds=1)
    assert held(world, made) == constraints[::-1]
    assert held(world, made, "?order=asc&limit=2") == constraints[:2]
    assert held(world, made, f"?page[cursor]={constraints[1]}") == constraints[:1]
    assert held(world, made, f"?page[cursor]={NOWHERE}") == []
    counted = world.get(f"{path(made)}?page[number]=2&page[size]=2").document
    assert ([one["id"] for one in counted["data"]], counted["links"]["meta"]) == (
        [constraints[0]],
        {"pages": 2, "count": 3},
    )
    assert asked(world, made) == entitlements[::-1]
    assert asked(world, made, "?order=asc&limit=1") == entitlements[:1]


def test_all_or_nothing(local_world: World, shipped: str) -> None:
    one, two = entitlement(local_world, "one"), entitlement(local_world, "two")
    pointer = "/data/relationships/entitlement"
    unknown = attach(local_world, shipped, one, NOWHERE)
    assert first(unknown) == (422, "ENTITLEMENT_NOT_FOUND", pointer, "must exist")
    assert first(attach(local_world, shipped, one, one)) == (422, "ENTITLEMENT_TAKEN", pointer, "already exists")
    assert held(local_world, shipped) == []
    [kept] = attach(local_world, shipped, one).data
    assert first(attach(local_world, shipped, two, one)) == (422, "ENTITLEMENT_TAKEN", pointer, "already exists")
    for wrong in ((kept["id"], NOWHERE), (kept["id"], one), (kept["id"], kept["id"])):
        answer = detach(local_world, shipped, *wrong)
        assert answer.error == (422, None, "/data/1")
        assert answer.errors[0]["title"] == "Unprocessable entity"
    assert held(local_world, shipped) == [kept["id"]]


def test_constraints_of_another_release(local_world: World, shipped: str) -> None:
    other = release(local_world, local_world.product()["id"])["id"]
    [theirs] = attach(local_world, other, entitlement(local_world, "one")).data
    answer = local_world.get(f"{path(shipped)}/{theirs['id']}")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested constraint '{theirs['id']}' was not found")
    assert local_world.get(f"{path(shipped)}/x").status == 404
    assert detach(local_world, shipped, theirs["id"]).error == (422, None, "/data/0")
    assert held(local_world, other) == [theirs["id"]]


def test_detached(local_world: World, shipped: str) -> None:
    one, two = entitlement(local_world, "one"), entitlement(local_world, "two")
    first_, second = attach(local_world, shipped, one, two).data
    answer = detach(local_world, "1.0.0", first_["id"])
    assert (answer.status, answer.raw) == (204, b"")
    assert held(local_world, shipped) == [second["id"]]
    assert attach(local_world, shipped, one).data[0]["id"] != first_["id"]


@pytest.mark.parametrize("count", [90, 100])
def test_a_hundred_at_once(local_world: World, shipped: str, count: int) -> None:
    entitlements = [entitlement(local_world, f"code-{number}") for number in range(count)]
    constraints = [one["id"] for one in attach(local_world, shipped, *entitlements).data]
    assert sorted(held(local_world, shipped, "?limit=100")) == sorted(constraints)
    assert detach(local_world, shipped, *constraints).status == 204
    assert held(local_world, shipped) == asked(local_world, shipped) == []


def test_a_deleted_entitlement_is_asked_for_no_more(world: World) -> None:
    made, kept, gone = (
        release(world, world.product()["id"])["id"],
        entitlement(world, "kept"),
        entitlement(world, "gone"),
    )
    constraints = {
        one["relationships"]["entitlement"]["data"]["id"]: one["id"] for one in attach(world, made, kept, gone).data
    }
    assert world.send("DELETE", f"/v1/entitlements/{gone}").status == 204
    assert held(world, made) == [constraints[kept]]
    assert asked(world, made) == [kept]
    assert world.get(f"{path(made)}/{constraints[gone]}").status == 404
    assert detach(world, made, constraints[gone]).error == (422, None, "/data/0")


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": {}}, "/data", "type mismatch (received object expected array)"),
        ({"data": []}, "/data", "length must be between 1 and 100 (inclusive)"),
        ({"data": [constraint(NOWHERE)] * 101}, "/data", "length must be between 1 and 100 (inclusive)"),
        ({"data": [constraint(NOWHERE, "entitlements")]}, "/data/0/type", "is invalid"),
        ({"data": [{"type": "constraints", "id": NOWHERE}]}, "/data/0/id", "unpermitted parameter"),
        ({"data": [{"type": "constraints"}]}, "/data/0/relationships", "is missing"),
        (
            {"data": [constraint("one")]},
            "/data/0/relationships/entitlement/data/id",
            "type mismatch (received string expected UUID string)",
        ),
    ],
)
def test_documents_that_attach(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = release(shared_world, shared_world.product()["id"])["id"]
    assert first(shared_world.post(path(made), body)) == (400, None, pointer, detail)
    reader = staff(shared_world, "read-only")
    assert shared_world.post(path(made), body, as_=reader).error == (400, None, pointer)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": []}, "/data", "length must be between 1 and 100 (inclusive)"),
        ({"data": [constraint(NOWHERE)]}, "/data/0/relationships", "unpermitted parameter"),
        ({"data": [{"type": "entitlements", "id": NOWHERE}]}, "/data/0/type", "is invalid"),
    ],
)
def test_documents_that_detach(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = release(shared_world, shared_world.product()["id"])["id"]
    assert first(shared_world.send("DELETE", path(made), body)) == (400, None, pointer, detail)


def test_events(local_world: World, shipped: str) -> None:
    one = entitlement(local_world, "one")
    local_world.listen("*")
    made = attach(local_world, shipped, one).document
    detach(local_world, shipped, made["data"][0]["id"])
    assert attach(local_world, shipped, NOWHERE).status == detach(local_world, shipped, NOWHERE).status == 422
    assert outbox(local_world) == [("release.constraints.attached", made), ("release.constraints.detached", made)]


def test_who_may(world: World) -> None:
    license = open_license(world)
    product = license["relationships"]["product"]["data"]["id"]
    made, one, two = release(world, product)["id"], entitlement(world, "one"), entitlement(world, "two")
    [kept] = attach(world, made, one).data
    own, foreign = (world.token(f"/v1/products/{other}") for other in (product, world.product()["id"]))
    for bearer in (own, staff(world, "developer")):
        [added] = attach(world, made, two, as_=bearer).data
        assert world.get(f"{path(made)}/{added['id']}", as_=bearer).status == 200
        assert detach(world, made, added["id"], as_=bearer).status == 204
    for role in ("sales-agent", "support-agent", "read-only"):
        bearer = staff(world, role)
        assert held(world, made, as_=bearer) == [kept["id"]]
        assert attach(world, made, two, as_=bearer).status == detach(world, made, kept["id"], as_=bearer).status == 403
    stranger = by_key(open_license(world))
    for refused, status in ((foreign, 404), (by_key(license), 403), (stranger, 404), (None, 401)):
        for below in ("constraints", f"constraints/{kept['id']}", "entitlements"):
            assert world.get(f"/v1/releases/{made}/{below}", as_=refused).status == status
        assert attach(world, made, two, as_=refused).status == status
        assert detach(world, made, kept["id"], as_=refused).status == status
