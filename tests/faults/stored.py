"""Everything in the store at one moment, and whether what it speaks of still exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.store.table import Item, Outbox, Row, decode
from tests.races.crowd import rows
from tests.world import World

SLOTS = tuple(f"in_{number}" for number in range(1, 7))


@dataclass(frozen=True)
class Stored:
    """Everything in the store at `now`, by kind."""

    account_id: str
    now: datetime
    kinds: Mapping[str, list[Item]]
    tasks: list[Item]

    def of(self, kind: str) -> list[Item]:
        return self.kinds.get(kind, [])

    def by_id(self, kind: str) -> dict[str, Item]:
        return {item["id"]: item for item in self.of(kind)}

    def announced(self, name: str) -> Iterator[Item]:
        """The tasks of a name that have not come through yet."""
        return (task for task in self.tasks if task["name"] == name and task["passes"] == 0)


def read(world: World) -> Stored:
    """What is stored now."""
    kinds: dict[str, list[Item]] = {}
    for item in rows(world, Row):
        kinds.setdefault(item["kind"], []).append(item)
    return Stored(world.account["account"], world.clock.instant, kinds, of_kind(world, Outbox, "task"))


def of_kind(world: World, table: type[Row] | type[Outbox], kind: str) -> list[Item]:
    """The rows of one kind; no others are decoded."""
    reply = world.database.send("Scan", {"TableName": world.database.table(table), "ConsistentRead": True})
    assert "LastEvaluatedKey" not in reply
    return [decode(table, raw) for raw in reply["Items"] if raw["kind"]["S"] == kind]


def living(stored: Stored) -> list[Item]:
    """The facts of the licenses that exist."""
    return [facts for facts in stored.of("license") if not _dying(stored, facts)]


def _dying(stored: Stored, facts: Item) -> bool:
    """Whether a license has lost a parent: it does not exist any more, and is taken apart."""
    gone = facts["policy_id"] not in stored.by_id("policy") or facts["product_id"] not in stored.by_id("product")
    owner_id = facts.get("owner_id")
    return gone or (owner_id is not None and owner_id not in stored.by_id("user"))


def slots_of(item: Item) -> dict[str, Any]:
    """Where a row is listed."""
    return {name: item[name] for name in SLOTS if name in item}
