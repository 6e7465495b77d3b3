"""Query and Scan: one range of one b-tree, page by page."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .capacity import Units, read_units
from .codec import decode
from .errors import refuse
from .expressions import Expressions
from .keyconditions import Bound
from .parameters import detail, limit
from .schema import Index, Key, Table
from .storage import Session
from .values import MAX_HASH_BYTES, MAX_RANGE_BYTES, Item, key_bytes

MAX_PAGE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """What is searched: a table, or one of its indexes."""

    table: Table
    index: Index | None

    @property
    def key(self) -> Key:
        """The key the source is ordered by."""
        return self.index.key if self.index else self.table.key

    @property
    def space(self) -> int:
        """Its number in the database."""
        return self.index.space if self.index else self.table.space

    @property
    def rows(self) -> str:
        """The b-tree it lives in."""
        return "entries" if self.index else "items"

    @property
    def order(self) -> tuple[str, ...]:
        """Columns that order one partition."""
        return ("range", "item_hash", "item_range") if self.index else ("range",)

    def start_key(self, item: Item) -> Item:
        """The LastEvaluatedKey behind `item`."""
        return {name: item[name] for name in (*self.table.key.names, *self.key.names)}

    def position(self, given: object) -> tuple[bytes, ...]:
        """Column values of an ExclusiveStartKey: hash, then those of `order`. Raises Refusal."""
        names = {*self.table.key.names, *self.key.names}
        if not isinstance(given, Mapping) or set(given) != names:
            refuse("The provided starting key is invalid")
        _, own = self.table.key.exact({name: given[name] for name in self.table.key.names})
        if self.index is None:
            return own
        _, entry = self.key.exact({name: given[name] for name in self.key.names})
        return (*entry, *own)


@dataclass(slots=True)
class Search:
    """The range of rows that is wanted, as SQL."""

    clauses: list[str]
    arguments: list[Any]

    def add(self, clause: str, *arguments: Any) -> None:
        """Narrows the range."""
        self.clauses.append(clause)
        self.arguments += arguments


def query(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Items of one partition in the order of their range key."""
    source, expressions = _source(session, parameters)
    wanted = expressions.key_condition
    if wanted is None:
        refuse("The KeyConditionExpression parameter must be specified in the request")
    _check_filter(source, expressions)
    key = source.key
    on_hash = wanted.on(key.hash)
    on_range = None if key.range is None else wanted.on(key.range)
    if on_hash is None or len(wanted.bounds) != (1 if on_range is None else 2):
        refuse("Query condition missed key schema element")
    if on_hash.operator != "=":
        refuse("Query key condition not supported")
    partition = key_bytes(key.hash, expressions.values[on_hash.values[0]], key.hash_type, MAX_HASH_BYTES)
    search = Search(["space = ?", "hash = ?"], [source.space, partition])
    within = Range.of(key, on_range, expressions)
    within.narrow(search)
    forward = parameters.get("ScanIndexForward", True)
    if parameters.get("ExclusiveStartKey") is not None:
        start = source.position(parameters["ExclusiveStartKey"])
        if start[0] != partition or not within.holds(start[1]):
            refuse("The provided starting key does not match the range key predicate")
        columns, holes = ", ".join(source.order), ", ".join("?" * len(source.order))
        search.add(f"({columns}) {'>' if forward else '<'} ({holes})", *start[1:])
    order = ", ".join(f"{column} {'ASC' if forward else 'DESC'}" for column in source.order)
    return _page(session, parameters, source, expressions, search, order)


