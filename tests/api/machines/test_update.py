"""PATCH /machines/<id or fingerprint> (spec machines.md §3.2, §4.5, §6.1)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.helpers import BIG_INTEGER, INTEGER, NOWHERE, codes, first
from tests.api.installing import DENIED, activated, at, attached, counts, exceeded, floating, only, ping, roomy, update
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.world import World, resource, segment

UNPERMITTED = "unpermitted parameter"
PRIVILEGED: dict[str, Any] = {"cores": 2, "memory": 3, "disk": 4, "metadata": {"b": 1}}


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_everything_that_can_be_changed(world: World, method: str) -> None:
    license = roomy(world)
    made = activated(world, license, cores=1, metadata={"a": 1, "c": 2})
    world.listen("*")
    world.clock.advance(seconds=5)
    sent = {"name": "Name", "ip": "::1", "hostname": "", "platform": "os", **PRIVILEGED}
    body = resource("machines", sent)
    body["data"]["id"] = "ignored"
    answer = world.send(method, at(made), body)
    assert answer.status == 200
    assert answer.data == made | {
        "attributes": made["attributes"] | sent | {"updated": to_text(world.clock.now())},
    }
    assert world.get(at(made)).data == answer.data
    assert counts(world, license) == (1, 2, 3, 4)
    assert emitted(world) == [("machine.updated", {"data": answer.data})]
    assert world.get("/v1/machines?metadata[a]=1").data == []
    assert [one["id"] for one in world.get("/v1/machines?metadata[b]=1").data] == [made["id"]]


def test_null_clears_and_absent_keeps(local_world: World) -> None:
    given: dict[str, Any] = {
        "name": "a",
        "ip": "b",
        "hostname": "c",
        "platform": "d",
        "cores": 1,
        "memory": 2,
        "disk": 3,
    }
    license = roomy(local_world)
    made = activated(local_world, license, metadata={"a": 1}, **given)
    assert update(local_world, made).data == made
    cleared = dict.fromkeys(given)
    shown = update(local_world, made, metadata=None, **cleared).attributes
    assert shown == made["attributes"] | cleared
    assert counts(local_world, license) == (1, 0, 0, 0)


def test_by_fingerprint(shared_world: World) -> None:
    made = activated(shared_world, roomy(shared_world), "4d:Eq UV")
    answer = shared_world.send("PATCH", f"/v1/machines/{segment('4d:Eq UV')}", resource("machine", {"name": "Name"}))
    assert (answer.status, answer.data["id"]) == (200, made["id"])


@pytest.mark.parametrize("name", ["fingerprint", "maxProcesses", "lastHeartbeat", "requireHeartbeat"])
def test_what_cannot_be_changed(shared_world: World, name: str) -> None:
    made = activated(shared_world, roomy(shared_world))
    answer = update(shared_world, made, **{name: made["attributes"][name]})
    assert first(answer) == (400, None, f"/data/attributes/{name}", UNPERMITTED)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/data", "is missing"),
        ({"data": {"attributes": {}}}, "/data/type", "is missing"),
        ({"data": {"type": "licenses", "attributes": {}}}, "/data/type", "is invalid"),
        ({"data": {"type": "machines"}}, "/data/attributes", "is missing"),
        ({"data": {"type": "machines", "attributes": {}, "relationships": {}}}, "/data/relationships", UNPERMITTED),
        (
            {"data": {"type": "machines", "attributes": {"cores": "1"}}},
            "/data/attributes/cores",
            "type mismatch (received string expected integer)",
        ),
        (
            {"data": {"type": "machines", "attributes": {"metadata": {"a": {"b": {"c": {}}}}}}},
            "/data/attributes/metadata/a/b/c",
            "maximum depth of 2 exceeded",
        ),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    made = activated(shared_world, roomy(shared_world))
    assert first(shared_world.send("PATCH", at(made), body)) == (400, None, pointer, detail)


@pytest.mark.parametrize("name", PRIVILEGED)
@pytest.mark.parametrize("value", ["something", None], ids=["value", "null"])
def test_who_may_change_what_is_counted(cast: Cast, name: str, value: Any) -> None:
    """Users, licenses and support may not, not even to null (§6.1)."""
    made = activated(cast.world, cast.license, owner=cast.attached.id)
    sent = {name: PRIVILEGED[name] if value else None}
    found = {bearer: update(cast.world, made, cast.tokens[bearer], **sent) for bearer in BEARERS}
    refused = {bearer: first(answer) for bearer, answer in found.items() if answer.status == 400}
    assert set(refused) == {"support-agent", "owner", "attached", "license"}
    assert set(refused.values()) == {(400, None, f"/data/attributes/{name}", UNPERMITTED)}
    assert {bearer for bearer, answer in found.items() if answer.status == 200} == {
        *("admin", "developer", "sales-agent", "product")
    }


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None) -> str:
        made = activated(world, cast.license, owner=owner)
        found = [update(world, made, cast.tokens[bearer], name=bearer) for bearer in BEARERS]
        world.send("DELETE", at(made))
        return " ".join(str(answer.status) for answer in found)

    assert shown(None) == "401 200 200 200 200 403 200 404 200 403 404 200 404"
    assert shown(cast.attached.id) == "401 200 200 200 200 403 200 404 200 200 404 200 404"
    assert shown(cast.owner.id) == "401 200 200 200 200 403 200 404 200 403 404 200 404"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 200 200 200 200 403 200 404 403 403 404 403 404"


def test_the_order_of_refusals(cast: Cast) -> None:
    world, made = cast.world, activated(cast.world, cast.license)
    assert update(world, {"type": "machines", "id": NOWHERE}, fingerprint=1).error == (404, "NOT_FOUND", None)
    assert first(update(world, made, cast.tokens["attached"], fingerprint=1)) == (403, None, None, DENIED)
    assert update(world, made, fingerprint=1, cores=0).status == 400
    assert update(world, made, cores=0).status == 422


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("cores", 0, "CORES_INVALID", "must be greater than or equal to 1"),
        ("cores", INTEGER + 1, "CORES_INVALID", f"must be less than or equal to {INTEGER}"),
        ("memory", -1, "MEMORY_INVALID", "must be greater than or equal to 1"),
        ("disk", BIG_INTEGER + 1, "DISK_INVALID", f"must be less than or equal to {BIG_INTEGER}"),
        ("name", "x" * 256, "NAME_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("ip", "x" * 256, "IP_TOO_LONG", "is too long (maximum is 255 characters)"),
        ("metadata", {"k": "x" * 16384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
    ],
)
def test_fields(shared_world: World, name: str, value: Any, code: str, detail: str) -> None:
    made = activated(shared_world, roomy(shared_world))
    answer = update(shared_world, made, **{name: value})
    assert [first(answer), len(answer.errors)] == [(422, code, f"/data/attributes/{name}", detail), 1]


@pytest.mark.parametrize("what", ["cores", "memory", "disk"])
@pytest.mark.parametrize("lessor", ["license", "user"])
def test_limits(local_world: World, what: str, lessor: str) -> None:
    """The machine's own old value is not counted twice (§6.1)."""
    world, limit = local_world, f"max{what.title()}"
    license = roomy(world, machineLeasingStrategy=f"PER_{lessor.upper()}", **only(limit, 8))
    ann = attached(world, license)
    activated(world, license, "nobody", **only(what, 2 if lessor == "license" else 8))
    made = activated(world, license, "one", owner=ann.id, **only(what, 5 if lessor == "license" else 7))
    highest = 6 if lessor == "license" else 8
    assert first(update(world, made, **only(what, highest + 1))) == exceeded(what, 8, lessor)
    assert update(world, made, **only(what, highest)).status == 200
    assert update(world, made, **only(what, 1)).status == 200
    assert update(world, made, **only(what, None)).status == 200
    assert update(world, made, **only(what, highest)).status == 200


