"""Machines that came in: counted, found, watched, unique where that is asked for, and gone again."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.admin.repair import recount
from chalicelib.store.table import Row
from chalicelib.store.tasks import run
from tests.admin import files, installed
from tests.admin.files import (
    ATTACHED,
    GROUP,
    LICENSE,
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
from tests.admin.installed import BARE, COMPONENT, FINGERPRINT, MACHINE, PROCESS, TWIN
from tests.api.installing import FINGERPRINT as PLACE
from tests.api.installing import activate, add, counts, gone, ping
from tests.races.crowd import Watched, crowd, rows
from tests.world import Answer, World, segment

TAKEN = (422, "FINGERPRINT_TAKEN", PLACE)
NOW = "2026-03-01T12:00:00.000Z"


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


def drift(world: World, account: str = files.ACCOUNT) -> Any:
    return recount(world.database, account).drift


def machine(number: int, license: str, fingerprint: str | None = None, **links: Any) -> dict[str, Any]:
    """A machine like many others."""
    attributes = {"fingerprint": fingerprint or str(number), "cores": 2}
    return resource("machines", uuid(2_000_000 + number), attributes, license=("licenses", license), **links)


def process(number: int, on: str, **attributes: Any) -> dict[str, Any]:
    """A process like many others."""
    return resource("processes", uuid(3_000_000 + number), {"pid": str(number), **attributes}, machine=("machines", on))


def found(world: World, identifier: str, account: str = "acme") -> Any:
    return next(one for one in exported(world, account) if one["id"] == identifier)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/machines", [TWIN, BARE, MACHINE]),
        (f"/v1/machines?fingerprint={segment(FINGERPRINT)}", [TWIN, MACHINE]),
        (f"/v1/machines?owner={OWNER}", [MACHINE]),
        (f"/v1/machines?license={PLAIN}", [TWIN]),
        (f"/v1/machines?policy={POLICY}", [TWIN, BARE, MACHINE]),
        (f"/v1/machines?group={GROUP}", [MACHINE]),
        ("/v1/machines?metadata[assetTag]=m-1", [MACHINE]),
        (f"/v1/groups/{GROUP}/machines", [MACHINE]),
        (f"/v1/users/{OWNER}/machines", [BARE, MACHINE]),
        (f"/v1/products/{files.PRODUCT}/machines", [TWIN, BARE, MACHINE]),
        (f"/v1/machines/{MACHINE}/components", [COMPONENT]),
        (f"/v1/machines/{MACHINE}/processes", [installed.OTHER_PROCESS, PROCESS]),
        (f"/v1/components?license={PLAIN}", [installed.SAME_COMPONENT]),
        ("/v1/processes?status=DEAD", [installed.BARE_PROCESS, installed.OTHER_PROCESS, PROCESS]),
        ("/v1/releases", [installed.YANKED, installed.RELEASE]),
        (f"/v1/releases/{installed.RELEASE}/constraints", [installed.CONSTRAINT]),
        (f"/v1/releases/{installed.RELEASE}/artifacts", [installed.ARTIFACT]),
    ],
)
def test_lists_find_it(served: World, path: str, expected: list[str]) -> None:
    assert ids(served.get(path)) == expected


def test_it_is_shown_as_it_was(served: World) -> None:
    shown = served.get(f"/v1/machines/{segment(FINGERPRINT)}")
    assert (shown.data["id"], shown.attributes["maxProcesses"]) == (MACHINE, 3)
    assert shown.attributes["lastHeartbeat"] == "2021-01-11T00:00:00.011Z"
    assert (shown.attributes["heartbeatStatus"], shown.attributes["updated"]) == ("DEAD", files.UPDATED)
    assert served.get(f"/v1/licenses/{LICENSE}").attributes["updated"] == files.UPDATED
    assert served.get("/v1/releases/latest").data["id"] == installed.RELEASE


def test_counters_go_down_again(served: World) -> None:
    license = {"id": LICENSE}
    assert counts(served, license) == (2, 8, 9_223_372_036_854_775_807, 512)
    assert gone(served, {"type": "machines", "id": MACHINE}).status == 204
    assert counts(served, license) == (1, 0, 0, 0)
    assert gone(served, {"type": "processes", "id": installed.BARE_PROCESS}).status == 204
    assert drift(served) == []
    assert ids(served.get(f"/v1/groups/{GROUP}/machines")) == []


def test_limits_are_not_judged_but_counted(world: World) -> None:
    license = world.license(world.policy(maxMachines=2, floating=True, maxProcesses=1)["id"])
    lines = [machine(number, license["id"]) for number in range(5)]
    lines += [process(number, lines[0]["id"]) for number in range(3)]
    assert brought(world, lines).created == 8
    assert counts(world, license)[0] == 5
    assert activate(world, license).error[1] == "MACHINE_LIMIT_EXCEEDED"
    assert drift(world, world.account["account"]) == []


def test_many_machines_of_many_owners_take_few_rounds(world: World, watched: Watched) -> None:
    """Owners' sums are made as they are needed: no line waits for the first one of its owner."""
    license = world.license()
    people = [resource("users", uuid(100 + number), {"email": f"u{number}@b.example"}) for number in range(40)]
    brought(world, people)
    lines = [
        machine(number, license["id"], owner=("users", uuid(100 + number % 40)), group=None) for number in range(200)
    ]
    before = files.writes(watched)
    assert brought(world, lines).created == 200
    assert files.writes(watched) - before == 200
    assert drift(world, world.account["account"]) == []


