"""Loading a license: hints, torn reads, weak guards, dead parents (STORE §1, §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store import fetch, keys
from chalicelib.store.items import license as licenses
from chalicelib.store.items import policy as policies
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as loads
from chalicelib.store.table import Row, Tombstone
from chalicelib.store.unit import Put
from tests.unit.licensing import make
from tests.unit.store.fakes import Shelf, database

A, KEY = "A", "SECRET-KEY"


def rows(*writes: Any) -> list[Row]:
    return [write.row for write in writes if isinstance(write, Put) and isinstance(write.row, Row)]


def world(license: Any = None, policy: Any = None, owner: Any = None) -> Shelf:
    license, policy = license or make.license_(), policy or make.policy()
    owners = [] if owner is None else rows(*users.creation(A, owner))
    return Shelf(*rows(*licenses.creation(A, license, policy, make.NOW)), *rows(*policies.creation(A, policy)), *owners)


def bury(shelf: Shelf, key: Key) -> None:
    shelf.items[key] = Tombstone(pk=key.pk, sk=key.sk, created=make.NOW).serialize()


def test_by_key_in_two_rounds() -> None:
    shelf = world(make.license_(owner_id="user"), owner=make.user())
    found = fetch.run(database(shelf), loads.by_key(A, KEY))
    assert found is not None
    assert (found.license.id, found.policy.id, found.owner and found.owner.id) == ("license", "policy", "user")
    assert len(shelf.batches) == 2


def test_a_wrong_hint_costs_a_round_and_nothing_else() -> None:
    shelf = world()
    guard = keys.unique(A, "license-key", KEY)
    shelf.items[guard] = {**shelf.items[guard], "policy_id": {"S": "former"}}
    found = fetch.run(database(shelf), loads.by_key(A, KEY))
    assert found is not None
    assert found.policy.id == "policy"
    assert len(shelf.batches) == 3


def test_a_guard_of_another_key_is_not_believed() -> None:
    shelf = world()
    shelf.items[keys.unique(A, "license-key", "OTHER")] = shelf.items[keys.unique(A, "license-key", KEY)]
    assert fetch.run(database(shelf), loads.by_key(A, "OTHER")) is None


def test_a_weak_miss_is_looked_up_strongly() -> None:
    shelf = world()
    shelf.stale[keys.unique(A, "license-key", KEY)] = None
    found = fetch.run(database(shelf), loads.by_key(A, KEY, weak=True))
    assert found is not None
    assert shelf.weak == [True, False, False]


def test_a_weak_hit_is_not_looked_up_again() -> None:
    shelf = world()
    assert fetch.run(database(shelf), loads.by_key(A, KEY, weak=True)) is not None
    assert shelf.weak == [True, False]


def test_a_key_given_to_a_new_license_is_found_past_a_stale_guard() -> None:
    """The old license was revoked and its key issued anew: the weak read still leads to the old one."""
    old = world(make.license_(id="former"))
    shelf = world()
    shelf.stale[keys.unique(A, "license-key", KEY)] = old.items[keys.unique(A, "license-key", KEY)]
    bury(shelf, keys.facts(A, "former"))
    found = fetch.run(database(shelf), loads.by_key(A, KEY, weak=True))
    assert found is not None
    assert found.license.id == "license"


@pytest.mark.parametrize("part", ["facts", "policy", "owner"])
def test_a_license_dies_with_what_it_lives_by(part: str) -> None:
    shelf = world(make.license_(owner_id="user"), owner=make.user())
    key = {
        "facts": keys.facts(A, "license"),
        "policy": keys.resource(A, "policy", "policy"),
        "owner": keys.resource(A, "user", "user"),
    }[part]
    bury(shelf, key)
    assert fetch.run(database(shelf), loads.by_key(A, KEY)) is None
    assert fetch.run(database(shelf), loads.by_exact_id(A, "license")) is None
    assert fetch.run(database(shelf), loads.many(A, ["license"])) == [None]
    del shelf.items[key]
    assert fetch.run(database(shelf), loads.by_exact_id(A, "license")) is None


class Torn(Shelf):
    """The meter of a license is read before a change of both items, its facts after it, some times."""

    def __init__(self, whole: Shelf, times: int) -> None:
        super().__init__()
        self.items, self.times = whole.items, times

    def _found(self, wanted: list[dict[str, Any]], strong: bool) -> list[dict[str, Any]]:
        found = super()._found(wanted, strong)
        if any(item["kind"]["S"] == "license-meter" for item in found) and self.times:
            self.times -= 1
            return [
                {**item, "basis": {"N": "6"}, "uses": {"N": "1"}} if item["kind"]["S"] == "license-meter" else item
                for item in found
            ]
        return found


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_facts_and_meter_of_two_moments_are_read_again(times: int) -> None:
    torn = Torn(world(make.license_(basis=7, uses=9)), times)
    found = fetch.run(database(torn), loads.by_exact_id(A, "license"))
    assert found is not None
    assert (found.license.basis, found.license.uses) == (7, 9)
    assert torn.times == 0


def test_a_reread_takes_both_items() -> None:
    torn = Torn(world(make.license_(basis=7)), 1)
    fetch.run(database(torn), loads.by_exact_id(A, "license"))
    assert {keys.facts(A, "license"), keys.meter(A, "license")} <= set(torn.batches[1])


def test_a_list_shares_its_parents() -> None:
    policy = make.policy()
    several = [make.license_(id=f"l{number}", key=f"KEY-{number}") for number in range(5)]
    shelf = Shelf(
        *(row for one in several for row in rows(*licenses.creation(A, one, policy, make.NOW))),
        *rows(*policies.creation(A, policy)),
    )
    found = fetch.run(database(shelf), loads.many(A, ["l4", "l9", "l0"]))
    assert [one and one.license.id for one in found] == ["l4", None, "l0"]
    assert [len(batch) for batch in shelf.batches] == [6, 1]


def test_an_empty_list_reads_nothing() -> None:
    shelf = Shelf()
    assert fetch.run(database(shelf), loads.many(A, [])) == []
    assert shelf.batches == []
