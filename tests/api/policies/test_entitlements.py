"""Entitlements of a policy (spec policies.md §2, §2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, staff
from tests.api.test_events import outbox
from tests.world import Answer, World

POINTER = "/data/relationships/entitlement"


def entitlement(world: World, code: str) -> Any:
    return world.create("entitlements", {"name": code, "code": code})


def named(*identifiers: str, kind: str = "entitlements") -> dict[str, Any]:
    return {"data": [{"type": kind, "id": one} for one in identifiers]}


def path(policy: str) -> str:
    return f"/v1/policies/{policy}/entitlements"


def attach(world: World, policy: str, *identifiers: str, **options: Any) -> Answer:
    return world.post(path(policy), named(*identifiers), **options)


def detach(world: World, policy: str, *identifiers: str, **options: Any) -> Answer:
    return world.send("DELETE", path(policy), named(*identifiers), **options)


def listed(world: World, policy: str, query: str = "", **options: Any) -> list[str]:
    answer = world.get(f"{path(policy)}{query}", **options)
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]


def test_wire_shape(world: World) -> None:
    policy, one = world.policy()["id"], entitlement(world, "one")
    answer = attach(world, policy, one["id"])
    base = f"/v1/accounts/{world.account['account']}"
    [shown] = answer.data
    assert answer.status == 200
    assert "location" not in answer.headers
    assert answer.document == {
        "data": [
            {
                "id": shown["id"],
                "type": "policy-entitlements",
                "attributes": {"created": "2026-03-01T12:00:00.000Z", "updated": "2026-03-01T12:00:00.000Z"},
                "relationships": {
                    "account": {
                        "links": {"related": base},
                        "data": {"type": "accounts", "id": world.account["account"]},
                    },
                    "environment": {"links": {"related": None}, "data": None},
                    "policy": {
                        "links": {"related": f"{base}/policies/{policy}"},
                        "data": {"type": "policies", "id": policy},
                    },
                    "entitlement": {
                        "links": {"related": f"{base}/entitlements/{one['id']}"},
                        "data": {"type": "entitlements", "id": one["id"]},
                    },
                },
                "links": {"related": f"{base}/policies/{policy}/entitlements/{one['id']}"},
            }
        ]
    }
    assert shown["id"] not in (one["id"], policy)
    assert world.get(f"{path(policy)}/{one['id']}").data == one


def test_attached_in_order_and_listed_newest_first(world: World) -> None:
    policy, made = world.policy()["id"], []
    for code in ("one", "two", "three"):
        made.append(entitlement(world, code)["id"])
        world.clock.advance(seconds=1)
    answer = attach(world, policy, made[1], made[2].upper(), made[0])
    targets = [shown["relationships"]["entitlement"]["data"]["id"] for shown in answer.data]
    assert targets == [made[1], made[2], made[0]]
    assert listed(world, policy) == made[::-1]
    assert listed(world, policy, "?order=asc&limit=2") == made[:2]
    assert listed(world, policy, f"?page[cursor]={made[2]}") == [made[1], made[0]]
    counted = world.get(f"{path(policy)}?page[number]=2&page[size]=2").document
    assert ([one["id"] for one in counted["data"]], counted["links"]["meta"]) == ([made[0]], {"pages": 2, "count": 3})
    assert listed(world, world.policy()["id"]) == []


def test_a_deleted_entitlement_is_gone_from_its_policies(world: World) -> None:
    policy, kept, gone = world.policy()["id"], entitlement(world, "kept")["id"], entitlement(world, "gone")["id"]
    attach(world, policy, kept, gone)
    world.send("DELETE", f"/v1/entitlements/{gone}")
    assert listed(world, policy) == listed(world, policy, "?page[number]=1") == [kept]
    assert world.get(f"{path(policy)}/{gone}").status == 404


@pytest.mark.parametrize("child", [NOWHERE, "other", "x"])
def test_what_a_policy_does_not_have(local_world: World, child: str) -> None:
    """Unlike in `/entitlements`, codes lead nowhere here (spec http.md §3)."""
    policy = local_world.policy()["id"]
    attach(local_world, policy, entitlement(local_world, "x")["id"])
    other = entitlement(local_world, "other")["id"]
    for identifier in (child, other):
        answer = local_world.get(f"{path(policy)}/{identifier}")
        assert first(answer) == (404, "NOT_FOUND", None, f"The requested entitlement '{identifier}' was not found")


@pytest.mark.parametrize("policy", [NOWHERE, "x"])
def test_no_policy(shared_world: World, policy: str) -> None:
    missing = (404, "NOT_FOUND", None, f"The requested policy '{policy}' was not found")
    assert first(shared_world.get(path(policy))) == missing
    assert first(shared_world.get(f"{path(policy)}/{NOWHERE}")) == missing
    assert first(shared_world.post(path(policy), {})) == missing
    assert first(shared_world.send("DELETE", path(policy), {})) == missing


def test_all_or_nothing(world: World) -> None:
    policy, one, two = world.policy()["id"], entitlement(world, "one")["id"], entitlement(world, "two")["id"]
    unknown = attach(world, policy, one, NOWHERE)
    assert first(unknown) == (422, "ENTITLEMENT_NOT_FOUND", POINTER, "must exist")
    assert unknown.errors[0]["title"] == "Unprocessable resource"
    assert first(attach(world, policy, one, two, one)) == (422, "ENTITLEMENT_TAKEN", POINTER, "already exists")
    assert listed(world, policy) == []
    attach(world, policy, one)
    assert first(attach(world, policy, two, one)) == (422, "ENTITLEMENT_TAKEN", POINTER, "already exists")
    assert listed(world, policy) == [one]
    refused = detach(world, policy, one, two)
    detail = f"cannot detach entitlement '{two}' (entitlement is not attached)"
    assert first(refused) == (422, None, "/data/1", detail)
    assert refused.errors[0]["title"] == "Unprocessable entity"
    assert detach(world, policy, one, one).error == (422, None, "/data/1")
    assert listed(world, policy) == [one]


def test_detached(world: World) -> None:
    policy, one, two = world.policy()["id"], entitlement(world, "one")["id"], entitlement(world, "two")["id"]
    attach(world, policy, one, two)
    answer = detach(world, policy, one)
    assert (answer.status, answer.raw) == (204, b"")
    assert listed(world, policy) == [two]
    assert attach(world, policy, one).status == 200


@pytest.mark.parametrize("count", [90, 91, 100])
def test_a_hundred_at_once(local_world: World, count: int) -> None:
    policy = local_world.policy()["id"]
    made = [entitlement(local_world, f"code-{number}")["id"] for number in range(count)]
    local_world.listen("*")
    assert len(attach(local_world, policy, *made).data) == count
    assert sorted(listed(local_world, policy, "?limit=100")) == sorted(made)
    assert detach(local_world, policy, *made).status == 204
    assert listed(local_world, policy, "?limit=100") == []
    assert [(name, len(payload["data"])) for name, payload in outbox(local_world)] == [
        ("policy.entitlements.attached", count),
        ("policy.entitlements.detached", count),
    ]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": None}, "/data", "cannot be null"),
        ({"data": {}}, "/data", "type mismatch (received object expected array)"),
        ({"data": []}, "/data", "length must be between 1 and 100 (inclusive)"),
        (named(*[NOWHERE] * 101), "/data", "length must be between 1 and 100 (inclusive)"),
        (named(NOWHERE, kind="users"), "/data/0/type", "is invalid"),
        (named(NOWHERE, "one"), "/data/1/id", "type mismatch (received string expected UUID string)"),
        ({"data": [{"type": "entitlements"}]}, "/data/0/id", "is missing"),
        ({"data": [None]}, "/data/0", "cannot be null"),
        ({"data": [{"type": "entitlement", "id": NOWHERE, "name": "x"}]}, "/data/0/name", "unpermitted parameter"),
    ],
)
def test_documents(shared_world: World, method: str, body: Any, pointer: str, detail: str) -> None:
    policy = shared_world.policy()["id"]
    assert first(shared_world.send(method, path(policy), body)) == (400, None, pointer, detail)
    reader = staff(shared_world, "read-only")
    assert shared_world.send(method, path(policy), body, as_=reader).error == (400, None, pointer)
    assert shared_world.send(method, path(policy), named(NOWHERE), as_=reader).error == (403, None, None)


def test_a_bare_array_will_do(local_world: World) -> None:
    policy, one = local_world.policy()["id"], entitlement(local_world, "one")["id"]
    assert local_world.post(path(policy), [{"type": "entitlement", "id": one}]).status == 200
    assert local_world.send("DELETE", path(policy), [{"type": "entitlement", "id": one}]).status == 204


def test_events(local_world: World) -> None:
    policy, one = local_world.policy()["id"], entitlement(local_world, "one")["id"]
    local_world.listen("*")
    made = attach(local_world, policy, one).document
    detach(local_world, policy, one)
    assert attach(local_world, policy, NOWHERE).status == detach(local_world, policy, one).status == 422
    assert outbox(local_world) == [("policy.entitlements.attached", made), ("policy.entitlements.detached", made)]


def test_entitlements_go_with_their_policy(local_world: World) -> None:
    policy, one = local_world.policy()["id"], entitlement(local_world, "one")["id"]
    attach(local_world, policy, one)
    local_world.send("DELETE", f"/v1/policies/{policy}")
    assert local_world.get(path(policy)).status == attach(local_world, policy, one).status == 404
    assert local_world.get(f"/v1/entitlements/{one}").status == 200


def test_licenses_have_what_their_policy_has(local_world: World) -> None:
    license = open_license(local_world)
    policy, one = license["relationships"]["policy"]["data"]["id"], entitlement(local_world, "one")["id"]
    validate = f"/v1/licenses/{license['id']}/entitlements"
    assert local_world.get(validate, as_=by_key(license)).data == []
    attach(local_world, policy, one)
    assert [found["id"] for found in local_world.get(validate, as_=by_key(license)).data] == [one]
    detach(local_world, policy, one)
    assert local_world.get(validate, as_=by_key(license)).data == []


def test_roles(world: World) -> None:
    license = open_license(world, permissions=["policy.read", "entitlement.read"])
    policy = license["relationships"]["policy"]["data"]["id"]
    product = license["relationships"]["product"]["data"]["id"]
    one, two = entitlement(world, "one")["id"], entitlement(world, "two")["id"]
    attach(world, policy, one)
    own, foreign = world.token(f"/v1/products/{product}"), world.token(f"/v1/products/{world.product()['id']}")
    for role, status in (("developer", 200), ("sales-agent", 200), ("support-agent", 403), ("read-only", 403)):
        bearer = staff(world, role)
        assert listed(world, policy, as_=bearer) == [one]
        assert attach(world, policy, two, as_=bearer).status == status
        assert detach(world, policy, two, as_=bearer).status == (204 if status == 200 else 403)
    assert listed(world, policy, as_=own) == [one]
    assert world.get(f"{path(policy)}/{one}", as_=own).data["id"] == one
    assert attach(world, policy, two, as_=own).status == 200
    assert detach(world, policy, two, as_=own).status == 204
    stranger = by_key(open_license(world))
    for refused, status in ((foreign, 404), (by_key(license), 403), (stranger, 404), (None, 401)):
        assert world.get(path(policy), as_=refused).status == status
        assert world.get(f"{path(policy)}/{one}", as_=refused).status == status
        assert attach(world, policy, two, as_=refused).status == status
        assert detach(world, policy, one, as_=refused).status == status
