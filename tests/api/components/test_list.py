"""GET /components (spec machines.md §8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, component, first, user, user_token
from tests.api.machines.park import SECOND, Park
from tests.world import START, World

ALL = "6 5 4 3 2 1"


@pytest.fixture(scope="module")
def park() -> Iterator[Park]:
    """Two components on each of three machines: of the license `one`, of `other`, of a foreign one."""
    engine = Engine(":memory:")
    found = Park(World(EngineTransport(engine)))
    machines = (
        found.put("first", found.one, owner_id=found.stranger.id),
        found.put("second", found.other, owner_id=found.owner.id),
        found.put("third", found.foreign, owner_id=found.owner.id),
    )
    for number in range(6):
        made = component(found.world, machines[number // 2], created=START + number * SECOND)
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
        ("product={product}", "4 3 2 1"),
        ("license={one}", "2 1"),
        ("machine={second}", "4 3"),
        ("owner={owner}", "6 5 4 3"),
        ("owner={stranger}", "2 1"),
        ("user={owner}", "4 3 2 1"),
        ("user=owner@acme.example", "4 3 2 1"),
        ("user={stranger}", ""),
        ("user=nobody@acme.example", ""),
        ("machine={second}&product={product}", "4 3"),
        ("machine={second}&license={one}", ""),
        ("owner={owner}&user={owner}", "4 3"),
        ("product={product}&owner={owner}", "4 3"),
        # An owner is named by id here.
        ("owner=owner@acme.example", ""),
        *((f"{name}={value}", "") for name in ("product", "license", "machine", "owner") for value in ("x", NOWHERE)),
        *((f"{name}=", ALL) for name in ("product", "license", "machine", "owner", "user")),
        *((f"{name}[]={NOWHERE}", ALL) for name in ("product", "machine", "user")),
        (f"status=DEAD&policy={NOWHERE}&group={NOWHERE}&fingerprint=x&key=x&name=x&metadata[a]=1", ALL),
    ],
)
def test_filters(park: Park, query: str, expected: str) -> None:
    assert park.shown(named(park, query), path="/v1/components") == expected


@pytest.mark.parametrize(
    ("bearer", "query", "expected"),
    [
        ("product", "", "4 3 2 1"),
        ("product", "owner={owner}", "4 3"),
        ("product", "machine={third}", ""),
        ("product", "license={one}", "2 1"),
        ("other-product", "", "6 5"),
        ("other-product", "product={product}", ""),
        ("owner", "", "4 3 2 1"),
        ("owner", "machine={first}", "2 1"),
        ("owner", "machine={third}", ""),
        ("owner", "owner={owner}", "4 3"),
        ("stranger", "", ""),
        ("stranger", "owner={stranger}", ""),
        ("stranger", "machine={first}", ""),
        ("license", "", "2 1"),
        ("license", "machine={second}", ""),
        ("license", "user={owner}", "2 1"),
        ("license-token", "", "4 3"),
    ],
)
def test_what_each_bearer_sees(park: Park, bearer: str, query: str, expected: str) -> None:
    assert park.shown(named(park, query), bearer, path="/v1/components") == expected


def test_permission(world: World) -> None:
    narrow = user_token(world, user(world, permissions=("machine.read",)))
    assert first(world.get("/v1/components", as_=narrow))[:3] == (403, None, None)
    assert world.get("/v1/components?limit=0", as_=narrow).error == (400, None, "limit")
    assert world.get("/v1/components", as_=None).error == (401, "TOKEN_MISSING", None)
