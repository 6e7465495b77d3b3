"""GET /machines/<id or fingerprint> (spec machines.md §1.1, §2, §3, §7.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.helpers import NOWHERE, by_key, first, machine, open_license, user, user_token
from tests.api.licenses.cast import BEARERS, Cast, owned, related
from tests.world import START, World, segment

SECOND, WINDOW = timedelta(seconds=1), timedelta(seconds=600)
HIDDEN = "401 200 200 200 200 200 200 404 200 200 404 200 404"


def missing(text: str) -> tuple[int, str, None, str]:
    return 404, "NOT_FOUND", None, f"The requested machine '{text}' was not found"


def shown(world: World, name: str, as_: str = "admin") -> str:
    answer = world.get(f"/v1/machines/{segment(name)}", as_=as_)
    assert answer.status == 200, answer.raw
    return str(answer.data["id"])


def test_everything_that_is_shown(world: World) -> None:
    owner, group = user(world), world.create("groups", {"name": "Group"})["id"]
    license = world.license(maxProcesses=5)
    made = machine(
        world,
        license,
        fingerprint="4d:Eq:UV.D3 XZ",
        name="",
        ip="10.0.0.1",
        hostname="host",
        platform="Linux",
        cores=2_147_483_647,
        memory=9_223_372_036_854_775_807,
        disk=1,
        owner_id=owner.id,
        group_id=group,
        metadata={"user_name": {"first_name": "A"}},
        last_heartbeat=START,
        last_check_out=START - SECOND,
        updated=START + SECOND,
    )
    account = world.account["account"]
    home = f"/v1/accounts/{account}"
    base = f"{home}/machines/{made.id}"

    def tied(name: str, kind: str, identifier: str) -> Any:
        return {"links": {"related": f"{base}/{name}"}, "data": {"type": kind, "id": identifier}}

    assert world.get(f"/v1/machines/{made.id}").document == {
        "data": {
            "id": made.id,
            "type": "machines",
            "attributes": {
                "fingerprint": "4d:Eq:UV.D3 XZ",
                "name": "",
                "ip": "10.0.0.1",
                "hostname": "host",
                "platform": "Linux",
                "cores": 2_147_483_647,
                "memory": 9_223_372_036_854_775_807,
                "disk": 1,
                "requireHeartbeat": True,
                "heartbeatStatus": "ALIVE",
                "heartbeatDuration": 600,
                "maxProcesses": 5,
                "lastCheckOut": "2026-03-01T11:59:59.000Z",
                "lastHeartbeat": "2026-03-01T12:00:00.000Z",
                "nextHeartbeat": "2026-03-01T12:10:00.000Z",
                "metadata": {"userName": {"firstName": "A"}},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:01.000Z",
            },
            "relationships": {
                "account": {"links": {"related": home}, "data": {"type": "accounts", "id": account}},
                "environment": {"links": {"related": None}, "data": None},
                "product": tied("product", "products", str(related(license, "product"))),
                "group": tied("group", "groups", group),
                "license": tied("license", "licenses", license["id"]),
                "owner": tied("owner", "users", owner.id),
                "components": {"links": {"related": f"{base}/components"}},
                "processes": {"links": {"related": f"{base}/processes"}},
            },
            "links": {"self": base},
        }
    }


def test_what_is_unset(world: World) -> None:
    made = machine(world, world.license())
    answer = world.get(f"/v1/machines/{made.id}")
    unset = ("name", "ip", "hostname", "platform", "cores", "memory", "disk", "maxProcesses")
    beats = ("lastCheckOut", "lastHeartbeat", "nextHeartbeat")
    assert [answer.attributes[name] for name in (*unset, *beats)] == [None] * 11
    assert (answer.attributes["metadata"], answer.attributes["requireHeartbeat"]) == ({}, False)
    assert answer.data["relationships"]["owner"]["data"] is answer.data["relationships"]["group"]["data"] is None


@pytest.mark.parametrize(
    ("required", "duration", "age", "pinged", "status"),
    [
        (False, None, WINDOW * 100, None, "NOT_STARTED"),
        (True, None, WINDOW, None, "NOT_STARTED"),
        (True, None, WINDOW + SECOND, None, "DEAD"),
        (True, 3600, WINDOW * 6, None, "NOT_STARTED"),
        (True, 60, SECOND * 61, None, "DEAD"),
        (False, None, WINDOW * 9, WINDOW, "ALIVE"),
        (False, None, WINDOW * 9, WINDOW + SECOND, "DEAD"),
        (True, 60, WINDOW * 9, SECOND * 60, "ALIVE"),
        (True, 60, WINDOW * 9, SECOND * 61, "DEAD"),
    ],
)
def test_heartbeats(
    shared_world: World,
    required: bool,
    duration: int | None,
    age: timedelta,
    pinged: timedelta | None,
    status: str,
) -> None:
    world = shared_world
    policy = world.policy(requireHeartbeat=required, heartbeatDuration=duration)["id"]
    last = None if pinged is None else START - pinged
    made = machine(world, world.license(policy), created=START - age, last_heartbeat=last)
    found = world.get(f"/v1/machines/{made.id}").attributes
    window = duration or 600
    assert found["heartbeatStatus"] == status
    assert found["heartbeatDuration"] == window
    assert found["requireHeartbeat"] is (required or pinged is not None)
    assert found["nextHeartbeat"] == (None if last is None else to_text(last + window * SECOND))


@pytest.mark.parametrize(
    ("own", "license", "policy", "expected"),
    [(None, None, None, None), (None, None, 3, 3), (None, 2, 3, 2), (1, 2, 3, 1), (0, 2, 3, 2), (4, None, None, 4)],
)
def test_processes_it_may_run(
    shared_world: World, own: int | None, license: int | None, policy: int | None, expected: int | None
) -> None:
    under = shared_world.policy(maxProcesses=policy)["id"]
    made = machine(shared_world, shared_world.license(under, maxProcesses=license), max_processes=own)
    assert shared_world.get(f"/v1/machines/{made.id}").attributes["maxProcesses"] == expected


def test_by_id_in_any_spelling(world: World) -> None:
    made = machine(world, world.license())
    for named in (made.id, made.id.upper(), made.id.replace("-", "")):
        assert shown(world, named) == made.id


@pytest.mark.parametrize(
    "fingerprint",
    [
        "4d:Eq:UV:D3:XZ:tL:WN:Bz:mA:Eg:E6:Mk:YX:dK:NC",
        "file.json",
        "..dots..",
        "with a space+plus",
        "trailing\n",
        "100%25 %2F sure",
        "a?b#c&d=e;f@g|h",
        "ключ 🔑",
        "a/b",
        "x" * 4096,
        "{id}",
    ],
)
def test_by_fingerprint(shared_world: World, fingerprint: str) -> None:
    license = open_license(shared_world)
    made = machine(shared_world, license, fingerprint=fingerprint)
    for as_ in ("admin", by_key(license)):
        assert shown(shared_world, fingerprint, as_) == made.id
        path = f"/v1/accounts/acme/licenses/{license['id']}/machines/{segment(fingerprint)}"
        assert shared_world.get(path, as_=as_).data["id"] == made.id


def test_fingerprints_are_compared_exactly(shared_world: World) -> None:
    license = open_license(shared_world)
    machine(shared_world, license, fingerprint="Exactly\n")
    for as_ in ("admin", by_key(license)):
        for other in ("Exactly", "exactly\n", "Exactly\n\n", " Exactly\n", "Exactly%0A", NOWHERE):
            answer = shared_world.get(f"/v1/machines/{segment(other)}", as_=as_)
            assert first(answer) == missing(other)


def test_a_fingerprint_like_an_id(world: World) -> None:
    """Of a machine with that id and one with that fingerprint the older one is meant."""
    license, identifier, other = open_license(world), world.tools.new_id(), world.tools.new_id()
    printed = machine(world, license, fingerprint=identifier, created=START)
    machine(world, license, id=identifier, created=START + SECOND)
    named = machine(world, license, id=other, created=START)
    machine(world, license, fingerprint=other, created=START + SECOND)
    for as_ in ("admin", by_key(license), world.token(f"/v1/licenses/{license['id']}")):
        assert shown(world, identifier, as_) == printed.id
        assert shown(world, other, as_) == named.id
        below = f"/v1/licenses/{license['id']}/machines"
        assert world.get(f"{below}/{identifier}", as_=as_).data["id"] == printed.id
        # As a fingerprint it is compared exactly, as an id in any spelling.
        assert shown(world, identifier.upper(), as_) == identifier


def test_the_oldest_of_those_that_are_seen(world: World) -> None:
    owner, attached = user(world), user(world)
    foreign = open_license(world)
    mine, later = owned(world, owner), open_license(world)
    body = {"data": [{"type": "users", "id": attached.id}]}
    assert world.post(f"/v1/licenses/{later['id']}/users", body).status == 201
    found = [
        machine(world, license, fingerprint="same", created=START + number * SECOND, owner_id=owner.id)
        for number, license in enumerate((foreign, mine, later))
    ]
    product = world.token(f"/v1/products/{related(later, 'product')}")
    for as_, expected in (
        ("admin", found[0]),
        (by_key(foreign), found[0]),
        (user_token(world, owner), found[1]),
        (user_token(world, attached), found[2]),
        (product, found[2]),
        (by_key(later), found[2]),
        (world.token(f"/v1/licenses/{later['id']}"), found[2]),
    ):
        assert shown(world, "same", as_) == expected.id
    # Machine ownership alone gives nothing, not even by id.
    answer = world.get(f"/v1/machines/{found[0].id}", as_=user_token(world, owner))
    assert first(answer) == missing(found[0].id)


def test_one_of_very_many_with_one_fingerprint(local_world: World) -> None:
    world, policy = local_world, local_world.policy(authenticationStrategy="LICENSE")["id"]
    for number in range(24):
        machine(world, world.license(policy), fingerprint="unset", created=START + number * SECOND)
    owner = user(world)
    mine = owned(world, owner)
    machine(world, world.license(policy), fingerprint="unset", created=START + 24 * SECOND)
    made = machine(world, mine, fingerprint="unset", created=START + 25 * SECOND)
    product = world.token(f"/v1/products/{related(mine, 'product')}")
    for as_ in (user_token(world, owner), product):
        assert shown(world, "unset", as_) == made.id
        assert world.get(f"/v1/users/{owner.id}/machines/unset", as_=as_).data["id"] == made.id
    stranger = world.get("/v1/machines/unset", as_=user_token(world, user(world)))
    assert first(stranger) == missing("unset")


def test_who_sees_it(local_world: World) -> None:
    cast = Cast(local_world)
    made = machine(local_world, cast.license, owner_id=cast.stranger.id)
    statuses = [
        str(local_world.get(f"/v1/machines/{named}", as_=cast.tokens[bearer]).status)
        for bearer in BEARERS
        for named in (made.id, made.fingerprint)
    ]
    assert statuses[::2] == statuses[1::2] == HIDDEN.split()


def test_permissions(world: World) -> None:
    license = open_license(world, permissions=["license.read"])
    made = machine(world, license)
    token = {"data": {"type": "tokens", "attributes": {"permissions": ["license.read"]}}}
    narrow = f"Bearer {world.post('/v1/tokens', token).attributes['token']}"
    for as_, who in ((by_key(license), "license"), (narrow, "token")):
        answer = world.get(f"/v1/machines/{made.id}", as_=as_)
        reason = f"{who} lacks permission to perform action"
        assert first(answer)[:3] == (403, None, None)
        assert answer.errors[0]["detail"] == f"You do not have permission to complete the request ({reason})"
        assert world.get(f"/v1/machines/{NOWHERE}", as_=as_).status == 404


def test_licenses_and_users_read_machines_by_default(world: World) -> None:
    owner, license = user(world), open_license(world)
    machine(world, license, fingerprint="one")
    machine(world, owned(world, owner), fingerprint="one")
    for as_ in (by_key(license), world.token(f"/v1/licenses/{license['id']}"), user_token(world, owner)):
        assert world.get("/v1/machines/one", as_=as_).status == 200


def test_a_machine_goes_with_its_license(world: World) -> None:
    license = world.license()
    made = machine(world, license, fingerprint="print")
    assert world.send("DELETE", f"/v1/licenses/{license['id']}").status == 204
    for named in (made.id, "print"):
        assert first(world.get(f"/v1/machines/{named}")) == missing(named)
    assert world.get("/v1/machines").data == []


def test_a_machine_of_a_group_that_is_gone_has_none(world: World) -> None:
    group = world.create("groups", {"name": "Group"})["id"]
    made = machine(world, world.license(), group_id=group)
    assert world.send("DELETE", f"/v1/groups/{group}").status == 204
    for found in (world.get(f"/v1/machines/{made.id}").data, world.get("/v1/machines").data[0]):
        assert found["relationships"]["group"]["data"] is None
    assert world.get(f"/v1/machines/{made.id}/group").status == 404


def test_a_machine_goes_with_its_owner(world: World) -> None:
    owner, license = user(world), world.license()
    made = machine(world, license, owner_id=owner.id, fingerprint="print")
    assert world.send("DELETE", f"/v1/users/{owner.id}").status == 204
    for named in (made.id, "print"):
        assert first(world.get(f"/v1/machines/{named}")) == missing(named)
    assert world.get("/v1/machines").data == world.get(f"/v1/licenses/{license['id']}/machines").data == []
