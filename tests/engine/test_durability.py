"""Files: what was acknowledged survives, also the death of the process, and other processes see it."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.engine import Engine
from tests.engine.tables import code_of, define, get, index, key, put, refused

ROOT = Path(__file__).resolve().parents[2]
WRITES = 300


def test_a_file_is_found_again(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    engine = Engine(file)
    engine.call("CreateTable", define("things", index("keys", "in_1"), stream="NEW_IMAGE"))
    item = {**key("a"), "in_1": {"S": "u"}, "raw": {"B": b"\x00\xff"}}
    put(engine, item)
    changes = engine.changes("things", 0, 10)
    engine.close()
    again = Engine(str(file), synchronous="NORMAL")
    assert get(again, key("a")) == item
    assert again.call("Scan", {"TableName": "things", "IndexName": "keys"})["Count"] == 1
    assert again.changes("things", 0, 10) == changes
    again.close()


def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine.db")
    engine.close()
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine.call("ListTables", {})


def test_a_failing_database_is_an_internal_error(tmp_path: Path) -> None:
    def fail() -> float:
        raise sqlite3.OperationalError("disk I/O error")

    engine = Engine(tmp_path / "engine.db", clock=fail)
    answer = refused(engine, "CreateTable", define())
    assert answer["Error"] == {"Code": "InternalServerError", "Message": "disk I/O error"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    engine.close()


def test_only_known_durability_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="FULL or NORMAL"):
        Engine(tmp_path / "engine.db", synchronous="OFF")  # type: ignore[arg-type]


@pytest.mark.parametrize("stop_after", [1, WRITES])
def test_acknowledged_writes_survive_a_killed_process(tmp_path: Path, stop_after: int) -> None:
    file = tmp_path / "engine.db"
    engine = Engine(file)
    engine.call("CreateTable", define("things", index("keys", "in_1"), stream="NEW_IMAGE"))
    put(engine, {**key("counter"), "n": {"N": "0"}})
    command = [sys.executable, "-m", "tests.engine.writer", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(stop_after)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    counter = get(engine, key("counter"))
    assert counter is not None
    reached = int(counter["n"]["N"])
    # The last write may be durable although nobody was told.
    assert acknowledged[-1] <= reached <= acknowledged[-1] + 1
    assert acknowledged == list(range(1, acknowledged[-1] + 1))
    query = {
        "TableName": "things",
        "KeyConditionExpression": "pk = :t",
        "ExpressionAttributeValues": {":t": {"S": "trace"}},
        "Select": "COUNT",
    }
    assert engine.call("Query", query)["Count"] == reached
    assert engine.call("Scan", {"TableName": "things", "IndexName": "keys"})["Count"] == reached
    assert len(engine.changes("things", 0, 10 * WRITES + 100_000)) == 1 + 2 * reached
    engine.close()


def test_two_engines_share_a_file(tmp_path: Path) -> None:
    one, two = Engine(tmp_path / "engine.db"), Engine(tmp_path / "engine.db")
    one.call("CreateTable", define())
    put(two, key("a"))
    assert get(one, key("a")) == key("a")
    two.call("DeleteTable", {"TableName": "things"})
    assert code_of(one, "PutItem", {"TableName": "things", "Item": key("a")}) == "ResourceNotFoundException"
    one.call("CreateTable", define(ranged=False))
    assert code_of(two, "PutItem", {"TableName": "things", "Item": {"sk": {"S": "s"}}}) == "ValidationException"
    put(two, {"pk": {"S": "a"}})
    one.close()
    two.close()
