"""Random requests against the engine and DynamoDB Local: same results, same refusals, same tables at the end."""

import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from random import Random

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.engine import Engine
from tests.engine.answers import Caller, ask
from tests.engine.deviations import Meeting, allowed
from tests.engine.requests import Call, Spec, describe, request
from tests.engine.tables import Attributes

EXAMPLES = int(os.environ.get("ENGINE_DIFFERENTIAL_EXAMPLES", "250"))
STEPS = 40
SEEDS = st.integers(0, 2**40)

_tables = count(1)


@pytest.fixture(scope="module")
def local(dynamodb_local: str) -> Iterator[Caller]:
    """Calls DynamoDB Local without botocore's own validation, as PynamoDB does."""
    session = botocore.session.get_session()
    session.set_credentials("local", "local")
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    client = session.create_client("dynamodb", region_name="us-east-1", endpoint_url=dynamodb_local, config=config)
    call: Callable[..., Caller] = getattr(client, "_make_api_call")  # noqa: B009
    yield call  # type: ignore[misc]
    client.close()


@pytest.mark.slow
@pytest.mark.dynamodb_local
@settings(
    max_examples=EXAMPLES,
    derandomize="ENGINE_DIFFERENTIAL_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table_seed=SEEDS, seeds=st.lists(SEEDS, min_size=STEPS // 2, max_size=STEPS))
def test_the_engine_answers_as_dynamodb_local_does(local: Caller, table_seed: int, seeds: list[int]) -> None:
    spec = Spec.of(Random(table_seed))
    table = f"differential-{os.getpid()}-{next(_tables)}"
    engine = Engine(":memory:")
    try:
        for caller in (local, engine.call):
            caller("CreateTable", spec.define(table))
        for seed in seeds:
            compare(local, engine, spec, request(seed, spec, table))
        for reading in whole(spec, table):
            compare(local, engine, spec, reading)
    finally:
        engine.close()
        local("DeleteTable", {"TableName": table})


def compare(local: Caller, engine: Engine, spec: Spec, call: Call) -> None:
    operation, parameters, _ = call
    before = [item_of(engine, *place) for place in places(call)]
    # Botocore completes the parameters it is given, with a client token for example.
    theirs = ask(local, operation, deepcopy(parameters))
    ours = ask(engine.call, operation, parameters)
    if theirs != ours:
        after = [item_of(engine, *place) for place in places(call)]
        if not allowed(Meeting(call, theirs, ours, spec.indexes, before, after)):
            pytest.fail(f"{describe(call)}\nlocal: {theirs}\nours:  {ours}", pytrace=False)


def places(call: Call) -> list[tuple[str, Attributes]]:
    """Table and key, or whole item, of everything a call of its own or a batch writes."""
    operation, parameters, _ = call
    if operation in ("PutItem", "UpdateItem"):
        return [(parameters["TableName"], parameters.get("Item") or parameters.get("Key") or {})]
    if operation != "BatchWriteItem":
        return []
    ((table, parts),) = parameters["RequestItems"].items()
    written = [next(iter(part.values())) for part in parts]
    return [(table, part.get("Item") or part.get("Key") or {}) for part in written]


def item_of(engine: Engine, table: str, item: Attributes) -> Attributes | None:
    key = {name: value for name, value in item.items() if name in ("pk", "sk")}
    try:
        found: Attributes | None = engine.call("GetItem", {"TableName": table, "Key": key}).get("Item")
    except ClientError:
        return None
    return found


def whole(spec: Spec, table: str) -> list[Call]:
    """Everything that the table and its indexes hold."""
    scan = {"TableName": table}
    return [("Scan", scan, False), *(("Scan", {**scan, "IndexName": name}, False) for name in spec.indexes)]
