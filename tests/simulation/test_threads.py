"""Two hundred rounds of real threads over DynamoDB Local, with faults: the same acts, after which the same must hold.

What the threads do follows from a seed, how they meet does not.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from itertools import islice
from random import Random
from typing import Any

import pytest

from chalicelib.store import tasks
from chalicelib.store.direct import DirectTransport
from chalicelib.store.table import Outbox, Row
from chalicelib.store.transport import Transport
from tests.races.crowd import crowd, rows
from tests.races.invariants import problems as invariants
from tests.simulation import verdict
from tests.simulation.acts import perform, plan
from tests.simulation.stage import Stage, build
from tests.simulation.store import Weather
from tests.simulation.story import Story
from tests.world import START, Clock, World

FIRST = int(os.environ.get("SIMULATION_SEED", "0"))
ROUNDS = 204
CHOSEN = (0, 3, 6, 9, 12, 15)
"""Stages that have everything, and nothing, of what they differ by."""
MANY = 25
RATES = (0.0, 0.02, 0.06)


class Storm:
    """A transport that fails by chance while there is weather; any number of threads may use it."""

    def __init__(self, inner: Transport) -> None:
        self._inner, self._lock = inner, threading.Lock()
        self.weather: Weather | None = None

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        fault = None
        if self.weather is not None:
            with self._lock:
                fault = self.weather.fault(operation)
        if fault is not None and not fault.applied:
            raise fault.error(operation, parameters)
        reply = self._inner.call(operation, parameters)
        if fault is not None:
            raise fault.error(operation, parameters)
        return reply


class Remote:
    """A store elsewhere that is kept and put back item by item."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def keep(self) -> dict[str, dict[tuple[str, str], Any]]:
        """Every item by table and key."""
        found = {}
        for table in ("resources", "outbox"):
            reply = self.transport.call("Scan", {"TableName": table, "ConsistentRead": True})
            assert "LastEvaluatedKey" not in reply
            found[table] = {(item["pk"]["S"], item["sk"]["S"]): item for item in reply["Items"]}
        return found

    def put_back(self, kept: dict[str, dict[tuple[str, str], Any]]) -> None:
        """Only what changed is written."""
        for table, stored in self.keep().items():
            gone = [{"DeleteRequest": {"Key": _key(key)}} for key in stored.keys() - kept[table].keys()]
            back = [{"PutRequest": {"Item": item}} for key, item in kept[table].items() if stored.get(key) != item]
            requests = iter([*gone, *back])
            while batch := list(islice(requests, MANY)):
                self.transport.call("BatchWriteItem", {"RequestItems": {table: batch}})


def _key(key: tuple[str, str]) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


@pytest.fixture
def transport(dynamodb_local: str, monkeypatch: pytest.MonkeyPatch) -> Transport:
    """An empty DynamoDB Local."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    transport = DirectTransport(dynamodb_local, "eu-central-1")
    for table in transport.call("ListTables", {})["TableNames"]:
        transport.call("DeleteTable", {"TableName": table})
    return transport


@pytest.mark.slow
@pytest.mark.dynamodb_local
@pytest.mark.parametrize("number", CHOSEN)
def test_rounds(transport: Transport, number: int) -> None:
    storm = Storm(transport)
    stage = Stage(number, World(storm, clock=Clock(START)), Remote(transport))
    build(stage)
    for seed in range(FIRST + CHOSEN.index(number), FIRST + ROUNDS, len(CHOSEN)):
        assert played(stage, storm, Random(seed)) == [], f"seed {seed}"


def played(stage: Stage[World], storm: Storm, chance: Random) -> list[str]:
    """One round: what is wrong after it, with everything that was asked and answered."""
    stage.put_back()
    acts = plan(stage, chance)
    weather = storm.weather = Weather(chance, chance.choice(RATES))
    told = crowd([lambda act=act: perform(stage, act) for act in acts])  # type: ignore[misc]
    storm.weather = None
    deeds = list(zip(acts, told, strict=True))
    world, outbox = stage.world, rows(stage.world, Outbox)
    while waiting := [item for item in outbox if item["kind"] == "task"]:
        for task in waiting:
            tasks.run(world.database, task, world.service.new_id, world.clock.instant)
        outbox = rows(world, Outbox)
    stored = rows(world, Row)
    story = Story(stage, deeds, stored, outbox, weather.uncertain, weather.conflicts)
    found = [*verdict.problems(story), *invariants(world, stored)]
    return [*found, *(f"{act} -> {one}" for act, one in deeds)] if found else []
