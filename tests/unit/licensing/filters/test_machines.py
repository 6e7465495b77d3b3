"""The filters of lists of machines, components and processes (spec machines.md §5, §8, §9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.filters import machines as filters
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.machine_kinds import Belongs, Used
from tests.unit.licensing.make import NOW, license_, machine, policy, process

ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SECOND = timedelta(seconds=1)


def candidate(**fields: Any) -> filters.Candidate:
    given = {"created": NOW, "owner_id": ONE, "group_id": ONE, "license_id": ONE} | fields
    license = license_(id=ONE, product_id=ONE, policy_id=ONE, key="THE-KEY")
    return filters.Candidate(machine=machine(id=OTHER, **given), license=license, policy=policy())


def fits(query: dict[str, Any], one: filters.Candidate, readers: Any = filters.OF_MACHINES) -> bool:
    found = filters.parse(query, NOW, readers)
    return not impossible(found) and filters.matching(found, one)


@pytest.mark.parametrize("name", ["product", "policy", "license", "group", "owner"])
def test_what_a_machine_belongs_to(name: str) -> None:
    assert fits({name: ONE.upper().replace("-", "")}, candidate())
    assert not fits({name: OTHER}, candidate())
    assert impossible(filters.parse({name: "x"}, NOW)) is (name != "owner")


def test_a_machine_without_owner_and_group() -> None:
    alone = candidate(owner_id=None, group_id=None)
    assert not any(fits({name: ONE}, alone) for name in ("owner", "group"))


@pytest.mark.parametrize("name", ["fingerprint", "ip", "hostname"])
def test_exactly(name: str) -> None:
    assert fits({name: " A.b:C "}, candidate(**{name: " A.b:C "}))
    assert not any(fits({name: "A.b:C"}, candidate(**{name: text})) for text in ("a.b:c", "A.b:C ", "A.b", ""))


def test_keys_of_licenses() -> None:
    assert fits({"key": "THE-KEY"}, candidate())
    assert not fits({"key": "the-key"}, candidate())


@pytest.mark.parametrize(
    ("required", "pinged", "age", "is_dead"),
    [
        (False, None, 9999, False),
        (True, None, 600, False),
        (True, None, 601, True),
        (False, 600, 9999, False),
        (False, 601, 9999, True),
    ],
)
def test_status(required: bool, pinged: int | None, age: int, is_dead: bool) -> None:
    """Who was not started is alive for this purpose; who should have been and is too old, dead."""
    last = None if pinged is None else NOW - pinged * SECOND
    found = machine(created=NOW - age * SECOND, last_heartbeat=last)
    one = filters.Candidate(machine=found, license=license_(), policy=policy(require_heartbeat=required))
    assert [fits({"status": text}, one) for text in ("ALIVE", "alive", "Dead")] == [not is_dead, not is_dead, is_dead]


def test_the_status_of_a_process_is_its_own() -> None:
    dead = machine(created=NOW, last_heartbeat=NOW - 601 * SECOND)
    running = process(created=NOW - 9999 * SECOND, last_heartbeat=NOW - 600 * SECOND)
    one = filters.Candidate(machine=dead, license=license_(), policy=policy(), process=running)
    assert fits({"status": "ALIVE"}, one, filters.OF_PROCESSES)


@pytest.mark.parametrize("status", ["NOT_STARTED", "RESURRECTED", "x", "ALIVE,DEAD"])
def test_there_are_two_statuses(status: str) -> None:
    assert impossible(filters.parse({"status": status}, NOW))


def test_metadata_is_that_of_the_machine() -> None:
    found = candidate(metadata={"plan_name": "pro", "seats": 5})
    assert fits({"metadata": {"planName": "pro", "seats": "5"}}, found)
    assert not fits({"metadata": {"plan_name": "free"}}, found)


@pytest.mark.parametrize("sent", ["", " ", [], ["x"], {"x": ONE}])
@pytest.mark.parametrize("name", [name for name in filters.OF_MACHINES if name != "metadata"])
def test_skipped(name: str, sent: Any) -> None:
    assert filters.parse({name: sent}, NOW) == ()


def test_parts_have_filters_of_their_own() -> None:
    assert fits({"machine": OTHER}, candidate(), filters.OF_COMPONENTS)
    assert not fits({"machine": ONE}, candidate(), filters.OF_COMPONENTS)
    ignored = dict.fromkeys(("fingerprint", "ip", "hostname", "policy", "group", "key"), "x") | {"metadata": {"a": "b"}}
    assert filters.parse(ignored | {"status": "DEAD"}, NOW, filters.OF_COMPONENTS) == ()
    assert len(filters.parse(ignored | {"status": "DEAD"}, NOW, filters.OF_PROCESSES)) == 1
    assert impossible(filters.parse({"owner": "someone@acme.example"}, NOW, filters.OF_COMPONENTS))
    assert filters.parse({"machine": ONE}, NOW) == ()


# --- what has to be looked up ---------------------------------------------------------------------------------------


def test_emails_and_keys_are_looked_up() -> None:
    found = filters.parse({"owner": "A@b", "user": "c@d", "key": "THE-KEY"}, NOW)
    assert (filters.emails(found), filters.license_keys(found)) == (("A@b", "c@d"), ("THE-KEY",))
    named = filters.named(found, {"A@b": ONE, "c@d": OTHER}, {"THE-KEY": ONE})
    assert (set(filters.owners(named)), set(filters.users(named))) == ({ONE}, {OTHER})
    assert Belongs(name="license", identifier=ONE) in named
    assert filters.emails(named) == filters.license_keys(named) == ()


@pytest.mark.parametrize("query", [{"owner": "a@b"}, {"user": "a@b"}, {"key": "KEY"}])
@pytest.mark.parametrize("answer", [{}, {"a@b": None, "KEY": None}])
def test_who_is_not_there_has_nothing(query: dict[str, Any], answer: dict[str, None]) -> None:
    found = filters.parse(query, NOW)
    assert not impossible(found)
    assert impossible(filters.named(found, answer, answer))


def test_a_user_has_the_machines_of_its_licenses() -> None:
    found = filters.parse({"user": OTHER, "owner": ONE}, NOW)
    assert not filters.matching(found, candidate())
    placed = filters.placed(found, {OTHER: frozenset({ONE})})
    assert filters.matching(placed, candidate())
    assert not filters.matching(filters.placed(found, {OTHER: frozenset({OTHER})}), candidate())
    assert filters.placed(found, {}) == found
    (by_owner,) = filters.placed(filters.parse({"owner": ONE}, NOW), {}, {ONE: frozenset({OTHER})})
    assert not isinstance(by_owner, Used)
    assert by_owner.matches(candidate())
