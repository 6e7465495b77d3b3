"""Schedules and the change reader with time and waiting given by the test: no thread sleeps here."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local import runner
from infra.local.runner import Runner, Schedule, StreamReader, backoff, record, run_reader, run_schedule


@dataclass(frozen=True)
class Entry:
    sequence: int
    event: str = "INSERT"
    keys: Mapping[str, Any] = field(default_factory=lambda: {"pk": {"S": "A"}})
    new_image: Mapping[str, Any] | None = None
    at: float = 5.0


@dataclass
class Memory:
    """A checkpoint that remembers every store."""

    stored: list[int] = field(default_factory=list)

    def load(self) -> int:
        return self.stored[-1] if self.stored else 0

    def store(self, sequence: int) -> None:
        self.stored.append(sequence)


@dataclass
class Pauses:
    """A wait that records what was asked for and says stop after `count` pauses."""

    count: int
    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return len(self.seconds) > self.count


def feed(count: int) -> Callable[[int, int], Sequence[Entry]]:
    entries = [Entry(number) for number in range(1, count + 1)]
    return lambda after, limit: [entry for entry in entries if entry.sequence > after][:limit]


def sequences(event: dict[str, Any]) -> list[int]:
    return [int(item["dynamodb"]["SequenceNumber"]) for item in event["Records"]]


def test_changes_are_handled_in_order_and_remembered() -> None:
    seen: list[list[int]] = []
    memory, pauses = Memory(), Pauses(3)
    run_reader(StreamReader("outbox", feed(5), lambda event, context: seen.append(sequences(event)), memory, 2), pauses)
    assert seen == [[1, 2], [3, 4], [5]]
    assert memory.stored == [2, 4, 5]
    assert pauses.seconds == [0.0, 0.0, 0.0, 0.0]


def test_other_events_are_passed_over() -> None:
    seen: list[list[int]] = []
    entries = [Entry(1, "MODIFY"), Entry(2, "REMOVE"), Entry(3), Entry(4, "MODIFY")]

    def read(after: int, limit: int) -> list[Entry]:
        return [entry for entry in entries if entry.sequence > after][:limit]

    memory = Memory()
    run_reader(StreamReader("outbox", read, lambda event, context: seen.append(sequences(event)), memory, 2), Pauses(3))
    assert seen == [[3]]
    assert memory.stored == [2, 4]


def test_an_idle_reader_waits_between_reads() -> None:
    pauses = Pauses(2)
    run_reader(StreamReader("outbox", feed(0), lambda event, context: None, Memory()), pauses)
    assert pauses.seconds == [0.0, runner.POLL_SECONDS, runner.POLL_SECONDS]


def test_a_restart_continues_after_the_checkpoint() -> None:
    seen: list[list[int]] = []
    reader = StreamReader("outbox", feed(3), lambda event, context: seen.append(sequences(event)), Memory([2]))
    run_reader(reader, Pauses(1))
    assert seen == [[3]]


def test_a_failing_batch_is_halved_and_never_skipped(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[list[int]] = []

    def handle(event: dict[str, Any], context: Any) -> None:
        seen.append(sequences(event))
        if 3 in seen[-1] and len(seen) < 7:
            raise RuntimeError("no")

    memory, pauses = Memory(), Pauses(8)
    run_reader(StreamReader("outbox", feed(4), handle, memory, 4), pauses)
    assert seen == [[1, 2, 3, 4], [1, 2], [3, 4], [3, 4], [3], [3], [3], [4]]
    assert memory.stored == [2, 3, 4]
    lines = [json.loads(entry.message) for entry in caplog.records]
    assert {entry["event"] for entry in lines} == {"stream.failed"}
    assert all("RuntimeError: no" in entry["error"] for entry in lines)


def test_pauses_after_failures_double_up_to_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    def handle(event: dict[str, Any], context: Any) -> None:
        raise RuntimeError("no")

    pauses = Pauses(9)
    run_reader(StreamReader("outbox", feed(1), handle, Memory()), pauses)
    assert pauses.seconds == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert [json.loads(entry.message)["attempt"] for entry in caplog.records] == list(range(1, 10))
    assert backoff(10_000) == runner.BACKOFF_LIMIT_SECONDS


def test_a_failing_read_or_checkpoint_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    failures = [OSError("read"), OSError("read")]

    def read(after: int, limit: int) -> Sequence[Entry]:
        if failures:
            raise failures.pop()
        return feed(1)(after, limit)

    memory = Memory()
    run_reader(StreamReader("outbox", read, lambda event, context: None, memory), Pauses(4))
    assert memory.stored == [1]
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("failures", "stored"),
    [([], [4]), (["3", "2"], [1, 4]), (["1"], [4]), (["unknown"], [4]), (["3", "unknown"], [4])],
)
def test_a_partial_failure_keeps_what_came_before(
    failures: list[str], stored: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [{"batchItemFailures": [{"itemIdentifier": name} for name in failures]}]

    def handle(event: dict[str, Any], context: Any) -> Any:
        return answers.pop() if answers else None

    memory = Memory()
    run_reader(StreamReader("outbox", feed(4), handle, memory), Pauses(4))
    assert memory.stored == stored
    assert len(caplog.records) == bool(failures)


def test_a_record_has_the_shape_of_the_stream() -> None:
    image = {"pk": {"S": "A"}, "n": {"N": "1"}}
    assert record("outbox", Entry(7, "MODIFY", {"pk": {"S": "A"}}, image)) == {
        "eventID": "outbox-7",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/outbox/stream/local",
        "awsRegion": "local",
        "dynamodb": {
            "Keys": {"pk": {"S": "A"}},
            "NewImage": image,
            "ApproximateCreationDateTime": 5.0,
            "SequenceNumber": "7",
            "StreamViewType": "NEW_IMAGE",
        },
    }
    assert "NewImage" not in record("outbox", Entry(8, "REMOVE"))["dynamodb"]


class Time:
    """A clock that moves only when someone waits on it or works."""

    def __init__(self, stop_after: int) -> None:
        self.seconds = 100.0
        self.left = stop_after

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> bool:
        assert seconds >= 0
        self.seconds += seconds
        self.left -= 1
        return self.left <= 0


def test_a_schedule_ticks_and_leaves_missed_ticks_out(caplog: pytest.LogCaptureFixture) -> None:
    time, called = Time(5), list[float]()

    def function(event: dict[str, Any], context: Any) -> None:
        called.append(time.seconds)
        assert (event["detail-type"], context.function_name) == ("Scheduled Event", "sweep")
        assert event["time"] == "1970-01-01T00:00:00Z"
        if len(called) == 2:
            time.seconds += 150
        if len(called) == 3:
            raise RuntimeError("no")

    run_schedule(Schedule("sweep", 60, function), time.wait, time.now, lambda: 0.0)
    assert called == [100.0, 160.0, 310.0, 370.0, 430.0]
    assert [json.loads(entry.message)["event"] for entry in caplog.records] == ["schedule.failed"]


def test_the_runner_stops_at_once_and_is_idle_before_its_start() -> None:
    ticked, handled = threading.Event(), threading.Event()
    reader = StreamReader("outbox", feed(1), lambda event, context: handled.set(), Memory())
    started = Runner([Schedule("sweep", 3600, lambda event, context: ticked.set())], [reader])
    started.start()
    assert ticked.wait(10)
    assert handled.wait(10)
    assert started.stop(10)
    assert Runner([Schedule("sweep", 1, lambda event, context: None)]).stop()


def test_a_stop_does_not_wait_for_a_call_that_hangs() -> None:
    entered, release = threading.Event(), threading.Event()

    def function(event: dict[str, Any], context: Any) -> None:
        entered.set()
        release.wait(30)

    started = Runner([Schedule("sweep", 60, function)])
    started.start()
    assert entered.wait(10)
    assert not started.stop(0.01)
    release.set()
    assert started.stop(10)
