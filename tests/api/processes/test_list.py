"""GET /processes (spec machines.md §9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, first, process, user, user_token
from tests.api.machines.park import SECOND, Park
from tests.world import START, World

ALL = "6 5 4 3 2 1"


@pytest.fixture(scope="module")
def park() -> Iterator[Park]:
    """Two processes on each of three machines, the odd ones dead: of licenses `one`, `other` and a foreign one."""
    engine = Engine(":memory:")
    found = Park(World(EngineTransport(engine)))
    machines = (
        found.put("first", found.one, owner_id=found.stranger.id),
        # That the machine itself is dead says nothing about what runs on it.
        found.put("second", found.other, owner_id=found.owner.id, last_heartbeat=START - 9999 * SECOND),
        found.put("third", found.foreign, owner_id=found.owner.id),
    )
    for number in range(6):
        beat = START - (number % 2 == 0) * 601 * SECOND
        made = process(found.world, machines[number // 2], created=START + number * SECOND, last_heartbeat=beat)
        found.names[made.id] = str(number + 1)
    yield found
    engine.close()


def named(park: Park, text: str) -> str:
    on = {name: identifier for identifier, name in park.names.items()}
    people = {"owner": park.owner.id, "stranger": park.stranger.id}
    return text.format(product=park.product, one=park.one["id"], **people, **on)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("status=ALIVE", "6 4 2"),
        ("status=dead", "5 3 1"),
        ("status=RESURRECTED", ""),
        ("status=NOT_STARTED", ""),
        ("status=", ALL),
        ("product={product}", "4 3 2 1"),
        ("license={one}", "2 1"),
        ("machine={second}", "4 3"),
        ("owner={owner}", "6 5 4 3"),
        ("user={owner}", "4 3 2 1"),
        ("user=owner@acme.example", "4 3 2 1"),
        ("machine={second}&status=DEAD", "3"),
        ("owner={owner}&status=ALIVE", "6 4"),
        ("user={owner}&status=ALIVE&product={product}", "4 2"),
        ("owner=owner@acme.example", ""),
        *((f"{name}={value}", "") for name in ("product", "license", "machine", "owner") for value in ("x", NOWHERE)),
        (f"policy={NOWHERE}&group={NOWHERE}&pid=x&metadata[a]=1", ALL),
    ],
)
def test_filters(park: Park, query: str, expected: str) -> None:
    assert park.shown(named(park, query), path="/v1/processes") == expected


@pytest.mark.parametrize(
    ("bearer", "query", "expected"),
    [
        ("product", "", "4 3 2 1"),
        ("product", "machine={third}", ""),
        ("product", "status=DEAD", "3 1"),
        ("other-product", "", "6 5"),
        ("owner", "", "4 3 2 1"),
        ("owner", "machine={third}", ""),
        ("owner", "status=ALIVE", "4 2"),
        ("stranger", "", ""),
        ("stranger", "owner={stranger}", ""),
        ("license", "", "2 1"),
        ("license", "machine={second}", ""),
        ("license-token", "", "4 3"),
    ],
)
def test_what_each_bearer_sees(park: Park, bearer: str, query: str, expected: str) -> None:
    assert park.shown(named(park, query), bearer, path="/v1/processes") == expected


def test_permission(world: World) -> None:
    narrow = user_token(world, user(world, permissions=("machine.read",)))
    assert first(world.get("/v1/processes", as_=narrow))[:3] == (403, None, None)
    assert world.get("/v1/processes?limit=0", as_=narrow).error == (400, None, "limit")
    assert world.get("/v1/processes", as_=None).error == (401, "TOKEN_MISSING", None)
