"""The functional tests run on both engines: moto stands for the protocol, the local engine for its strictness."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib.store.transport import BotocoreTransport
from infra.local.engine import Engine, EngineTransport
from tests.api.shelf import Shelf
from tests.api.stage import Stage
from tests.api.watch import Watched
from tests.one_by_one import OneByOne
from tests.world import World

# A client takes longer to make than a test; moto answers those made before it began, too.
AWS = BotocoreTransport(region="eu-central-1")


@pytest.fixture(params=["local", "moto"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh service with one account."""
    if request.param == "local":
        yield request.getfixturevalue("local_world")
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World(Watched(OneByOne(AWS)))


@pytest.fixture
def local_world() -> Iterator[World]:
    """A fresh service on the local engine, for tables that say nothing about the store."""
    engine = Engine(":memory:")
    yield World(Watched(EngineTransport(engine)))
    engine.close()


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    """One service for a module whose tests leave nothing behind that others could see."""
    engine = Engine(":memory:")
    yield World(Watched(EngineTransport(engine)))
    engine.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One of everything, and a bearer of every kind, on a store that can be put back."""
    shelf = Shelf(tmp_path_factory.mktemp("stage"))
    yield Stage(shelf)
    shelf.close()
