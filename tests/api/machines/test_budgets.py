"""What reading a machine costs at the store: read units, rounds that wait for each other (STORE §3)."""

from __future__ import annotations

import pytest

from tests.api.helpers import component, machine, process, user, user_token
from tests.api.test_budgets import Till
from tests.world import World


class Yard(Till):
    """A till with a machine that has everything: its ids, and those of what is on it."""

    ids: dict[str, str]


@pytest.fixture
def till(local_world: World, capsys: pytest.CaptureFixture[str]) -> Yard:
    """The machine is owned by a user who is attached to its license, and in a group."""
    found, world = Yard(local_world, capsys), local_world
    owner, group = user(world), world.create("groups", {"name": "Group"})["id"]
    found.bearers["user"] = user_token(world, owner)
    body = {"data": [{"type": "users", "id": owner.id}]}
    assert world.post(f"/v1/licenses/{found.license['id']}/users", body).status == 201
    made = machine(world, found.license, fingerprint="PRINT", owner_id=owner.id, group_id=group)
    found.ids = {"machine": made.id, "component": component(world, made).id, "process": process(world, made).id}
    return found


@pytest.mark.parametrize(
    ("path", "as_", "rounds", "reads"),
    [
        ("machines/{machine}", "admin", 3, 10),
        ("machines/{machine}", "product", 3, 10),
        ("machines/{machine}", "user", 4, 10),
        ("machines/{machine}", "token", 3, 10),
        ("machines/{machine}", "key", 3, 9),
        ("machines/PRINT", "admin", 3, 9),
        ("machines/PRINT", "user", 4, 9),
        ("machines/PRINT", "token", 3, 9),
        ("machines/PRINT", "key", 3, 8),
        ("licenses/{license}/machines/PRINT", "admin", 4, 12),
        ("machines/{machine}/license", "key", 3, 9),
        ("machines/{machine}/owner", "admin", 4, 10),
        ("machines/{machine}/components", "key", 7, 16),
        ("components/{component}", "admin", 3, 10),
        ("components/{component}", "user", 4, 10),
        ("components/{component}", "key", 3, 9),
        ("processes/{process}", "key", 3, 9),
        ("processes/{process}", "admin", 3, 10),
    ],
)
def test_reads(till: Yard, path: str, as_: str, rounds: int, reads: float) -> None:
    for name, value in till.ids.items():
        path = path.replace(f"{{{name}}}", value)
    cost = till.cost("GET", f"/v1/{path}", as_)
    assert (cost[0] <= rounds, cost[1] <= reads, cost[2]) == (True, True, 0), cost


def test_others_with_the_same_fingerprint_cost_a_license_nothing(till: Yard) -> None:
    alone = till.cost("GET", "/v1/machines/PRINT", "key")
    for _ in range(5):
        machine(till.world, till.world.license(till.policy), fingerprint="PRINT")
    rounds, reads, _ = till.cost("GET", "/v1/machines/PRINT", "key")
    assert (rounds, reads) == (alone[0], alone[1])


def test_list(till: Yard) -> None:
    """Keys, machines, the license and its parents: each of them once, however many machines there are."""
    for number in range(30):
        machine(till.world, till.license, fingerprint=f"{number}")
    for query in ("machines?limit=20", "licenses/{license}/machines?limit=20"):
        rounds, reads, writes = till.cost("GET", f"/v1/{query}", "admin")
        assert (rounds <= 5, reads <= 24, writes) == (True, True, 0), (query, rounds, reads)
    rounds, reads, writes = till.cost("GET", "/v1/machines?fingerprint=PRINT", "admin")
    assert (rounds <= 6, reads <= 8, writes) == (True, True, 0), (rounds, reads)
