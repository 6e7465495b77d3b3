"""What the engine's tests share."""

from collections.abc import Iterator

import pytest

from infra.local.engine import Engine
from tests.engine.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Iterator[Engine]:
    """An empty engine in memory."""
    with_memory = Engine(":memory:", clock=clock)
    yield with_memory
    with_memory.close()
