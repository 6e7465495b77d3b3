"""What runs without a request, on one machine: schedules and the reader of the change feed, each in its own thread.

Both call the functions the cloud calls, with the events the cloud sends. Waiting is one function (`Event.wait` of the
runner's stop event unless a test gives another), so a stop ends every pause at once.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from infra.local.events import Event
from infra.local.server import Context

BATCH = 100
POLL_SECONDS = 0.2
BACKOFF_SECONDS = 0.5
BACKOFF_LIMIT_SECONDS = 30.0
STOP_SECONDS = 1.0
REGION = "local"

log = logging.getLogger(__name__)

Wait = Callable[[float], bool]
Function = Callable[[Event, Context], object]


@dataclass(frozen=True)
class Schedule:
    """`function` is called once at start and then every `every_seconds` (> 0), never twice at the same time."""

    name: str
    every_seconds: float
    function: Function


class Change(Protocol):
    """One entry of a table's change feed; images are attribute-value maps as in DynamoDB (`{"pk": {"S": "..."}}`)."""

    @property
    def sequence(self) -> int: ...
    @property
    def event(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def keys(self) -> Mapping[str, Any]: ...
    @property
    def new_image(self) -> Mapping[str, Any] | None: ...


class Checkpoint(Protocol):
    """Where a reader continues after a restart: the sequence of the last change handled, 0 at the beginning."""

    def load(self) -> int: ...
    def store(self, sequence: int) -> None: ...


@dataclass(frozen=True)
class StreamReader:
    """Hands the changes of `table` to `handle` in order, each at least once.

    `read_changes(after, limit)` returns changes with a sequence above `after`, ascending; those of other `events` are
    passed over, as the filter of the deployed function does. `handle` may answer
    `{"batchItemFailures": [{"itemIdentifier": sequence}]}`: everything before the lowest one counts as done. When it
    raises the batch is tried again, halved each time, after a growing pause: a record that always fails holds up only
    what comes after it, and is never skipped.
    """

    table: str
    read_changes: Callable[[int, int], Sequence[Change]]
    handle: Function
    checkpoint: Checkpoint
    batch: int = BATCH
    events: frozenset[str] = frozenset({"INSERT"})


class Runner:
    """Threads for schedules and readers. `start()` once; `stop()` ends every pause and waits for what is running."""

    def __init__(
        self,
        schedules: Sequence[Schedule] = (),
        readers: Sequence[StreamReader] = (),
        wait: Wait | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stopping = threading.Event()
        pause = wait or self._stopping.wait
        loops = [(f"schedule-{s.name}", partial(run_schedule, s, pause, monotonic, now)) for s in schedules]
        loops += [(f"stream-{r.table}", partial(run_reader, r, pause)) for r in readers]
        self._threads = [threading.Thread(target=loop, name=name, daemon=True) for name, loop in loops]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """True when every thread ended within `seconds`; one that did not ends with the process."""
        self._stopping.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


def run_schedule(
    schedule: Schedule,
    wait: Wait,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> None:
    """Call the function at every tick until `wait(seconds)` is true. Ticks missed by a slow call are left out."""
    due = monotonic()
    while True:
        try:
            schedule.function(_tick(schedule, now()), Context(function_name=schedule.name))
        except Exception:
            _failed("schedule.failed", name=schedule.name)
        due = max(due + schedule.every_seconds, monotonic())
        if wait(due - monotonic()):
            return


def run_reader(reader: StreamReader, wait: Wait) -> None:
    """Read, handle and remember until `wait(seconds)` is true."""
    after, attempt, limit, pause = reader.checkpoint.load(), 0, reader.batch, 0.0
    while not wait(pause):
        try:
            changes = reader.read_changes(after, limit)
            done = _handle(reader, changes) if changes else after
            if done > after:
                reader.checkpoint.store(done)
                after = done
            complete = not changes or done == changes[-1].sequence
        except Exception:
            _failed("stream.failed", table=reader.table, after=after, size=limit, attempt=attempt + 1)
            complete = False
        if complete:
            attempt, limit, pause = 0, reader.batch, 0.0 if changes else POLL_SECONDS
        else:
            attempt, limit, pause = attempt + 1, max(1, limit // 2), backoff(attempt)


def backoff(attempt: int) -> float:
    """Seconds to wait after failure number `attempt` (from 0): doubling, never above BACKOFF_LIMIT_SECONDS."""
    return min(BACKOFF_LIMIT_SECONDS, BACKOFF_SECONDS * 2.0 ** min(attempt, 16))


def _handle(reader: StreamReader, changes: Sequence[Change]) -> int:
    """One call; returns the sequence up to which everything is done."""
    wanted = [change for change in changes if change.event in reader.events]
    if not wanted:
        return changes[-1].sequence
    event = {"Records": [record(reader.table, change) for change in wanted]}
    answer = reader.handle(event, Context(function_name=f"stream-{reader.table}"))
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not failures:
        return changes[-1].sequence
    first = _first_failure(failures, wanted)
    _failed("stream.partial", table=reader.table, failed=len(failures), first=first)
    return first - 1


def _first_failure(failures: Sequence[Mapping[str, Any]], changes: Sequence[Change]) -> int:
    """The lowest sequence reported. An identifier of no record in the batch means all of it failed, as in the cloud."""
    known = {str(change.sequence): change.sequence for change in changes}
    named = [known.get(str(failure.get("itemIdentifier"))) for failure in failures]
    found = [sequence for sequence in named if sequence is not None]
    return min(found) if len(found) == len(named) else changes[0].sequence


def record(table: str, change: Change) -> Event:
    """One change as a record of a DynamoDB stream event (new images only)."""
    detail: Event = {
        "Keys": dict(change.keys),
        "ApproximateCreationDateTime": change.at,
        "SequenceNumber": str(change.sequence),
        "StreamViewType": "NEW_IMAGE",
    }
    if change.new_image is not None:
        detail["NewImage"] = dict(change.new_image)
    return {
        "eventID": f"{table}-{change.sequence}",
        "eventName": change.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:000000000000:table/{table}/stream/local",
        "awsRegion": REGION,
        "dynamodb": detail,
    }


def _tick(schedule: Schedule, now: float) -> Event:
    """The event a rule sends to its function."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:000000000000:rule/{schedule.name}"],
        "detail": {},
    }


def _failed(event: str, **members: object) -> None:
    """One structured line; with the traceback when an exception is being handled."""
    trace = traceback.format_exc()
    error = {} if trace.startswith("NoneType") else {"error": trace}
    log.error(json.dumps({"event": event, **members, **error}))
