"""What is due: the deadline index of either table, shard by shard (STORE §5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.licensing.clock import to_text
from chalicelib.store.database import Database
from chalicelib.store.keys import SHARDS, Key
from chalicelib.store.table import DEADLINE, Outbox, Row

PAGE = 100


def pages(database: Database, table: type[Row] | type[Outbox], now: datetime) -> Iterator[list[Key]]:
    """The keys of what is due at `now`, in pages; the shards are asked side by side. Reads nothing else."""
    cursors: dict[str, Any] = dict.fromkeys(SHARDS)
    while cursors:
        asked = list(cursors.items())
        replies = database.together([lambda one=one: _page(database, table, one[0], one[1], now) for one in asked])  # type: ignore[misc]
        cursors = {}
        for (shard, _), reply in zip(asked, replies, strict=True):
            if reply["Items"]:
                yield [Key(raw["pk"]["S"], raw["sk"]["S"]) for raw in reply["Items"]]
            if "LastEvaluatedKey" in reply:
                cursors[shard] = reply["LastEvaluatedKey"]


def _page(database: Database, table: type[Row] | type[Outbox], shard: str, start: Any, now: datetime) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": database.table(table),
        "IndexName": DEADLINE,
        "KeyConditionExpression": "#h = :h AND #r <= :r",
        "ExpressionAttributeNames": {"#h": "due_shard", "#r": "due_at"},
        "ExpressionAttributeValues": {":h": {"S": shard}, ":r": {"S": to_text(now)}},
        "Limit": PAGE,
    }
    if start is not None:
        request["ExclusiveStartKey"] = start
    return database.read("Query", request)
