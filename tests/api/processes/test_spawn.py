"""POST /processes (spec machines.md §3.2, §9)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, codes, first
from tests.api.installing import (
    DENIED,
    PROCESSES,
    activated,
    at,
    attached,
    changed,
    exceeded,
    floating,
    gone,
    limited,
    roomy,
    spawn,
)
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.races.crowd import rows
from tests.world import HOST, World, resource

MACHINE, PID = "/data/relationships/machine", "/data/attributes/pid"
NOT_FOUND = (422, "MACHINE_NOT_FOUND", MACHINE, "must exist")
MISSING, BLANK, NULL, UNPERMITTED = "is missing", "cannot be blank", "cannot be null", "unpermitted parameter"
NO_UUID = "type mismatch (received string expected UUID string)"


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def spawned(world: World, machine: Any, pid: str = "1", **given: Any) -> Any:
    answer = spawn(world, machine, pid, **given)
    assert answer.status == 201, answer.raw
    return answer.data


def test_wire_shape(world: World) -> None:
    license = world.license(world.policy(heartbeatDuration=90)["id"])
    machine = activated(world, license)
    world.listen("*")
    answer = spawn(world, machine, "x" * 4096, metadata={"userName": 1})
    home = f"/v1/accounts/{world.account['account']}"
    base = f"{home}/processes/{answer.data['id']}"

    def tied(name: str, kind: str, identifier: str) -> Any:
        return {"links": {"related": f"{base}/{name}"}, "data": {"type": kind, "id": identifier}}

    assert (answer.status, answer.headers["location"]) == (201, f"https://{HOST}{base}")
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "processes",
            "attributes": {
                "pid": "x" * 4096,
                "status": "ALIVE",
                "interval": 90,
                "lastHeartbeat": "2026-03-01T12:00:00.000Z",
                "nextHeartbeat": "2026-03-01T12:01:30.000Z",
                "metadata": {"userName": 1},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": home},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "product": tied("product", "products", license["relationships"]["product"]["data"]["id"]),
                "license": tied("license", "licenses", license["id"]),
                "machine": tied("machine", "machines", machine["id"]),
            },
            "links": {"self": base},
        }
    }
    assert world.get(base).document == answer.document
    assert world.get(at(machine, "processes")).data == [answer.data]
    assert emitted(world) == [("process.created", answer.document)]


def test_an_id_of_its_own(local_world: World) -> None:
    world, own = local_world, "12345678-1234-4234-8234-123456789abc"
    machine = activated(world, roomy(world))
    made = spawned(world, machine, id_=own.upper())
    assert made["id"] == own
    conflict = (422, "ID_CONFLICT", "/data/id", "must not conflict with another process")
    assert first(spawn(world, machine, "2", id_=own)) == conflict
    assert gone(world, made).status == 204
    assert first(spawn(world, machine, "2", id_=own)) == conflict


@pytest.mark.parametrize(
    ("where", "value", "detail"),
    [
        ("/data", ..., MISSING),
        ("/data/type", "machines", "is invalid"),
        ("/data/id", "one", NO_UUID),
        ("/data/attributes", ..., MISSING),
        ("/data/attributes/status", "ALIVE", UNPERMITTED),
        ("/data/attributes/lastHeartbeat", None, UNPERMITTED),
        (PID, ..., MISSING),
        (PID, "\n", BLANK),
        (PID, None, NULL),
        (PID, 1, "type mismatch (received integer expected string)"),
        ("/data/attributes/metadata", 1, "type mismatch (received integer expected object)"),
        ("/data/relationships", ..., MISSING),
        (MACHINE, ..., MISSING),
        (f"{MACHINE}/data", None, NULL),
        (f"{MACHINE}/data/id", "print", NO_UUID),
        (f"{MACHINE}/data/type", "licenses", "is invalid"),
    ],
)
def test_documents(shared_world: World, where: str, value: Any, detail: str) -> None:
    machine = activated(shared_world, shared_world.license())
    body = resource("processes", {"pid": "1"}, machine=("machines", machine["id"]))
    assert first(shared_world.post(PROCESSES, changed(body, where, value))) == (400, None, where, detail)


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None) -> str:
        machine = activated(world, cast.license, owner=owner)
        found = [spawn(world, machine, f"{bearer}", cast.tokens[bearer]) for bearer in BEARERS]
        gone(world, machine)
        return " ".join(str(answer.status) for answer in found)

    assert shown(None) == "401 201 201 201 403 403 201 403 201 403 403 201 403"
    assert shown(cast.attached.id) == "401 201 201 201 403 403 201 403 201 201 403 201 403"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 201 201 201 403 403 201 403 403 403 403 201 403"


def test_a_machine_that_is_not_there(cast: Cast) -> None:
    for bearer in ("product", "license", "owner"):
        answer = spawn(cast.world, {"id": NOWHERE}, as_=cast.tokens[bearer])
        assert first(answer) == (403, None, None, DENIED)
    answer = spawn(cast.world, {"id": NOWHERE})
    assert [first(answer), len(answer.errors)] == [NOT_FOUND, 1]


def test_a_machine_that_is_gone(local_world: World) -> None:
    machine = activated(local_world, local_world.license())
    assert gone(local_world, machine).status == 204
    assert first(spawn(local_world, machine)) == NOT_FOUND


def test_permissions(local_world: World) -> None:
    license = roomy(local_world)
    machine = activated(local_world, license)
    assert (
        spawn(local_world, machine, as_=limited(local_world, license, permissions=["machine.create"])[0]).status == 403
    )
    assert (
        spawn(local_world, machine, as_=limited(local_world, license, permissions=["process.create"])[0]).status == 201
    )


def test_a_pid_is_taken_on_its_machine(local_world: World) -> None:
    """By the dead too; what is killed frees it."""
    world, license = local_world, roomy(local_world, heartbeatDuration=60)
    one, other = activated(world, license, "1"), activated(world, license, "2")
    taken = (422, "PID_TAKEN", PID, "has already been taken")
    made = spawned(world, one)
    assert first(spawn(world, one)) == taken
    assert spawn(world, other).status == 201
    world.clock.advance(hours=1)
    assert world.get(at(made)).attributes["status"] == "DEAD"
    assert first(spawn(world, one)) == taken
    assert gone(world, made).status == 204
    assert spawn(world, one).status == 201


def test_the_machine_s_heartbeat_is_not_asked(local_world: World) -> None:
    machine = activated(local_world, roomy(local_world, requireHeartbeat=True))
    local_world.clock.advance(hours=1)
    assert local_world.get(at(machine)).attributes["heartbeatStatus"] == "DEAD"
    assert spawned(local_world, machine)["attributes"]["status"] == "ALIVE"


@pytest.mark.parametrize(
    ("given", "code", "name", "detail"),
    [
        ({"pid": "actions"}, "PID_NOT_ALLOWED", "pid", "is reserved"),
        ({"pid": "action"}, "PID_NOT_ALLOWED", "pid", "is reserved"),
        ({"pid": "x" * 4097}, "PID_TOO_LONG", "pid", "is too long (maximum is 4096 characters)"),
        (
            {"metadata": {"k": "x" * 16384}},
            "METADATA_TOO_LONG",
            "metadata",
            "too large (exceeded limit of 16384 bytes)",
        ),
    ],
)
def test_fields(shared_world: World, given: Any, code: str, name: str, detail: str) -> None:
    machine = activated(shared_world, shared_world.license())
    answer = spawn(shared_world, machine, **{"pid": "1"} | given)
    assert [first(answer), len(answer.errors)] == [(422, code, f"/data/attributes/{name}", detail), 1]


# --- limits -----------------------------------------------------------------------------------------------------------


def leased(world: World, strategy: str, maximum: int, **attributes: Any) -> Any:
    return roomy(world, processLeasingStrategy=strategy, maxProcesses=maximum, **attributes)


@pytest.mark.parametrize(("strategy", "accepted"), [("PER_MACHINE", 8), ("PER_USER", 4), ("PER_LICENSE", 2)])
def test_limits(local_world: World, strategy: str, accepted: int) -> None:
    """Two machines of an owner and two of nobody: on each, on each owner's, on all (§9)."""
    world = local_world
    license = leased(world, strategy, 2)
    ann = attached(world, license)
    machines = [activated(world, license, str(number), owner=ann.id if number < 2 else None) for number in range(4)]
    answers = [spawn(world, one, str(number)) for number in range(3) for one in machines]
    full = exceeded("processes", 2, strategy.partition("_")[2].lower())
    assert {first(answer) for answer in answers if answer.status != 201} == {full}
    made = [answer.data for answer in answers if answer.status == 201]
    assert len(made) == len(rows(world, Row, "process")) == accepted
    assert first(spawn(world, machines[0], "more")) == full
    assert gone(world, made[0]).status == 204
    assert spawn(world, machines[0], "more").status == 201


