"""The same file twice changes nothing, and one that broke off anywhere is simply imported again."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing, suppress
from typing import Any

import pytest

from chalicelib.admin.repair import recount
from chalicelib.licensing.errors import Unavailable
from chalicelib.store.table import Outbox, Row
from infra.local.engine import Engine, EngineTransport
from tests.admin.files import (
    ACCOUNT,
    SLUG,
    account,
    bring,
    brought,
    everything,
    exported,
    license,
    moved,
    reasons,
    resource,
    text,
    uuid,
    writes,
)
from tests.faults.injection import (
    CONFLICT,
    LOST_REPLY,
    LOST_REQUEST,
    THROTTLED,
    UNAVAILABLE,
    Fault,
    Faulty,
)
from tests.races.crowd import WRITES, Watched, crowd, rows
from tests.world import World

FULL = {"machines": 1, "cores": 8, "memory": 9_223_372_036_854_775_807, "disk": 512, "processes": 2}
BARE = {"machines": 1, "cores": 0, "memory": 0, "disk": 0, "processes": 1}
TWIN = {"machines": 1, "cores": 2, "memory": 0, "disk": 0, "processes": 0}
COUNTED = [
    {"users": 2, "licenses": 1, "machines": 1},
    {"users": 2, **FULL, "machines": 2, "processes": 3},
    {"users": 0, **TWIN},
    *(FULL, BARE, TWIN),
    *({"processes": 1}, {"processes": 2}, {"processes": 0}),
    {"admins": 1},
]


def test_the_second_time_nothing_is_written(world: World, watched: Watched) -> None:
    moved(world)
    before = writes(watched)
    report = brought(world, everything(), SLUG)
    assert (report.created, report.changed, report.unchanged) == (0, 0, len(everything()))
    assert writes(watched) == before


def test_an_export_changes_nothing_where_it_came_from(world: World, watched: Watched) -> None:
    moved(world)
    before = writes(watched)
    assert brought(world, exported(world), SLUG, create=True).unchanged == len(everything())
    assert writes(watched) == before


def test_passwords_in_plain_text_are_hashed_once(world: World, watched: Watched) -> None:
    line = {
        "type": "users",
        "id": "00000000-0000-4000-8000-000000000001",
        "attributes": {"email": "a@b.example"},
        "meta": {"password": "correct horse"},
    }
    assert brought(world, [line]).created == 1
    before = writes(watched)
    assert brought(world, [line]).unchanged == 1
    assert writes(watched) == before


def test_no_events_are_emitted(world: World) -> None:
    world.listen("*")
    moved(world)
    policy = world.policy()["id"]
    told = rows(world, Outbox, "event")
    brought(world, [license(1, policy)])
    brought(world, [license(1, policy, name="another")])
    assert rows(world, Outbox, "event") == told


def test_lines_of_one_resource_take_effect_in_their_order(world: World) -> None:
    policy = world.policy()["id"]
    names = ["one", "two", "one", "three"]
    report = brought(world, [license(1, policy, name=name) for name in names])
    assert (report.created, report.changed) == (1, 3)
    assert [one["attributes"]["name"] for one in exported(world, "acme") if one["type"] == "licenses"] == ["three"]


def user(number: int, email: str) -> dict[str, Any]:
    return resource("users", uuid(number), {"email": email})


def test_of_two_that_want_a_name_the_first_gets_it(world: World) -> None:
    banned = {**user(1, "a@b.example"), "meta": {"bannedAt": "2020-01-01"}}
    lines = [user(1, "a@b.example"), user(2, "a@b.example"), banned]
    report = bring(world, lines)
    assert reasons(report) == [(2, "attributes.email: has already been taken")]
    assert (report.created, report.changed) == (1, 1)


def test_a_name_may_pass_from_one_line_to_the_next(world: World) -> None:
    brought(world, [user(1, "first@b.example")])
    report = brought(world, [user(1, "second@b.example"), user(2, "first@b.example"), user(3, "third@b.example")])
    assert (report.created, report.changed) == (2, 1)


def test_who_else_writes_meanwhile_is_noticed(world: World, watched: Watched) -> None:
    policy = world.policy()["id"]
    brought(world, [license(1, policy, name="old")])
    path = f"/v1/licenses/{license(1, policy)['id']}"
    watched.between(["TransactWriteItems"], lambda: world.post(f"{path}/actions/increment-usage"))
    brought(world, [license(1, policy, name="new")])
    assert world.get(path).attributes["uses"] == 1
    assert world.get(path).attributes["name"] == "new"


def test_several_may_import_the_same_file_at_once(world: World) -> None:
    brought(world, [account()], SLUG, create=True)
    reports = crowd([lambda: brought(world, everything(), SLUG)] * 3)
    assert sum(report.created for report in reports) == len(everything()) - 1
    assert sum(report.changed for report in reports) == 0
    assert text(exported(world)) == text(everything())
    assert counters(world) == COUNTED


@pytest.mark.parametrize("fault", [THROTTLED, CONFLICT, LOST_REQUEST, LOST_REPLY], ids=str)
def test_calls_that_fail_now_and_then_change_nothing(fault: Fault) -> None:
    """Every second read and every second write."""
    with closing(Engine(":memory:")) as engine:
        faulty = Faulty(EngineTransport(engine))
        world = World(faulty)
        seen: Counter[bool] = Counter()

        def decide(number: int, operation: str) -> Fault | None:
            writing = operation in WRITES
            seen[writing] += 1
            return fault if seen[writing] % 2 else None

        faulty.arm(decide)
        moved(world)
        faulty.disarm()
        assert text(exported(world)) == text(everything())
        assert counters(world) == COUNTED


SUMS = ("machines", "cores", "memory", "disk", "processes")
COUNTERS = {
    "group-meter": ("users", "licenses", "machines"),
    "license-meter": ("users", *SUMS),
    "bucket": SUMS,
    "machine": ("processes",),
    "account-meter": ("admins",),
}


def counters(world: World) -> list[dict[str, int]]:
    """What is counted in the account that moved, kind by kind; counters and rows agree."""
    assert recount(world.database, ACCOUNT).drift == []
    moved_here = [row for row in rows(world, Row) if row["pk"].startswith((f"account#{ACCOUNT}", f"{ACCOUNT}#"))]
    ordered = sorted(moved_here, key=lambda row: (row["pk"], row["sk"]))
    return [
        {name: row[name] for name in names}
        for kind, names in COUNTERS.items()
        for row in ordered
        if row["kind"] == kind
    ]


def test_an_import_that_broke_off_anywhere_is_repeated() -> None:
    """The store goes away for good at one write after the other; after that the same file makes everything right."""
    total = _writes_of_everything()
    for number in range(total):
        with closing(Engine(":memory:")) as engine:
            faulty = Faulty(EngineTransport(engine))
            world = World(faulty)
            _break_at(faulty, number)
            # A write that came through all the same is seen when its line is decided again.
            with suppress(Unavailable) if number == total - 1 else pytest.raises(Unavailable):
                bring(world, everything(), SLUG, create=True)
            faulty.disarm()
            assert recount(world.database, ACCOUNT).drift == [], number
            brought(world, everything(), SLUG, create=True)
            assert text(exported(world)) == text(everything()), number
            assert counters(world) == COUNTED, number


def _writes_of_everything() -> int:
    with closing(Engine(":memory:")) as engine:
        watched = Watched(EngineTransport(engine))
        world = World(watched)
        before = writes(watched)
        moved(world)
        return writes(watched) - before


def _break_at(faulty: Faulty, number: int) -> None:
    """From write `number` on nothing is answered; that one was applied if the number is odd."""
    seen = 0

    def decide(at: int, operation: str) -> Fault | None:
        nonlocal seen
        if operation not in WRITES:
            return None
        seen += 1
        if seen <= number:
            return None
        return LOST_REPLY if seen == number + 1 and number % 2 else UNAVAILABLE

    faulty.arm(decide)


def test_the_lines_before_a_break_are_kept_and_counted(world: World) -> None:
    assert bring(world, [account()], SLUG, create=True).created == 1
    lines = [json.dumps(one).encode() for one in everything()]
    report = brought(world, lines, SLUG)
    assert (report.unchanged, report.created) == (1, len(lines) - 1)
