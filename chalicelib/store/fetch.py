"""Load plans: what a decision needs, in as few rounds as the keys allow.

A plan is a generator: it yields a `Need`, is sent what was found and returns its result. Plans that run `together`
share their rounds, and a key read once in a run is not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import meter, retry
from chalicelib.store.database import BUSY, Database
from chalicelib.store.keys import Key
from chalicelib.store.table import Item, Outbox, Row, decode

T = TypeVar("T")
BATCH = 100
ROWS = 0
"""The slot of rows: a partition of the table itself, whose sort keys are positions."""


class Listing(msgspec.Struct, frozen=True):
    """Ask a listing index: one partition from `after` (a position, exclusive) on, at most `limit` entries.

    `slot` is the number of the index, or `ROWS`; only these can be read `strong`.
    """

    slot: int
    partition: str
    newest_first: bool = True
    after: str | None = None
    limit: int = 101
    strong: bool = False


class Prefix(msgspec.Struct, frozen=True):
    """Ask for the items of one partition whose sort key starts with `start`, strongly: all or the first `limit`.

    Any sort key starts with an empty `start`.
    """

    pk: str
    start: str
    limit: int | None = None


class Entry(msgspec.Struct, frozen=True):
    """One index entry: where the resource stands, and the item that is listed: the resource, or what stands for it.

    Entries of one position are of one resource.
    """

    position: str
    key: Key

    @property
    def identifier(self) -> str:
        """The id of the resource."""
        return self.position.partition("#")[2]


Ask = Listing | Prefix


class Need(msgspec.Struct, frozen=True):
    """One round. Weak reads may be stale and cost half; `fresh` reads again what was read before."""

    keys: tuple[Key, ...] = ()
    asks: tuple[Ask, ...] = ()
    weak: bool = False
    fresh: bool = False

    def satisfied_by(self, found: Found) -> bool:
        """Whether everything asked for was read before."""
        return not self.fresh and all(key in found for key in self.keys) and all(ask in found for ask in self.asks)


Found = Mapping[Any, Any]
"""Answers by what was asked: an `Item` or None for a key, a list for an ask."""

Plan = Generator[Need, Found, T]


def need(*keys: Key | None, weak: bool = False, fresh: bool = False) -> Need:
    """A round of gets; None among the keys is left out."""
    return Need(tuple(key for key in keys if key is not None), weak=weak, fresh=fresh)


def run(database: Database, plan: Plan[T], known: dict[Any, Any] | None = None) -> T:
    """Carry out `plan`; `known` is what was read before, and gets what is read now."""
    known = {} if known is None else known
    try:
        wanted = next(plan)
        while True:
            _round(database, wanted, known)
            wanted = plan.send(known)
    except StopIteration as end:
        result: T = end.value
        return result


def together(*plans: Plan[Any]) -> Plan[tuple[Any, ...]]:
    """Run plans in lock-step, each round shared; the results in order."""
    lanes = [_Lane(plan) for plan in plans]
    for lane in lanes:
        lane.advance(None)
    while waiting := [lane for lane in lanes if lane.need is not None]:
        found = yield _merged(lane.need for lane in waiting if lane.need is not None)
        for lane in waiting:
            lane.advance(found)
    return tuple(lane.result for lane in lanes)


class _Lane:
    """One of several plans in lock-step: what it waits for, or what it came to."""

    __slots__ = ("_plan", "need", "result")

    def __init__(self, plan: Plan[Any]) -> None:
        self._plan = plan
        self.need: Need | None = None
        self.result: Any = None

    def advance(self, found: Found | None) -> None:
        """Go on with `found` until something is missing: what is known already costs the plan no round."""
        try:
            self.need = next(self._plan) if found is None else self._plan.send(found)
            while found is not None and self.need.satisfied_by(found):
                self.need = self._plan.send(found)
        except StopIteration as end:
            self.need, self.result = None, end.value


def _merged(needs: Iterable[Need]) -> Need:
    needs = tuple(needs)
    return Need(
        tuple(dict.fromkeys(key for one in needs for key in one.keys)),
        tuple(dict.fromkeys(ask for one in needs for ask in one.asks)),
        weak=all(one.weak for one in needs if one.keys),
        fresh=any(one.fresh for one in needs),
    )


def _round(database: Database, wanted: Need, known: dict[Any, Any]) -> None:
    keys = tuple(dict.fromkeys(key for key in wanted.keys if wanted.fresh or key not in known))
    asks = tuple(ask for ask in wanted.asks if wanted.fresh or ask not in known)
    batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
    calls: list[Callable[[], dict[Any, Any]]] = [
        *(lambda batch=batch: _batch(database, batch, wanted.weak) for batch in batches),
        *(lambda ask=ask: {ask: _ask(database, ask)} for ask in asks),
    ]
    if calls:
        for answer in database.together(calls):
            known.update(answer)


def _batch(database: Database, keys: tuple[Key, ...], weak: bool) -> dict[Any, Any]:
    if len(keys) == 1:
        return {keys[0]: get(database, keys[0], weak)}
    table = database.names.resources
    found: dict[Any, Any] = dict.fromkeys(keys)
    pending: list[dict[str, Any]] = [_key(key) for key in keys]
    for attempt in range(retry.REPEATS + 1):
        if attempt:
            database.pause(retry.delay(attempt))
        request = {"RequestItems": {table: {"Keys": pending, "ConsistentRead": not weak}}}
        reply = database.read("BatchGetItem", request)
        for raw in reply["Responses"].get(table, ()):
            item = decode(Row, raw)
            found[Key(item["pk"], item["sk"])] = item
        pending = reply.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if not pending:
            return found
    raise Unavailable(BUSY)


def get(database: Database, key: Key, weak: bool = False, table: type[Row] | type[Outbox] = Row) -> Item | None:
    """One item, without a plan."""
    request = {"TableName": database.table(table), "Key": _key(key), "ConsistentRead": not weak}
    raw = database.read("GetItem", request).get("Item")
    return decode(table, raw) if raw else None


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _ask(database: Database, ask: Ask) -> list[Any]:
    if isinstance(ask, Prefix):
        return _prefix(database, ask)
    return listing(database, ask)


def listing(database: Database, ask: Listing) -> list[Entry]:
    """Up to `limit` entries of one partition of a listing index, in order; eventually consistent."""
    entries: list[Entry] = []
    after, range_key = ask.after, _range_key(ask)
    while len(entries) < ask.limit:
        if after != ask.after:
            meter.new_round()
        reply = database.read("Query", _listing_query(database, ask, after, ask.limit - len(entries)))
        entries += [Entry(raw[range_key]["S"], Key(raw["pk"]["S"], raw["sk"]["S"])) for raw in reply["Items"]]
        if "LastEvaluatedKey" not in reply:
            break
        after = reply["LastEvaluatedKey"][range_key]["S"]
    return entries


def _range_key(ask: Listing) -> str:
    return "sk" if ask.slot == ROWS else "position"


def _listing_query(database: Database, ask: Listing, after: str | None, limit: int) -> dict[str, Any]:
    condition, names = "#h = :h", {"#h": "pk" if ask.slot == ROWS else f"in_{ask.slot}"}
    values = {":h": {"S": ask.partition}}
    if after is not None:
        condition += f" AND #r {'<' if ask.newest_first else '>'} :r"
        names["#r"] = _range_key(ask)
        values[":r"] = {"S": after}
    return {
        "TableName": database.names.resources,
        **({"ConsistentRead": ask.strong} if ask.slot == ROWS else {"IndexName": f"listing_{ask.slot}"}),
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not ask.newest_first,
        "Limit": limit,
    }


def _prefix(database: Database, ask: Prefix) -> list[Item]:
    condition, names, values = "#h = :h", {"#h": "pk"}, {":h": {"S": ask.pk}}
    if ask.start:
        condition += " AND begins_with(#r, :r)"
        names["#r"], values[":r"] = "sk", {"S": ask.start}
    request: dict[str, Any] = {
        "TableName": database.names.resources,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    if ask.limit is not None:
        request["Limit"] = ask.limit
    items: list[Item] = []
    while True:
        reply = database.read("Query", dict(request))
        items += [decode(Row, raw) for raw in reply["Items"]]
        if "LastEvaluatedKey" not in reply or (ask.limit is not None and len(items) >= ask.limit):
            return items
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
