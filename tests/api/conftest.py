"""The functional tests run on both engines: moto stands for the protocol, the local engine for its strictness."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib.store.transport import BotocoreTransport
from infra.local.engine import Engine, EngineTransport
from tests.world import World


@pytest.fixture(params=["local", "moto"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh service with one account."""
    if request.param == "local":
        engine = Engine(":memory:")
        yield World(EngineTransport(engine))
        engine.close()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World(BotocoreTransport(region="eu-central-1"))
