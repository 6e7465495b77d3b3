"""Which streams a list starts from, held against where resources are really listed (STORE §2.1, §3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.filters import licenses as license_filters
from chalicelib.licensing.filters import lists as list_filters
from chalicelib.licensing.filters import users as user_filters
from chalicelib.licensing.filters.metadata import metadata_rows
from chalicelib.licensing.license import License
from chalicelib.licensing.user import User
from chalicelib.store import filters, keys
from chalicelib.store.fetch import Entry, Listing
from chalicelib.store.items import license as licenses
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.walk import Given, Rows, Source, Stream
from tests.unit.licensing.make import LONG_AGO, NOW, license_, user

A = "A"
IDS = [f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "123456789"]
ONE, TWO, THREE = IDS[:3]
EVERYTHING = (Stream(1, "A#license"),)


def rows(kind: str, *texts: str) -> tuple[Rows, ...]:
    return tuple(Rows(keys.listed_metadata(A, kind, text)) for text in texts)


def asked(query: Mapping[str, Any]) -> tuple[Any, ...]:
    return license_filters.parse(query, NOW)


def started(query: Mapping[str, Any], *bearer: Source, banned: Sequence[str] | None = None) -> Any:
    return filters.license_streams(A, asked(query), bearer, banned)


def partitions(query: Mapping[str, Any]) -> list[tuple[int, str]]:
    streams, exact = started(query)
    assert not exact
    return [(one.slot, one.partition) for one in streams if isinstance(one, Stream)]


@pytest.mark.parametrize(
    ("query", "streams"),
    [
        ({}, EVERYTHING),
        ({"metadata": {"plan": "pro"}}, rows("license", "plan=pro")),
        ({"metadata": {"seats": "5"}}, rows("license", "seats=5", "seats:5")),
        ({"owner": ONE}, (Stream(5, f"A#owner#{ONE}#license"),)),
        ({"user": ONE}, (Stream(5, f"A#owner#{ONE}#license"), Stream(5, f"A#user#{ONE}#license"))),
        ({"group": ONE}, (Stream(6, f"A#group#{ONE}#license"),)),
        ({"policy": ONE}, (Stream(3, f"A#policy#{ONE}#license"),)),
        ({"product": ONE}, (Stream(2, f"A#product#{ONE}#license"),)),
        ({"suspended": "true"}, (Stream(4, "A#license#suspended"),)),
        ({"status": "suspended"}, (Stream(4, "A#license#suspended"),)),
    ],
)
def test_streams_that_list_just_what_is_asked_for(query: Mapping[str, Any], streams: Any) -> None:
    assert started(query) == (streams, True)
    assert started({**query, "activated": "true"}) == (streams, False)


@pytest.mark.parametrize(
    "query",
    [
        *({name: "true"} for name in ("assigned", "unassigned", "activated")),
        *({name: "false"} for name in ("suspended", "expired", "expiring")),
        {"activations": {"gt": "1"}},
        {"metadata": {"tags": ["a"]}},
        {"status": "BANNED"},
    ],
)
def test_filters_that_nothing_lists_start_from_everything(query: Mapping[str, Any]) -> None:
    assert started(query) == (EVERYTHING, False)
    assert started({**query, "product": ONE}) == ((Stream(2, f"A#product#{ONE}#license"),), False)


def test_several_wishes_of_metadata_are_not_exact() -> None:
    assert started({"metadata": {"plan": "pro", "seats": "5"}}) == (rows("license", "plan=pro"), False)
    assert started({"metadata": {"tags": ["a"], "plan": "pro"}}) == (rows("license", "plan=pro"), False)


def test_a_machine_leads_to_one_license() -> None:
    held = license_(id=TWO)
    found = license_filters.resolved(asked({"machine": ONE, "metadata": {"plan": "pro"}}), {}, {ONE: held})
    entry = Entry(keys.position(held.created, TWO), keys.facts(A, TWO))
    assert filters.license_streams(A, found) == ((Given((entry,)),), False)
    assert filters.license_streams(A, found[:1]) == ((Given((entry,)),), True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"expiring": "true"}, [(1, "A#license#expires#2024-W05")]),
        ({"status": "EXPIRING"}, [(1, "A#license#expires#2024-W05")]),
        ({"expires": {"within": "7d"}}, [(1, f"A#license#expires#2024-W0{week}") for week in (5, 6)]),
        ({"expired": {"on": "2023-12-31"}}, [(1, "A#license#expires#2023-W52")]),
        ({"activity": {"inside": "7d"}}, [(2, f"A#license#active#2024-W0{week}") for week in (4, 5)]),
        (
            {"expired": {"after": "2021-12-25"}},
            [(1, f"A#license#expires#{week}") for week in ("2021-W51", "2021-W52")]
            + [(1, f"A#license#expires#2024-W0{week}") for week in (1, 2, 3, 4, 5)]
            + [(3, f"A#license#expires#{year}") for year in (2022, 2023)],
        ),
        ({"expires": {"before": to_text(LONG_AGO)}}, []),
    ],
)
def test_ranges_of_time_start_from_their_weeks_and_years(query: Any, expected: list[tuple[int, str]]) -> None:
    assert partitions(query) == expected


@pytest.mark.parametrize(
    ("query", "slots"),
    [
        ({"expired": "true"}, {1, 3}),
        ({"status": "EXPIRED"}, {1, 3}),
        ({"expired": {"before": "2015-06-01"}}, {1, 3}),
        ({"expires": {"after": "2024-02-01"}}, {3}),
        ({"status": "ACTIVE"}, {2}),
        ({"status": "INACTIVE"}, {2, 4}),
        ({"activity": {"outside": "1y"}}, {2, 4}),
        ({"activity": {"after": "2012-01-01"}}, {2, 4}),
    ],
)
def test_open_ranges_need_few_streams(query: Any, slots: set[int]) -> None:
    found = partitions(query)
    assert {slot for slot, _ in found} <= slots
    assert len(found) <= 60


def test_the_most_selective_filter_leads() -> None:
    order: list[tuple[str, Any]] = [
        ("metadata", {"plan": "pro"}),
        ("owner", ONE),
        ("user", TWO),
        ("group", ONE),
        ("policy", ONE),
        ("suspended", "true"),
        ("expires", {"within": "7d"}),
        ("activity", {"inside": "7d"}),
        ("product", ONE),
        ("assigned", "true"),
    ]
    for number in range(len(order) - 1):
        query = dict(reversed(order[number:]))
        assert started(query) == (started(dict(order[number : number + 1]))[0], False)


def test_what_a_user_may_see_is_narrower_than_any_filter() -> None:
    own = filters.of_user(A, ONE)
    assert own == (Stream(5, f"A#owner#{ONE}#license"), Stream(5, f"A#user#{ONE}#license"))
    assert started({}, *own) == (own, True)
    for query in ({"metadata": {"plan": "pro"}}, {"product": ONE}, {"status": "EXPIRED"}):
        assert started(query, *own) == (own, False)
    given = Given(())
    assert started({"owner": ONE}, given) == ((given,), False)


def test_what_a_product_may_see_is_as_wide_as_its_filter() -> None:
    own = filters.related(A, "product", ONE, "license")
    assert started({}, own) == ((own,), True)
    assert started({"product": TWO}, own) == ((own,), False)
    assert started({"assigned": "true"}, own) == ((own,), False)
    for query in ({"metadata": {"plan": "pro"}}, {"owner": ONE}, {"status": "EXPIRED"}):
        assert started(query, own) == (started(query)[0], False)


def test_licenses_of_banned_users() -> None:
    streams = tuple(Stream(5, f"A#owner#{one}#license") for one in (ONE, TWO))
    assert started({"status": "BANNED"}, banned=[ONE, TWO]) == (streams, False)
    assert started({"status": "BANNED", "product": ONE}, banned=[ONE, TWO]) == (streams, False)
    assert started({"status": "BANNED"}, banned=[]) == ((), False)
    assert started({"status": "BANNED"}) == (EVERYTHING, False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "BANNED"}, True),
        ({"status": "banned", "product": ONE, "activated": "true"}, True),
        ({"status": "BANNED", "owner": ONE}, False),
        ({"status": "BANNED", "metadata": {"plan": "pro"}}, False),
        ({"status": "ACTIVE"}, False),
        ({}, False),
    ],
)
def test_who_is_banned_is_only_asked_where_it_helps(query: Mapping[str, Any], expected: bool) -> None:
    assert filters.asks_for_banned(asked(query)) is expected
    assert filters.asks_for_banned(asked(query), (filters.related(A, "product", ONE, "license"),)) is expected
    assert not filters.asks_for_banned(asked(query), filters.of_user(A, ONE))


@pytest.mark.parametrize(("count", "known"), [(0, True), (60, True), (61, False)])
def test_banned_users_are_known_while_they_are_few(count: int, known: bool) -> None:
    plan = filters.banned_users(A)
    (ask,) = next(plan).asks
    assert ask == Listing(4, "A#user#banned", limit=61)
    entries = [Entry(keys.position(NOW, f"user-{number}"), Key("pk", "sk")) for number in range(count)]
    with pytest.raises(StopIteration) as end:
        plan.send({ask: entries})
    assert end.value.value == (tuple(f"user-{number}" for number in range(count)) if known else None)


@pytest.mark.parametrize(
    ("query", "streams", "exact"),
    [
        ({}, (Stream(3, "A#user#role#user"),), True),
        ({"roles": ["admin", "user"]}, (Stream(3, "A#user#role#admin"), Stream(3, "A#user#role#user")), True),
        ({"status": "ACTIVE"}, (Stream(3, "A#user#role#user"),), False),
        ({"status": "BANNED"}, (Stream(4, "A#user#banned"),), False),
        ({"group": ONE, "status": "BANNED"}, (Stream(6, f"A#group#{ONE}#user"),), False),
        ({"metadata": {"a": "1"}, "group": ONE}, rows("user", "a=1", "a:1"), False),
        ({"license": ONE, "product": TWO}, (Stream(3, "A#user#role#user"),), False),
    ],
)
def test_users(query: Mapping[str, Any], streams: Any, exact: bool) -> None:
    found = user_filters.parse(query, NOW)
    assert filters.user_streams(A, found) == (streams, exact)
    given = Given(())
    assert filters.user_streams(A, found, (given,)) == ((given,), False)


def test_users_of_a_list_without_filters() -> None:
    assert filters.user_streams(A, ()) == ((Stream(1, "A#user"),), True)
    assert filters.user_streams(A, (user_filters.Grouped(identifier=ONE),)) == (
        (Stream(6, f"A#group#{ONE}#user"),),
        True,
    )
    assert filters.user_streams(A, (), (Given(()),)) == ((Given(()),), True)


@pytest.mark.parametrize(
    ("kind", "found", "streams", "exact"),
    [
        ("policy", list_filters.of_policies({}), (Stream(1, "A#policy"),), True),
        ("policy", list_filters.of_policies({"product": ONE}), (Stream(2, f"A#product#{ONE}#policy"),), True),
        ("key", list_filters.of_keys({"product": ONE}), (Stream(2, f"A#product#{ONE}#key"),), True),
        ("key", list_filters.of_keys({"product": ONE, "policy": TWO}), (Stream(3, f"A#policy#{TWO}#key"),), False),
        ("token", list_filters.of_tokens({}), (Stream(1, "A#token"),), True),
        ("token", list_filters.of_tokens({"bearer": {"id": ONE}}), (Stream(4, f"A#bearer#{ONE}#token"),), True),
        (
            "token",
            list_filters.of_tokens({"bearer": {"type": "user", "id": ONE}}),
            (Stream(4, f"A#bearer#{ONE}#token"),),
            False,
        ),
        ("token", list_filters.of_tokens({"bearer": {"type": "user"}}), (Stream(1, "A#token"),), False),
    ],
)
def test_small_lists(kind: str, found: Any, streams: Any, exact: bool) -> None:
    assert filters.small_streams(A, kind, found) == (streams, exact)
    own = filters.related(A, "product", THREE, kind)
    assert filters.small_streams(A, kind, found, (own,)) == ((own,), not found)


Lists = Mapping[Stream | Rows, set[str]]


def listed(found: Sequence[License], attached: Mapping[str, frozenset[str]]) -> Lists:
    """The ids in each partition, as the items of licenses and attachments are written."""
    lists: dict[Stream | Rows, set[str]] = defaultdict(set)
    for one in found:
        for slots in (licenses.slots(A, one), licenses.meter_slots(A, one)):
            for name, partition in slots.items():
                lists[Stream(int(name[-1]), partition)].add(one.id)
        for user_id in attached[one.id]:
            lists[Stream(5, keys.slot(A, "user", user_id, "license"))].add(one.id)
        for row in rows("license", *metadata_rows(one.metadata)):
            lists[row].add(one.id)
    return lists


days = some.integers(-6_000, 12_000) | some.integers(-100, 100)
instants = days.map(lambda number: NOW + timedelta(days=number, minutes=number % 97))
past = some.integers(0, 6_000).map(lambda number: NOW - timedelta(days=number))
some_id = some.sampled_from(IDS[:3])
texts = some.sampled_from(["1", "pro", "true", "1.0"])
made = some.fixed_dictionaries(
    {"product_id": some_id, "policy_id": some_id, "created": past, "suspended": some.booleans()},
    optional={
        "owner_id": some_id,
        "group_id": some_id,
        "expiry": instants,
        "last_validated": past,
        "metadata": some.dictionaries(
            some.sampled_from("ab"), texts | some.sampled_from([1, 1.0, True]) | some.just({"b": 1}), max_size=2
        ),
    },
)
times = instants.map(to_text)
spans = some.sampled_from(["7d", "90d", "1y", "20y"])
queries = some.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("product", "policy", "group", "owner", "user"), some_id),
        "status": some.sampled_from(["BANNED", "SUSPENDED", "EXPIRED", "EXPIRING", "INACTIVE", "ACTIVE"]),
        **dict.fromkeys(("suspended", "expired", "expiring"), some.sampled_from(["true", "false"])),
        "expires": some.one_of(*(some.fixed_dictionaries({name: times}) for name in ("before", "after", "on")))
        | some.fixed_dictionaries({"within": spans}),
        "activity": some.one_of(*(some.fixed_dictionaries({name: times}) for name in ("before", "after")))
        | some.one_of(*(some.fixed_dictionaries({name: spans}) for name in ("inside", "outside"))),
        "metadata": some.dictionaries(some.sampled_from("ab"), texts | some.just({"b": "1"}), min_size=1, max_size=2),
    },
)
worlds = some.lists(some.tuples(made, some.frozensets(some_id, max_size=2)), max_size=8)


@given(world=worlds, banned=some.sets(some_id), query=queries)
def test_what_fits_is_listed_where_the_list_starts(
    world: list[tuple[dict[str, Any], frozenset[str]]], banned: set[str], query: dict[str, Any]
) -> None:
    found = [license_(id=f"license-{number}", **fields) for number, (fields, _) in enumerate(world)]
    attached = {one.id: users for one, (_, users) in zip(found, world, strict=True)}
    asked_for = asked(query)
    streams, exact = filters.license_streams(A, asked_for, (), sorted(banned))
    there = listed(found, attached)
    start = {one for stream in streams if not isinstance(stream, Given) for one in there.get(stream, ())}
    fitting = {one.id for one in found if license_filters.matching(asked_for, candidate(one, attached[one.id], banned))}
    assert fitting <= start
    assert not exact or fitting == start
    assert len(streams) <= 120


def candidate(one: License, attached: frozenset[str], banned: set[str]) -> license_filters.Candidate:
    owner_id = one.owner_id
    owner = None if owner_id is None else user(id=owner_id, banned_at=NOW if owner_id in banned else None)
    return license_filters.Candidate(license=one, owner=owner, attached_to=attached)


user_queries = some.fixed_dictionaries(
    {},
    optional={
        "roles": some.lists(some.sampled_from(["user", "admin", "read-only"]), max_size=2),
        "group": some_id,
        "status": some.sampled_from(["ACTIVE", "BANNED"]),
        "metadata": some.dictionaries(some.sampled_from("ab"), texts, min_size=1, max_size=2),
    },
)
people = some.fixed_dictionaries(
    {"role": some.sampled_from(["user", "admin", "read-only"])},
    optional={
        "group_id": some_id,
        "banned_at": past,
        "metadata": some.dictionaries(some.sampled_from("ab"), texts | some.just(1), max_size=2),
    },
)


@given(world=some.lists(people, max_size=8), query=user_queries)
def test_users_that_fit_are_listed_where_the_list_starts(world: list[dict[str, Any]], query: dict[str, Any]) -> None:
    found: list[User] = [user(id=f"user-{number}", **fields) for number, fields in enumerate(world)]
    there: dict[Source, set[str]] = defaultdict(set)
    for one in found:
        for name, partition in users.slots(A, one).items():
            there[Stream(int(name[-1]), partition)].add(one.id)
        for row in rows("user", *metadata_rows(one.metadata)):
            there[row].add(one.id)
    asked_for = user_filters.parse(query, NOW)
    streams, exact = filters.user_streams(A, asked_for)
    start = {one for stream in streams for one in there.get(stream, ())}
    fitting = {one.id for one in found if user_filters.matching(asked_for, user_filters.Candidate(user=one))}
    assert fitting <= start
    assert not exact or fitting == start
