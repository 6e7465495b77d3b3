"""GET /machines, and the lists of machines below licenses, products, users and groups (spec machines.md §5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, first, machine, staff, user, user_token
from tests.api.licenses.cast import Cast
from tests.api.listing import ids
from tests.api.machines.park import Park
from tests.world import START, World

ALL = "far last dead named bare seen plain"


@pytest.fixture(scope="module")
def park() -> Iterator[Park]:
    engine = Engine(":memory:")
    found = Park(World(EngineTransport(engine)))
    world, one, other = found.world, found.one, found.other
    watched = world.license(world.policy(found.product, requireHeartbeat=True, heartbeatDuration=60)["id"])
    found.put("plain", one, fingerprint="same", ip="10.0.0.1", hostname="host", metadata={"plan": "pro", "seats": 5})
    found.put("seen", one, owner_id=found.owner.id, group_id=found.group, last_heartbeat=START)
    found.put("bare", other, fingerprint="same", ip="10.0.0.2", hostname="Host", metadata={"plan": "pro"})
    found.put("named", other, owner_id=found.stranger.id, group_id=found.group, metadata={"plan": "5", "on": True})
    found.put("dead", watched, owner_id=found.owner.id, created=START - timedelta(hours=1))
    found.put("last", watched, last_heartbeat=START - timedelta(seconds=61), created=START - timedelta(minutes=2))
    found.put("far", found.foreign, fingerprint="same", group_id=found.group, created=START - timedelta(minutes=1))
    yield found
    engine.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("fingerprint=same", "far bare plain"),
        ("fingerprint=Same", ""),
        ("fingerprint=sam", ""),
        ("ip=10.0.0.1", "plain"),
        ("ip=10.0.0", ""),
        ("hostname=host", "plain"),
        ("hostname=Host", "bare"),
        ("status=alive", "far named bare seen plain"),
        ("status=ALIVE", "far named bare seen plain"),
        ("status=Dead", "last dead"),
        ("status=NOT_STARTED", ""),
        ("status=RESURRECTED", ""),
        ("product={product}", "last dead named bare seen plain"),
        ("policy={policy}", "seen plain"),
        ("license={other}", "named bare"),
        ("group={group}", "far named seen"),
        ("key=THE-ONE-KEY", "seen plain"),
        ("key=the-one-key", ""),
        ("key=NO-KEY", ""),
        ("owner={owner}", "dead seen"),
        ("owner=owner@acme.example", "dead seen"),
        ("owner=nobody@acme.example", ""),
        ("user={owner}", "named bare seen plain"),
        ("user=owner@acme.example", "named bare seen plain"),
        ("user={stranger}", ""),
        ("user=nobody@acme.example", ""),
        ("metadata[plan]=pro", "bare plain"),
        ("metadata[plan]=5", "named"),
        ("metadata[seats]=5", "plain"),
        ("metadata[on]=true", "named"),
        ("metadata[plan]=pro&metadata[seats]=5", "plain"),
        ("metadata[Plan]=pro", "bare plain"),
        # together
        ("fingerprint=same&product={product}", "bare plain"),
        ("fingerprint=same&user={owner}", "bare plain"),
        ("product={product}&status=DEAD", "last dead"),
        ("owner={owner}&status=ALIVE", "seen"),
        ("user={owner}&owner={stranger}", "named"),
        ("group={group}&policy={policy}", "seen"),
        ("key=THE-OTHER-KEY&license={one}", ""),
        ("license={one}&hostname=host&ip=10.0.0.1&metadata[seats]=5", "plain"),
        # well-shaped and meaningless
        *((f"{name}={value}", "") for name in ("product", "policy", "license", "group") for value in ("x", NOWHERE)),
        *((f"{name}={NOWHERE}", "") for name in ("owner", "user")),
        ("owner=x", ""),
        ("status=x", ""),
        # blank, of another shape, or unknown: as if it were not there
        *((f"{name}=", ALL) for name in ("fingerprint", "ip", "status", "product", "key", "owner", "user", "metadata")),
        *((f"{name}[]=x", ALL) for name in ("fingerprint", "hostname", "license", "user", "metadata")),
        ("fingerprint[x]=same", ALL),
        ("machine=x&name=x&platform=x&Fingerprint=same", ALL),
    ],
)
def test_filters(park: Park, query: str, expected: str) -> None:
    named = {"product": park.product, "policy": park.policy, "one": park.one["id"], "other": park.other["id"]}
    people = {"group": park.group, "owner": park.owner.id, "stranger": park.stranger.id}
    assert park.shown(query.format(**named, **people)) == expected


@pytest.mark.parametrize(
    ("bearer", "query", "expected"),
    [
        ("product", "", "last dead named bare seen plain"),
        ("product", "fingerprint=same", "bare plain"),
        ("product", "key=A-FOREIGN-KEY", ""),
        ("product", "group={group}", "named seen"),
        ("product", "product={product}", "last dead named bare seen plain"),
        ("other-product", "", "far"),
        ("other-product", "product={product}", ""),
        # The machine `dead` is the owner's, on a license that is not.
        ("owner", "", "named bare seen plain"),
        ("owner", "owner={owner}", "seen"),
        ("owner", "fingerprint=same", "bare plain"),
        ("owner", "policy={policy}", "seen plain"),
        ("owner", "user={stranger}", ""),
        ("stranger", "", ""),
        ("stranger", "owner={stranger}", ""),
        ("license", "", "seen plain"),
        ("license", "fingerprint=same", "plain"),
        ("license", "key=THE-OTHER-KEY", ""),
        ("license", "group={group}", "seen"),
        ("license-token", "", "named bare"),
        ("license-token", "status=DEAD", ""),
    ],
)
def test_what_each_bearer_sees(park: Park, bearer: str, query: str, expected: str) -> None:
    named = {"product": park.product, "policy": park.policy, "group": park.group}
    people = {"owner": park.owner.id, "stranger": park.stranger.id}
    assert park.shown(query.format(**named, **people), bearer) == expected


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("licenses/{one}", "", "seen plain"),
        ("licenses/THE-ONE-KEY", "", "seen plain"),
        ("licenses/{one}", "fingerprint=same", "plain"),
        ("licenses/{one}", "product={product}", "seen plain"),
        ("licenses/{one}", f"product={NOWHERE}", ""),
        ("licenses/{one}", "user={owner}", "seen plain"),
        ("licenses/{other}", "user=owner@acme.example", "named bare"),
        ("licenses/{other}", "user={stranger}", ""),
        ("licenses/{other}", f"ip=x&license={NOWHERE}&owner={NOWHERE}&status=DEAD&metadata[a]=1", "named bare"),
        ("products/{product}", "", "last dead named bare seen plain"),
        ("products/{product}", "fingerprint=same", "bare plain"),
        ("products/{product}", "license={other}", "named bare"),
        ("products/{product}", "user={owner}", "named bare seen plain"),
        ("products/{product}", f"product={NOWHERE}&owner={NOWHERE}&hostname=x", "last dead named bare seen plain"),
        ("users/{owner}", "", "named bare seen plain"),
        ("users/owner@acme.example", "", "named bare seen plain"),
        ("users/{owner}", "fingerprint=same", "bare plain"),
        ("users/{owner}", "license={one}", "seen plain"),
        ("users/{owner}", "product={product}", "named bare seen plain"),
        ("users/{owner}", f"user={NOWHERE}&policy={NOWHERE}", "named bare seen plain"),
        ("users/{stranger}", "", ""),
        ("groups/{group}", "", "far named seen"),
        ("groups/{group}", f"fingerprint=x&license={NOWHERE}&status=DEAD", "far named seen"),
    ],
)
def test_below(park: Park, path: str, query: str, expected: str) -> None:
    named = {"product": park.product, "one": park.one["id"], "other": park.other["id"], "group": park.group}
    people = {"owner": park.owner.id, "stranger": park.stranger.id}
    where = f"/v1/{path.format(**named, **people)}/machines"
    assert park.shown(query.format(**named, **people), path=where) == expected


@pytest.mark.parametrize(
    ("bearer", "path", "expected"),
    [
        ("product", "users/{owner}", "named bare seen plain"),
        ("other-product", "users/{owner}", ""),
        ("product", "groups/{group}", "named seen"),
        ("other-product", "groups/{group}", "far"),
        ("product", "products/{product}", "last dead named bare seen plain"),
        ("owner", "users/{owner}", "named bare seen plain"),
        ("owner", "licenses/{one}", "seen plain"),
        ("owner", "licenses/{other}", "named bare"),
        ("license", "licenses/{one}", "seen plain"),
        ("license-token", "licenses/{other}", "named bare"),
    ],
)
def test_what_each_bearer_sees_below(park: Park, bearer: str, path: str, expected: str) -> None:
    named = {"product": park.product, "one": park.one["id"], "other": park.other["id"], "group": park.group}
    assert park.shown(bearer=bearer, path=f"/v1/{path.format(**named, owner=park.owner.id)}/machines") == expected


def test_the_owner_of_a_group_sees_all_its_machines(world: World) -> None:
    owner, group = user(world), world.create("groups", {"name": "Group"})["id"]
    body = {"data": [{"type": "users", "id": owner.id}]}
    assert world.post(f"/v1/groups/{group}/owners", body).status == 200
    inside, outside = machine(world, world.license(), group_id=group), machine(world, world.license())
    path, as_ = f"/v1/groups/{group}/machines", user_token(world, owner)
    assert ids(world.get(path, as_=as_).data) == [inside.id]
    for named in (inside.id, inside.fingerprint):
        assert world.get(f"{path}/{named}", as_=as_).data["id"] == inside.id
    for named in (outside.id, NOWHERE):
        assert first(world.get(f"{path}/{named}", as_=as_))[:2] == (404, "NOT_FOUND")
    assert world.get(f"/v1/machines/{inside.id}", as_=as_).status == 404


def test_lists_show_machines_as_they_are_elsewhere(world: World) -> None:
    owner = user(world)
    license = world.create("licenses", {}, policy=("policies", world.policy()["id"]), owner=("users", owner.id))
    made = machine(world, license, owner_id=owner.id, metadata={"a_b": 1}, cores=2, last_heartbeat=START)
    one = world.get(f"/v1/machines/{made.id}").data
    for query in ("", "?metadata[aB]=1", f"?fingerprint={made.fingerprint}", f"?user={owner.id}", "?status=alive"):
        assert world.get(f"/v1/machines{query}").document == {"data": [one]}
    assert world.get(f"/v1/licenses/{license['id']}/machines").document == {"data": [one]}


def test_ties_are_broken_by_id(world: World) -> None:
    license = world.license()
    made = sorted((machine(world, license, fingerprint=f"{number}") for number in range(5)), key=lambda one: one.id)
    assert ids(world.get("/v1/machines").data) == [one.id for one in reversed(made)]
    assert ids(world.get("/v1/machines?order=asc&limit=2").data) == [one.id for one in made[:2]]
    cursor = made[3].id
    assert ids(world.get(f"/v1/machines?page[cursor]={cursor}&page[size]=2").data) == [made[2].id, made[1].id]
    assert world.get(f"/v1/machines?page[cursor]={NOWHERE}").data == []


@pytest.mark.parametrize("query", ["fingerprint=a", "", "license={license}", "status=ALIVE"])
def test_it_is_told_first_that_a_page_is_wrong(shared_world: World, query: str) -> None:
    answer = shared_world.get(f"/v1/machines?{query.format(license=NOWHERE)}&limit=0")
    assert answer.error == (400, None, "limit")


def test_roles(local_world: World) -> None:
    world, cast = local_world, Cast(local_world)
    machine(world, cast.license)
    statuses = {bearer: world.get("/v1/machines", as_=token) for bearer, token in cast.tokens.items()}
    counts = {bearer: len(found.data) if found.status == 200 else found.status for bearer, found in statuses.items()}
    seeing = ("admin", "developer", "sales-agent", "support-agent", "read-only", "product", "owner", "attached")
    assert counts == {"nobody": 401} | {bearer: int(bearer in (*seeing, "license")) for bearer in list(counts)[1:]}
    narrow = user_token(world, user(world, permissions=("license.read",)))
    assert first(world.get("/v1/machines", as_=narrow))[:3] == (403, None, None)
    assert world.get("/v1/machines?limit=0", as_=narrow).error == (400, None, "limit")
    assert world.get(f"/v1/machines?license={NOWHERE}", as_=staff(world, "read-only")).data == []


def test_a_user_with_many_licenses(local_world: World) -> None:
    world, owner = local_world, user(local_world)
    policy, made = world.policy()["id"], []
    for number in range(30):
        license = world.create("licenses", {}, policy=("policies", policy), owner=("users", owner.id))
        if number % 3:
            made.append(machine(world, license))
        world.clock.advance(seconds=1)
    expected = [one.id for one in reversed(made)]
    for path, as_ in (("/v1/machines", user_token(world, owner)), (f"/v1/users/{owner.id}/machines", "admin")):
        assert ids(world.get(f"{path}?limit=100", as_=as_).data) == expected
        assert ids(world.get(f"{path}?page[number]=2&page[size]=7", as_=as_).data) == expected[7:14]


def test_licenses_by_machine(world: World) -> None:
    licenses = [world.license() for _ in range(2)]
    made = [machine(world, license) for license in licenses]
    for one, license in zip(made, licenses, strict=True):
        for named in (one.id, one.id.upper()):
            assert ids(world.get(f"/v1/licenses?machine={named}").data) == [license["id"]]
        counted = world.get(f"/v1/licenses?machine={one.id}&activated=true&page[number]=1").document
        assert counted["links"]["meta"]["count"] == 1
        assert world.get(f"/v1/licenses?machine={one.id}&suspended=true").data == []
    for other in (NOWHERE, "x", licenses[0]["id"]):
        assert world.get(f"/v1/licenses?machine={other}").data == []
    product = world.token(f"/v1/products/{licenses[0]['relationships']['product']['data']['id']}")
    assert ids(world.get(f"/v1/licenses?machine={made[0].id}", as_=product).data) == [licenses[0]["id"]]
    assert world.get(f"/v1/licenses?machine={made[1].id}", as_=product).data == []
    assert ids(world.get("/v1/licenses?activations[gte]=1").data) == ids(world.get("/v1/licenses").data)
    assert world.get("/v1/licenses?activated=false").data == []
