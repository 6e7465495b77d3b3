"""Seats under fire: as many get in as fit, one of each fingerprint, nothing by halves (spec machines.md §14.2)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store import keys
from chalicelib.store.table import Row
from tests.api.helpers import user
from tests.api.installing import (
    activate,
    activated,
    add,
    at,
    attached,
    counts,
    floating,
    gone,
    hand,
    limited,
    move,
    part,
    ping,
    roomy,
    spawn,
    spent,
    update,
)
from tests.api.licenses.cast import grouped, link, owned, path
from tests.races.crowd import SECONDS, WRITES, TickingClock, Watched, aside, crowd, feed, rows
from tests.races.invariants import assert_whole
from tests.world import START, Answer, World, resource

RACERS = 50
LIMIT = "MACHINE_LIMIT_EXCEEDED"
DAY = 86_400

Call = Callable[[], Answer]


def race(calls: Iterable[Call]) -> Counter[tuple[int, str | None]]:
    """Everybody at once: how often each status was answered, with the code of its first error."""
    return Counter(map(outcome, crowd(list(calls))))


def outcome(answer: Answer) -> tuple[int, str | None]:
    """Status and code of the first error."""
    return answer.status, answer.errors[0].get("code") if answer.status >= 400 else None


def numbered(call: Callable[[int], Answer], number: int = RACERS) -> list[Call]:
    """The same request that many times, each knowing its number."""
    return [lambda one=one: call(one) for one in range(number)]  # type: ignore[misc]


def split(accepted: int, code: str, racers: int = RACERS) -> dict[tuple[int, str | None], int]:
    """So many got in, the others were told why not."""
    found: dict[tuple[int, str | None], int] = {(201, None): accepted, (422, code): racers - accepted}
    return {key: number for key, number in found.items() if number}


def settle(world: World) -> None:
    """Do what requests left to do: their tasks, both passes."""
    for _ in range(2):
        world.stream().handle(feed(world, "task"))
        world.clock.advance(minutes=2)
        world.sweep()


# --- the last seats (§14.2.1) -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "there", "accepted"),
    [
        ({"maxMachines": 1}, 0, 1),
        ({"maxMachines": 20}, 3, 17),
        ({"maxMachines": 4, "overageStrategy": "ALLOW_1_25X_OVERAGE"}, 2, 3),
        ({"maxMachines": 3}, 3, 0),
    ],
    ids=["one", "many", "overage", "none"],
)
def test_the_last_seats(world: World, policy: Any, there: int, accepted: int) -> None:
    license = roomy(world, **policy)
    for number in range(there):
        activated(world, license, f"there-{number}")
    found = race(numbered(lambda one: activate(world, license, str(one), parts=[part("a")])))
    assert found == split(accepted, LIMIT)
    assert counts(world, license)[0] == len(rows(world, Row, "machine")) == there + accepted
    assert len(rows(world, Row, "component")) == accepted
    assert_whole(world)


@pytest.mark.slow
def test_the_last_of_every_size(world: World) -> None:
    """Everybody wants three of eight of everything."""
    license = roomy(world, maxCores=8, maxMemory=8, maxDisk=8)
    calls = numbered(lambda one: activate(world, license, str(one), cores=3, memory=3, disk=3))
    assert race(calls) == split(2, "MACHINE_CORE_LIMIT_EXCEEDED")
    assert counts(world, license) == (2, 6, 6, 6)
    assert_whole(world)


def test_growing_machines(world: World) -> None:
    """Each wants to grow from one core to three; there are enough for some."""
    license = roomy(world, maxCores=20)
    made = [activated(world, license, str(number), cores=1) for number in range(10)]
    found = race([lambda one=one: update(world, one, cores=3) for one in made])  # type: ignore[misc]
    assert found == {(200, None): 5, (422, "MACHINE_CORE_LIMIT_EXCEEDED"): 5}
    assert counts(world, license) == (10, 20, 0, 0)
    assert_whole(world)


@pytest.mark.slow
def test_the_last_seats_of_each_user(world: World) -> None:
    license = roomy(world, maxMachines=3, machineLeasingStrategy="PER_USER")
    owners = [attached(world, license).id, attached(world, license).id, None]
    calls = numbered(lambda one: activate(world, license, str(one), owner=owners[one % 3]), 51)
    assert race(calls) == split(9, LIMIT, 51)
    sums = Counter(item.get("owner_id") for item in rows(world, Row, "machine"))
    assert sums == dict.fromkeys(owners, 3)
    assert_whole(world)


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "accepted"), [("PER_MACHINE", 8), ("PER_USER", 4), ("PER_LICENSE", 2)])
def test_the_last_processes(world: World, strategy: str, accepted: int) -> None:
    license = roomy(world, maxProcesses=2, processLeasingStrategy=strategy)
    ann = attached(world, license).id
    machines = [activated(world, license, str(number), owner=ann if number < 2 else None) for number in range(4)]
    calls = numbered(lambda one: spawn(world, machines[one % 4], str(one)))
    assert race(calls) == split(accepted, "MACHINE_PROCESS_LIMIT_EXCEEDED")
    assert len(rows(world, Row, "process")) == accepted
    assert_whole(world)


@pytest.mark.slow
def test_the_last_places_of_a_group(world: World) -> None:
    """Activated into it, by name and through their license, and moved into it."""
    group = grouped(world, maxMachines=6)["id"]
    licenses = [roomy(world) for _ in range(3)]
    world.send("PUT", path(licenses[0], "group"), link("groups", group))
    made = [activated(world, licenses[2], f"there-{number}") for number in range(10)]
    calls = [
        *numbered(lambda one: activate(world, licenses[0], str(one)), 20),
        *numbered(lambda one: activate(world, licenses[1], str(one), group=group), 20),
        *numbered(lambda one: move(world, made[one], group), 10),
    ]
    found = race(calls)
    full = (422, "GROUP_MACHINE_LIMIT_EXCEEDED")
    assert found[201, None] + found[200, None] == 6
    assert found[full] == RACERS - 6
    assert_whole(world)


@pytest.mark.slow
def test_activations_of_a_token(world: World) -> None:
    license = roomy(world)
    token, where = limited(world, license, maxActivations=5)
    found = race(numbered(lambda one: activate(world, license, str(one), token)))
    assert found == split(5, "ACTIVATIONS_LIMIT_EXCEEDED")
    assert (spent(world, where), counts(world, license)[0]) == ((5, 0), 5)
    assert_whole(world)


# --- one of each name (§14.2.2) ---------------------------------------------------------------------------------------


def near(world: World, strategy: str) -> Sequence[Any]:
    """Licenses that share what the strategy looks at."""
    product = world.product()["id"]
    policies = [floating(world, product, machineUniquenessStrategy=strategy)["id"] for _ in range(2)]
    other = floating(world, machineUniquenessStrategy=strategy)["id"]
    scope = {
        "UNIQUE_PER_LICENSE": policies[:1],
        "UNIQUE_PER_POLICY": policies[:1],
        "UNIQUE_PER_PRODUCT": policies,
        "UNIQUE_PER_ACCOUNT": [*policies, other],
    }[strategy]
    number = 1 if strategy == "UNIQUE_PER_LICENSE" else 5
    return [world.license(scope[one % len(scope)]) for one in range(number)]


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["LICENSE", "POLICY", "PRODUCT", "ACCOUNT"])
def test_one_fingerprint(world: World, scope: str) -> None:
    licenses = near(world, f"UNIQUE_PER_{scope}")
    found = race(numbered(lambda one: activate(world, licenses[one % len(licenses)])))
    assert found == split(1, "FINGERPRINT_TAKEN")
    assert len(rows(world, Row, "machine")) == 1
    assert_whole(world)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["MACHINE", "ACCOUNT"])
def test_one_component(world: World, scope: str) -> None:
    """Added to machines, and coming along with new ones."""
    licenses = [roomy(world, componentUniquenessStrategy=f"UNIQUE_PER_{scope}") for _ in range(2)]
    machines = [activated(world, one) for one in licenses]
    place = {"MACHINE": machines[:1], "ACCOUNT": machines}[scope]
    calls = numbered(lambda one: add(world, place[one % len(place)], "one"), 25)
    if scope != "MACHINE":
        calls += numbered(lambda one: activate(world, licenses[0], f"new-{one}", parts=[part("one"), part("b")]), 25)
    found = race(calls)
    taken = {"FINGERPRINT_TAKEN", "COMPONENTS_FINGERPRINT_TAKEN"}
    assert found[201, None] >= 1
    assert {code for status, code in found if status != 201} <= taken
    held = [item for item in rows(world, Row, "component") if item["fingerprint"] == "one"]
    assert len(held) == 1
    assert_whole(world)


def test_one_pid_and_one_id(world: World) -> None:
    machine = activated(world, roomy(world))
    assert race(numbered(lambda one: spawn(world, machine), 20)) == split(1, "PID_TAKEN", 20)
    own = "12345678-1234-4234-8234-123456789abc"
    licenses = [roomy(world) for _ in range(4)]
    calls = numbered(lambda one: activate(world, licenses[one % 4], str(one), id_=own), 20)
    assert race(calls) == split(1, "ID_CONFLICT", 20)
    assert_whole(world)


def test_a_fingerprint_and_the_id_it_looks_like(world: World) -> None:
    own = "12345678-1234-4234-8234-123456789abc"
    for number in range(4):
        name = f"{own[:-1]}{number}"
        one, other = roomy(world), roomy(world)
        calls = [lambda: activate(world, one, id_=name), lambda: activate(world, other, name)]  # noqa: B023
        found = race(calls * 4)
        machines = [item for item in rows(world, Row, "machine") if name in (item["id"], item["fingerprint"])]
        # Whoever was second knew of the first only if that was the one with the id.
        assert len(machines) == found[201, None] <= 2
        assert {code for status, code in found if status != 201} <= {
            *("FINGERPRINT_CONFLICT", "FINGERPRINT_TAKEN", "ID_CONFLICT")
        }
    assert_whole(world)


# --- all or nothing, and back (§14.2.3 to §14.2.5) --------------------------------------------------------------------


@pytest.mark.slow
def test_a_machine_is_deactivated_once(world: World) -> None:
    license, group = roomy(world), grouped(world)["id"]
    token, where = limited(world, license, maxDeactivations=3)
    activated(world, license, "other", cores=1)
    made = activated(world, license, cores=4, group=group, parts=[part("a")])
    spawn(world, made)
    assert race(numbered(lambda one: gone(world, made, token))) == {(204, None): 1, (404, "NOT_FOUND"): RACERS - 1}
    assert (counts(world, license), spent(world, where)) == ((1, 1, 0, 0), (0, 1))
    settle(world)
    assert_whole(world)


@pytest.mark.slow
def test_coming_and_going_at_the_limit(world: World) -> None:
    license = roomy(world, maxMachines=3, maxCores=9)
    made = [activated(world, license, f"there-{number}", cores=3) for number in range(3)]
    calls = [
        *numbered(lambda one: gone(world, made[one % 3]), 15),
        *numbered(lambda one: activate(world, license, str(one), cores=3), 35),
    ]
    found = race(calls)
    assert (found[204, None], found[404, "NOT_FOUND"]) == (3, 12)
    assert found[201, None] + found[422, LIMIT] == 35
    assert 0 <= found[201, None] <= 3
    assert counts(world, license) == (found[201, None], 3 * found[201, None], 0, 0)
    assert counts(world, license)[0] == len(rows(world, Row, "machine"))
    settle(world)
    assert_whole(world)


@pytest.mark.slow
def test_the_same_machine_comes_and_goes(world: World) -> None:
    """With components and processes: what was on the machine before never turns up on the one after it."""
    license = roomy(world, maxProcesses=2, processLeasingStrategy="PER_LICENSE")

    def turn(number: int) -> list[Answer]:
        answers = []
        for _ in range(6):
            answers.append(activate(world, license, parts=[part("a"), part(f"b-{number}")]))
            if answers[-1].status == 201:
                answers.append(spawn(world, answers[-1].data))
                answers.append(gone(world, answers[-2].data))
        return answers

    found = Counter(map(outcome, chain(*crowd([lambda one=one: turn(one) for one in range(8)]))))  # type: ignore[misc]
    assert set(found) <= {(201, None), (204, None), (422, "FINGERPRINT_TAKEN")}
    assert found[201, None] == 2 * found[204, None]
    assert counts(world, license) == (0, 0, 0, 0)
    settle(world)
    assert_whole(world)
    assert [kind for kind in ("component", "process", "fingerprint") if rows(world, Row, kind)] == []


# --- heartbeats (§14.2.6) ---------------------------------------------------------------------------------------------

BEATING = {"requireHeartbeat": True, "heartbeatDuration": 60, "heartbeatResurrectionStrategy": "1_MINUTE_REVIVE"}


@pytest.mark.parametrize("ender", ["gone", "sweep"])
def test_a_ping_and_the_end(world: World, ender: str) -> None:
    """At the last instant of revival and just beyond: whoever was answered 200 lives on, others are told why not."""
    license = roomy(world, **BEATING)
    for number in range(6):
        made = activated(world, license, str(number))
        spawn(world, made)
        if ender == "sweep":
            world.clock.advance(seconds=120, milliseconds=number % 2)
        end: Callable[[], Any] = world.sweep if ender == "sweep" else lambda: gone(world, made)  # noqa: B023
        answers = crowd([end, *[lambda: ping(world, made)] * 3, end])  # noqa: B023
        pings = Counter(map(outcome, answers[1:4]))
        assert set(pings) <= {(200, None), (404, "NOT_FOUND"), (422, "MACHINE_HEARTBEAT_DEAD")}
        alive = world.get(at(made)).status == 200
        if ender == "sweep":
            assert alive == ((200, None) in pings)
            assert alive == (number % 2 == 0)
        else:
            assert not alive
            assert sorted(one.status for one in (answers[0], answers[4])) == [204, 404]
        gone(world, made)
    settle(world)
    assert_whole(world)


def test_a_ping_between_decision_and_end_wins(world: World, watched: Watched) -> None:
    license = roomy(world, **BEATING)
    made = activated(world, license)
    world.clock.advance(seconds=120, milliseconds=1)
    body = resource("policies", {"heartbeatResurrectionStrategy": "5_MINUTE_REVIVE"})
    policy = license["relationships"]["policy"]["data"]["id"]

    def revive() -> None:
        assert world.send("PATCH", f"/v1/policies/{policy}", body).status == 200
        assert ping(world, made).status == 200

    watched.between(("TransactWriteItems",), revive)
    world.sweep()
    assert world.get(at(made)).attributes["heartbeatStatus"] == "ALIVE"
    assert counts(world, license)[0] == 1
    settle(world)
    assert_whole(world)


def test_pings_and_changes_leave_one_deadline(world: World) -> None:
    """A change that was decided before a ping must not take its deadline away."""
    world.clock = TickingClock(START)
    world.serve()
    license = roomy(world, heartbeatDuration=60)
    made = [activated(world, license, str(number)) for number in range(6)]
    calls = [
        *numbered(lambda one: ping(world, made[one % 6]), 12),
        *numbered(lambda one: update(world, made[one % 6], name=str(one)), 12),
        *numbered(lambda one: move(world, made[one % 6], None), 6),
    ]
    assert race(calls) == {(200, None): 30}
    assert_whole(world)


def test_a_ping_between_a_change_s_decision_and_its_write(world: World, watched: Watched) -> None:
    made = activated(world, roomy(world, heartbeatDuration=60))
    watched.between(WRITES, lambda: ping(world, made))
    answer = update(world, made, name="new")
    assert (answer.status, answer.attributes["heartbeatStatus"]) == (200, "ALIVE")
    assert_whole(world)


# --- what else changes meanwhile (§14.2.8) ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("parent", ["license", "policy", "owner"])
def test_a_license_that_goes_takes_everything_along(world: World, parent: str) -> None:
    for number in range(3):
        ann = user(world)
        license = owned(world, ann, floating(world)["id"])
        place = {
            "license": path(license),
            "policy": f"/v1/policies/{license['relationships']['policy']['data']['id']}",
            "owner": f"/v1/users/{ann.id}",
        }[parent]
        made = activated(world, license, "there")
        calls = [
            *numbered(lambda one: activate(world, license, str(one), parts=[part("a")]), 8),  # noqa: B023
            lambda: world.send("DELETE", place),  # noqa: B023
            *numbered(lambda one: spawn(world, made, str(one)), 3),  # noqa: B023
            *numbered(lambda one: add(world, made, str(one)), 3),  # noqa: B023
        ]
        found = race(calls)
        assert found[204, None] == 1
        missing = {"LICENSE_NOT_FOUND", "MACHINE_NOT_FOUND", "OWNER_NOT_FOUND"}
        assert {code for status, code in found if status >= 400} <= missing, number
        assert world.get("/v1/machines").data == []
    settle(world)
    settle(world)
    hanging = ("machine", "component", "process", "bucket", "fingerprint", "license", "license-meter")
    assert [kind for kind in hanging if rows(world, Row, kind)] == []
    assert_whole(world)


@pytest.mark.parametrize("parent", ["policy", "owner"])
def test_a_seat_that_was_decided_before_its_license_went(world: World, watched: Watched, parent: str) -> None:
    ann = user(world)
    license = owned(world, ann, floating(world)["id"])
    policy = license["relationships"]["policy"]["data"]["id"]
    place = f"/v1/policies/{policy}" if parent == "policy" else f"/v1/users/{ann.id}"

    def end() -> None:
        assert world.send("DELETE", place).status == 204
        settle(world)

    watched.between(("TransactWriteItems",), end)
    assert outcome(activate(world, license)) == (422, "LICENSE_NOT_FOUND")
    settle(world)
    assert_whole(world)


def test_a_seat_that_is_written_while_its_license_is_erased(world: World, watched: Watched) -> None:
    """Decided before the policy went, held up until the license's machines are removed and the license is not."""
    license = roomy(world)
    decided, go_on, erasing = threading.Event(), threading.Event(), threading.get_ident()
    facts = keys.facts(world.account["account"], license["id"])

    def before(operation: str, parameters: Any) -> None:
        if operation != "TransactWriteItems":
            return
        if threading.get_ident() != erasing:
            decided.set()
            assert go_on.wait(SECONDS)
        elif any(_puts(entry, facts) for entry in parameters["TransactItems"]):
            watched.before = None
            go_on.set()
            seat.result(SECONDS)

    with ThreadPoolExecutor(1) as pool:
        watched.before = before
        seat = pool.submit(activate, world, license)
        assert decided.wait(SECONDS)
        policy = license["relationships"]["policy"]["data"]["id"]
        assert world.send("DELETE", f"/v1/policies/{policy}").status == 204
        world.stream().handle(feed(world, "task"))
        assert outcome(seat.result(SECONDS)) == (422, "LICENSE_NOT_FOUND")
    settle(world)
    assert [kind for kind in ("machine", "fingerprint", "bucket", "license") if rows(world, Row, kind)] == []


