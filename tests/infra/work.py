"""The whole work of the three functions, in worlds of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple
from uuid import uuid4

from chalicelib.store.tasks.steps import PAGE
from infra.local.engine import Engine
from infra.local.runner import record
from tests.faults.operation import Operation
from tests.faults.operations import JOBS, REQUESTS
from tests.infra.recorder import Grant, Recorder
from tests.world import World, resource

LISTED = (
    *("products", "policies", "licenses", "users", "groups", "entitlements", "keys", "tokens"),
    *("machines", "components", "processes", "releases", "artifacts"),
)


class Work(NamedTuple):
    """What each function was seen to need."""

    api: set[Grant]
    sweep: set[Grant]
    events: set[Grant]


class Feed:
    """The outbox's stream from where it was last read, as the mapping hands it over: inserts only."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._after = engine, 0

    def records(self) -> list[dict[str, Any]]:
        """What came since."""
        found: list[dict[str, Any]] = []
        while page := self._engine.changes("outbox", self._after, 100):
            self._after = page[-1].sequence
            found += [record("outbox", change) for change in page if change.event == "INSERT"]
        return found


def everything() -> Work:
    """What all functions need for all they do."""
    seen = Work(set(), set(), set())
    for operation in REQUESTS:
        _request(operation, seen)
    for operation in JOBS:
        _job(operation, seen)
    _life(seen)
    return seen


def _prepared(operation: Operation, recorder: Recorder) -> tuple[World, Any]:
    world = World(recorder.transport)
    context = operation.prepare(world)
    if operation.subscribed:
        world.listen(*operation.subscribed)
    return world, context


def _request(operation: Operation, seen: Work) -> None:
    """An operation of the API, from an empty container on."""
    with closing(Engine(":memory:")) as engine:
        recorder = Recorder(engine)
        world, context = _prepared(operation, recorder)
        world.serve()
        with recorder.recording(seen.api):
            assert operation.act(world, context).status < 300


def _job(operation: Operation, seen: Work) -> None:
    """What the stream function begins while the indexes are behind, the sweep ends; or the other way round."""
    for indexes_lag in (False, True):
        with closing(Engine(":memory:")) as engine:
            recorder = Recorder(engine)
            world, context = _prepared(operation, recorder)
            recorder.indexes_lag = indexes_lag
            with recorder.recording(seen.sweep if operation.name.startswith("sweep") else seen.events):
                assert operation.act(world, context).status == 200
            recorder.indexes_lag = False
            world.clock.advance(minutes=2)
            with recorder.recording(seen.sweep):
                world.sweep()


def _life(seen: Work) -> None:
    """What is made, looked at, used, and comes to an end; first without a subscriber, then with one."""
    with closing(Engine(":memory:")) as engine:
        recorder = Recorder(engine)
        world, feed = World(recorder.transport), Feed(engine)
        for listening in (False, True):
            if listening:
                world.listen("*")
            with recorder.recording(seen.api):
                product = _requests(world, recorder)
            _jobs(world, recorder, feed, seen)
            with recorder.recording(seen.api):
                _erasures(world, product)
            # The first time the stream finds the indexes empty still: second passes have everything left to do.
            recorder.indexes_lag = not listening
            _stream(world, recorder, feed, seen)
            recorder.indexes_lag = False
            _jobs(world, recorder, feed, seen)


def _requests(world: World, recorder: Recorder) -> str:
    """Lists, every kind of bearer, and uses whose answer was lost; the id of the product it was about."""
    product = world.product(code="app")
    checked = {"requireCheckIn": True, "checkInInterval": "week", "checkInIntervalCount": 1}
    policy = world.policy(product["id"], maxUses=5, **checked)
    license = world.license(policy["id"], metadata={"tier": "gold"})
    world.license(policy["id"], key=str(uuid4()))
    for kind in LISTED:
        for query in ("limit=1", "page%5Bsize%5D=1&page%5Bnumber%5D=1", "metadata%5Btier%5D=gold"):
            assert world.get(f"/v1/{kind}?{query}").status == 200
    _reads(world, product["id"], policy["id"], license)
    member = f"/v1/licenses/{license['id']}"
    recorder.lose_next_update = True
    assert world.post(f"{member}/actions/increment-usage").status == 200
    recorder.lose_next_update = False
    _changes(world, product["id"], policy["id"])
    return str(product["id"])


def _reads(world: World, product: str, policy: str, license: Mapping[str, Any]) -> None:
    """Every kind of credential, everything it may look at."""
    member, key = f"/v1/licenses/{license['id']}", license["attributes"]["key"]
    bearers = (
        world.token(f"/v1/products/{product}"),
        world.token(member),
        world.admin,
        f"License {key}",
        None,
    )
    below = [f"{member}/{name}" for name in ("users", "entitlements", "tokens", "machines")]
    paths = ("/v1/me", member, f"/v1/products/{product}", f"/v1/policies/{policy}", "/v1/licenses", *below)
    for bearer in bearers:
        for path in paths:
            assert world.get(path, as_=bearer).status in (200, 401, 403, 404)
        assert world.post(f"{member}/actions/validate", as_=bearer).status in (200, 401, 403)
        asked = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": key}}, as_=bearer)
        assert asked.status in (200, 403)


def _changes(world: World, product: str, policy: str) -> None:
    for path, kind, attributes in (
        (f"/v1/products/{product}", "products", {"name": "New name"}),
        (f"/v1/products/{product}", "products", {"code": None}),
        (f"/v1/policies/{policy}", "policies", {"name": "New name"}),
        (f"/v1/policies/{policy}", "policies", {"checkInIntervalCount": 2}),
    ):
        assert world.send("PATCH", path, resource(kind, attributes)).status == 200


def _erasures(world: World, product: str) -> None:
    coded = world.product(code="gone")
    sold = world.policy(coded["id"])["id"]
    for _ in range(PAGE + 1):
        world.license(sold)
    world.token(f"/v1/products/{coded['id']}")
    license = world.license(world.policy()["id"])
    world.token(f"/v1/licenses/{license['id']}")
    policy = license["relationships"]["policy"]["data"]["id"]
    for path in (f"/v1/policies/{policy}", f"/v1/products/{coded['id']}", f"/v1/products/{product}"):
        assert world.send("DELETE", path).status == 204


def _jobs(world: World, recorder: Recorder, feed: Feed, seen: Work) -> None:
    """What is in the outbox, what is due, and whatever follows from either: until nothing is left."""
    for _ in range(4):
        _stream(world, recorder, feed, seen)
        world.clock.advance(days=4)
        with recorder.recording(seen.sweep):
            world.sweep()


def _stream(world: World, recorder: Recorder, feed: Feed, seen: Work) -> None:
    """Each record comes twice, as it may."""
    records = feed.records()
    with recorder.recording(seen.events):
        for _ in range(2):
            assert world.stream().handle({"Records": records}) == {"batchItemFailures": []}
