"""What was imported works: keys, tokens, passwords, licenses, lists, counters and unique names."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.admin import files
from tests.admin.files import (
    ADMIN,
    ATTACHED,
    BANNED,
    GROUP,
    LICENSE,
    LICENSE_KEY,
    OWNER,
    PLAIN,
    POLICY,
    SLUG,
    bring,
    brought,
    exported,
    moved,
    reasons,
    resource,
    uuid,
)
from tests.races.crowd import Watched
from tests.world import Answer, World
from tests.world import resource as document


@pytest.fixture
def served(world: World) -> World:
    """A service for the account that moved in."""
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    world.admin = f"Bearer {files.TOKEN}"
    return world


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.data]


def test_tokens_authenticate(served: World) -> None:
    assert served.get("/v1/me").data["id"] == ADMIN
    validated = served.post(f"/v1/licenses/{LICENSE}/actions/validate", as_=f"Bearer {files.ACTIVATION_TOKEN}")
    assert validated.data["id"] == LICENSE
    shown = served.get(f"/v1/tokens/{uuid(41)}").attributes
    assert (shown["activations"], shown["maxActivations"], shown["expiry"]) == (3, 5, "2031-01-01T00:00:00.000Z")


def test_raw_tokens_are_hashed_with_the_secret_of_the_account(served: World) -> None:
    value = "prod-" + "ab" * 32 + "v3"
    line = resource("tokens", uuid(42), {}, {"token": value}, bearer=("products", files.PRODUCT))
    brought(served, [line], SLUG)
    assert served.get("/v1/me", as_=f"Bearer {value}").data["id"] == files.PRODUCT
    assert value not in repr(exported(served))


def test_tokens_get_the_usual_expiry_where_none_is_said(served: World) -> None:
    said: list[dict[str, Any]] = [{"created": "2026-02-28T00:00:00Z"}, {"expiry": None}]
    lines = [
        resource("tokens", uuid(50 + number), attributes, {"digest": f"{number}" * 64}, bearer=("users", OWNER))
        for number, attributes in enumerate(said)
    ]
    brought(served, lines, SLUG)
    found = {one["id"]: one["attributes"]["expiry"] for one in exported(served) if one["type"] == "tokens"}
    assert (found[uuid(50)], found[uuid(51)]) == ("2026-03-14T00:00:00.000Z", None)


def test_license_keys_authenticate_and_licenses_validate(served: World) -> None:
    answer = served.get("/v1/me", as_="License PLAIN-KEY-0002")
    assert (answer.status, answer.data["id"]) == (200, PLAIN)
    valid = served.post("/v1/licenses/actions/validate-key", {"meta": {"key": LICENSE_KEY}}, as_=None)
    assert valid.document["meta"]["code"] == "SUSPENDED"
    assert served.get(f"/v1/licenses/{LICENSE_KEY}").data["id"] == LICENSE


def test_passwords_work(served: World) -> None:
    brought(served, [resource("users", ATTACHED, {}, {"password": "new password"})], SLUG)
    for password, status in (("new password", 201), ("old password", 401)):
        basic = base64.b64encode(f"seat@customer.example:{password}".encode()).decode()
        assert served.post("/v1/tokens", as_=f"Basic {basic}").status == status


def test_the_account_signs_with_its_old_keys(served: World) -> None:
    shown = served.get(f"/v1/accounts/{SLUG}").data
    public = files.keys_of_account()["publicKeys"]
    assert {name: base64.b64decode(one).decode() for name, one in shown["meta"]["keys"].items()} == public
    assert (shown["id"], shown["attributes"]["name"]) == (files.ACCOUNT, "Moved Inc.")
    assert shown["attributes"]["created"] == "2020-02-01T23:59:59.999Z"


def test_read_only_attributes_are_shown_as_they_were(served: World) -> None:
    shown = served.get(f"/v1/licenses/{LICENSE}").attributes
    for name in ("uses", "version", "expiry", "lastValidated", "lastCheckOut", "lastCheckIn", "metadata", "name"):
        assert shown[name] == files.LICENSE_ATTRIBUTES[name], name
    assert (shown["created"], shown["updated"]) == ("2020-02-01T23:59:59.999Z", files.UPDATED)
    assert shown["protected"] is True
    assert served.get(f"/v1/users/{BANNED}").attributes["status"] == "BANNED"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/licenses", [PLAIN, LICENSE]),
        (f"/v1/licenses?policy={POLICY}", [PLAIN, LICENSE]),
        (f"/v1/licenses?owner={OWNER}", [LICENSE]),
        (f"/v1/licenses?user={ATTACHED}", [LICENSE]),
        (f"/v1/licenses?group={GROUP}", [LICENSE]),
        ("/v1/licenses?metadata[customerId]=c-1", [LICENSE]),
        ("/v1/licenses?metadata[seats]=3", [LICENSE]),
        ("/v1/licenses?status=suspended", [LICENSE]),
        ("/v1/licenses?expired=true", [LICENSE]),
        ("/v1/licenses?activity[before]=2021-02-01T00:00:00Z", [PLAIN, LICENSE]),
        ("/v1/users?metadata[crmId]=7", [OWNER]),
        ("/v1/users?status=BANNED", [BANNED]),
        ("/v1/users?roles[]=admin", [ADMIN]),
        (f"/v1/licenses/{LICENSE}/users", [BANNED, ATTACHED, OWNER]),
        (f"/v1/licenses/{LICENSE}/entitlements", [files.OTHER_ENTITLEMENT, files.ENTITLEMENT]),
        (f"/v1/groups/{GROUP}/users", [ATTACHED, OWNER]),
        (f"/v1/groups/{GROUP}/licenses", [LICENSE]),
        (f"/v1/groups/{GROUP}/owners", [uuid(31)]),
        (f"/v1/policies/{POLICY}/entitlements", [files.ENTITLEMENT]),
        ("/v1/keys", [uuid(35)]),
        (f"/v1/licenses/{LICENSE}/tokens", [uuid(41)]),
    ],
)
def test_lists_find_it(served: World, path: str, expected: list[str]) -> None:
    assert ids(served.get(path)) == expected


def test_limits_are_not_judged_but_counted(served: World) -> None:
    """The group of the file takes no users at all, and yet two are in it; nobody else gets in."""
    body = document("users", {"email": "one-more@customer.example"}, group=("groups", GROUP))
    assert served.post("/v1/users", body).error == (422, "GROUP_USER_LIMIT_EXCEEDED", "/data/relationships/group")
    body = document("licenses", {}, policy=("policies", POLICY), group=("groups", GROUP))
    assert served.post("/v1/licenses", body).error == (422, "GROUP_LICENSE_LIMIT_EXCEEDED", "/data/relationships/group")
    assert served.get(f"/v1/licenses/{LICENSE}").data["relationships"]["users"]["meta"] == {"count": 3}


def test_counters_go_down_again(served: World) -> None:
    changed = {"type": "groups", "id": GROUP, "attributes": {"maxUsers": 2}}
    brought(served, [changed], SLUG)
    assert served.send("DELETE", f"/v1/users/{ATTACHED}").status == 204
    assert served.post("/v1/users", document("users", {"email": "a@b.example"}, group=("groups", GROUP))).status == 201


def test_the_last_admin_stays(served: World) -> None:
    assert served.send("DELETE", f"/v1/users/{ADMIN}").error[1] == "ACCOUNT_ADMINS_REQUIRED"
    other = {"email": "second@moved.example", "role": "admin", "permissions": ["*"]}
    brought(served, [resource("users", uuid(60), other)], SLUG)
    assert served.send("DELETE", f"/v1/users/{ADMIN}").status == 204


@pytest.mark.parametrize(
    ("kind", "attributes", "links", "code"),
    [
        ("products", {"name": "x", "code": "APP-1"}, {}, "CODE_TAKEN"),
        ("entitlements", {"name": "x", "code": "FEATURE"}, {}, "CODE_TAKEN"),
        ("users", {"email": "Owner@customer.example"}, {}, "EMAIL_TAKEN"),
        ("licenses", {"key": LICENSE_KEY}, {"policy": ("policies", POLICY)}, "KEY_TAKEN"),
        ("keys", {"key": "POOL-KEY-0001"}, {"policy": ("policies", files.POOLED)}, "KEY_TAKEN"),
    ],
)
def test_names_are_taken(served: World, kind: str, attributes: Any, links: Any, code: str) -> None:
    assert served.post(f"/v1/{kind}", document(kind, attributes, **links)).error[:2] == (422, code)


def test_a_pool_serves(served: World) -> None:
    license = served.post("/v1/licenses", document("licenses", {}, policy=("policies", files.POOLED)))
    assert (license.status, license.attributes["key"]) == (201, "POOL-KEY-0001")
    assert "keys" not in [one["type"] for one in exported(served)]


def test_deadlines_are_kept(world: World) -> None:
    """An imported license expires like others, and what was announced is not announced again."""
    world.listen("*")
    policy = world.policy()["id"]
    soon, sent = "2026-03-02T00:00:00.000Z", "2026-03-01T11:00:00.000Z"
    told = {**files.license(2, policy, expiry=soon), "meta": {"expiringSoonSent": sent}}
    brought(world, [files.license(1, policy, expiry=soon), told])
    assert world.sweep().emitted == 1
    world.clock.advance(hours=24)
    assert world.sweep().emitted == 2


def test_an_id_that_is_some_license_s_key_stays_findable(world: World) -> None:
    policy = world.policy()["id"]
    keyed = {**files.license(1, policy), "attributes": {"key": uuid(77), "created": "2020-01-01"}}
    named = {**files.license(2, policy), "id": uuid(77)}
    brought(world, [keyed, named])
    assert world.get(f"/v1/licenses/{uuid(77)}").data["id"] == keyed["id"]
    assert reasons(bring(world, [files.license(3, policy, key=uuid(77).upper())]))[0][1].startswith("attributes.key")


def test_many_licenses_of_one_group_are_counted(world: World, watched: Watched) -> None:
    group = world.create("groups", {"name": "g"})["id"]
    policy = world.policy()["id"]
    lines = [files.license(number, policy) for number in range(300)]
    for line in lines:
        line["relationships"]["group"] = {"data": {"type": "groups", "id": group}}
    assert brought(world, lines).created == 300
    world.send("PATCH", f"/v1/groups/{group}", document("groups", {"maxLicenses": 300}))
    body = document("licenses", {}, policy=("policies", policy), group=("groups", group))
    assert world.post("/v1/licenses", body).error[1] == "GROUP_LICENSE_LIMIT_EXCEEDED"
    for line in lines[:150]:
        line["relationships"]["group"] = {"data": None}
    assert brought(world, lines).changed == 150
    assert len(world.get(f"/v1/groups/{group}/licenses?limit=100&page[size]=100&page[number]=2").data) == 50