def _puts(entry: Any, key: keys.Key) -> bool:
    item = entry.get("Put", {}).get("Item")
    return item is not None and (item["pk"]["S"], item["sk"]["S"]) == key


@pytest.mark.slow
@pytest.mark.parametrize("holder", ["license", "policy"])
def test_a_limit_that_changes(world: World, holder: str) -> None:
    """A limit of the license binds at once; one of the policy binds whoever comes after the answer."""
    policy = floating(world, maxMachines=30)
    license = world.license(policy["id"])
    place = path(license) if holder == "license" else f"/v1/policies/{policy['id']}"
    lower = resource("licenses" if holder == "license" else "policies", {"maxMachines": 4})
    calls = [
        *numbered(lambda one: activate(world, license, str(one)), 25),
        lambda: world.send("PATCH", place, lower),
        *numbered(lambda one: activate(world, license, f"late-{one}"), 24),
    ]
    found = race(calls)
    assert (found[200, None], set(found)) == (1, {(200, None), (201, None), (422, LIMIT)})
    assert counts(world, license)[0] == found[201, None] <= 30
    assert outcome(activate(world, license, "after")) == ((422, LIMIT) if found[201, None] >= 4 else (201, None))
    assert_whole(world)


def test_a_limit_lowered_between_decision_and_seat(world: World, watched: Watched) -> None:
    license = roomy(world, maxMachines=9)
    activated(world, license, "there")
    lower = resource("licenses", {"maxMachines": 1})
    watched.between(("TransactWriteItems",), lambda: world.send("PATCH", path(license), lower))
    assert outcome(activate(world, license)) == (422, LIMIT)
    assert_whole(world)


