"""What lists with filters cost: no more for many licenses than for few, and never more than the budget of a request
(STORE §3.1).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.listing import ids
from tests.api.stock import policy_of, put, put_group, put_user
from tests.api.test_budgets import Till
from tests.world import World

DAY = timedelta(days=1)
PERIOD = 60
"""After so many licenses the next ones are like the first, so that of any number the newest look the same."""


class Crowd:
    """As many licenses as wanted, each unlike its neighbours in all that lists ask about."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.till = Till(world, capsys)
        self.world, self.now = world, world.clock.now()
        self.policy, self.other = policy_of(world, self.till.policy), policy_of(world, world.policy()["id"])
        self.owner, self.banned = put_user(world), put_user(world, banned_at=self.now)
        self.group = put_group(world, "group")
        self.count = 0

    def grow(self, count: int) -> None:
        """So many more, each made a second after the one before."""
        for number in range(self.count, self.count + count):
            put(
                self.world,
                self.other if number % 5 == 4 else self.policy,
                [self.owner] if number % 4 == 1 else [],
                created=self.now - 200 * DAY + timedelta(seconds=number),
                updated=self.now,
                **_state(self, number),
            )
        self.count += count

    def cost(self, query: str, form: str = "page[cursor]=&page[size]=10") -> tuple[int, float, float]:
        """Sequential rounds, read units, write units of a page of ten, which must be full."""
        for name, value in {
            "{owner}": self.owner.id,
            "{email}": self.owner.email,
            "{group}": self.group.id,
            "{now}": "2026-03-01",
        }.items():
            query = query.replace(name, value)
        path = f"/v1/licenses?{query}&{form}".replace("{product}", self.till.product).replace(
            "{policy}", self.till.policy
        )
        assert len(self.world.get(path).data) == 10
        return self.till.cost("GET", path, "admin")


def _state(crowd: Crowd, number: int) -> dict[str, Any]:
    """Half of them expire in the next weeks and half did, half have been active lately."""
    days = number % 20 + 1
    return {
        "owner_id": {0: crowd.owner.id, 2: crowd.banned.id}.get(number % 4),
        "group_id": crowd.group.id if number % 2 else None,
        "suspended": number % 3 == 0,
        "expiry": crowd.now + days * DAY / 4 if number % 2 else crowd.now - days * 10 * DAY,
        "last_validated": crowd.now - days * DAY if number % 5 < 3 else None,
        "machines": number % 3,
        "metadata": {"plan": "pro", "seats": 5} if number % 2 else {"plan": "free"},
    }


@pytest.fixture
def crowd(local_world: World, capsys: pytest.CaptureFixture[str]) -> Crowd:
    return Crowd(local_world, capsys)


# Query, sequential rounds, read units of a page of ten by cursor. Ten licenses with policy, owners, groups and bearer
# cost some 15 units; each candidate that is left out one more, each partition that is asked half a one.
ROWS: list[tuple[str, int, float]] = [
    ("metadata[plan]=pro", 5, 16),
    ("metadata[seats]=5", 6, 17),
    ("metadata[seats]=5&metadata[plan]=pro", 6, 17),
    ("owner={owner}", 5, 15),
    ("owner={email}", 6, 16),
    ("user={owner}", 6, 21),
    ("product={product}", 5, 15),
    ("policy={policy}", 5, 15),
    ("group={group}", 5, 15),
    ("status=SUSPENDED", 5, 16),
    ("status=BANNED", 6, 16),
    ("status=EXPIRED", 6, 29),
    ("status=EXPIRING", 8, 35),
    ("status=ACTIVE", 6, 29),
    ("status=INACTIVE", 8, 33),
    ("expired=true", 6, 29),
    ("expired[within]=P1Y", 5, 42),
    ("expired[before]={now}", 6, 29),
    ("expired[after]=2025-01-01", 6, 21),
    ("expires[within]=P3D", 8, 29),
    ("expires[within]=P1Y", 6, 43),
    ("expires[after]={now}", 8, 33),
    ("activity[inside]=P15D", 7, 37),
    ("activity[outside]=P10D", 7, 35),
    ("activity[after]=2026-02-20", 7, 36),
    ("activity[before]=2026-02-20", 7, 35),
    ("policy={policy}&status=ACTIVE", 7, 25),
    ("owner={owner}&status=EXPIRED", 5, 16),
    ("suspended=false", 7, 23),
    ("expired=false", 7, 29),
    ("expiring=false", 7, 19),
    ("assigned=true", 7, 25),
    ("activated=true", 7, 25),
    ("activations[gt]=1", 7, 44),
]


def test_a_page_costs_the_same_whatever_follows(crowd: Crowd) -> None:
    costs = []
    for count in (4 * PERIOD, 8 * PERIOD):
        crowd.grow(count)
        costs.append({query: crowd.cost(query) for query, _, _ in ROWS})
    assert costs[0] == costs[1]
    over = {query: costs[1][query] for query, rounds, reads in ROWS if not _within(costs[1][query], rounds, reads)}
    assert over == {}


def _within(cost: tuple[int, float, float], rounds: int, reads: float) -> bool:
    return cost[0] <= rounds and cost[1] <= reads and cost[2] == 0


def test_numbered_pages_of_what_a_stream_lists_read_its_keys(crowd: Crowd) -> None:
    """Whatever is skipped is not loaded: keys of 500 licenses fit into a few units."""
    crowd.grow(9 * PERIOD)
    for query in ("policy={policy}", "owner={owner}", "group={group}", "metadata[plan]=pro", "suspended=true"):
        rounds, reads, _ = crowd.cost(query, "page[number]=9&page[size]=10")
        assert (rounds <= 6, reads <= 40) == (True, True), (query, rounds, reads)


# --- the budget -----------------------------------------------------------------------------------------------------

EXAMINED = 2_000


class Needle:
    """One license that is unlike more than the budget of younger ones."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.till = Till(world, capsys)
        policy, now = policy_of(world, world.policy()["id"]), world.clock.now()
        owner = put_user(world).id
        made: dict[str, Any] = {"created": now + DAY, "updated": now}
        world.send("DELETE", f"/v1/licenses/{self.till.license['id']}")
        self.found = put(world, policy, owner_id=owner, machines=2, created=now - DAY, updated=now).id
        for _ in range(EXAMINED + 1):
            put(world, policy, suspended=True, expiry=now + DAY, **made)


NEEDLES = ("assigned=true", "suspended=false", "expiring=false", "activations[gt]=0")


def test_a_predicate_stops_at_the_budget_and_says_where_to_go_on(
    local_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    needle = Needle(local_world, capsys)
    for query in NEEDLES:
        path = f"/v1/licenses?{query}&page[cursor]=&page[size]=10"
        _, reads, _ = needle.till.cost("GET", path, "admin")
        assert EXAMINED < reads <= EXAMINED * 1.1, query
        page = local_world.get(path).document
        assert page["data"] == []
        following = local_world.get(page["links"]["next"]).document
        assert (ids(following["data"]), following["links"]["next"]) == ([needle.found], None)
    # Where no later request can go on, a request goes further.
    assert ids(local_world.get("/v1/licenses?assigned=true").data) == [needle.found]
