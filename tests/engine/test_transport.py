"""The transport around an engine and its hooks."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine, EngineTransport
from tests.engine.tables import define, get, key

PUT = {"TableName": "things", "Item": key("a")}


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define())
    return engine


def test_without_hooks_it_is_the_engine(things: Engine) -> None:
    EngineTransport(things).call("PutItem", PUT)
    assert get(things, key("a")) == key("a")


def test_hooks_see_the_call_its_result_and_its_error(things: Engine) -> None:
    seen: list[Any] = []

    def before(operation: str, parameters: Mapping[str, Any]) -> None:
        seen.append((operation, parameters))

    def after(operation: str, _: Mapping[str, Any], outcome: dict[str, Any] | BaseException) -> None:
        seen.append((operation, outcome))

    transport = EngineTransport(things, before, after)
    result = transport.call("PutItem", PUT)
    assert seen == [("PutItem", PUT), ("PutItem", result)]
    with pytest.raises(ClientError) as caught:
        transport.call("PutItem", {**PUT, "Colour": "red"})
    assert seen[-1] == ("PutItem", caught.value)


def test_a_fault_before_prevents_the_call_and_a_fault_after_hides_it(things: Engine) -> None:
    def fail(*_: object) -> None:
        raise TimeoutError("lost")

    with pytest.raises(TimeoutError):
        EngineTransport(things, before=fail).call("PutItem", PUT)
    assert get(things, key("a")) is None
    with pytest.raises(TimeoutError):
        EngineTransport(things, after=fail).call("PutItem", PUT)
    assert get(things, key("a")) == key("a")
