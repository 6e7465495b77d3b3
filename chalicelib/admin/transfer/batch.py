"""One run of lines of a kind: loaded together, decided one by one, written side by side.

A line is decided on what was stored before its wave. Whatever another line of the wave may have changed about that is
noticed: a write whose condition fails is decided again, and a refusal counts only when nothing was written meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from chalicelib.admin.transfer import rows
from chalicelib.admin.transfer.kind import Decision, Place
from chalicelib.admin.transfer.lanes import Pack, lanes, packs, touched
from chalicelib.admin.transfer.lines import Line, Work
from chalicelib.admin.transfer.pace import Bucket
from chalicelib.admin.transfer.report import Rejected, Report
from chalicelib.licensing.errors import Problem, Refusal, Unavailable
from chalicelib.store import fetch, retry
from chalicelib.store.database import Database
from chalicelib.store.items import hint
from chalicelib.store.items.hint import Listed
from chalicelib.store.keys import Key
from chalicelib.store.unit import Changed, Locked, commit

DECISIONS = 6

Failure = Changed | Locked | Unavailable


class Decided(msgspec.Struct):
    """A line with what it asks to write, and how that went."""

    line: Line
    decision: Decision
    done: bool = False
    error: Failure | None = None


class Batch:
    """What carries runs of lines to their end."""

    def __init__(self, place: Place, report: Report, bucket: Bucket | None) -> None:
        self._place, self._report, self._bucket = place, report, bucket

    def run(self, lines: Sequence[Line]) -> None:
        """Import lines of one kind, in their order where they speak of the same resource.

        Raises Unavailable when the store does not take them: the same file may be imported again.
        """
        pending = [(line, line.work) for line in lines if line.work is not None]
        while pending:
            self._wave(_first_of_each(pending))
            pending = [(line, work) for line, work in pending if line.work is not None]
        for line in lines:
            if line.reason is not None:
                self._report.reject(line.rejection(line.reason))
        self._report.lines += len(lines)

    def _wave(self, wave: Sequence[tuple[Line, Work]]) -> None:
        """Decide and write; a line that came to its end has no work any more."""
        place, now = self._place, self._place.tools.now()
        found = place.read(fetch.together(*(work.kind.load(place, work.sent) for _, work in wave)))
        wanted: list[Decided] = []
        refused: list[tuple[Line, str]] = []
        for (line, work), one in zip(wave, found, strict=True):
            decision = _decided(place, work, one, now)
            if isinstance(decision, str):
                refused.append((line, decision))
            elif decision.writes:
                wanted.append(Decided(line, decision))
            else:
                line.work = None
                self._report.unchanged += 1
        if wanted:
            self._write(wanted)
            self._again(wanted)
            return
        for line, reason in refused:
            line.work, line.reason = None, reason

    def _write(self, wanted: Sequence[Decided]) -> None:
        """Rows of lists ahead of what they lead to, then the resources, then the rows that lead nowhere any more."""
        if self._bucket is not None:
            self._bucket.take(len(wanted))
        self._rows(hint.put, [row for one in wanted for row in rows.coming(one.decision)])
        self._together([partial(self._pack, pack) for pack in packs(lanes(wanted, _items), _items, _size)])
        done = [one for one in wanted if one.done]
        self._rows(hint.drop, [row for one in done for row in rows.going(one.decision)])
        for one in done:
            one.line.work = None
        created = sum(one.decision.created for one in done)
        self._report.created += created
        self._report.changed += len(done) - created

    def _pack(self, pack: Pack[Decided]) -> None:
        """All of it at once, and one by one if something in it has changed; a lane in its order.

        What follows a failed line in its lane was decided on what may be no more.
        """
        if pack.at_once:
            error = self._failure(pack.members)
            if isinstance(error, Changed | Locked) and len(pack.members) > 1:
                for one in pack.members:
                    self._failure([one])
            return
        for one in pack.members:
            if self._failure([one]) is not None:
                return

    def _failure(self, these: Sequence[Decided]) -> Failure | None:
        """Write these in one transaction, or tell why they were not written."""
        error: Failure | None = None
        try:
            commit(self._place.database, [write for one in these for write in one.decision.writes])
        except (Changed, Locked, Unavailable) as failure:
            error = failure
        for one in these:
            one.done, one.error = error is None, error
        return error

    def _rows(self, write: Callable[[Database, str, Listed], None], these: Iterable[Listed]) -> None:
        """Each row by itself: calls side by side cannot wait for calls side by side."""
        self._together([partial(write, self._place.database, self._place.account_id, row) for row in these])

    def _together(self, calls: Sequence[Callable[[], None]]) -> None:
        if calls:
            self._place.database.together(calls)

    def _again(self, wanted: Sequence[Decided]) -> None:
        """What failed is decided again after a pause, up to a number of times."""
        failed = [one for one in wanted if one.error is not None]
        for one in failed:
            one.line.attempts += 1
            if one.line.attempts < DECISIONS:
                continue
            if isinstance(one.error, Unavailable):
                raise one.error
            one.line.work, one.line.reason = None, "others kept changing it, please import it again"
        if failed:
            self._place.database.pause(retry.delay(max(one.line.attempts for one in failed)))


def _first_of_each(pending: Sequence[tuple[Line, Work]]) -> list[tuple[Line, Work]]:
    """Of lines that speak of the same resource, the first: the next one is decided on what that made of it."""
    first: dict[str, tuple[Line, Work]] = {}
    for line, work in pending:
        first.setdefault(work.sent.id, (line, work))
    return list(first.values())


def _decided(place: Place, work: Work, found: Any, now: datetime) -> Decision | str:
    """The decision, or why the line is refused."""
    try:
        return work.kind.decide(place, work.sent, found, now)
    except Rejected as rejected:
        return rejected.reason
    except Refusal as refusal:
        return "; ".join(map(_told, refusal.problems))
    except OverflowError:
        return "a time would lie beyond the year 9999"


def _told(problem: Problem) -> str:
    where = (problem.pointer or "").removeprefix("/data/").replace("/", ".")
    return f"{where}: {problem.detail}" if where else problem.detail


def _size(one: Decided) -> int:
    return one.line.size


def _items(one: Decided) -> frozenset[Key]:
    return touched(one.decision.writes)
