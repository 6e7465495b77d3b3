"""Lists over a real engine: index slots, rows of the table, and both together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chalicelib.licensing.filters import licenses as license_filters
from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.licensing.license import License
from chalicelib.store import fetch, filters, keys, meter, walk
from chalicelib.store.database import Database
from chalicelib.store.fetch import Entry, Plan, need
from chalicelib.store.items import hint
from chalicelib.store.items import license as licenses
from chalicelib.store.unit import Put, commit
from chalicelib.store.walk import After, First, Numbered, Page, PageRequest
from infra.local.engine import Engine, EngineTransport
from tests.unit.licensing.make import DAY, NOW, TICK, license_, policy

A, POLICY = "A", policy()
COUNT = 60
ID = "11111111-1111-4111-8111-11111111{:04d}"


def made(number: int) -> License:
    """One of many: every second has no expiry, every third is of the plan `pro`."""
    return license_(
        id=ID.format(number),
        key=f"KEY-{number}",
        created=NOW + TICK * number,
        expiry=NOW + DAY * (number - 30) if number % 2 else None,
        metadata={"plan": "pro" if number % 3 == 0 else "free", "seats": number % 3},
    )


LICENSES = [made(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    engine = Engine(":memory:")
    store = Database(EngineTransport(engine), pause=lambda seconds: None)
    store.create_tables()
    for one in LICENSES:
        texts = metadata_rows(one.metadata)
        hint.put(store, A, hint.Listed("license", one.id, one.created, texts, one.revision))
        commit(store, [write for write in licenses.creation(A, one, POLICY, NOW) if isinstance(write, Put)])
    yield store
    engine.close()


def listed(database: Database, query: dict[str, Any], request: PageRequest) -> Page[str]:
    asked = license_filters.parse(query, NOW)
    streams, exact = filters.license_streams(A, asked)

    def load(entries: Sequence[Entry]) -> Plan[list[str | None]]:
        pairs = [(keys.facts(A, one.identifier), keys.meter(A, one.identifier)) for one in entries]
        found = yield need(*(key for pair in pairs for key in pair))
        values = [licenses.license_of(found[facts], found[counts]) for facts, counts in pairs]
        return [
            one.id if license_filters.matching(asked, license_filters.Candidate(license=one)) else None
            for one in values
        ]

    plan = walk.page(streams, request, load, lambda identifier: keys.facts(A, identifier), selective=not exact)
    return fetch.run(database, plan)


QUERIES: list[dict[str, Any]] = [
    {},
    {"metadata": {"plan": "pro"}},
    {"metadata": {"seats": "1.0"}},
    {"expired": "true"},
    {"expires": {"within": "10d"}},
    {"expires": {"after": "1990-01-01"}, "metadata": {"plan": "free"}},
    {"status": "ACTIVE", "expired": "false"},
    {"status": "INACTIVE"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
@pytest.mark.parametrize("newest_first", [True, False])
def test_lists_are_what_fits_in_order(database: Database, query: dict[str, Any], newest_first: bool) -> None:
    asked = license_filters.parse(query, NOW)
    fitting = [one for one in LICENSES if license_filters.matching(asked, license_filters.Candidate(license=one))]
    expected = tuple(one.id for one in (reversed(fitting) if newest_first else fitting))
    assert listed(database, query, First(100, newest_first)).resources == expected
    numbered = listed(database, query, Numbered(2, 7, newest_first))
    assert numbered == Page(expected[7:14], count=len(expected))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        found = listed(database, query, After(cursor, 7, newest_first))
        seen += found.resources
        cursor = found.next_cursor
        if cursor is None:
            break
        assert cursor == seen[-1]
    assert tuple(seen) == expected


def test_a_page_of_metadata_costs_what_it_shows(database: Database) -> None:
    with meter.counting() as ledger:
        listed(database, {"metadata": {"plan": "pro"}}, First(10))
    assert (ledger.operations, ledger.sequential) == (["Query", "BatchGetItem"], 2)
