"""Least privilege: the three functions do what they do, and may do that and nothing else.

Each function's whole work runs against the local engine while its calls are written down as IAM actions; the policy
files must allow exactly those. An operation that gains a new kind of call fails here before it fails in the cloud.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.store.tasks import PAGE
from infra.local.engine import Engine, EngineTransport
from infra.local.runner import record
from infra.package import ROOT
from tests.world import World, resource

TABLES = {"resources": "ResourcesTable", "outbox": "OutboxTable"}
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Grant(NamedTuple):
    """An action on a resource: a table's logical name, `/index` appended where one of its indexes is meant."""

    action: str
    resource: str


def grants_of(operation: str, parameters: Mapping[str, Any]) -> Iterator[Grant]:
    """What a caller must be allowed for one request."""
    if operation == "TransactWriteItems":
        for entry in parameters["TransactItems"]:
            ((kind, one),) = entry.items()
            yield Grant(f"dynamodb:{TRANSACTED[kind]}", TABLES[one["TableName"]])
    elif operation == "BatchGetItem":
        for name in parameters["RequestItems"]:
            yield Grant("dynamodb:BatchGetItem", TABLES[name])
    else:
        index = "/index" if "IndexName" in parameters else ""
        yield Grant(f"dynamodb:{operation}", TABLES[parameters["TableName"]] + index)


