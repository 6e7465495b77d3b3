"""`python -m chalicelib.admin recount`: counters are what the rows say, and are made so where they are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.admin import counting
from chalicelib.admin.__main__ import run
from chalicelib.admin.repair import recount
from chalicelib.licensing.errors import Conflicting
from chalicelib.store import keys
from chalicelib.store.items.bucket import BucketRow
from chalicelib.store.items.group import GroupMeterRow
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.machine import MachineRow
from chalicelib.store.unit import Change, Remove, commit
from tests.api.installing import activated, attached, counts, gone, hand, limited, move, roomy, spawn, update
from tests.api.licenses.cast import grouped
from tests.races.crowd import Watched
from tests.world import World

Captured = pytest.CaptureFixture[str]


class House:
    """A license in a group, with machines of two owners and of nobody, and processes on them."""

    def __init__(self, world: World) -> None:
        self.world, self.account = world, world.account["account"]
        self.group = grouped(world)["id"]
        self.license = roomy(world, maxCores=100)
        self.ann, self.bob = attached(world, self.license), attached(world, self.license)
        self.machines = [
            activated(world, self.license, str(number), owner=owner, cores=number + 1, memory=10, disk=5)
            for number, owner in enumerate((self.ann.id, self.bob.id, None))
        ]
        for number, machine in enumerate(self.machines):
            for pid in range(number):
                spawn(world, machine, str(pid))
        move(world, self.machines[0], self.group)
        self.meter = keys.meter(self.account, self.license["id"])
        self.bucket = keys.bucket(self.account, self.license["id"], self.bob.id)
        self.machine = keys.machine(self.account, self.license["id"], "1")
        self.members = keys.group_meter(self.account, self.group)

    def spoil(self, model: Any, key: keys.Key, **counters: int) -> None:
        """Set counters as a mistake would."""
        commit(
            self.world.database,
            (Change(model, key, tuple(getattr(model, name).set(number) for name, number in counters.items())),),
        )


@pytest.fixture
def house(world: World) -> House:
    """Everything is counted right."""
    return House(world)


def asked(house: House, capsys: Captured, *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    status = run(house.world.tools, ["recount", "--account", "acme", *arguments])
    return status, json.loads(capsys.readouterr().out)


def test_nothing_is_wrong(house: House, capsys: Captured) -> None:
    clean = {"licenses": 1, "groups": 1, "drift": [], "mended": 0}
    assert asked(house, capsys) == (0, clean)
    world = house.world
    update(world, house.machines[1], cores=9)
    hand(world, house.machines[0], house.bob.id)
    move(world, house.machines[2], house.group)
    gone(world, house.machines[1])
    assert asked(house, capsys) == (0, clean)
    assert asked(house, capsys, "--license", house.license["id"]) == (0, clean | {"groups": 0})
    assert recount(world.database, house.account, "no such license").drift == []


def wrong(key: keys.Key, kind: str, stored: Any, counted: Any) -> dict[str, Any]:
    return {"kind": kind, "key": list(key), "stored": stored, "counted": counted}


def test_everything_that_can_be_wrong(house: House, capsys: Captured) -> None:
    house.spoil(MeterRow, house.meter, machines=9, cores=0, memory=1, disk=1, processes=7, users=5)
    house.spoil(BucketRow, house.bucket, machines=2, cores=1)
    house.spoil(MachineRow, house.machine, processes=0)
    house.spoil(GroupMeterRow, house.members, users=1, licenses=2, machines=3)
    found = [
        wrong(house.bucket, "bucket", {"machines": 2, "cores": 1}, {"machines": 1, "cores": 2}),
        wrong(
            house.meter,
            "license-meter",
            {"machines": 9, "cores": 0, "memory": 1, "disk": 1, "processes": 7, "users": 5},
            {"machines": 3, "cores": 6, "memory": 30, "disk": 15, "processes": 3, "users": 2},
        ),
        wrong(house.machine, "machine", {"processes": 0}, {"processes": 1}),
        wrong(
            house.members,
            "group-meter",
            {"users": 1, "licenses": 2, "machines": 3},
            {"users": 0, "licenses": 0, "machines": 1},
        ),
    ]
    expected: dict[str, Any] = {"licenses": 1, "groups": 1, "drift": found, "mended": 0}
    assert asked(house, capsys) == (1, expected)
    assert asked(house, capsys, "--fix") == (0, expected | {"mended": 4})
    assert asked(house, capsys) == (0, expected | {"drift": []})
    assert counts(house.world, house.license) == (3, 6, 30, 15)


def test_a_bucket_that_is_missing(house: House, capsys: Captured) -> None:
    commit(house.world.database, (Remove(BucketRow, house.bucket),))
    status, report = asked(house, capsys, "--fix")
    sums = {"machines": 1, "cores": 2, "memory": 10, "disk": 5, "processes": 1}
    assert (status, report["mended"], report["drift"]) == (0, 1, [wrong(house.bucket, "bucket", None, sums)])
    assert asked(house, capsys)[0] == 0


def test_a_bucket_without_machines(house: House, capsys: Captured) -> None:
    gone(house.world, house.machines[1])
    assert asked(house, capsys)[0] == 0
    house.spoil(BucketRow, house.bucket, memory=4)
    assert asked(house, capsys)[1]["drift"] == [wrong(house.bucket, "bucket", {"memory": 4}, {"memory": 0})]


@pytest.mark.parametrize("spoiled", ["meter", "bucket"])
@pytest.mark.parametrize("while_", ["it counts", "it mends"])
def test_what_is_counted_meanwhile_is_kept(house: House, watched: Watched, spoiled: str, while_: str) -> None:
    if spoiled == "meter":
        house.spoil(MeterRow, house.meter, cores=50)
    else:
        house.spoil(BucketRow, house.bucket, cores=50)
    calls = ("Query",) if while_ == "it counts" else ("UpdateItem", "TransactWriteItems")
    watched.between(calls, lambda: activated(house.world, house.license, "new", cores=3))
    report = recount(house.world.database, house.account, house.license["id"], fix=True)
    assert (len(report.drift), report.mended) == (1, 1)
    assert recount(house.world.database, house.account).drift == []
    assert counts(house.world, house.license) == (4, 9, 30, 15)


def test_a_license_that_keeps_changing(house: House, watched: Watched) -> None:
    def before(operation: str, parameters: Any) -> None:
        if operation == "Query":
            watched.before = None
            house.spoil(MeterRow, house.meter, uses=1)
            watched.before = before

    watched.before = before
    with pytest.raises(Conflicting):
        counting.of_license(house.world.database, house.account, house.license["id"])


def test_tokens_are_no_counters_of_rows(house: House, capsys: Captured) -> None:
    """What a token spent does not follow from anything that is left."""
    token, _ = limited(house.world, house.license, maxActivations=5)
    made = activated(house.world, house.license, "more", token)
    gone(house.world, made, token)
    assert asked(house, capsys)[0] == 0


def test_an_unknown_account(house: House, capsys: Captured) -> None:
    assert run(house.world.tools, ["recount", "--account", "nobody"]) == 1
    assert "NOT_FOUND" in capsys.readouterr().err
