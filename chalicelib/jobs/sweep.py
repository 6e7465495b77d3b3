"""The deadline sweep: licenses that expire or miss a check-in, machines and processes that died, tasks whose second
pass is due (spec events.md §7).

Reads what is due and nothing else. Late, repeated or parallel runs change nothing: the stamp of each event is set on
the condition that nothing the deadline follows from has moved, in the transaction that carries the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.jobs.deaths import Deaths, Fate, ShowMachine, ShowProcess
from chalicelib.licensing.deadlines import due_events
from chalicelib.licensing.errors import Unavailable
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import deactivation, due, fetch, keys, tasks
from chalicelib.store.database import Database
from chalicelib.store.items import license_changes, outbox
from chalicelib.store.items.license import MeterRow
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as loads
from chalicelib.store.loads import resources
from chalicelib.store.loads.license import Licensed
from chalicelib.store.table import Item, Outbox, Row
from chalicelib.store.unit import Change, Changed, Locked, Write, commit

ShowLicense = Callable[[str, License, Policy, User | None, datetime], dict[str, Any]]


class Shows(msgspec.Struct, frozen=True):
    """How each kind is shown in the events of a sweep: as the API would."""

    license: ShowLicense
    machine: ShowMachine
    process: ShowProcess


class Report(msgspec.Struct):
    """What a run did: what it looked at, events due, events that somebody listens to, what it deleted, writes lost
    to others, tasks carried out and those that failed.
    """

    looked_at: int = 0
    due: int = 0
    emitted: int = 0
    culled: int = 0
    lost: int = 0
    tasks: int = 0
    complete: bool = True
    failures: list[str] = msgspec.field(default_factory=list)

    def note(self, fate: Fate, done: bool, names: frozenset[str]) -> None:
        """Count something that was looked at, and whether what it asked for was written."""
        self.looked_at += 1
        self.due += len(fate.events)
        self.lost += not done
        self.emitted += done * len([name for name in fate.events if heard(name, names)])
        self.culled += done and fate.culled is not None


class Sweep(msgspec.Struct):
    """One run; `in_time` says whether there is time for another page."""

    database: Database
    shows: Shows
    new_id: Callable[[], str]
    now: datetime
    in_time: Callable[[], bool] = lambda: True

    def run(self) -> Report:
        """Everything that is due, or as much as there is time for."""
        report = Report()
        self._watched(report)
        self._tasks(report)
        return report

    def _watched(self, report: Report) -> None:
        listening: dict[str, frozenset[str]] = {}
        for page in due.pages(self.database, Row, self.now):
            for account_id, found in _by_account(page).items():
                names = listening.get(account_id)
                if names is None:
                    names = listening[account_id] = self._listening(account_id)
                self._account(account_id, found, names, report)
            if not self.in_time():
                report.complete = False
                return

    def _listening(self, account_id: str) -> frozenset[str]:
        subscribers = fetch.run(self.database, resources.subscribers(account_id))
        return frozenset(name for subscriber in subscribers for name in subscriber["events"])

    def _account(self, account_id: str, due_keys: Sequence[Key], names: frozenset[str], report: Report) -> None:
        """Decide about a page at once, then write: one after the other on a license, licenses side by side."""
        lanes: dict[str, list[Fate]] = {}
        for key, fate in self._fates(account_id, due_keys):
            lanes.setdefault(key.pk, []).append(fate)
        calls = [partial(self._lane, account_id, lane, names) for lane in lanes.values()]
        applied = chain.from_iterable(self.database.together(calls) if calls else ())
        culled: list[Machine] = []
        for fate, done in zip(chain.from_iterable(lanes.values()), applied, strict=True):
            report.note(fate, done, names)
            culled += [fate.culled] if done and fate.culled is not None else []
        self._drop_parts(account_id, culled)

    def _drop_parts(self, account_id: str, culled: Sequence[Machine]) -> None:
        """What hung on machines that are gone; where that fails their tasks see to it, and nobody has to wait."""
        try:
            deactivation.drop_parts(self.database, account_id, culled, self.now)
        except (Locked, Unavailable):
            return

    def _fates(self, account_id: str, due_keys: Sequence[Key]) -> Iterator[tuple[Key, Fate]]:
        deaths = Deaths(self.database, self.shows.machine, self.shows.process, self.new_id, self.now)
        kinds = {keys.METER: self._licenses, "machine#": deaths.machines, "process#": deaths.processes}
        for start, decide in kinds.items():
            where = [key for key in due_keys if key.sk.startswith(start)]
            if where:
                yield from zip(where, decide(account_id, where), strict=True)

    def _licenses(self, account_id: str, where: Sequence[Key]) -> list[Fate]:
        found = fetch.run(self.database, loads.many(account_id, [keys.license_of(meter) for meter in where]))
        return [
            self._forgotten(meter) if one is None else self._license(account_id, one)
            for meter, one in zip(where, found, strict=True)
        ]

    def _license(self, account_id: str, licensed: Licensed) -> Fate:
        license, policy = licensed.license, licensed.policy
        found = due_events(license, policy, self.now)
        stamps: dict[str, Any] = {event.stamp_field: self.now for event in found}
        if found:
            stamps["updated"] = self.now
        after = replace(license, **stamps)
        shown = {"data": self.shows.license(account_id, after, policy, licensed.owner, self.now)} if found else None
        changed = license_changes.changed(account_id, license, after, policy, self.now)
        return Fate((changed,), {event.name: shown for event in found})

    def _forgotten(self, meter: Key) -> Fate:
        """A license without its parents is waiting to be erased: it has no deadlines any more."""
        return Fate((Change(MeterRow, meter, license_changes.due_actions("", None), marked=False),))

    def _lane(self, account_id: str, fates: Iterable[Fate], names: frozenset[str]) -> list[bool]:
        return [self._commit([*fate.writes, *self._events(account_id, fate, names)]) for fate in fates]

    def _events(self, account_id: str, fate: Fate, names: frozenset[str]) -> Iterator[Write]:
        for name, document in fate.events.items():
            if heard(name, names):
                payload = msgspec.json.encode(document).decode()
                yield outbox.event(account_id, self.new_id(), name, payload, self.now)

    def _commit(self, writes: Sequence[Write]) -> bool:
        """Somebody else's write, a parallel run's too, wins; what is still due comes up again in the next run."""
        try:
            commit(self.database, writes)
        except (Changed, Locked, Unavailable):
            return False
        return True

    def _tasks(self, report: Report) -> None:
        for page in due.pages(self.database, Outbox, self.now):
            for key in page:
                item = fetch.get(self.database, key, table=Outbox)
                if item is not None and item["kind"] == "task":
                    self._task(item, report)

    def _task(self, item: Item, report: Report) -> None:
        """A task that cannot run holds up no other; it stays due, as does the rest of one there is no time for."""
        in_time = iter(self.in_time, False)
        try:
            done = tasks.run(self.database, item, self.new_id, self.now, in_time, late=timedelta(0))
        except Exception as error:
            report.failures.append(f"{item['name']} {item['id']}: {error!r}")
        else:
            report.tasks += done
            report.complete &= done


def heard(name: str, names: frozenset[str]) -> bool:
    """Whether somebody listens to an event."""
    return name in names or "*" in names


def _by_account(page: Iterable[Key]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in page:
        found.setdefault(key.pk.partition("#")[0], []).append(key)
    return found
