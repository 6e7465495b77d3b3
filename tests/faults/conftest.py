"""What the fault tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An empty store in memory."""
    engine = Engine(":memory:")
    yield engine
    engine.close()
