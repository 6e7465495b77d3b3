"""Parallel callers: caps hold, updates are not lost, transactions are seen whole, readers do not wait."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from tests.engine.tables import define, get, index, key, put, update

THREADS, ROUNDS, CAP = 8, 200, 1000
ONE = {":one": {"N": "1"}}
PATIENCE_SECONDS = 60


@pytest.fixture(params=["memory", "file"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    path = ":memory:" if request.param == "memory" else str(tmp_path / "engine.db")
    engine = Engine(path, synchronous="NORMAL")
    engine.call("CreateTable", define("things", index("keys", "in_1"), stream="NEW_IMAGE"))
    yield engine
    engine.close()


def together(work: Callable[[int], Any]) -> list[Any]:
    """Results of `work` in eight threads that start at once."""
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        barrier.wait(PATIENCE_SECONDS)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_a_cap_is_reached_and_never_passed(shared: Engine) -> None:
    put(shared, {**key("meter"), "uses": {"N": "0"}})
    values = {**ONE, ":below": {"N": str(CAP - 1)}}

    def use(_: int) -> int:
        won = 0
        for _round in range(ROUNDS):
            try:
                update(shared, key("meter"), "ADD uses :one", values, ConditionExpression="uses <= :below")
                won += 1
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
        return won

    assert sum(together(use)) == CAP
    meter = get(shared, key("meter"))
    assert meter is not None
    assert meter["uses"] == {"N": str(CAP)}
    assert len(shared.changes("things", 0, 10 * CAP)) == CAP + 1


def test_no_update_is_lost(shared: Engine) -> None:
    def count(number: int) -> None:
        for _ in range(50):
            update(
                shared, key("meter"), "ADD uses :one, #own :one", ONE, ExpressionAttributeNames={"#own": f"n{number}"}
            )

    together(count)
    meter = get(shared, key("meter"))
    assert meter is not None
    assert meter["uses"] == {"N": str(50 * THREADS)}
    assert [meter[f"n{number}"] for number in range(THREADS)] == [{"N": "50"}] * THREADS


def transfer(engine: Engine, source: str, target: str) -> None:
    """Moves one from an account to another."""
    values = {":minus": {"N": "-1"}, ":plus": {"N": "1"}}
    moves = [(source, ":minus"), (target, ":plus")]
    parts = [
        {
            "Update": {
                "TableName": "things",
                "Key": key(account),
                "UpdateExpression": f"ADD n {amount}",
                "ExpressionAttributeValues": {amount: values[amount]},
            }
        }
        for account, amount in moves
    ]
    engine.call("TransactWriteItems", {"TransactItems": parts})


def test_transactions_are_seen_whole(shared: Engine) -> None:
    accounts = ["a", "b", "c"]
    for name in accounts:
        put(shared, {**key(name), "n": {"N": "100"}})
    keys = [key(name) for name in accounts]
    gets = {"TransactItems": [{"Get": {"TableName": "things", "Key": found}} for found in keys]}

    def work(number: int) -> None:
        for step in range(40):
            if number % 2:
                transfer(shared, accounts[(number + step) % 3], accounts[(number + step + 1) % 3])
            else:
                read = shared.call("TransactGetItems", gets)["Responses"]
                assert sum(int(found["Item"]["n"]["N"]) for found in read) == 300
                batch = shared.call("BatchGetItem", {"RequestItems": {"things": {"Keys": keys}}})
                assert sum(int(found["n"]["N"]) for found in batch["Responses"]["things"]) == 300

    together(work)


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine.db")
    engine.call("CreateTable", define())
    put(engine, {**key("a"), "n": {"N": "1"}})
    writing, read = Event(), Event()

    def hold(_: object) -> None:
        with engine._database.writing() as connection:
            connection.execute("UPDATE items SET body = '{}'")
            writing.set()
            assert read.wait(PATIENCE_SECONDS)
            raise KeyError("undone")

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold, None)
        assert writing.wait(PATIENCE_SECONDS)
        seen = get(engine, key("a"))
        read.set()
        assert isinstance(held.exception(PATIENCE_SECONDS), KeyError)
    assert seen == get(engine, key("a")) == {**key("a"), "n": {"N": "1"}}
    engine.close()


def test_one_token_in_many_threads_applies_once(shared: Engine) -> None:
    part = {
        "TableName": "things",
        "Key": key("meter"),
        "UpdateExpression": "ADD uses :one",
        "ExpressionAttributeValues": ONE,
    }
    request = {"TransactItems": [{"Update": part}], "ClientRequestToken": "once"}
    together(lambda _: shared.call("TransactWriteItems", request))
    meter = get(shared, key("meter"))
    assert meter is not None
    assert meter["uses"] == {"N": "1"}
