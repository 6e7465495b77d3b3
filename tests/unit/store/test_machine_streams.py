"""Which streams lists of machines and of their parts start from, held against where these are listed (STORE §2.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.filters import machines as machine_filters
from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.store import filters, keys
from chalicelib.store.items import component as components
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.walk import Given, Rows, Source, Stream
from tests.unit.licensing.make import NOW, component, license_, machine, policy, process

A = "A"
IDS = [f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "123456789"]
ONE, TWO, THREE = IDS[:3]
EVERYTHING = (Stream(1, "A#machine"),)


def asked(query: Mapping[str, Any], *licenses: str, readers: Any = machine_filters.OF_MACHINES) -> tuple[Any, ...]:
    """The filters of a query; users have `licenses`, and the machines of owners are on them."""
    found = machine_filters.parse(query, NOW, readers)
    held = dict.fromkeys(IDS, frozenset(licenses))
    return machine_filters.placed(found, held, held)


@pytest.mark.parametrize(
    ("query", "streams"),
    [
        ({}, EVERYTHING),
        ({"fingerprint": "f"}, (Rows(keys.fingerprint(A, "machine", "f")),)),
        ({"license": ONE}, (Stream(4, f"A#license#{ONE}#machine"),)),
        ({"metadata": {"a": "b"}}, (Rows(keys.listed_metadata(A, "machine", "a=b")),)),
        ({"owner": ONE}, (Stream(5, f"A#owner#{ONE}#machine"),)),
        ({"user": ONE}, (Stream(4, f"A#license#{TWO}#machine"), Stream(4, f"A#license#{THREE}#machine"))),
        ({"group": ONE}, (Stream(6, f"A#group#{ONE}#machine"),)),
        ({"policy": ONE}, (Stream(3, f"A#policy#{ONE}#machine"),)),
        ({"product": ONE}, (Stream(2, f"A#product#{ONE}#machine"),)),
    ],
)
def test_machines(query: Mapping[str, Any], streams: Any) -> None:
    assert filters.machine_streams(A, asked(query, THREE, TWO)) == (streams, True)
    assert filters.machine_streams(A, asked({**query, "status": "DEAD"}, THREE, TWO)) == (streams, False)
    own = filters.related(A, "license", THREE, "machine")
    assert filters.machine_streams(A, asked(query, THREE), (own,)) == ((own,), not query)


@pytest.mark.parametrize("query", [{"ip": "x"}, {"hostname": "x"}, {"status": "ALIVE"}, {"metadata": {"a": ["b"]}}])
def test_what_nothing_lists(query: Mapping[str, Any]) -> None:
    assert filters.machine_streams(A, asked(query)) == (EVERYTHING, False)


def test_a_product_starts_from_what_is_narrower() -> None:
    own = filters.related(A, "product", ONE, "machine")
    assert filters.machine_streams(A, asked({"product": ONE}), (own,)) == ((own,), False)
    narrow = (Rows(keys.fingerprint(A, "machine", "f")),)
    assert filters.machine_streams(A, asked({"fingerprint": "f", "product": ONE}), (own,)) == (narrow, False)


def test_who_has_no_licenses_has_nothing() -> None:
    assert filters.machine_streams(A, asked({"user": ONE})) == ((), True)
    assert filters.on_licenses(A, (), "machine") == ()


@pytest.mark.parametrize("kind", ["component", "process"])
def test_parts(kind: str) -> None:
    def started(query: Mapping[str, Any], *bearer: Source) -> Any:
        return filters.part_streams(A, kind, asked(query, TWO, readers=machine_filters.OF_PROCESSES), bearer)

    on_license = (Stream(4, f"A#license#{TWO}#{kind}"),)
    assert started({}) == ((Stream(1, f"A#{kind}"),), True)
    assert started({"license": TWO, "product": ONE}) == (on_license, False)
    # On the license of a machine of that owner may be machines of others.
    assert started({"owner": ONE}) == (on_license, False)
    assert started({"user": ONE}) == (on_license, True)
    assert started({"product": ONE}) == ((Stream(2, f"A#product#{ONE}#{kind}"),), True)
    own = filters.related(A, "product", ONE, kind)
    assert started({"license": TWO}, own) == (on_license, False)
    assert started({"license": TWO}, Given(())) == ((Given(()),), False)


some_id = some.sampled_from(IDS[:3])
texts = some.sampled_from(["1", "pro", "true"])
made = some.fixed_dictionaries(
    {"license": some_id, "fingerprint": texts},
    optional={
        **dict.fromkeys(("owner_id", "group_id"), some_id),
        **dict.fromkeys(("ip", "hostname"), texts),
        "last_heartbeat": some.integers(0, 1200).map(lambda ago: NOW - timedelta(seconds=ago)),
        "metadata": some.dictionaries(some.sampled_from("ab"), texts | some.sampled_from([1, True]), max_size=2),
    },
)
queries = some.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("product", "policy", "license", "group", "owner", "user", "machine"), some_id),
        **dict.fromkeys(("fingerprint", "ip", "hostname"), texts),
        "status": some.sampled_from(["ALIVE", "DEAD"]),
        "metadata": some.dictionaries(some.sampled_from("ab"), texts, min_size=1, max_size=2),
    },
)
licensed = some.fixed_dictionaries({"product_id": some_id, "policy_id": some_id})


@given(
    world=some.lists(made, max_size=8),
    parents=some.tuples(licensed, licensed, licensed),
    held=some.sets(some_id),
    query=queries,
    kind=some.sampled_from(["machine", "component", "process"]),
)
def test_what_fits_is_listed_where_the_list_starts(
    world: list[dict[str, Any]], parents: tuple[Any, Any, Any], held: set[str], query: dict[str, Any], kind: str
) -> None:
    licenses = {one: license_(id=one, **fields) for one, fields in zip(IDS, parents, strict=False)}
    there: dict[Source, set[str]] = defaultdict(set)
    candidates: dict[str, machine_filters.Candidate] = {}
    of_owners: dict[str, set[str]] = defaultdict(set)
    for number, fields in enumerate(world):
        license = licenses[fields["license"]]
        given = {name: value for name, value in fields.items() if name != "license"}
        one = machine(id=IDS[number % 9], license_id=license.id, **given)
        name = f"{kind}-{number}"
        running = process(license_id=license.id) if kind == "process" else None
        candidates[name] = machine_filters.Candidate(machine=one, license=license, policy=policy(), process=running)
        for where in places(kind, one, license):
            there[where].add(name)
        of_owners[one.owner_id or ""].add(license.id)
    readers = {
        "machine": machine_filters.OF_MACHINES,
        "component": machine_filters.OF_COMPONENTS,
        "process": machine_filters.OF_PROCESSES,
    }[kind]
    found = machine_filters.placed(
        machine_filters.parse(query, NOW, readers),
        dict.fromkeys(IDS, frozenset(held)),
        {one: frozenset(of_owners[one]) for one in IDS},
    )
    start = filters.machine_streams(A, found) if kind == "machine" else filters.part_streams(A, kind, found)
    streams, exact = start
    listed = {name for stream in streams for name in there.get(stream, ())}
    fitting = {name for name, one in candidates.items() if machine_filters.matching(found, one)}
    assert fitting <= listed
    assert not exact or fitting == listed


def places(kind: str, one: Any, license: Any) -> list[Source]:
    """Every partition that lists a machine, or a part on it."""
    slots: Mapping[str, Any] = {
        "machine": lambda: machines.slots(A, one, license),
        "component": lambda: components.slots(A, component(license_id=license.id), license),
        "process": lambda: processes.slots(A, process(license_id=license.id), license),
    }[kind]()
    found: list[Source] = [Stream(int(name[-1]), partition) for name, partition in slots.items()]
    if kind == "machine":
        found.append(Rows(keys.fingerprint(A, "machine", one.fingerprint)))
        found += [Rows(keys.listed_metadata(A, "machine", text)) for text in metadata_rows(one.metadata)]
    return found