def scan(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Items of a whole table or index."""
    source, expressions = _source(session, parameters)
    columns = ("hash", *source.order)
    search = Search(["space = ?"], [source.space])
    if parameters.get("ExclusiveStartKey") is not None:
        start = source.position(parameters["ExclusiveStartKey"])
        search.add(f"({', '.join(columns)}) > ({', '.join('?' * len(columns))})", *start)
    return _page(session, parameters, source, expressions, search, ", ".join(columns))


@dataclass(frozen=True, slots=True)
class Range:
    """Wanted range keys: not below `low`, not above `high`, and not the excluded ends."""

    low: bytes | None = None
    high: bytes | None = None
    open_low: bool = False
    open_high: bool = False

    @staticmethod
    def of(key: Key, bound: Bound | None, expressions: Expressions) -> "Range":
        """The range a key condition describes. Raises Refusal."""
        if bound is None or key.range is None:
            return Range()
        ends = [
            key_bytes(key.range, expressions.values[name], key.range_type, MAX_RANGE_BYTES) for name in bound.values
        ]
        if bound.operator == "begins_with":
            return Range(ends[0], _successor(ends[0]), open_high=True)
        return _RANGES[bound.operator](ends)

    def holds(self, value: bytes) -> bool:
        """Whether a range key lies in the range."""
        if self.low is not None and (value < self.low or (self.open_low and value == self.low)):
            return False
        return self.high is None or not (value > self.high or (self.open_high and value == self.high))

    def narrow(self, search: Search) -> None:
        """Adds the range to a search."""
        if self.low is not None:
            search.add("range > ?" if self.open_low else "range >= ?", self.low)
        if self.high is not None:
            search.add("range < ?" if self.open_high else "range <= ?", self.high)


_RANGES = {
    "=": lambda ends: Range(ends[0], ends[0]),
    "<": lambda ends: Range(high=ends[0], open_high=True),
    "<=": lambda ends: Range(high=ends[0]),
    ">": lambda ends: Range(low=ends[0], open_low=True),
    ">=": lambda ends: Range(low=ends[0]),
    "BETWEEN": lambda ends: Range(ends[0], ends[1]),
}


def _successor(prefix: bytes) -> bytes | None:
    """The least key above all that begin with `prefix`, None if there is no such key."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def _source(session: Session, parameters: Mapping[str, Any]) -> tuple[Source, Expressions]:
    table = session.table(parameters.get("TableName"))
    name = parameters.get("IndexName")
    source = Source(table, None if name is None else table.index(name))
    if source.index and parameters.get("ConsistentRead"):
        refuse("Consistent reads are not supported on global secondary indexes")
    expressions = Expressions(parameters)
    _check_select(source, parameters.get("Select"), expressions)
    projection = expressions.projection
    if projection is not None:
        _check_projected(source, projection.attributes())
    return source, expressions


def _check_select(source: Source, select: str | None, expressions: Expressions) -> None:
    if expressions.projection is not None and select not in (None, "SPECIFIC_ATTRIBUTES"):
        refuse(f"Cannot specify the ProjectionExpression when choosing to get {select}")
    if expressions.projection is None and select == "SPECIFIC_ATTRIBUTES":
        refuse("Must specify the ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
    if select == "ALL_PROJECTED_ATTRIBUTES" and source.index is None:
        refuse("ALL_PROJECTED_ATTRIBUTES can be used only with an IndexName")
    if select == "ALL_ATTRIBUTES" and source.index is not None and source.index.attributes is not None:
        refuse("Select type ALL_ATTRIBUTES is not supported for an index that does not project all attributes")


def _check_projected(source: Source, names: Iterable[str]) -> None:
    if source.index is not None and source.index.attributes is not None:
        absent = set(names) - source.index.attributes
        if absent:
            refuse(f"Secondary index {source.index.name} does not project {sorted(absent)}")


def _check_filter(source: Source, expressions: Expressions) -> None:
    names = expressions.filter_attributes
    if names.intersection(source.key.names):
        refuse("Filter Expression can only contain non-primary key attributes")
    _check_projected(source, names)


def _page(
    session: Session,
    parameters: Mapping[str, Any],
    source: Source,
    expressions: Expressions,
    search: Search,
    order: str,
) -> dict[str, Any]:
    most = limit(parameters)
    sql = f"SELECT size, body FROM {source.rows} WHERE {' AND '.join(search.clauses)} ORDER BY {order}"
    rows = session.connection.execute(f"{sql} LIMIT ?", (*search.arguments, -1 if most is None else most))
    wanted = expressions.filter
    projection = expressions.projection
    items: list[Item] = []
    scanned = size = 0
    last: Item = {}
    full = False
    # An open statement would keep its snapshot, and with it the write-ahead log.
    with closing(rows):
        for row_size, body in rows:
            last = decode(body)
            scanned += 1
            size += row_size
            if wanted is None or wanted.test(last, expressions.values):
                items.append(last)
            if scanned == most or size >= MAX_PAGE_BYTES:
                full = True
                break
    result: dict[str, Any] = {"Count": len(items), "ScannedCount": scanned}
    if parameters.get("Select") != "COUNT":
        result["Items"] = items if projection is None else [projection.apply(item) for item in items]
    if full:
        result["LastEvaluatedKey"] = source.start_key(last)
    detailed = detail(parameters)
    if detailed:
        result["ConsumedCapacity"] = _units(source, size, parameters).show(source.table.name, detailed)
    return result


def _units(source: Source, size: int, parameters: Mapping[str, Any]) -> Units:
    charged = read_units(size, bool(parameters.get("ConsistentRead")))
    if source.index is None:
        return Units(charged)
    return Units(0.0, {source.index.name: charged})
