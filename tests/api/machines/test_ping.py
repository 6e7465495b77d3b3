"""POST /machines/<id or fingerprint>/actions/ping and reset (spec machines.md §3.2, §7.2 to §7.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, by_key, first
from tests.api.installing import activate, activated, at, floating, limited, ping, roomy, update
from tests.api.licenses.cast import BEARERS, Cast, emitted, path, protect
from tests.races.crowd import rows
from tests.world import START, World, resource, segment

D = 60
REQUIRED: dict[str, Any] = {"requireHeartbeat": True, "heartbeatDuration": D}
FIRST_PING: dict[str, Any] = REQUIRED | {"heartbeatBasis": "FROM_FIRST_PING"}
KEPT: dict[str, Any] = {"heartbeatCullStrategy": "KEEP_DEAD"}
DEAD = (422, "MACHINE_HEARTBEAT_DEAD", None, "is dead")


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def status(world: World, machine: Any) -> str:
    return str(world.get(at(machine)).attributes["heartbeatStatus"])


def seconds(number: float) -> str:
    """That long after the beginning."""
    return to_text(START + timedelta(seconds=number))


@pytest.mark.parametrize("action", ["ping", "ping-heartbeat"])
def test_ping(world: World, action: str) -> None:
    made = activated(world, roomy(world, heartbeatDuration=D))
    world.listen("*")
    world.clock.advance(seconds=5)
    answer = ping(world, made, action=action)
    beating = {
        "requireHeartbeat": True,
        "heartbeatStatus": "ALIVE",
        "lastHeartbeat": seconds(5),
        "nextHeartbeat": seconds(5 + D),
        "updated": seconds(5),
    }
    assert (answer.status, answer.data) == (200, made | {"attributes": made["attributes"] | beating})
    assert world.get(at(made)).data == answer.data
    assert emitted(world) == [("machine.heartbeat.ping", {"data": answer.data})]


def test_again_and_by_fingerprint(local_world: World) -> None:
    made = activated(local_world, roomy(local_world, heartbeatDuration=D), "4d:Eq UV")
    place = f"/v1/machines/{segment('4d:Eq UV')}/actions/ping"
    for number in range(5):
        local_world.clock.advance(seconds=D)
        answer = local_world.post(place)
        assert (answer.attributes["heartbeatStatus"], answer.attributes["lastHeartbeat"]) == (
            "ALIVE",
            seconds(D * (number + 1)),
        )
    local_world.clock.advance(seconds=D, milliseconds=1)
    assert status(local_world, made) == "DEAD"


@pytest.mark.parametrize("body", [{"data": {"type": "licenses"}}, {"meta": {"anything": 1}}, {}])
def test_the_body_is_ignored(shared_world: World, body: Any) -> None:
    made = activated(shared_world, roomy(shared_world))
    assert shared_world.post(at(made, "actions", "ping"), body).status == 200


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(action: str, owner: str | None) -> str:
        made = activated(world, cast.license, owner=owner)
        found = [ping(world, made, cast.tokens[bearer], action) for bearer in BEARERS]
        world.send("DELETE", at(made))
        return " ".join(str(answer.status) for answer in found)

    assert shown("ping", None) == "401 200 200 403 403 403 200 404 200 403 404 200 404"
    assert shown("ping", cast.attached.id) == "401 200 200 403 403 403 200 404 200 200 404 200 404"
    assert shown("reset", cast.attached.id) == "401 200 200 200 403 403 200 404 403 403 404 403 404"
    protect(world, cast.license)
    assert shown("ping", cast.attached.id) == "401 200 200 403 403 403 200 404 403 403 404 200 404"


def test_denied_and_missing(cast: Cast) -> None:
    made = activated(cast.world, cast.license)
    for action in ("ping", "reset"):
        assert ping(cast.world, made, cast.tokens["attached"], action).error == (403, None, None)
        nowhere = {"type": "machines", "id": NOWHERE}
        missing = (404, "NOT_FOUND", None, f"The requested machine '{NOWHERE}' was not found")
        assert first(ping(cast.world, nowhere, action=action)) == missing


def test_suspended_and_expired_licenses(local_world: World) -> None:
    """Who pings by the license's key is refused at the door, nobody else is asked (§7.3)."""
    world = local_world
    license = roomy(world, duration=86_400, expirationStrategy="REVOKE_ACCESS", authenticationStrategy="MIXED")
    made, (token, _) = activated(world, license), limited(world, license)
    assert world.post(path(license, "actions/suspend")).status == 200
    world.clock.advance(days=2)
    assert ping(world, made, by_key(license)).error == (403, "LICENSE_SUSPENDED", None)
    assert (ping(world, made, token).status, ping(world, made).status) == (200, 200)


