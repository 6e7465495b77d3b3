"""What the rows of a license or a group add up to, beside what its counters say (spec machines.md §11, STORE §2).

Every write of a counter marks the meter it belongs to, so that a meter with the same mark before and after vouches for
what was read between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket, weight
from chalicelib.licensing.errors import Conflicting, Problem
from chalicelib.store import fetch, keys, retry
from chalicelib.store.database import Database
from chalicelib.store.fetch import Listing, Need, Plan, Prefix
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import group as groups
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

READS = 6
PAGE = 500

Counters = dict[str, int]
Expected = dict[tuple[str, Key], Counters]
"""What each item ought to hold, by its kind and key."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of one item that are not what the rows say; `stored` is None where the item is missing."""

    kind: str
    key: Key
    stored: Counters | None
    counted: Counters


Counting = Callable[[], tuple[Expected, dict[Key, Item]]]
"""What the items ought to hold, and those that were found besides the meter."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one license or group: the meter that vouches for it, and every drift."""

    meter: Item
    kind: str
    drift: tuple[Drift, ...]


def of_license(database: Database, account_id: str, license_id: str) -> Count | None:
    """The counters of a license, of its owners' buckets and of its machines; None when there is no such license.

    What a task has announced and not done yet is drift until it is done. Raises Conflicting when it keeps changing.
    """
    meter_key = keys.meter(account_id, license_id)
    return _settled(database, meter_key, licenses.METER_KIND, lambda: _license(database, account_id, license_id))


def of_group(database: Database, account_id: str, group_id: str) -> Count | None:
    """The same of the members of a group. Members are found by an index, which may show them a moment late."""
    meter_key = keys.group_meter(account_id, group_id)
    return _settled(database, meter_key, groups.METER_KIND, lambda: _group(database, account_id, group_id))


def listed(database: Database, account_id: str, kind: str) -> Iterable[str]:
    """The ids of all licenses or groups of an account, oldest first."""
    after: str | None = None
    while True:
        ask = Listing(1, keys.slot(account_id, kind), newest_first=False, after=after, limit=PAGE)
        entries = fetch.listing(database, ask)
        yield from (entry.identifier for entry in entries)
        if len(entries) < PAGE:
            return
        after = entries[-1].position


def _settled(database: Database, meter_key: Key, kind: str, count: Counting) -> Count | None:
    for attempt in range(READS):
        if attempt:
            database.pause(retry.delay(attempt))
        before = fetch.get(database, meter_key)
        if before is None or before["kind"] != kind:
            return None
        expected, stored = count()
        after = fetch.get(database, meter_key)
        if after is not None and after.get("operation") == before.get("operation"):
            stored[meter_key] = before
            return Count(meter=before, kind=kind, drift=tuple(_drift(expected, stored)))
    raise Conflicting(Problem(f"{meter_key.pk} keeps changing"))


def _drift(expected: Expected, stored: Mapping[Key, Item]) -> Iterable[Drift]:
    for (kind, key), counters in sorted(expected.items()):
        item = stored.get(key)
        if item is None:
            if any(counters.values()):
                yield Drift(kind=kind, key=key, stored=None, counted=counters)
            continue
        wrong = {name: number for name, number in counters.items() if item[name] != number}
        if wrong:
            yield Drift(kind=kind, key=key, stored={name: item[name] for name in wrong}, counted=wrong)


def _license(database: Database, account_id: str, license_id: str) -> tuple[Expected, dict[Key, Item]]:
    kinds = (machines.KIND, processes.KIND, buckets.KIND)
    asks = {kind: Prefix(*keys.below_license(account_id, kind, license_id)) for kind in kinds}
    attached = Prefix(*attachments.held_by(account_id, "license-user", license_id))
    found = fetch.run(database, _read((*asks.values(), attached)))
    installed, kept = found[asks[machines.KIND]], found[asks[buckets.KIND]]
    running = Counter(item["machine_id"] for item in found[asks[processes.KIND]])
    total, owned = _sums(installed, running)
    expected: Expected = {
        (licenses.METER_KIND, keys.meter(account_id, license_id)): total | {"users": len(found[attached])}
    }
    for item in kept:
        expected[buckets.KIND, _key(item)] = dict.fromkeys(buckets.COUNTERS, 0)
    for owner_id, sums in owned.items():
        expected[buckets.KIND, keys.bucket(account_id, license_id, owner_id)] = sums
    for item in installed:
        expected[machines.KIND, _key(item)] = {"processes": running[item["id"]]}
    return expected, {_key(item): item for item in (*installed, *kept)}


def _sums(installed: Iterable[Item], running: Counter[str]) -> tuple[Counters, dict[str | None, Counters]]:
    """Of all machines, and of those of each owner; processes are counted, not believed."""
    total, owned = EMPTY_BUCKET, dict[str | None, Bucket]()
    for item in installed:
        one = weight(replace(machines.machine_of(item), processes=running[item["id"]]))
        owner_id = item.get("owner_id")
        total, owned[owner_id] = total.plus(one), owned.get(owner_id, EMPTY_BUCKET).plus(one)
    return asdict(total), {owner_id: asdict(sums) for owner_id, sums in owned.items()}


def _group(database: Database, account_id: str, group_id: str) -> tuple[Expected, dict[Key, Item]]:
    kinds = (users.KIND, licenses.KIND, machines.KIND)
    counters = {f"{kind}s": _members(database, account_id, group_id, kind) for kind in kinds}
    return {(groups.METER_KIND, keys.group_meter(account_id, group_id)): counters}, {}


def _members(database: Database, account_id: str, group_id: str, kind: str) -> int:
    """How many of a kind are in a group: the index says where to look, the rows themselves count."""
    partition, number = keys.slot(account_id, "group", group_id, kind), 0
    after: str | None = None
    while True:
        ask = Listing(6, partition, newest_first=False, after=after, limit=PAGE)
        entries = fetch.listing(database, ask)
        where = [entry.key for entry in entries]
        found = fetch.run(database, _get(where))
        items = [item for key in where if (item := live(found, key, kind)) is not None]
        number += len([item for item in items if item.get("group_id") == group_id])
        if len(entries) < PAGE:
            return number
        after = entries[-1].position


def _read(asks: tuple[Prefix, ...]) -> Plan[Mapping[Any, Any]]:
    return (yield Need(asks=asks))


def _get(where: list[Key]) -> Plan[Mapping[Any, Any]]:
    return (yield fetch.need(*where))


def _key(item: Item) -> Key:
    return Key(item["pk"], item["sk"])
