"""Update, suspend, reinstate, renew, delete and revoke (spec licenses.md §6, §7, §9.1-9.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Outbox
from tests.races.crowd import rows
from tests.world import START, World, resource

DAY = 86_400


def path(license: Any, action: str | None = None) -> str:
    base = f"/v1/licenses/{license['id']}"
    return base if action is None else f"{base}/actions/{action}"


def update(world: World, license: Any, **attributes: Any) -> Any:
    return world.send("PATCH", path(license), resource("licenses", attributes))


def emitted(world: World) -> list[str]:
    return sorted(item["name"] for item in rows(world, Outbox, "event"))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update_changes_what_was_sent(world: World, method: str) -> None:
    license = world.license(world.policy(floating=True)["id"], name="Old", metadata={"a": 1})
    world.clock.advance(seconds=5)
    sent = {
        "name": "New",
        "suspended": True,
        "protected": True,
        "maxMachines": 7,
        "maxUses": 3,
        "expiry": "2030-01-01T00:00:00Z",
        "metadata": {"customerId": "c"},
        "permissions": ["license.validate", "license.read"],
    }
    answer = world.send(method, path(license), resource("license", sent))
    assert answer.status == 200
    shown = sent | {"permissions": ["license.read", "license.validate"], "expiry": "2030-01-01T00:00:00.000Z"}
    shown |= {"status": "SUSPENDED", "updated": to_text(world.clock.now())}
    assert answer.attributes == license["attributes"] | shown
    assert world.get(path(license)).data == answer.data


def test_null_clears_and_absent_stays(world: World) -> None:
    policy = world.policy(floating=True, maxUses=9, duration=30 * DAY)
    license = world.license(policy["id"], name="Name", maxUses=3, metadata={"a": 1})
    assert update(world, license).attributes == license["attributes"]
    cleared = update(world, license, name=None, maxUses=None, expiry=None, metadata=None, suspended=None).attributes
    assert cleared == license["attributes"] | {"name": None, "maxUses": 9, "expiry": None}


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"key": "ANOTHER-KEY"}, (400, None, "/data/attributes/key")),
        ({"uses": 3}, (400, None, "/data/attributes/uses")),
        ({"maxUses": "3"}, (400, None, "/data/attributes/maxUses")),
        ({"expiry": "soon"}, (400, None, "/data/attributes/expiry")),
        ({"name": "n" * 1025}, (422, "NAME_TOO_LONG", "/data/attributes/name")),
        ({"maxMachines": 2}, (422, "MAX_MACHINES_INVALID", "/data/attributes/maxMachines")),
        ({"maxCores": -1}, (422, "MAX_CORES_INVALID", "/data/attributes/maxCores")),
        ({"permissions": ["nothing"]}, (422, "PERMISSIONS_NOT_ALLOWED", "/data/attributes/permissions")),
        ({"metadata": {"a": "x" * 16_384}}, (422, "METADATA_TOO_LONG", "/data/attributes/metadata")),
    ],
)
def test_what_an_update_refuses(world: World, attributes: Any, error: Any) -> None:
    license = world.license()
    assert update(world, license, **attributes).error == error
    assert world.get(path(license)).data == license


def test_an_update_takes_attributes_and_nothing_else(world: World) -> None:
    license = world.license()
    assert world.send("PATCH", path(license), {"data": {"type": "licenses"}}).error == (400, None, "/data/attributes")
    body = resource("licenses", {}, policy=("policies", license["id"]))
    assert world.send("PATCH", path(license), body).error == (400, None, "/data/relationships")


def test_a_license_that_patches_itself_is_forbidden_before_its_document_is_read(world: World) -> None:
    license = world.license(world.policy(authenticationStrategy="LICENSE")["id"])
    key = f"License {license['attributes']['key']}"
    answer = world.send("PATCH", path(license), resource("licenses", {"uses": 1}), as_=key)
    assert (answer.status, answer.error[1:]) == (403, (None, None))


def test_a_lower_limit_binds_the_next_use(world: World) -> None:
    license = world.license(world.policy(maxUses=10)["id"])
    assert world.post(path(license, "increment-usage"), {"meta": {"increment": 4}}).status == 200
    update(world, license, maxUses=4)
    refused = world.post(path(license, "increment-usage"))
    assert refused.error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")


def test_a_new_expiry_moves_the_deadline(world: World) -> None:
    world.listen("license.expired")
    license = world.license()
    update(world, license, expiry=to_text(START + timedelta(hours=1)))
    world.clock.advance(hours=2)
    world.sweep()
    assert emitted(world) == ["license.expired"]


def test_suspend_and_reinstate(world: World) -> None:
    world.listen("*")
    license = world.license()
    refused = world.post(path(license, "reinstate"))
    assert refused.error == (422, None, "/data/attributes/suspended")
    assert refused.errors[0]["detail"] == "is not suspended"
    suspended = world.post(path(license, "suspend"))
    assert (suspended.status, suspended.attributes["suspended"], suspended.attributes["status"]) == (
        200,
        True,
        "SUSPENDED",
    )
    assert world.post(path(license, "validate")).document["meta"]["code"] == "SUSPENDED"
    again = world.post(path(license, "suspend"))
    assert again.error == (422, None, "/data/attributes/suspended")
    assert again.errors[0]["title"] == "Unprocessable entity"
    assert world.post(path(license, "reinstate")).attributes["suspended"] is False
    assert [name for name in emitted(world) if "validation" not in name] == [
        "license.created",
        "license.reinstated",
        "license.suspended",
        *[name for name in emitted(world) if name.startswith(("policy", "product"))],
    ]


@pytest.mark.parametrize(
    ("basis", "after", "expiry"),
    [
        ("FROM_EXPIRY", timedelta(days=40), timedelta(days=60)),
        ("FROM_NOW", timedelta(days=10), timedelta(days=40)),
        ("FROM_NOW_IF_EXPIRED", timedelta(days=10), timedelta(days=60)),
        ("FROM_NOW_IF_EXPIRED", timedelta(days=40), timedelta(days=70)),
    ],
)
def test_renew(world: World, basis: str, after: timedelta, expiry: timedelta) -> None:
    license = world.license(world.policy(duration=30 * DAY, renewalBasis=basis)["id"])
    world.clock.instant += after
    answer = world.post(path(license, "renew"))
    assert (answer.status, answer.attributes["expiry"]) == (200, to_text(START + expiry))
    assert world.get(path(license)).attributes == answer.attributes


def test_what_cannot_be_renewed(world: World) -> None:
    perpetual = world.license()
    answer = world.post(path(perpetual, "renew"))
    assert answer.error == (422, None, None)
    assert answer.errors[0]["detail"] == "cannot be renewed because the policy does not have a duration"
    unstarted = world.license(world.policy(duration=DAY, expirationBasis="FROM_FIRST_USE")["id"])
    answer = world.post(path(unstarted, "renew"))
    assert answer.errors[0]["detail"] == "cannot be renewed because it does not have an expiry"


@pytest.mark.parametrize(
    ("way", "event"), [(None, "license.deleted"), ("revoke", "license.revoked")], ids=["delete", "revoke"]
)
def test_a_license_ends(world: World, way: str | None, event: str) -> None:
    license = world.license(key="SAME-KEY-AGAIN")
    token = world.token(path(license))
    world.listen(event)
    answer = world.send("DELETE", path(license, way))
    assert (answer.status, answer.raw) == (204, b"")
    assert emitted(world) == [event]
    assert world.get(path(license)).status == 404
    assert world.get("/v1/me", as_=token).error == (401, "TOKEN_INVALID", None)
    validated = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": "SAME-KEY-AGAIN"}}, as_=None)
    assert validated.document["meta"]["code"] == "NOT_FOUND"
    assert world.post(path(license, "increment-usage")).status == 404
    assert world.send("DELETE", path(license, way)).status == 404
    assert world.license(key="SAME-KEY-AGAIN")["id"] != license["id"]


def test_an_id_that_was_used_stays_used(world: World) -> None:
    license = world.license()
    world.send("DELETE", path(license))
    policy_id = license["relationships"]["policy"]["data"]["id"]
    body = resource("licenses", {}, policy=("policies", policy_id))
    body["data"]["id"] = license["id"]
    assert world.post("/v1/licenses", body).error == (422, "ID_CONFLICT", "/data/id")