class Recorder:
    """Writes down what was called. It can lose the answer to the next counter write, and hold the indexes back."""

    def __init__(self, engine: Engine) -> None:
        self.transport = EngineTransport(engine, before=self._before, after=self._after)
        self.seen: set[Grant] = set()
        self.lose_next_update = False
        self.indexes_lag = False

    def _before(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.seen.update(grants_of(operation, parameters) if operation not in SETUP else ())

    def _after(self, operation: str, parameters: Mapping[str, Any], result: dict[str, Any] | BaseException) -> None:
        if self.indexes_lag and operation == "Query" and "listing" in parameters.get("IndexName", ""):
            assert isinstance(result, dict)
            result["Items"] = []
        if self.lose_next_update and operation == "UpdateItem":
            self.lose_next_update = False
            raise ReadTimeoutError(endpoint_url="http://localhost")

    @contextmanager
    def recording(self, function: set[Grant]) -> Iterator[None]:
        """What happens inside is the work of one function."""
        self.seen.clear()
        yield
        function |= self.seen


SETUP = frozenset({"ListTables", "CreateTable", "UpdateTimeToLive"})
"""Sent by `create_tables` alone, which no function calls."""


class Work(NamedTuple):
    """What each function was seen to need."""

    api: set[Grant]
    sweep: set[Grant]
    events: set[Grant]


@pytest.fixture(scope="module")
def work() -> Iterator[Work]:
    """The whole work of the three functions, first without a subscriber, then with one.

    The first time the stream function finds the indexes empty still, so that second passes have everything left to do.
    """
    engine = Engine(":memory:")
    recorder, seen = Recorder(engine), Work(set(), set(), set())
    world, feed = World(recorder.transport), Feed(engine)
    for listening in (False, True):
        if listening:
            world.listen("*")
        with recorder.recording(seen.api):
            product = _requests(world, recorder)
        _jobs(world, recorder, feed, seen)
        with recorder.recording(seen.api):
            _erasures(world, product)
        recorder.indexes_lag = not listening
        _stream(world, recorder, feed, seen)
        recorder.indexes_lag = False
        _jobs(world, recorder, feed, seen)
    yield seen
    engine.close()


class Feed:
    """The outbox's stream from where it was last read, as the mapping hands it over: inserts only."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._after = engine, 0

    def records(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while page := self._engine.changes("outbox", self._after, 100):
            self._after = page[-1].sequence
            found += [record("outbox", change) for change in page if change.event == "INSERT"]
        return found


def _requests(world: World, recorder: Recorder) -> str:
    """Every operation of the API, every way it reaches the store; the id of the product it was about."""
    product = world.product(code="app")
    checked = {"requireCheckIn": True, "checkInInterval": "week", "checkInIntervalCount": 1}
    policy = world.policy(product["id"], maxUses=5, **checked)
    license = world.license(policy["id"])
    world.license(policy["id"], key=str(uuid4()))
    for kind in ("products", "policies", "licenses"):
        assert world.get(f"/v1/{kind}?limit=1").status == 200
    _reads(world, product["id"], policy["id"], license)
    member = f"/v1/licenses/{license['id']}"
    for action in ("check-in", "increment-usage", "decrement-usage", "reset-usage"):
        assert world.post(f"{member}/actions/{action}").status == 200
    recorder.lose_next_update = True
    assert world.post(f"{member}/actions/increment-usage").status == 200
    recorder.lose_next_update = False
    assert world.post("/v1/tokens").status == 201
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
    for bearer in bearers:
        for path in ("/v1/me", member, f"/v1/products/{product}", f"/v1/policies/{policy}", "/v1/licenses"):
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


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / ".chalice" / f"policy-{name}.json").read_text("utf-8"))[
        "Statement"
    ]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_of(resource: Any) -> str:
    """`ResourcesTable`, `ResourcesTable/index`, `OutboxTable/stream`, `AccountKey` ..."""
    if "Fn::GetAtt" in resource:
        name, attribute = resource["Fn::GetAtt"]
        return f"{name}/stream" if attribute == "StreamArn" else str(name)
    name, _, rest = str(resource["Fn::Sub"]).removeprefix("${").partition(".Arn}")
    return name + rest.removesuffix("/*")


def granted(name: str) -> set[Grant]:
    """Everything a function may do."""
    return {
        Grant(action, resource_of(resource))
        for statement in statements(name)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def on_tables(name: str) -> set[Grant]:
    """What a function may do with items."""
    return {
        grant for grant in granted(name) if grant.action.startswith("dynamodb:") and "/stream" not in grant.resource
    }


@pytest.mark.parametrize("name", ["api", "sweep", "events"])
def test_a_function_may_do_what_it_does_and_no_more(work: Work, name: str) -> None:
    needed: set[Grant] = getattr(work, name)
    assert sorted(needed - on_tables(name)) == []
    assert sorted(on_tables(name) - needed) == []


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("api", {"kms:Decrypt AccountKey", "logs:CreateLogStream ApiLogs", "logs:PutLogEvents ApiLogs"}),
        ("sweep", {"kms:Decrypt AccountKey", "logs:CreateLogStream SweepLogs", "logs:PutLogEvents SweepLogs"}),
        (
            "events",
            {
                "kms:Decrypt AccountKey",
                "logs:CreateLogStream EventsLogs",
                "logs:PutLogEvents EventsLogs",
                "dynamodb:DescribeStream OutboxTable/stream",
                "dynamodb:GetRecords OutboxTable/stream",
                "dynamodb:GetShardIterator OutboxTable/stream",
                "dynamodb:ListStreams OutboxTable/stream",
                "sqs:SendMessage EventsDeadLetters",
            },
        ),
    ],
)
def test_the_rest_is_what_the_platform_asks_for(name: str, others: set[str]) -> None:
    assert {f"{grant.action} {grant.resource}" for grant in granted(name) - on_tables(name)} == others


def test_only_the_api_may_unwrap_account_keys() -> None:
    """The tables are under the same key: the others decrypt through DynamoDB, never themselves."""
    for name in ("sweep", "events"):
        (statement,) = (one for one in statements(name) if "kms:Decrypt" in listed(one["Action"]))
        via = {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": via}}
    (statement,) = (one for one in statements("api") if "kms:Decrypt" in listed(one["Action"]))
    assert "Condition" not in statement


def test_nothing_is_granted_with_a_wildcard() -> None:
    for name in ("api", "sweep", "events"):
        for statement in statements(name):
            assert statement["Effect"] == "Allow"
            assert not [action for action in listed(statement["Action"]) if "*" in action]
            assert all(isinstance(resource, dict) for resource in listed(statement["Resource"]))