# --- status and revival (§7.2, §7.3) ----------------------------------------------------------------------------------


def test_never_pinged(local_world: World) -> None:
    """A machine that must ping dies of it; one that need not is never asked."""
    idle, due = (activated(local_world, roomy(local_world, **policy)) for policy in ({}, FIRST_PING))
    local_world.clock.advance(seconds=D)
    assert (status(local_world, idle), status(local_world, due)) == ("NOT_STARTED", "NOT_STARTED")
    local_world.clock.advance(milliseconds=1)
    assert (status(local_world, idle), status(local_world, due)) == ("NOT_STARTED", "DEAD")
    assert ping(local_world, idle).attributes["heartbeatStatus"] == "ALIVE"
    local_world.clock.advance(days=1)
    assert status(local_world, idle) == "DEAD"


def test_the_last_instant(local_world: World) -> None:
    made = activated(local_world, roomy(local_world, **REQUIRED))
    local_world.clock.advance(seconds=D)
    assert ping(local_world, made).attributes["heartbeatStatus"] == "ALIVE"
    local_world.clock.advance(seconds=D, milliseconds=1)
    answer = ping(local_world, made)
    assert (first(answer), answer.errors[0]["title"]) == (DEAD, "Unprocessable entity")


@pytest.mark.parametrize("minutes", [1, 2, 5, 10, 15])
def test_revived_in_time(local_world: World, minutes: int) -> None:
    world = local_world
    strategy = f"{minutes}_MINUTE_REVIVE"
    made = activated(world, roomy(world, **REQUIRED, heartbeatResurrectionStrategy=strategy))
    world.listen("*")
    last = D + minutes * 60
    world.clock.advance(seconds=last)
    answer = ping(world, made)
    assert (answer.status, answer.attributes["heartbeatStatus"]) == (200, "RESURRECTED")
    assert answer.attributes["lastHeartbeat"] == seconds(last)
    assert emitted(world) == [("machine.heartbeat.resurrected", {"data": answer.data})]
    assert status(world, made) == "ALIVE"
    world.clock.advance(seconds=last, milliseconds=1)
    assert first(ping(world, made)) == DEAD
    assert len(emitted(world)) == 1


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("NO_REVIVE", None), ("15_MINUTE_REVIVE", None), ("ALWAYS_REVIVE", "RESURRECTED")],
)
def test_revived_though_it_never_lived(local_world: World, strategy: str, expected: str | None) -> None:
    made = activated(local_world, roomy(local_world, **FIRST_PING, **KEPT, heartbeatResurrectionStrategy=strategy))
    local_world.clock.advance(days=9)
    answer = ping(local_world, made)
    if expected is None:
        assert first(answer) == DEAD
    else:
        assert answer.attributes["heartbeatStatus"] == expected
        assert ping(local_world, made).attributes["heartbeatStatus"] == "ALIVE"