def test_owner_group_and_sizes_may_change(world: World) -> None:
    moved(world)
    line = resource("machines", MACHINE, {"cores": 3, "disk": None}, owner=("users", ATTACHED), group=None)
    assert brought(world, [line], SLUG).changed == 1
    there = found(world, MACHINE, SLUG)
    assert {name: one["data"] for name, one in there["relationships"].items()} == {
        "license": {"type": "licenses", "id": LICENSE},
        "owner": {"type": "users", "id": ATTACHED},
        "group": None,
    }
    assert drift(world) == []
    buckets = {row["sk"]: row["processes"] for row in rows(world, Row, "bucket") if LICENSE in row["pk"]}
    assert buckets == {f"bucket#{OWNER}": 0, f"bucket#{ATTACHED}": 2, "bucket#none": 1}
    back = resource("machines", MACHINE, owner=None, group=("groups", GROUP))
    assert brought(world, [back], SLUG).changed == 1
    assert drift(world) == []


def test_what_was_told_of_a_death_can_be_taken_back(world: World) -> None:
    moved(world)
    lines = [
        resource("machines", MACHINE, {}, {"deathSent": None, "maxProcesses": None}),
        resource("processes", PROCESS, {}, {"deathSent": None}),
    ]
    assert brought(world, lines, SLUG).changed == 2
    assert [found(world, one, SLUG).get("meta") for one in (MACHINE, PROCESS)] == [None, None]


def test_product_and_policy_follow_from_the_license(world: World) -> None:
    license = world.license()
    line = machine(1, license["id"], product=("products", uuid(1)), policy=("policies", uuid(2)))
    part = resource(
        "components",
        uuid(3),
        {"fingerprint": "c", "name": "C"},
        machine=("machines", line["id"]),
        license=("licenses", uuid(1)),
        product=("products", uuid(1)),
    )
    assert brought(world, [line, part]).created == 2
    assert brought(world, [line, part]).unchanged == 2


def test_defaults_of_what_is_new(world: World) -> None:
    policy = world.policy(heartbeatBasis="FROM_CREATION")["id"]
    inherited, own = (world.create("groups", {"name": name})["id"] for name in "ab")
    brought(world, [resource("users", uuid(1), {"email": "a@b.example"}, group=("groups", own))])
    license = world.create("licenses", {}, policy=("policies", policy), group=("groups", inherited))["id"]
    plain = world.license(policy)["id"]
    owner = ("users", uuid(1))
    lines = [
        machine(1, license, owner=owner),
        machine(2, plain, owner=owner),
        machine(3, license, group=None),
        machine(4, license, group=("groups", own)),
        process(5, machine(1, license)["id"], created="2026-02-01"),
    ]
    lines[2]["attributes"] |= {"lastHeartbeat": None, "created": "2026-02-02T00:00:00Z"}
    brought(world, lines)
    there = [found(world, line["id"]) for line in lines]
    groups = [one["relationships"]["group"]["data"] for one in there[:4]]
    assert [one and one["id"] for one in groups] == [inherited, own, None, own]
    assert [one["attributes"]["lastHeartbeat"] for one in there] == [NOW, NOW, None, NOW, "2026-02-01T00:00:00.000Z"]
    assert there[0]["relationships"]["owner"]["data"]["id"] == uuid(1)
    assert drift(world, world.account["account"]) == []


def test_of_two_with_one_fingerprint_on_a_license_the_first_gets_it(world: World) -> None:
    license = world.license()["id"]
    report = bring(world, [machine(1, license, "x"), machine(2, license, "x"), machine(3, world.license()["id"], "x")])
    assert reasons(report) == [(2, "attributes.fingerprint: has already been taken")]
    assert report.created == 2


def test_what_the_strategy_would_keep_out_comes_in_but_is_told_to_others(world: World) -> None:
    """An account may hold it: what was activated before its policy asked for more stays."""
    policy = world.policy(
        floating=True,
        machineUniquenessStrategy="UNIQUE_PER_ACCOUNT",
        componentUniquenessStrategy="UNIQUE_PER_ACCOUNT",
    )["id"]
    first, second, third = (world.license(policy) for _ in range(3))
    lines = [machine(1, first["id"], "x"), machine(2, second["id"], "x")]
    part = {"fingerprint": "c", "name": "C"}
    lines += [
        resource("components", uuid(5 + number), part, machine=("machines", lines[number]["id"])) for number in range(2)
    ]
    assert brought(world, lines).created == 4
    assert activate(world, third, "x").error == TAKEN
    assert activate(world, third, "y").status == 201
    assert add(world, world.get("/v1/machines/y").data, "c").error == TAKEN