@pytest.mark.parametrize("change", ["lease", "unique"])
def test_a_policy_changed_between_decision_and_seat(world: World, watched: Watched, change: str) -> None:
    """Who was decided under the old policy may still get in; who comes after the answer does not."""
    policy = floating(world, maxMachines=9)
    one, other = world.license(policy["id"]), world.license(policy["id"])
    sent = {"maxMachines": 1} if change == "lease" else {"machineUniquenessStrategy": "UNIQUE_PER_POLICY"}
    body = resource("policies", sent)
    activated(world, one, "there")
    watched.between(("TransactWriteItems",), lambda: world.send("PATCH", f"/v1/policies/{policy['id']}", body))
    assert activate(world, other if change == "unique" else one, "there" if change == "unique" else "new").status == 201
    late = activate(world, one, "late") if change == "lease" else activate(world, world.license(policy["id"]), "there")
    assert late.status == 422
    assert_whole(world)


@pytest.mark.slow
def test_machines_change_hands(world: World) -> None:
    """Between owners and groups, while they grow, shrink, start and kill processes and go."""
    license, groups = roomy(world), [grouped(world)["id"] for _ in range(2)]
    owners = [attached(world, license).id, attached(world, license).id, None]
    made = [activated(world, license, str(number), owner=owners[number % 3], cores=1) for number in range(6)]
    calls = [
        *numbered(lambda one: hand(world, made[one % 6], owners[one % 3]), 14),
        *numbered(lambda one: spawn(world, made[one % 6], str(one)), 14),
        *numbered(lambda one: update(world, made[one % 6], cores=one + 1), 12),
        *numbered(lambda one: move(world, made[one % 6], groups[one % 2]), 8),
        *numbered(lambda one: gone(world, made[one * 2]), 2),
    ]
    found = race(calls)
    assert set(found) <= {(200, None), (201, None), (204, None), (404, "NOT_FOUND"), (422, "MACHINE_NOT_FOUND")}
    assert counts(world, license)[0] == 4
    settle(world)
    assert_whole(world)


