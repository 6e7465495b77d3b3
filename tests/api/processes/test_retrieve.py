"""GET /processes/<id>, what a process belongs to, and processes below a machine (spec machines.md §1.3, §9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, component, first, machine, open_license, process, user, user_token
from tests.api.licenses.cast import BEARERS, Cast, owned, related
from tests.api.listing import ids
from tests.world import START, World

SECOND = timedelta(seconds=1)
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"


def missing(text: str) -> tuple[int, str, None, str]:
    return 404, "NOT_FOUND", None, f"The requested machine process '{text}' was not found"


def test_everything_that_is_shown(world: World) -> None:
    license = world.license(world.policy(heartbeatDuration=90)["id"])
    on = machine(world, license)
    made = process(world, on, pid="1:a b", metadata={"exit_code": 1}, last_heartbeat=START - 90 * SECOND)
    account = world.account["account"]
    home = f"/v1/accounts/{account}"
    base = f"{home}/processes/{made.id}"

    def tied(name: str, kind: str, identifier: str) -> Any:
        return {"links": {"related": f"{base}/{name}"}, "data": {"type": kind, "id": identifier}}

    assert world.get(f"/v1/processes/{made.id}").document == {
        "data": {
            "id": made.id,
            "type": "processes",
            "attributes": {
                "pid": "1:a b",
                "status": "ALIVE",
                "interval": 90,
                "lastHeartbeat": "2026-03-01T11:58:30.000Z",
                "nextHeartbeat": "2026-03-01T12:00:00.000Z",
                "metadata": {"exitCode": 1},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {"links": {"related": home}, "data": {"type": "accounts", "id": account}},
                "environment": {"links": {"related": None}, "data": None},
                "product": tied("product", "products", str(related(license, "product"))),
                "license": tied("license", "licenses", license["id"]),
                "machine": tied("machine", "machines", on.id),
            },
            "links": {"self": base},
        }
    }


@pytest.mark.parametrize(
    ("duration", "ago", "status"),
    [(None, 600, "ALIVE"), (None, 601, "DEAD"), (60, 60, "ALIVE"), (60, 61, "DEAD"), (3600, 601, "ALIVE")],
)
@pytest.mark.parametrize("required", [False, True])
def test_status(shared_world: World, duration: int | None, ago: int, status: str, required: bool) -> None:
    policy = shared_world.policy(heartbeatDuration=duration, requireHeartbeat=required)["id"]
    on = machine(shared_world, shared_world.license(policy), created=START - 9 * 3600 * SECOND)
    made = process(shared_world, on, last_heartbeat=START - ago * SECOND)
    found = shared_world.get(f"/v1/processes/{made.id}").attributes
    assert (found["status"], found["interval"]) == (status, duration or 600)


def test_by_id_only(world: World) -> None:
    made = process(world, machine(world, world.license()), pid="1")
    for named in (made.id, made.id.upper(), made.id.replace("-", "")):
        assert world.get(f"/v1/processes/{named}").data["id"] == made.id
    for named in ("1", NOWHERE, made.machine_id):
        assert first(world.get(f"/v1/processes/{named}")) == missing(named)


def test_what_it_belongs_to(world: World) -> None:
    license = world.license()
    on = machine(world, license)
    made = process(world, on)
    for part, where in (
        ("product", f"products/{related(license, 'product')}"),
        ("license", f"licenses/{license['id']}"),
        ("machine", f"machines/{on.id}"),
    ):
        answer = world.get(f"/v1/processes/{made.id}/{part}")
        assert (answer.status, answer.document) == (200, world.get(f"/v1/{where}").document)
        assert first(world.get(f"/v1/processes/{NOWHERE}/{part}")) == missing(NOWHERE)


def test_who_may(local_world: World) -> None:
    cast = Cast(local_world)
    made = process(local_world, machine(local_world, cast.license, owner_id=cast.stranger.id))
    for part in ("", "/product", "/license", "/machine"):
        path = f"/v1/processes/{made.id}{part}"
        found = [local_world.get(path, as_=cast.tokens[bearer]).status for bearer in BEARERS]
        assert " ".join(map(str, found)) == READ, part


def test_what_is_allowed_by_default(world: World) -> None:
    owner, license = user(world), open_license(world)
    for as_, under in ((by_key(license), license), (user_token(world, owner), owned(world, owner))):
        made = process(world, machine(world, under))
        found = [
            world.get(f"/v1/processes/{made.id}{part}", as_=as_).status
            for part in ("", "/product", "/license", "/machine")
        ]
        assert found == [200, 403, 200, 200]
        assert ids(world.get("/v1/processes", as_=as_).data) == [made.id]


def test_below_its_machine(world: World) -> None:
    license = world.license()
    on, other = machine(world, license, fingerprint="a print"), machine(world, license)
    made = [process(world, on, pid=f"{number}", created=START + number * SECOND) for number in range(3)]
    dead = process(world, on, created=START - SECOND, last_heartbeat=START - 601 * SECOND)
    elsewhere = process(world, other)
    component(world, on)
    path = "/v1/machines/a%20print/processes"
    alive = [one.id for one in reversed(made)]
    newest = [*alive, dead.id]
    assert ids(world.get(path).data) == newest
    assert ids(world.get(f"{path}?order=asc&limit=2").data) == newest[:1:-1]
    assert ids(world.get(f"{path}?page[cursor]={newest[0]}&page[size]=1").data) == newest[1:2]
    assert world.get(f"{path}?page[number]=1&page[size]=3").document["links"]["meta"] == {"pages": 2, "count": 4}
    assert ids(world.get(f"{path}?status=DEAD").data) == [dead.id]
    assert ids(world.get(f"{path}?status=alive").data) == alive
    assert world.get(f"{path}?status=x").data == []
    assert ids(world.get(f"{path}?product={NOWHERE}&owner=x&machine={NOWHERE}").data) == newest
    shown = world.get(f"/v1/processes/{newest[0]}").document
    assert world.get(f"{path}/{newest[0].upper()}").document == shown
    assert world.get(path).data[0] == shown["data"]
    for named in (elsewhere.id, NOWHERE, "1", on.id):
        assert first(world.get(f"{path}/{named}")) == missing(named)


def test_what_an_earlier_machine_left_behind_is_not_there(world: World) -> None:
    on = machine(world, world.license(), fingerprint="print")
    left, kept = process(world, on, machine_id=NOWHERE), process(world, on)
    for path in (f"/v1/machines/{on.id}/processes", "/v1/processes"):
        assert ids(world.get(path).data) == [kept.id]
        assert first(world.get(f"{path}/{left.id}")) == missing(left.id)


def test_a_process_goes_with_its_license(world: World) -> None:
    license = world.license()
    made = process(world, machine(world, license))
    assert world.send("DELETE", f"/v1/licenses/{license['id']}").status == 204
    assert first(world.get(f"/v1/processes/{made.id}")) == missing(made.id)
    assert world.get("/v1/processes").data == []
