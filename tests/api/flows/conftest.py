"""The shop of a flow: on both engines where a flow is told once, on the local one for its variants and its crowds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.api.flows.shop import Shop
from tests.races.crowd import TickingClock
from tests.world import START, World


@pytest.fixture
def shop(world: World) -> Shop:
    """A vendor with a fresh service."""
    return Shop(world)


@pytest.fixture
def local_shop(local_world: World) -> Shop:
    """The same on the local engine."""
    return Shop(local_world)


@pytest.fixture
def crowded_shop(tmp_path: Path) -> Iterator[Shop]:
    """The same on a store that many threads may use, with a clock that moves."""
    with closing(Engine(tmp_path / "flow.sqlite", synchronous="NORMAL")) as engine:
        yield Shop(World(EngineTransport(engine), clock=TickingClock(START)))