def test_a_process_between_an_owner_s_decision_and_its_write(world: World, watched: Watched) -> None:
    license = roomy(world)
    ann = attached(world, license).id
    made = activated(world, license)
    watched.between(("TransactWriteItems",), lambda: spawn(world, made, "1"))
    assert hand(world, made, ann).status == 200
    watched.between(("TransactWriteItems",), lambda: hand(world, made, None))
    assert spawn(world, made, "2").status == 201
    watched.between(("TransactWriteItems",), lambda: hand(world, made, ann))
    process = world.get(at(made, "processes")).data[0]
    assert gone(world, process).status == 204
    assert_whole(world)


def test_an_owner_that_is_detached_between_decision_and_write(world: World, watched: Watched) -> None:
    license = roomy(world)
    ann, bob = attached(world, license), attached(world, license)
    made = activated(world, license, "there")
    place = path(license, "users")
    leave = [{"data": [{"type": "users", "id": one.id}]} for one in (ann, bob)]
    watched.between(("TransactWriteItems",), lambda: world.send("DELETE", place, leave[0]))
    assert outcome(activate(world, license, owner=ann.id)) == (422, "OWNER_INVALID")
    watched.between(("TransactWriteItems",), lambda: world.send("DELETE", place, leave[1]))
    assert outcome(hand(world, made, bob.id)) == (422, "OWNER_INVALID")
    settle(world)
    assert_whole(world)


