"""A deployment on an engine in memory, with an account that is bootstrapped, and what the store was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.engine import Engine, EngineTransport
from tests.races.crowd import Watched
from tests.world import World


@pytest.fixture
def watched() -> Iterator[Watched]:
    """The transport below the world."""
    engine = Engine(":memory:")
    yield Watched(EngineTransport(engine))
    engine.close()


@pytest.fixture
def world(watched: Watched) -> World:
    """A service with one account, `acme`."""
    return World(watched)
