"""What the fault tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.crypto import passwords
from infra.local.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An empty store in memory."""
    engine = Engine(":memory:")
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing: they would be most of the time."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "ITERATIONS", 1)