def test_a_policy_that_changes_changes_all_its_machines(local_world: World) -> None:
    world, policy = local_world, floating(local_world, **REQUIRED, **KEPT)
    made = activated(world, world.license(policy["id"]))
    world.clock.advance(seconds=D, milliseconds=1)
    assert first(ping(world, made)) == DEAD
    for change, expected in (
        ({"heartbeatDuration": 2 * D}, "ALIVE"),
        ({"heartbeatDuration": D}, "DEAD"),
        ({"heartbeatResurrectionStrategy": "ALWAYS_REVIVE"}, "DEAD"),
    ):
        assert world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", change)).status == 200
        assert status(world, made) == expected
    assert ping(world, made).attributes["heartbeatStatus"] == "RESURRECTED"


def test_limits_are_not_asked(local_world: World) -> None:
    world, policy = local_world, floating(local_world, maxMachines=2, maxCores=4, heartbeatDuration=D)
    license = world.license(policy["id"])
    made = [activated(world, license, str(number), cores=2) for number in range(2)]
    assert activate(world, license, "more").status == 422
    body = resource("policies", {"maxMachines": 1, "maxCores": 1})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert [ping(world, one).status for one in made] == [200, 200]


def test_the_license_is_not_touched(local_world: World) -> None:
    license = roomy(local_world)
    made = activated(local_world, license)
    local_world.clock.advance(seconds=5)
    before = [item for item in rows(local_world, Row) if item["kind"].startswith("license")]
    assert ping(local_world, made).status == 200
    assert [item for item in rows(local_world, Row) if item["kind"].startswith("license")] == before


def deadline(world: World) -> Any:
    [item] = rows(world, Row, "machine")
    return item.get("due_at")


def test_a_change_between_pings_leaves_the_deadline(local_world: World) -> None:
    made = activated(local_world, roomy(local_world, heartbeatDuration=D))
    assert deadline(local_world) is None
    ping(local_world, made)
    due = START + timedelta(seconds=D, milliseconds=1)
    assert deadline(local_world) == due
    assert update(local_world, made, name="new").status == 200
    assert deadline(local_world) == due


# --- reset (§7.4) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["reset", "reset-heartbeat"])
def test_reset(world: World, action: str) -> None:
    made = activated(world, roomy(world, heartbeatDuration=D))
    ping(world, made)
    world.clock.advance(seconds=5)
    world.listen("*")
    answer = ping(world, made, action=action)
    attributes = made["attributes"] | {"updated": seconds(5)}
    assert (answer.status, answer.data) == (200, made | {"attributes": attributes})
    assert emitted(world) == [("machine.heartbeat.reset", {"data": answer.data})]
    assert world.get(at(made)).data == answer.data
    assert deadline(world) is None


@pytest.mark.parametrize(
    ("policy", "age", "expected"),
    [
        ({"heartbeatDuration": D}, 10 * D, "NOT_STARTED"),
        (REQUIRED, D, "NOT_STARTED"),
        (REQUIRED, D + 0.001, "DEAD"),
        (FIRST_PING, D + 0.001, "DEAD"),
    ],
)
def test_status_after_a_reset(local_world: World, policy: Any, age: float, expected: str) -> None:
    """One that must ping and is too old for a first ping is dead at once."""
    made = activated(local_world, roomy(local_world, **policy, **KEPT))
    local_world.clock.advance(seconds=age)
    answer = ping(local_world, made, action="reset")
    assert (answer.status, answer.attributes["heartbeatStatus"]) == (200, expected)
    assert answer.attributes["lastHeartbeat"] is None
    assert status(local_world, made) == expected


def test_the_dead_are_reset_too(local_world: World) -> None:
    made = activated(local_world, roomy(local_world, heartbeatDuration=D))
    ping(local_world, made)
    local_world.clock.advance(days=1)
    assert first(ping(local_world, made)) == DEAD
    assert ping(local_world, made, action="reset").attributes["heartbeatStatus"] == "NOT_STARTED"
    assert ping(local_world, made).attributes["heartbeatStatus"] == "ALIVE"