def test_who_activates_meanwhile_is_told(world: World, watched: Watched) -> None:
    policy = world.policy(floating=True, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT")["id"]
    license, other = world.license(policy), world.license(policy)
    watched.between(["TransactWriteItems"], lambda: brought(world, [machine(1, other["id"], "x")]))
    assert activate(world, license, "x").error == TAKEN
    watched.between(["TransactWriteItems"], lambda: activate(world, license, "y"))
    report = bring(world, [machine(2, license["id"], "y"), machine(3, other["id"], "y")])
    assert (reasons(report), report.created) == ([(1, "attributes.fingerprint: has already been taken")], 1)
    assert drift(world, world.account["account"]) == []


def test_who_else_writes_meanwhile_is_noticed(world: World, watched: Watched) -> None:
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    world.admin = f"Bearer {files.TOKEN}"
    here = {"type": "machines", "id": MACHINE}
    watched.between(["TransactWriteItems"], lambda: ping(world, here))
    line = resource("machines", MACHINE, {"cores": 1, "name": "new"})
    assert brought(world, [line], SLUG).changed == 1
    attributes = found(world, MACHINE, SLUG)["attributes"]
    assert (attributes["lastHeartbeat"], attributes["name"]) == (NOW, "new")
    watched.between(["TransactWriteItems"], lambda: gone(world, here))
    report = bring(world, [resource("machines", MACHINE, {"cores": 2})], SLUG)
    assert reasons(report) == [(1, "was deleted a short while ago, its id cannot be used again yet")]
    assert drift(world) == []


def test_a_fingerprint_may_be_taken_again_after_its_machine_is_gone(served: World) -> None:
    assert gone(served, {"type": "machines", "id": MACHINE}).status == 204
    line = machine(1, LICENSE, FINGERPRINT)
    part = resource("components", uuid(9), {"fingerprint": "board", "name": "B"}, machine=("machines", line["id"]))
    report = bring(served, [line, part, process(1, line["id"]), *installed.parts()], SLUG)
    assert report.created == 3
    assert [number for number, _ in reasons(report)] == [4, 6, 7]
    assert drift(served) == []


def test_several_may_import_machines_of_one_license_at_once(world: World) -> None:
    license = world.license()["id"]
    lines = [machine(number, license) for number in range(30)]
    lines += [process(number, lines[number % 3]["id"]) for number in range(30)]
    reports = crowd([lambda: brought(world, lines)] * 3)
    assert sum(report.created for report in reports) == 60
    assert drift(world, world.account["account"]) == []


def test_the_dead_are_told_and_deleted(world: World) -> None:
    """Watched from the moment they come in, by the policy as it is."""
    world.listen("*")
    license = world.license(world.policy(floating=True)["id"])["id"]
    lines = [machine(number, license) for number in range(3)]
    lines[0]["attributes"] |= {"lastHeartbeat": "2026-03-01T11:59:00Z"}
    lines[1]["attributes"] |= {"lastHeartbeat": "2026-03-01T11:00:00Z"}
    lines += [process(1, lines[2]["id"], lastHeartbeat="2026-03-01T11:00:00Z")]
    brought(world, lines)
    assert world.sweep().culled == 1
    left = [one["id"] for one in exported(world, "acme") if one["type"] in ("machines", "processes")]
    assert left == [lines[0]["id"], lines[2]["id"]]
    brought(world, [resource("machines", lines[0]["id"], {"lastHeartbeat": NOW})])
    world.clock.advance(minutes=9, seconds=30)
    assert world.sweep().culled == 0
    world.clock.advance(minutes=1)
    assert world.sweep().culled == 1
    assert drift(world, world.account["account"]) == []


def test_machines_follow_their_license_to_another_policy(world: World) -> None:
    product = world.product()["id"]
    policy, other = (world.policy(product, floating=True)["id"] for _ in range(2))
    license = world.license(policy)["id"]
    brought(world, [machine(1, license)])
    brought(world, [resource("licenses", license, policy=("policies", other))])
    assert [task["name"] for task in files.tasks(world)] == ["follow-license"]
    for task in files.tasks(world):
        run(world.database, task, world.tools.new_id, world.clock.now())
    assert ids(world.get(f"/v1/machines?policy={other}")) == [machine(1, license)["id"]]


def test_a_license_with_machines_is_not_moved_where_they_must_be_unique_further_out(world: World) -> None:
    product = world.product()["id"]
    wide = world.policy(product, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT")["id"]
    license = world.license(world.policy(product)["id"])["id"]
    brought(world, [machine(1, license)])
    report = bring(world, [resource("licenses", license, policy=("policies", wide))])
    assert reasons(report)[0][1].startswith("relationships.policy: cannot change to a policy with a more strict")
