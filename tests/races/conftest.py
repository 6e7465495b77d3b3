"""Races run where they are decided: on the local engine with a file, and on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.store.direct import DirectTransport
from infra.local.engine import Engine, EngineTransport
from tests.races.crowd import Watched
from tests.world import World

PLACES = ["engine", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]


@pytest.fixture(params=PLACES)
def watched(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """An empty store that many threads may use."""
    if request.param == "engine":
        with closing(Engine(tmp_path / "races.sqlite", synchronous="NORMAL")) as engine:
            yield Watched(EngineTransport(engine))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    transport = DirectTransport(request.getfixturevalue("dynamodb_local"), "eu-central-1")
    for table in transport.call("ListTables", {})["TableNames"]:
        transport.call("DeleteTable", {"TableName": table})
    yield Watched(transport)


@pytest.fixture
def world(watched: Watched) -> World:
    """A fresh service with one account."""
    return World(watched)