def test_a_lowered_limit_stops_nothing_else(local_world: World) -> None:
    """A rename and a ping never fail on limits; a change of any size looks at all of them (§4.5)."""
    world = local_world
    policy = floating(world, maxMachines=2, maxCores=8, maxMemory=8)
    license = world.license(policy["id"])
    made = activated(world, license, "one", cores=4, memory=4)
    activated(world, license, "two", cores=4, memory=4)
    body = resource("policies", {"maxMachines": 1, "maxCores": 2, "maxMemory": 2})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert update(world, made, name="new", metadata={"a": 1}).status == 200
    assert update(world, made, cores=4).status == 200
    assert (ping(world, made).status, ping(world, made, action="reset").status) == (200, 200)
    answer = update(world, made, cores=1)
    assert codes(answer) == [("MACHINE_CORE_LIMIT_EXCEEDED", "/data"), ("MACHINE_MEMORY_LIMIT_EXCEEDED", "/data")]
    assert counts(world, license) == (2, 8, 8, 0)


def test_a_refused_change_changes_nothing(local_world: World) -> None:
    license = roomy(local_world, maxCores=8)
    made = activated(local_world, license, cores=4)
    local_world.listen("*")
    assert update(local_world, made, cores=9, name="new").status == 422
    assert (local_world.get(at(made)).data, emitted(local_world)) == (made, [])
