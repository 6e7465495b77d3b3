"""What the steps of all tasks share: pages, and writes that may find their work done already.

A step does one page and answers where the next one starts, None at the end. Every step is idempotent: what is
already gone or already right is left alone, so a task may run twice, late or in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.store import fetch
from chalicelib.store.database import Database
from chalicelib.store.fetch import Entry, Listing
from chalicelib.store.keys import Key
from chalicelib.store.table import Item
from chalicelib.store.unit import Changed, Write, commit

PAGE = 25
AGAIN = ""
"""Where a step starts that removes what it lists: at the beginning."""


class Job(msgspec.Struct, frozen=True):
    """A task as its steps see it: what to do it to, and with what."""

    database: Database
    account_id: str
    target: str
    arguments: Mapping[str, Any]
    now: datetime
    new_id: Callable[[], str]


Step = Callable[[Job, str | None], str | None]


def attempt(database: Database, writes: Sequence[Write]) -> bool:
    """A write of a task; a failed condition means that it is not needed any more."""
    try:
        commit(database, tuple(writes))
    except Changed:
        return False
    return True


def read(database: Database, wanted: Sequence[Key]) -> Mapping[Key, Item | None]:
    """What is stored at these keys."""

    def plan() -> fetch.Plan[Mapping[Key, Item | None]]:
        return dict((yield fetch.need(*wanted)))

    return fetch.run(database, plan())


def drain(job: Job, slot: int, partition: str, remove: Callable[[Entry], bool]) -> str | None:
    """One page of a partition that empties as its entries are removed; ends too when nothing can be removed."""
    entries = fetch.listing(job.database, Listing(slot, partition, limit=PAGE))
    removed = [remove(entry) for entry in entries]
    return AGAIN if len(entries) == PAGE and any(removed) else None


def one_after_the_other(*steps: Callable[[Job], str | None]) -> Step:
    """Several drains as one step: the first that has more to do comes again before the next begins."""

    def step(job: Job, after: str | None) -> str | None:
        return next((AGAIN for one in steps if one(job) is not None), None)

    return step


def following(entries: Sequence[Entry]) -> str | None:
    """Where the page after `entries` starts."""
    return entries[-1].position if len(entries) == PAGE else None
