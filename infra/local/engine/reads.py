"""GetItem, BatchGetItem and TransactGetItems."""

from collections.abc import Mapping
from typing import Any

from .capacity import TRANSACTION_FACTOR, Units, read_units, show_all
from .errors import refuse
from .expressions import Expressions
from .parameters import BATCH_KEYS, TRANSACT_GET, check, detail, entries
from .schema import Table
from .storage import KeyBytes, Session, load

MAX_BATCH_KEYS = 100
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_TRANSACTION_ITEMS = 100


def get_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """One item by key."""
    table = session.table(parameters.get("TableName"))
    _, key = table.key.exact(parameters.get("Key"))
    projection = Expressions(parameters).projection
    found = load(session.connection, table, key)
    result: dict[str, Any] = {}
    if found is not None:
        result["Item"] = found.item if projection is None else projection.apply(found.item)
    wanted = detail(parameters)
    if wanted:
        consistent = bool(parameters.get("ConsistentRead"))
        units = Units(read_units(found.size if found else 0, consistent))
        result["ConsumedCapacity"] = units.show(table.name, wanted)
    return result


def batch_get_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Up to 100 items by key, of any tables; what passes 16 MB is handed back unprocessed."""
    requests = parameters.get("RequestItems")
    if not isinstance(requests, Mapping) or not requests:
        refuse("BatchGetItem must have some requests set")
    plans = [_plan(session, name, check(request, BATCH_KEYS)) for name, request in requests.items()]
    if sum(len(keys) for _, _, keys, _ in plans) > MAX_BATCH_KEYS:
        refuse("Too many items requested for the BatchGetItem call")
    responses: dict[str, list[Any]] = {}
    unprocessed: dict[str, Any] = {}
    charged: list[tuple[str, Units]] = []
    left = MAX_BATCH_BYTES
    for table, request, keys, expressions in plans:
        items = responses.setdefault(table.name, [])
        units = Units()
        for position, key in enumerate(keys):
            if left <= 0:
                unprocessed[table.name] = {**request, "Keys": list(request["Keys"][position:])}
                break
            found = load(session.connection, table, key)
            units.table += read_units(found.size if found else 0, bool(request.get("ConsistentRead")))
            if found is not None:
                left -= found.size
                projection = expressions.projection
                items.append(found.item if projection is None else projection.apply(found.item))
        charged.append((table.name, units))
    result: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": unprocessed}
    wanted = detail(parameters)
    if wanted:
        result["ConsumedCapacity"] = show_all(charged, wanted)
    return result


def _plan(
    session: Session, name: object, request: Mapping[str, Any]
) -> tuple[Table, Mapping[str, Any], list[KeyBytes], Expressions]:
    table = session.table(name)
    given = entries(request.get("Keys"), "The list of keys of a BatchGetItem call", 1, MAX_BATCH_KEYS)
    keys = [table.key.exact(key)[1] for key in given]
    if len(set(keys)) < len(keys):
        refuse("Provided list of item keys contains duplicates")
    return table, request, keys, Expressions(request)


def transact_get_items(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Up to 100 items by key, all as of one moment."""
    given = entries(parameters.get("TransactItems"), "TransactItems", 1, MAX_TRANSACTION_ITEMS)
    responses: list[dict[str, Any]] = []
    charged: dict[str, Units] = {}
    seen: set[tuple[int, KeyBytes]] = set()
    for entry in given:
        if not isinstance(entry, Mapping) or set(entry) != {"Get"}:
            refuse("TransactItems of TransactGetItems must each contain one Get")
        request = check(entry["Get"], TRANSACT_GET)
        table = session.table(request.get("TableName"))
        _, key = table.key.exact(request.get("Key"))
        if (table.space, key) in seen:
            refuse("Transaction request cannot include multiple operations on one item")
        seen.add((table.space, key))
        projection = Expressions(request).projection
        found = load(session.connection, table, key)
        units = charged.setdefault(table.name, Units())
        units.table += TRANSACTION_FACTOR * read_units(found.size if found else 0, consistent=True)
        if found is None:
            responses.append({})
        else:
            responses.append({"Item": found.item if projection is None else projection.apply(found.item)})
    result: dict[str, Any] = {"Responses": responses}
    wanted = detail(parameters)
    if wanted:
        result["ConsumedCapacity"] = show_all(charged.items(), wanted)
    return result