def test_a_holder_that_comes_at_any_moment(world: World, watched: Watched) -> None:
    """Whoever looks for holders proves that nobody came to be one since it began to look."""
    wide = {"machineUniquenessStrategy": "UNIQUE_PER_ACCOUNT", "componentUniquenessStrategy": "UNIQUE_PER_ACCOUNT"}
    one, other = roomy(world, **wide), roomy(world, **wide)
    for number in range(16):
        name, parts, found = str(number), [part(f"part-{number}")], list[int]()
        before_call(watched, number, lambda: found.append(activate(world, other, name, parts=parts).status))  # noqa: B023
        found.append(activate(world, one, name, parts=parts).status)
        watched.before = None
        assert sorted(found) in ([201], [201, 422])
    assert_whole(world)


def test_a_twin_that_comes_at_any_moment(world: World, watched: Watched) -> None:
    """Whatever room it takes: clients go on when the fingerprint is taken, and only then."""
    for number in range(9):
        group = world.create("groups", {"name": "Group", "maxMachines": 1})["id"]
        license, twin = roomy(world, maxMachines=1), list[Answer]()
        before_call(watched, number, lambda: twin.append(activate(world, license, group=group)))  # noqa: B023
        found = [activate(world, license, group=group), *twin]
        watched.before = None
        assert Counter(map(outcome, found)) == split(1, "FINGERPRINT_TAKEN", len(found)), number
    assert_whole(world)


