"""What must hold of everything stored at any moment, whatever failed: names, ways, counters, lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.licensing.admins import full_admins_added
from chalicelib.store import keys
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import pool as pools
from chalicelib.store.items import product as products
from chalicelib.store.items import user as users
from chalicelib.store.items.hint import Listed
from chalicelib.store.keys import Key
from chalicelib.store.table import Item, Outbox, Row
from tests.races.crowd import rows
from tests.world import World

SLOTS = tuple(f"in_{number}" for number in range(1, 7))
MEMBERS = ("user", "license", "machine")
TIES = ("policy_id", "product_id", "owner_id", "group_id")
Place = tuple[str, str]


@dataclass(frozen=True)
class Stored:
    """Everything in the store, by kind."""

    account_id: str
    kinds: Mapping[str, list[Item]]
    tasks: list[Item]

    def of(self, kind: str) -> list[Item]:
        return self.kinds.get(kind, [])

    def by_id(self, kind: str) -> dict[str, Item]:
        return {item["id"]: item for item in self.of(kind)}


def read(world: World) -> Stored:
    """What is stored now."""
    kinds: dict[str, list[Item]] = {}
    for item in rows(world, Row):
        kinds.setdefault(item["kind"], []).append(item)
    return Stored(world.account["account"], kinds, rows(world, Outbox, "task"))


def assert_sound(world: World) -> None:
    """Nothing contradicts anything else."""
    stored = read(world)
    for check in (_names, _ways, _groups, _admins, _licenses, _people):
        check(stored)
    missing = true_hints(stored) - hints(stored)
    assert not missing, f"lists would miss {missing}"


def _names(stored: Stored) -> None:
    """Each unique name in use is guarded, and leads to whose it is; no other is."""
    guards = {item["pk"]: item["target"] for item in stored.of("unique") if not item["pk"].startswith("unique#slug#")}
    assert guards == dict(_expected_names(stored))


def _expected_names(stored: Stored) -> Iterator[tuple[str, str]]:
    account_id = stored.account_id
    of_kind: dict[str, tuple[str, Callable[[str, str], Key]]] = {
        "product": ("code", products.code_key),
        "entitlement": ("code", entitlements.code_key),
        "user": ("email", users.email_key),
        "license": ("key", lambda account_id, key: keys.unique(account_id, "license-key", key)),
        "key": ("key", pools.guard_key),
    }
    for kind, (attribute, key_of) in of_kind.items():
        for item in stored.of(kind):
            if item.get(attribute) is not None:
                yield key_of(account_id, item[attribute]).pk, item["id"]


def _ways(stored: Stored) -> None:
    """What has a key of another kind is reached by its id, and nothing else is."""
    expected = {
        keys.pointer(stored.account_id, kind, item["id"]).pk: (item["pk"], item["sk"])
        for kind in ("token", "key", "machine", "component", "process")
        for item in stored.of(kind)
    }
    assert {item["pk"]: (item["target_pk"], item["target_sk"]) for item in stored.of("pointer")} == expected


def _groups(stored: Stored) -> None:
    """Each group counts its members, and one that is gone counts nobody."""
    expected = {
        keys.group_meter(stored.account_id, group_id).pk: [_members(stored.of(kind), group_id) for kind in MEMBERS]
        for group_id in stored.by_id("group")
    }
    counted = {item["pk"]: [item[f"{kind}s"] for kind in MEMBERS] for item in stored.of("group-meter")}
    assert counted == expected


def _members(items: Iterable[Item], group_id: str) -> int:
    return sum(item.get("group_id") == group_id for item in items)


def _admins(stored: Stored) -> None:
    (meter,) = stored.of("account-meter")
    assert meter["admins"] == sum(full_admins_added(None, users.user_of(item)) for item in stored.of("user"))


def _licenses(stored: Stored) -> None:
    """Both halves are there and of one basis, the hints of the key are right, seats are those in use or promised."""
    meters = stored.by_id("license-meter")
    guards = {item["target"]: item for item in stored.of("unique") if "#license-key#" in item["pk"]}
    taken = Counter(item["holder_id"] for item in stored.of("attachment") if item["attached"] == "license-user")
    promised = Counter(_promised(stored))
    installed = Counter(item["license_id"] for item in stored.of("machine"))
    assert stored.by_id("license").keys() == meters.keys()
    for facts in stored.of("license"):
        meter, guard = meters[facts["id"]], guards[facts["id"]]
        assert facts["basis"] == meter["basis"]
        assert [guard.get(name) for name in TIES] == [facts.get(name) for name in TIES]
        license = licenses.license_of(facts, meter)
        assert _slots(facts) == licenses.slots(stored.account_id, license)
        assert _slots(meter) == licenses.meter_slots(stored.account_id, license)
        if not _dying(stored, facts):
            assert meter["users"] == taken[facts["id"]] + promised[facts["id"]]
            assert meter["machines"] == installed[facts["id"]]


def _promised(stored: Stored) -> Iterator[str]:
    """The licenses that users wait to be attached to: their seats are taken, who waits is not settled yet."""
    settled = {item["sk"].removeprefix("settled#") for item in stored.of("tombstone")}
    for task in stored.tasks:
        if task["name"] == "attach":
            waiting = [one for one in task["arguments"]["attachments"] if one["kind"] == "license-user"]
            yield from (one["holder_id"] for one in waiting if one["id"] not in settled)


def _dying(stored: Stored, facts: Item) -> bool:
    """Whether a license has lost a parent: it does not exist any more, and is taken apart."""
    gone = facts["policy_id"] not in stored.by_id("policy") or facts["product_id"] not in stored.by_id("product")
    owner_id = facts.get("owner_id")
    return gone or (owner_id is not None and owner_id not in stored.by_id("user"))


def _people(stored: Stored) -> None:
    for item in stored.of("user"):
        assert _slots(item) == users.slots(stored.account_id, users.user_of(item))


def _slots(item: Item) -> dict[str, Any]:
    return {name: item[name] for name in SLOTS if name in item}


def hints(stored: Stored) -> set[Place]:
    """The rows that let lists find something by its metadata."""
    return {(item["pk"], item["sk"]) for item in stored.of("hint")}


def true_hints(stored: Stored) -> set[Place]:
    """Those that there have to be."""
    living = [facts for facts in stored.of("license") if not _dying(stored, facts)]
    listed = [licenses.listed(facts) for facts in living]
    listed += [users.listed(users.user_of(item)) for item in stored.of("user")]
    listed += [machines.listed(machines.machine_of(item)) for item in stored.of("machine")]
    return {place for one in listed for place in _places(stored.account_id, one)}


def _places(account_id: str, listed: Listed) -> Iterator[Place]:
    position = keys.position(listed.created, listed.identifier)
    for text in listed.texts:
        yield keys.listed_metadata(account_id, listed.kind, text), position
