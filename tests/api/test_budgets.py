"""What operations cost at the store: read and write units, rounds that wait for each other (STORE §4.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.helpers import by_key, open_license
from tests.world import World, resource


class Till:
    """A warm service that tells what each request cost."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self._capsys = world, capsys
        self.license = open_license(world, key="MY-SECRET-KEY")
        self.policy = self.license["relationships"]["policy"]["data"]["id"]
        self.product = self.license["relationships"]["product"]["data"]["id"]
        self.bearers: dict[str, str | None] = {
            "nobody": None,
            "admin": world.admin,
            "product": world.token(f"/v1/products/{self.product}"),
            "key": by_key(self.license),
            "token": world.token(f"/v1/licenses/{self.license['id']}"),
        }
        world.serve(LICENSING_LOG_REQUESTS="true")
        self.cost("POST", f"/v1/licenses/{self.license['id']}/actions/validate", "admin")

    def cost(self, method: str, path: str, as_: str, body: Any = None) -> tuple[int, float, float]:
        """Sequential rounds, read units, write units."""
        for name, value in (("{license}", self.license["id"]), ("{policy}", self.policy), ("{product}", self.product)):
            path = path.replace(name, value)
        self._capsys.readouterr()
        answer = self.world.send(method, path, body, as_=self.bearers[as_])
        assert answer.status < 300, answer.raw
        line = json.loads(self._capsys.readouterr().out.splitlines()[-1])
        return line["sequential"], line["readUnits"], line["writeUnits"]


@pytest.fixture
def till(local_world: World, capsys: pytest.CaptureFixture[str]) -> Till:
    return Till(local_world, capsys)


VALIDATE_KEY = ("POST", "/v1/licenses/actions/validate-key", {"meta": {"key": "MY-SECRET-KEY"}})
BY_ID, QUICK = (
    ("POST", "/v1/licenses/{license}/actions/validate", None),
    (
        "GET",
        "/v1/licenses/{license}/actions/validate",
        None,
    ),
)
INCREMENT = ("POST", "/v1/licenses/{license}/actions/increment-usage", None)
READ = ("GET", "/v1/licenses/{license}", None)


@pytest.mark.parametrize(
    ("request_", "as_", "rounds", "reads", "writes"),
    [
        (VALIDATE_KEY, "nobody", 2, 3.5, 0),
        (VALIDATE_KEY, "admin", 2, 6, 0),
        (VALIDATE_KEY, "key", 2, 4, 0),
        (("POST", VALIDATE_KEY[1], {"meta": {"key": "unknown"}}), "nobody", 2, 1.5, 0),
        (BY_ID, "admin", 2, 5, 0),
        (BY_ID, "product", 2, 5, 0),
        (BY_ID, "token", 2, 5, 0),
        (BY_ID, "key", 2, 4, 0),
        (QUICK, "admin", 2, 5, 0),
        (QUICK, "key", 2, 4, 0),
        (INCREMENT, "admin", 3, 6, 1),
        (INCREMENT, "product", 3, 6, 1),
        (INCREMENT, "token", 3, 6, 1),
        (INCREMENT, "key", 3, 6, 1),
        (READ, "admin", 2, 5, 0),
        (("GET", "/v1/licenses/MY-SECRET-KEY", None), "admin", 2, 6, 0),
        (("GET", "/v1/me", None), "admin", 2, 2, 0),
        (("GET", "/v1/me", None), "token", 3, 4, 0),
        (("GET", "/v1/me", None), "key", 2, 4, 0),
        (("GET", "/v1/products/{product}", None), "admin", 3, 4, 0),
        (("GET", "/v1/policies/{policy}", None), "admin", 2, 4, 0),
    ],
)
def test_hot(till: Till, request_: tuple[str, str, Any], as_: str, rounds: int, reads: float, writes: float) -> None:
    method, path, body = request_
    cost = till.cost(method, path, as_, body)
    assert (cost[0] <= rounds, cost[1] <= reads, cost[2] <= writes) == (True, True, True), cost


@pytest.mark.parametrize(
    ("request_", "as_", "reads"), [(VALIDATE_KEY, "nobody", 3.5), (BY_ID, "admin", 5), (BY_ID, "key", 4)]
)
def test_a_touch_is_one_write(till: Till, request_: tuple[str, str, Any], as_: str, reads: float) -> None:
    till.world.serve(LICENSING_LOG_REQUESTS="true", LICENSING_TOUCH_SECONDS="1")
    till.cost("POST", "/v1/licenses/{license}/actions/validate", "admin")
    till.world.clock.advance(seconds=2)
    method, path, body = request_
    rounds, read, written = till.cost(method, path, as_, body)
    assert (rounds <= 3, read <= reads, written) == (True, True, 1), (rounds, read, written)


def test_create_a_license(till: Till) -> None:
    body = resource("licenses", {"name": "New"}, policy=("policies", till.policy))
    rounds, reads, writes = till.cost("POST", "/v1/licenses", "admin", body)
    assert (rounds <= 3, reads <= 6, writes <= 16) == (True, True, True), (rounds, reads, writes)


@pytest.mark.parametrize("query", ["limit=100", "page[number]=1&page[size]=100", "page[cursor]=&page[size]=100"])
def test_list(till: Till, query: str) -> None:
    """Keys cost at most 4 units and each license 1; the policy and the bearer with its token come on top."""
    for _ in range(104):
        till.world.license(till.policy)
    rounds, reads, writes = till.cost("GET", f"/v1/licenses?{query}", "admin")
    assert (rounds <= 5, reads <= 4 + 100 + 3, writes) == (True, True, 0), (rounds, reads, writes)


def test_a_page_costs_the_same_whatever_follows(till: Till) -> None:
    costs = []
    for count in (11, 50):
        for _ in range(count):
            till.world.license(till.policy)
        costs.append(till.cost("GET", "/v1/licenses?page[cursor]=&page[size]=10", "admin"))
    assert costs[0] == costs[1]