def test_the_same_move_at_any_moment(world: World, watched: Watched) -> None:
    """Who is in the group by then is not kept out of it."""
    for number in range(7):
        group = world.create("groups", {"name": "Group", "maxMachines": 1})["id"]
        made = activated(world, roomy(world))
        before_call(watched, number, lambda: move(world, made, group))  # noqa: B023
        assert outcome(move(world, made, group)) == (200, None), number
        watched.before = None
    assert_whole(world)


def before_call(watched: Watched, number: int, act: Callable[[], object]) -> None:
    """Let `act` happen once, before the call of that number."""
    seen = 0

    def before(operation: str, parameters: Any) -> None:
        nonlocal seen
        seen += 1
        if seen > number:
            watched.before = None
            aside(act)

    watched.before = before


@pytest.mark.parametrize("subscribed", [False, True], ids=["alone", "subscribed"])
def test_the_first_activation_sets_the_expiry_once(world: World, subscribed: bool) -> None:
    world.clock = TickingClock(START)
    world.serve()
    license = roomy(world, duration=30 * DAY, expirationBasis="FROM_FIRST_ACTIVATION", maxMachines=5)
    if subscribed:
        world.listen("machine.created")
    found = race(numbered(lambda one: activate(world, license, str(one)), 16))
    assert found == split(5, LIMIT, 16)
    expiry = world.get(path(license)).attributes["expiry"]
    assert expiry in {to_text(item["created"] + timedelta(days=30)) for item in rows(world, Row, "machine")}
    assert_whole(world)
