"""PutItem, UpdateItem, DeleteItem and BatchWriteItem, and the parts that transactions share with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .capacity import Units, show_all
from .conditions import Condition, Values, read_path
from .errors import KeyUpdate, condition_failed, refuse
from .expressions import Expressions
from .parameters import check, detail, entries
from .schema import Table
from .storage import KeyBytes, Session, Stored, check_item, load, store
from .updates import Update
from .values import Item, canonical_item

MAX_BATCH_WRITES = 25

_RETURNS = {
    "PutItem": ("NONE", "ALL_OLD"),
    "DeleteItem": ("NONE", "ALL_OLD"),
    "UpdateItem": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One write, checked as far as it can be without the item it replaces.

    `put` is the new item of a put, `update` what an update does; a delete and a condition check have neither.
    """

    table: Table
    key: KeyBytes
    key_item: Item
    condition: Condition | None
    values: Values
    put: Stored | None = None
    update: Update | None = None
    keeps: bool = False

    def holds(self, old: Stored | None) -> bool:
        """Whether the condition is true for the item there is, an empty one if there is none."""
        return self.condition is None or self.condition.test(old.item if old else {}, self.values)

    def outcome(self, old: Stored | None) -> Stored | None:
        """The item after the write. Raises Refusal where an update cannot be applied."""
        if self.update is None:
            return old if self.keeps else self.put
        for path in self.update.paths():
            if path[0] in self.table.key.names:
                raise KeyUpdate(str(path[0]))
        item = self.update.apply(old.item if old else self.key_item, self.values)
        return check_item(self.table, item)


def plan_put(table: Table, parameters: Mapping[str, Any]) -> Plan:
    """Checks a put. Raises Refusal."""
    item = canonical_item(parameters.get("Item"))
    key = table.key_of(item)
    expressions = Expressions(parameters)
    return Plan(table, key, item, expressions.condition, expressions.values, put=check_item(table, item))


def plan_update(table: Table, parameters: Mapping[str, Any]) -> Plan:
    """Checks an update. Raises Refusal."""
    key_item, key = table.key.exact(parameters.get("Key"))
    expressions = Expressions(parameters)
    update = expressions.update or Update()
    return Plan(table, key, key_item, expressions.condition, expressions.values, update=update)


def plan_delete(table: Table, parameters: Mapping[str, Any]) -> Plan:
    """Checks a delete. Raises Refusal."""
    key_item, key = table.key.exact(parameters.get("Key"))
    expressions = Expressions(parameters)
    return Plan(table, key, key_item, expressions.condition, expressions.values)


def plan_check(table: Table, parameters: Mapping[str, Any]) -> Plan:
    """Checks a condition check. Raises Refusal."""
    key_item, key = table.key.exact(parameters.get("Key"))
    expressions = Expressions(parameters)
    if expressions.condition is None:
        refuse("A ConditionCheck needs a ConditionExpression")
    return Plan(table, key, key_item, expressions.condition, expressions.values, keeps=True)


def put_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a whole item."""
    returns = _returns("PutItem", parameters)
    return _single(session, plan_put(session.table(parameters.get("TableName")), parameters), parameters, returns)


def update_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Changes attributes of an item, or creates it."""
    returns = _returns("UpdateItem", parameters)
    return _single(session, plan_update(session.table(parameters.get("TableName")), parameters), parameters, returns)


def delete_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Removes an item, if it is there."""
    returns = _returns("DeleteItem", parameters)
    return _single(session, plan_delete(session.table(parameters.get("TableName")), parameters), parameters, returns)


def _returns(operation: str, parameters: Mapping[str, Any]) -> str:
    wanted = parameters.get("ReturnValues", "NONE")
    if wanted not in _RETURNS[operation]:
        refuse("Return values set to invalid value")
    return str(wanted)


def _single(session: Session, plan: Plan, parameters: Mapping[str, Any], returns: str) -> dict[str, Any]:
    old = load(session.connection, plan.table, plan.key)
    if not plan.holds(old):
        shown = parameters.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise condition_failed(old.item if shown and old else None)
    new = plan.outcome(old)
    units = store(session, plan.table, plan.key, old, new)
    result: dict[str, Any] = {}
    if returns != "NONE":
        source = old if returns.endswith("OLD") else new
        attributes = _touched(plan, source) if returns.startswith("UPDATED") else source.item if source else None
        if attributes:
            result["Attributes"] = attributes
    wanted = detail(parameters)
    if wanted:
        result["ConsumedCapacity"] = units.show(plan.table.name, wanted)
    return result


def _touched(plan: Plan, source: Stored | None) -> Item:
    if source is None or plan.update is None:
        return {}
    paths = plan.update.paths()
    names = {str(path[0]) for path in paths if read_path(source.item, path) is not None}
    return {name: source.item[name] for name in names}


def batch_write_item(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Up to 25 puts and deletes without conditions, no item twice."""
    requests = parameters.get("RequestItems")
    if not isinstance(requests, Mapping) or not requests:
        refuse("BatchWriteItem cannot have a null or no requests set")
    plans = [
        _batch_plan(session.table(name), entry)
        for name, given in requests.items()
        for entry in entries(given, "The list of requests of a BatchWriteItem call", 1, MAX_BATCH_WRITES)
    ]
    if len(plans) > MAX_BATCH_WRITES:
        refuse("Too many items requested for the BatchWriteItem call")
    if len({(plan.table.space, plan.key) for plan in plans}) < len(plans):
        refuse("Provided list of item keys contains duplicates")
    charged: dict[str, Units] = {}
    for plan in plans:
        old = load(session.connection, plan.table, plan.key)
        units = store(session, plan.table, plan.key, old, plan.put)
        charged.setdefault(plan.table.name, Units()).add(units)
    result: dict[str, Any] = {"UnprocessedItems": {}}
    wanted = detail(parameters)
    if wanted:
        result["ConsumedCapacity"] = show_all(charged.items(), wanted)
    return result


def _batch_plan(table: Table, entry: object) -> Plan:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        refuse("A write request must contain exactly one of PutRequest and DeleteRequest")
    ((kind, request),) = entry.items()
    if kind == "PutRequest":
        return plan_put(table, check(request, frozenset(("Item",))))
    if kind == "DeleteRequest":
        return plan_delete(table, check(request, frozenset(("Key",))))
    refuse(f"Unknown write request: {kind}")