@pytest.mark.parametrize(
    ("strategy", "highest"),
    [("NO_OVERAGE", 4), ("ALLOW_1_25X_OVERAGE", 5), ("ALLOW_1_5X_OVERAGE", 6), ("ALLOW_2X_OVERAGE", 8)],
)
def test_overage(shared_world: World, strategy: str, highest: int) -> None:
    machine = activated(shared_world, leased(shared_world, "PER_MACHINE", 4, overageStrategy=strategy))
    for number in range(highest):
        spawned(shared_world, machine, str(number))
    assert first(spawn(shared_world, machine, "more")) == exceeded("processes", 4, "machine")


@pytest.mark.parametrize("strategy", ["PER_MACHINE", "PER_LICENSE", "PER_USER"])
def test_without_limit(shared_world: World, strategy: str) -> None:
    open_ended = roomy(shared_world, processLeasingStrategy=strategy)
    always = leased(shared_world, strategy, 1, overageStrategy="ALWAYS_ALLOW_OVERAGE")
    for license in (open_ended, always):
        machine = activated(shared_world, license)
        for number in range(3):
            spawned(shared_world, machine, str(number))


def test_an_override_wins(shared_world: World) -> None:
    policy = floating(shared_world, maxProcesses=1)
    machine = activated(shared_world, shared_world.license(policy["id"], maxProcesses=2))
    assert machine["attributes"]["maxProcesses"] == 2
    spawned(shared_world, machine, "1")
    spawned(shared_world, machine, "2")
    assert first(spawn(shared_world, machine, "3")) == exceeded("processes", 2, "machine")


