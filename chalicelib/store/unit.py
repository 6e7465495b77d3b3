"""Units of work: everything a decision writes, in one conditional write or one transaction (STORE §4, §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
from botocore.exceptions import ClientError
from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import fetch, meter, retry
from chalicelib.store.database import BUSY, UNKNOWN, Database
from chalicelib.store.keys import Key
from chalicelib.store.retry import Outcome
from chalicelib.store.table import Item, Outbox, Row, decode

Model = type[Row] | type[Outbox]


class Put(msgspec.Struct, frozen=True):
    """Write a whole item that must not exist yet, or must satisfy `when`."""

    row: Row | Outbox
    when: Condition | None = None


class Change(msgspec.Struct, frozen=True):
    """Update an item that must exist. A `counter` adds to what is stored and is therefore never repeated blindly.

    `creates`: an item that is not there is made; `when` has to allow for it, the actions have to name its kind.
    `marked` leaves the operation's id on the item, so that a lost reply can be told from a lost write.
    """

    model: Model
    key: Key
    actions: tuple[Action, ...]
    when: Condition | None = None
    counter: bool = False
    creates: bool = False
    marked: bool = True


class Remove(msgspec.Struct, frozen=True):
    """Delete an item that must satisfy `when`."""

    model: Model
    key: Key
    when: Condition | None = None


class Check(msgspec.Struct, frozen=True):
    """Prove something about an item that is not written."""

    model: Model
    key: Key
    when: Condition


Write = Put | Change | Remove | Check


class Changed(Exception):
    """The world changed: a condition failed. `found` has the old item of each failed write by its number."""

    def __init__(self, found: dict[int, Item | None]) -> None:
        super().__init__(f"conditions failed: {sorted(found)}")
        self.found = found


class Locked(Exception):
    """A running transaction holds an item; nothing was applied."""


def assign(attribute: Attribute[Any], value: Any) -> Action:
    """Set an attribute, or remove it: None is never stored."""
    return attribute.remove() if value is None else attribute.set(value)


def as_seen(attribute: Attribute[Any], value: Any) -> Condition:
    """The attribute is what it was when it was read: None was not stored."""
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def commit(database: Database, writes: Sequence[Write]) -> Item | None:
    """Apply all `writes` or none; the new item when the only write is a `Change`.

    Raises `Changed`, `Locked`, or `Unavailable` when the store does not take the write or its outcome is unknown.
    """
    meter.new_round()
    operation = uuid4().hex
    if len(writes) == 1:
        return _Single(database, writes[0], operation).commit()
    _transact(database, [_entry(database, write, operation) for write in writes], operation, writes)
    return None


class _Single:
    """One conditional write with its repeats."""

    def __init__(self, database: Database, write: Write, operation: str) -> None:
        if isinstance(write, Check):
            raise TypeError("a check alone writes nothing")
        self._database, self._write, self._operation = database, write, operation
        self._name, self._request = _request(database, write, operation)
        self._counter = isinstance(write, Change) and write.counter
        self._uncertain = False

    def commit(self) -> Item | None:
        for attempt in range(retry.REPEATS + 1):
            if attempt:
                self._database.pause(retry.delay(attempt))
            try:
                return self._new_item(self._database.send(self._name, dict(self._request)))
            except Exception as error:
                done, item = self._after(error)
                if done:
                    return item
        raise Unavailable(UNKNOWN if self._uncertain else BUSY)

    def _new_item(self, reply: dict[str, Any]) -> Item | None:
        raw = reply.get("Attributes")
        return decode(_table(self._write.model), raw) if raw and isinstance(self._write, Change) else None

    def _after(self, error: Exception) -> tuple[bool, Item | None]:
        match retry.outcome(error):
            case Outcome.NOT_APPLIED:
                return False, None
            case Outcome.LOCKED if not self._uncertain:
                raise Locked from error
            case Outcome.LOCKED:
                return False, None
            case Outcome.UNKNOWN:
                self._uncertain = True
                return (True, self._read_back()) if self._counter else (False, None)
            case Outcome.CHANGED:
                return True, self._judge(error)
            case _:
                raise error

    def _read_back(self) -> Item:
        """A counter write is never repeated: either our mark is on the item, or nothing can be claimed."""
        assert isinstance(self._write, Change)
        try:
            item = fetch.get(self._database, self._write.key, table=_table(self._write.model))
        except Unavailable as error:
            raise Unavailable(UNKNOWN) from error
        if item is None or item.get("operation") != self._operation:
            raise Unavailable(UNKNOWN)
        return item

    def _judge(self, error: Exception) -> Item | None:
        """After an uncertain attempt a failed condition may be our own success."""
        assert isinstance(error, ClientError)
        raw = error.response.get("Item")
        item = decode(_table(_model(self._write)), raw) if raw else None
        if not self._uncertain:
            raise Changed({0: item}) from error
        if isinstance(self._write, Remove) and item is None:
            return None
        if item is not None and item.get("operation") == self._operation:
            return item
        raise Unavailable(UNKNOWN) from error


def _transact(database: Database, entries: list[dict[str, Any]], token: str, writes: Sequence[Write]) -> None:
    """A transaction carries its token, so repeating it cannot apply it twice."""
    uncertain = False
    for attempt in range(retry.REPEATS + 1):
        if attempt:
            database.pause(retry.delay(attempt))
        try:
            database.send("TransactWriteItems", {"TransactItems": entries, "ClientRequestToken": token})
        except Exception as error:
            uncertain = _judge_transaction(error, writes, uncertain)
        else:
            return
    raise Unavailable(UNKNOWN if uncertain else BUSY)


def _judge_transaction(error: Exception, writes: Sequence[Write], uncertain: bool) -> bool:
    """Whether the outcome is uncertain. Once it is, a conflict may be with ourselves: only the same token can tell."""
    match retry.outcome(error):
        case Outcome.NOT_APPLIED:
            return uncertain
        case Outcome.UNKNOWN:
            return True
        case Outcome.LOCKED if uncertain:
            return True
        case Outcome.LOCKED:
            raise Locked from error
        case Outcome.CHANGED:
            assert isinstance(error, ClientError)
            raise Changed(_failed(retry.reasons(error), writes)) from error
        case _:
            raise error


def _failed(reasons: list[dict[str, Any]], writes: Sequence[Write]) -> dict[int, Item | None]:
    return {
        number: decode(_table(_model(writes[number])), reason["Item"]) if reason.get("Item") else None
        for number, reason in enumerate(reasons)
        if reason["Code"] == "ConditionalCheckFailed"
    }


def _model(write: Write) -> Model:
    return type(write.row) if isinstance(write, Put) else write.model


def _table(model: Model) -> Model:
    return Outbox if issubclass(model, Outbox) else Row


def _entry(database: Database, write: Write, operation: str) -> dict[str, Any]:
    name, request = _request(database, write, operation)
    request.pop("ReturnValues", None)
    return {
        {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete", "ConditionCheck": "ConditionCheck"}[
            name
        ]: request
    }


def _request(database: Database, write: Write, operation: str) -> tuple[str, dict[str, Any]]:
    model = _model(write)
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: dict[str, Any] = {
        "TableName": database.table(model),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if isinstance(write, Put):
        write.row.operation = operation
        request["Item"] = write.row.serialize()
        name, condition = "PutItem", write.when if write.when is not None else model.pk.does_not_exist()
    else:
        request["Key"] = {"pk": {"S": write.key.pk}, "sk": {"S": write.key.sk}}
        name, condition = _keyed(write, model, request, names, values, operation)
    request["ConditionExpression"] = condition.serialize(names, values)
    if names:
        request["ExpressionAttributeNames"] = {placeholder: path for path, placeholder in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    return name, request


def _keyed(
    write: Change | Remove | Check,
    model: Model,
    request: dict[str, Any],
    names: dict[str, str],
    values: dict[str, Any],
    operation: str,
) -> tuple[str, Condition]:
    exists = model.pk.exists()
    if isinstance(write, Check):
        return "ConditionCheck", write.when
    if isinstance(write, Remove):
        return "DeleteItem", exists if write.when is None else write.when
    actions = (*write.actions, model.operation.set(operation)) if write.marked else write.actions
    request["UpdateExpression"] = Update(*actions).serialize(names, values)
    request["ReturnValues"] = "ALL_NEW"
    return "UpdateItem", _changing(write, exists)


def _changing(write: Change, exists: Condition) -> Condition:
    if write.when is None:
        return exists
    return write.when if write.creates else exists & write.when


def attempt(database: Database, change: Change) -> bool:
    """Try a write that may be lost: one attempt, and whatever keeps it from being applied only costs the write."""
    meter.new_round()
    name, request = _request(database, change, uuid4().hex)
    try:
        database.send(name, request)
    except Exception as error:
        if retry.outcome(error) is Outcome.REFUSED:
            raise
        return False
    return True
