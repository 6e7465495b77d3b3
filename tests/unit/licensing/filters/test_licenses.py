"""The filters of lists of licenses (spec licenses.md §8.2, §8.3); metadata has tests of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.filters import licenses as filters
from chalicelib.licensing.filters.licenses import Candidate
from chalicelib.licensing.license import status
from tests.unit.licensing.make import DAY, HOUR, LONG_AGO, NOW, TICK, license_, user

ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
EMAIL = "owner@acme.example"


def candidate(banned: bool = False, attached_to: frozenset[str] = frozenset(), **fields: Any) -> Candidate:
    license = license_(**fields)
    owner = None if license.owner_id is None else user(id=license.owner_id, banned_at=LONG_AGO if banned else None)
    return Candidate(license=license, owner=owner, attached_to=attached_to)


def fits(query: Mapping[str, Any], found: Candidate) -> bool:
    asked = filters.parse(query, NOW)
    assert not filters.impossible(asked)
    return filters.matching(asked, found)


@pytest.mark.parametrize("name", ["product", "policy", "group"])
def test_relations(name: str) -> None:
    related: dict[str, Any] = {f"{name}_id": ONE}
    found = candidate(**related)
    assert fits({name: ONE}, found)
    assert fits({name: ONE.replace("-", "").upper()}, found)
    assert not fits({name: OTHER}, found)


@pytest.mark.parametrize("name", ["product", "policy", "group", "machine"])
@pytest.mark.parametrize("sent", ["x", "1", "me@acme.example", f"{ONE}0"])
def test_what_is_no_id_leaves_nothing(name: str, sent: str) -> None:
    found = filters.parse({name: sent}, NOW)
    assert filters.impossible(found)
    assert not filters.matching(found, candidate())


def test_owner_and_user_by_id() -> None:
    owned, shared, foreign = candidate(owner_id=ONE), candidate(attached_to=frozenset({ONE})), candidate(owner_id=OTHER)
    assert [fits({"owner": ONE}, one) for one in (owned, shared, foreign)] == [True, False, False]
    assert [fits({"user": ONE}, one) for one in (owned, shared, foreign)] == [True, True, False]


@pytest.mark.parametrize("name", ["owner", "user"])
def test_owner_and_user_by_email(name: str) -> None:
    asked = filters.parse({name: EMAIL}, NOW)
    assert filters.emails(asked) == (EMAIL,)
    assert not filters.matching(asked, candidate(owner_id=ONE))
    known = filters.resolved(asked, {EMAIL: ONE}, {})
    assert (filters.emails(known), filters.impossible(known)) == ((), False)
    assert filters.matching(known, candidate(owner_id=ONE))
    assert not filters.matching(known, candidate(owner_id=OTHER))
    for nobody in ({}, {EMAIL: None}):
        assert filters.impossible(filters.resolved(asked, nobody, {}))


def test_emails_are_looked_up_as_they_were_sent_and_once() -> None:
    assert filters.emails(filters.parse({"owner": "Me@Acme.example", "user": "me"}, NOW)) == ("Me@Acme.example", "me")
    assert filters.emails(filters.parse({"owner": EMAIL, "user": EMAIL}, NOW)) == (EMAIL,)


def test_only_users_have_to_be_looked_for_among_the_attached() -> None:
    assert filters.asked_users(filters.parse({"owner": ONE, "user": OTHER}, NOW)) == {OTHER}
    asked = filters.parse({"user": EMAIL}, NOW)
    assert filters.asked_users(asked) == frozenset()
    assert filters.asked_users(filters.resolved(asked, {EMAIL: ONE}, {})) == {ONE}


def test_machine() -> None:
    asked = filters.parse({"machine": ONE}, NOW)
    assert filters.machines(asked) == (ONE,)
    assert not filters.matching(asked, candidate())
    known = filters.resolved(asked, {}, {ONE: license_(id="holder")})
    assert filters.machines(known) == ()
    assert [filters.matching(known, candidate(id=name)) for name in ("holder", "other")] == [True, False]
    assert filters.impossible(filters.resolved(asked, {}, {ONE: None}))
    assert filters.impossible(filters.resolved(asked, {}, {}))


@pytest.mark.parametrize(
    ("sent", "value"), [("true", True), ("1", True), ("False", True), ("false", False), ("0", False)]
)
def test_flags(sent: str, value: bool) -> None:
    suspended, owned, shared, nobodys = (
        candidate(suspended=True),
        candidate(owner_id=ONE),
        candidate(users=1),
        candidate(),
    )
    activated = candidate(machines=2)
    assert fits({"suspended": sent}, suspended) is value
    assert fits({"suspended": sent}, nobodys) is not value
    for assigned in (owned, shared):
        assert fits({"assigned": sent}, assigned) is value
        assert fits({"unassigned": sent}, assigned) is not value
    assert fits({"assigned": sent}, nobodys) is not value
    assert fits({"unassigned": sent}, nobodys) is value
    assert fits({"activated": sent}, activated) is value
    assert fits({"activated": sent}, nobodys) is not value


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ({"eq": "2"}, [2]),
        ({"gt": "2"}, [3, 4]),
        ({"gte": "2"}, [2, 3, 4]),
        ({"lt": "2"}, [0, 1]),
        ({"lte": "2"}, [0, 1, 2]),
        ({"eq": "x"}, [0]),
        ({"gt": "-1"}, [1, 2, 3, 4]),
        ({"lte": "1 or so"}, [0, 1]),
        ({"lte": "3", "eq": "1"}, [1]),
        ({"lt": "1", "gt": "3"}, [4]),
        ({"eq": "", "gt": "3"}, [4]),
    ],
)
def test_activations(query: Mapping[str, str], counts: list[int]) -> None:
    asked = filters.parse({"activations": query}, NOW)
    assert [count for count in range(5) if filters.matching(asked, candidate(machines=count))] == counts


IN_3_DAYS = NOW + 3 * DAY
EXPIRIES = {
    "perpetual": None,
    "long past": NOW - 40 * DAY,
    "past": NOW - 10 * DAY,
    "just past": NOW - TICK,
    "now": NOW,
    "just to come": NOW + TICK,
    "soon": IN_3_DAYS - TICK,
    "three days": IN_3_DAYS,
    "later": IN_3_DAYS + TICK,
    "far": NOW + 40 * DAY,
}
GONE = ["long past", "past", "just past"]
SOON = ["just to come", "soon"]
COMING = ["now", *SOON, "three days", "later", "far"]
PAST_DAY = (NOW - 10 * DAY).date().isoformat()
TODAY = NOW.date().isoformat()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"expired": "true"}, GONE),
        ({"expired": "false"}, ["perpetual", *COMING]),
        ({"expiring": "true"}, SOON),
        ({"expiring": "false"}, ["perpetual", *GONE, "later", "far"]),
        ({"expired": {"within": "10d"}}, ["past", "just past"]),
        ({"expired": {"in": "864000"}}, ["past", "just past"]),
        ({"expired": {"within": "P9DT24H"}}, ["past", "just past"]),
        ({"expired": {"within": "1m"}}, ["past", "just past"]),
        ({"expired": {"within": "10000y"}}, GONE),
        ({"expired": {"before": to_text(NOW - 10 * DAY)}}, ["long past", "past"]),
        ({"expired": {"before": to_text(NOW + DAY)}}, GONE),
        ({"expired": {"before": to_text(NOW)}}, GONE),
        ({"expired": {"after": to_text(NOW - 10 * DAY)}}, ["past", "just past"]),
        ({"expired": {"after": to_text(NOW)}}, []),
        ({"expired": {"on": PAST_DAY}}, ["past"]),
        ({"expired": {"on": f"{PAST_DAY}T23:00:00Z"}}, ["past"]),
        ({"expired": {"on": TODAY}}, ["just past"]),
        ({"expired": {"other": "x"}}, GONE),
        ({"expires": {"within": "3d"}}, ["now", *SOON, "three days"]),
        ({"expires": {"in": "3d"}}, ["now", *SOON, "three days"]),
        ({"expires": {"within": "10000y"}}, COMING),
        ({"expires": {"before": to_text(IN_3_DAYS)}}, ["now", *SOON, "three days"]),
        ({"expires": {"before": to_text(NOW - DAY)}}, []),
        ({"expires": {"after": to_text(IN_3_DAYS)}}, ["three days", "later", "far"]),
        ({"expires": {"after": to_text(NOW - DAY)}}, COMING),
        ({"expires": {"on": TODAY}}, ["just past", "now", "just to come"]),
        ({"expires": {"after": to_text(IN_3_DAYS), "before": to_text(IN_3_DAYS)}}, ["now", *SOON, "three days"]),
        ({"expires": {"within": "", "after": str(int(IN_3_DAYS.timestamp()))}}, ["three days", "later", "far"]),
        ({"status": "EXPIRED"}, GONE),
        ({"status": "expiring"}, SOON),
    ],
)
def test_expiry(query: Mapping[str, Any], expected: list[str]) -> None:
    assert [name for name, expiry in EXPIRIES.items() if fits(query, candidate(expiry=expiry))] == expected


ACTIVITY = ["created", "last_validated", "last_check_out", "last_check_in"]


@pytest.mark.parametrize("stamp", ACTIVITY)
@pytest.mark.parametrize("since", [{"inside": "10d"}, {"after": to_text(NOW - 10 * DAY)}])
@pytest.mark.parametrize("until", [{"outside": "10d"}, {"before": to_text(NOW - 10 * DAY)}])
def test_activity(stamp: str, since: Any, until: Any) -> None:
    for instant, active in ((NOW - 10 * DAY, True), (NOW - 10 * DAY - TICK, False), (NOW, True)):
        stamps: dict[str, Any] = {"created": LONG_AGO} | {stamp: instant}
        found = candidate(**stamps)
        assert fits({"activity": since}, found) is active
        assert fits({"activity": until}, found) is not active


def test_banned_owners_are_neither_active_nor_inactive() -> None:
    banned = candidate(banned=True, owner_id=ONE, expiry=NOW - DAY, suspended=True)
    found = [name for name in STATUSES if fits({"status": name}, banned)]
    assert found == ["BANNED", "SUSPENDED", "EXPIRED"]
    assert not fits({"activity": {"inside": "10d"}}, banned)
    assert not fits({"activity": {"outside": "10d"}}, banned)


STATUSES = ["BANNED", "SUSPENDED", "EXPIRED", "EXPIRING", "INACTIVE", "ACTIVE"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["ACTIVE"]),
        ({"suspended": True}, ["SUSPENDED", "ACTIVE"]),
        ({"expiry": NOW - DAY}, ["EXPIRED", "ACTIVE"]),
        ({"expiry": NOW + DAY}, ["EXPIRING", "ACTIVE"]),
        ({"created": NOW - 90 * DAY}, ["ACTIVE"]),
        ({"created": NOW - 90 * DAY - TICK}, ["INACTIVE"]),
        ({"created": LONG_AGO, "expiry": NOW - DAY, "suspended": True}, ["SUSPENDED", "EXPIRED", "INACTIVE"]),
        ({"created": LONG_AGO, "last_check_in": NOW - HOUR}, ["ACTIVE"]),
    ],
)
def test_statuses_overlap(fields: Mapping[str, Any], expected: list[str]) -> None:
    assert [name for name in STATUSES if fits({"status": name.lower()}, candidate(**fields))] == expected


instants = some.none() | some.integers(-200, 200).map(lambda hours: NOW + hours * 12 * HOUR)


@given(
    expiry=instants,
    used=instants,
    suspended=some.booleans(),
    owner=some.sampled_from([None, ONE]),
    banned=some.booleans(),
)
def test_the_shown_status_is_one_of_those_that_match(
    expiry: datetime | None, used: datetime | None, suspended: bool, owner: str | None, banned: bool
) -> None:
    found = candidate(banned, owner_id=owner, created=LONG_AGO, expiry=expiry, last_validated=used, suspended=suspended)
    shown = status(found.license, found.is_banned, NOW)
    assert shown in [name for name in STATUSES if fits({"status": name}, found)]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "GONE"},
        {"expired": {"within": "x"}},
        {"expired": {"before": "30d"}},
        {"expired": {"on": "x"}},
        {"expires": {"within": "1h"}},
        {"expires": {"within": "1w1d", "before": to_text(NOW)}},
        {"expires": {"after": "x"}},
        {"expires": {"other": "x"}},
        {"expires": {"other": "x", "within": ""}},
        {"activity": {"inside": "x"}},
        {"activity": {"before": "30d"}},
        {"activity": {"other": "30d"}},
        {"activations": {"other": "1"}},
        {"activations": {"EQ": "1"}},
    ],
)
def test_what_means_nothing_leaves_nothing(query: Mapping[str, Any]) -> None:
    found = filters.parse(query, NOW)
    assert filters.impossible(found)
    assert not filters.matching(found, candidate())


TEXTS = ["product", "policy", "group", "machine", "owner", "user", "status", "suspended", "expiring", "expired"]
TEXTS += ["assigned", "unassigned", "activated"]
OBJECTS = ["expires", "activity", "activations", "metadata"]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("sent", ["", "  ", [], ["true"], {}, {"within": ""}, {"within": ["x"]}, None])
def test_texts_of_the_wrong_shape_are_skipped(name: str, sent: Any) -> None:
    assert filters.parse({name: sent}, NOW) == ()


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "expired"])
def test_objects_instead_of_texts_are_skipped(name: str) -> None:
    assert filters.parse({name: {"within": "30d"}}, NOW) == ()


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("sent", ["", "30d", [], ["30d"], {}, {"within": "", "x": " "}, {"within": [""]}, None])
def test_objects_of_the_wrong_shape_are_skipped(name: str, sent: Any) -> None:
    assert filters.parse({name: sent}, NOW) == ()


def test_filters_add_up() -> None:
    query = {"product": ONE, "status": "ACTIVE", "metadata": {"plan": "pro"}, "activations": {"gte": "1"}}
    found: dict[str, Any] = {"product_id": ONE, "metadata": {"plan": "pro"}, "machines": 1}
    changes: list[dict[str, Any]] = [{"product_id": OTHER}, {"created": LONG_AGO}, {"metadata": {}}, {"machines": 0}]
    assert fits(query, candidate(**found))
    for change in changes:
        assert not fits(query, candidate(**found | change))


def test_no_filters_leave_everything() -> None:
    assert (
        filters.parse({"limit": "10", "page": {"number": "1"}, "Product": "x", "filter": {"product": "x"}}, NOW) == ()
    )
    assert filters.matching((), candidate())


def test_a_list_may_read_fewer_parameters() -> None:
    query = {"product": ONE, "user": EMAIL, "suspended": "true", "status": "GONE"}
    assert [one.name for one in filters.parse(query, NOW, ("product", "suspended"))] == ["product", "suspended"]
    assert filters.parse(query, NOW, ()) == ()


trees: some.SearchStrategy[Any] = some.recursive(
    some.text(max_size=4) | some.sampled_from([ONE, "30d", "true", "ACTIVE", to_text(NOW), "1m"]),
    lambda inner: (
        some.lists(some.text(max_size=3), max_size=2)
        | some.dictionaries(some.sampled_from(["within", "before", "on", "inside", "gte", "x", ""]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(query=some.dictionaries(some.sampled_from(TEXTS + OBJECTS), trees, max_size=5), expiry=instants)
def test_no_query_is_an_error(query: dict[str, Any], expiry: datetime | None) -> None:
    asked = filters.parse(query, NOW)
    assert {one.name for one in asked} <= query.keys()
    known = filters.resolved(asked, dict.fromkeys(filters.emails(asked), ONE), {ONE: license_()})
    assert not filters.emails(known)
    found = candidate(expiry=expiry, owner_id=ONE, attached_to=filters.asked_users(known))
    if filters.matching(known, found):
        assert not filters.impossible(known)


@given(hours=some.integers(0, 2_000), expiry=some.integers(-2_000, 2_000))
def test_ranges_of_durations_and_of_timestamps_agree(hours: int, expiry: int) -> None:
    found = candidate(expiry=NOW + timedelta(hours=expiry))
    span = timedelta(hours=hours)
    assert fits({"expires": {"within": f"T{hours}H"}}, found) is fits(
        {"expires": {"before": to_text(NOW + span)}}, found
    )
    assert fits({"expired": {"within": f"T{hours}H"}}, found) is fits(
        {"expired": {"after": to_text(NOW - span)}}, found
    )