def test_a_change_of_leasing_is_right_at_once(local_world: World) -> None:
    world, policy = local_world, floating(local_world, maxProcesses=2)
    license = world.license(policy["id"])
    one, other = activated(world, license, "1"), activated(world, license, "2")
    for machine in (one, other):
        spawned(world, machine, "1")
    for strategy, lessor in (("PER_LICENSE", "license"), ("PER_USER", "user")):
        body = resource("policies", {"processLeasingStrategy": strategy})
        assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
        assert first(spawn(world, one, "2")) == exceeded("processes", 2, lessor)


def test_what_is_on_a_machine_goes_with_it(local_world: World) -> None:
    license = leased(local_world, "PER_LICENSE", 2)
    one, other = activated(local_world, license, "1"), activated(local_world, license, "2")
    spawned(local_world, one, "1")
    spawned(local_world, one, "2")
    assert first(spawn(local_world, other)) == exceeded("processes", 2, "license")
    assert gone(local_world, one).status == 204
    spawned(local_world, other, "1")
    spawned(local_world, other, "2")


def test_everything_that_is_wrong_in_its_order(cast: Cast) -> None:
    world, own = cast.world, "12345678-1234-4234-8234-123456789abc"
    license = leased(world, "PER_MACHINE", 1)
    machine = activated(world, license)
    spawned(world, machine, "taken", id_=own)
    large: dict[str, Any] = {"metadata": {"k": "x" * 16384}}
    answer = spawn(world, machine, "taken", id_=own, **large)
    assert codes(answer) == [
        ("PID_TAKEN", PID),
        ("METADATA_TOO_LONG", "/data/attributes/metadata"),
        ("ID_CONFLICT", "/data/id"),
        ("MACHINE_PROCESS_LIMIT_EXCEEDED", "/data"),
    ]
    nowhere = spawn(world, {"id": NOWHERE}, "actions", **large)
    assert codes(nowhere)[:2] == [("MACHINE_NOT_FOUND", MACHINE), ("PID_NOT_ALLOWED", PID)]
    assert spawn(world, machine, "actions", cast.tokens["other-license"], metadata=1).status == 400
    assert spawn(world, machine, "actions", cast.tokens["other-license"]).status == 403


def test_nothing_is_left_of_what_was_refused(local_world: World) -> None:
    machine = activated(local_world, local_world.license())
    local_world.listen("*")
    assert spawn(local_world, machine, "actions").status == 422
    assert (local_world.get(at(machine, "processes")).data, emitted(local_world)) == ([], [])
