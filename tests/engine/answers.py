"""Answers of two engines in a form that can be compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from botocore.exceptions import ClientError

from tests.engine.tables import Attributes

Caller = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]

_TRANSACTIONS = ("TransactGetItems", "TransactWriteItems")
MAX_PAGES = 40
_EXACT = Context(prec=200)


@dataclass(frozen=True)
class Answer:
    """What came back: an error code with its reasons and old items, or a result."""

    code: str | None
    reasons: tuple[str, ...]
    content: Any


def plain(value: Any) -> Any:
    """A value without the order of sets and the spelling of numbers, its names in order."""
    if isinstance(value, Mapping):
        return {name: _member(name, member) for name, member in sorted(value.items())}
    return [plain(member) for member in value] if isinstance(value, list) else value


def _member(name: str, member: Any) -> Any:
    if name == "N" and isinstance(member, str):
        return _number(member)
    if name == "NS" and isinstance(member, list):
        return sorted(_number(text) for text in member)
    return sorted(member) if name in ("SS", "BS") and isinstance(member, list) else plain(member)


def _number(text: str) -> Decimal:
    return _EXACT.add(Decimal(text), Decimal(0)).normalize(_EXACT)


def bag(items: list[Attributes]) -> list[str]:
    """Items without their order."""
    return sorted(repr(plain(item)) for item in items)


def ask(caller: Caller, operation: str, request: Attributes) -> Answer:
    """One call, as an Answer; pages are followed to their end."""
    try:
        if operation in ("Query", "Scan"):
            return Answer(None, (), _pages(caller, operation, request))
        return Answer(None, (), _result(operation, request, caller(operation, request)))
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        reasons = response.get("CancellationReasons", [])
        old = [plain(reason.get("Item")) for reason in reasons] or plain(response.get("Item"))
        return Answer(response["Error"]["Code"], tuple(reason["Code"] for reason in reasons), old)


def _result(operation: str, request: Attributes, answer: Mapping[str, Any]) -> Any:
    content = {name: plain(part) for name, part in answer.items() if name != "ResponseMetadata"}
    # Local shows the capacity of deleting what is not there even if nobody asked.
    if operation in _TRANSACTIONS or "ReturnConsumedCapacity" not in request:
        content.pop("ConsumedCapacity", None)
    if operation == "BatchGetItem":
        content["Responses"] = {table: bag(items) for table, items in answer["Responses"].items()}
    return content


def _pages(caller: Caller, operation: str, request: Attributes) -> Any:
    items: list[Attributes] = []
    counts: list[tuple[int, bool]] = []
    found = 0
    capacity: Any = None
    start = request.get("ExclusiveStartKey")
    for _ in range(MAX_PAGES):
        asked = {**request, "ExclusiveStartKey": start} if start else request
        answer = caller(operation, asked)
        items += answer.get("Items", [])
        found += answer["Count"]
        start = answer.get("LastEvaluatedKey")
        counts.append((answer["ScannedCount"], start is not None))
        if answer["ScannedCount"] and "Limit" not in request:
            # Which items share a page of limited length is open where index keys are equal.
            capacity = plain(answer.get("ConsumedCapacity"))
        if start is None:
            break
    else:
        raise AssertionError(f"{operation} never ends: {request}")
    return {
        "items": bag(items),
        "order": _order(operation, request, items),
        "count": found,
        "pages": counts,
        "units": capacity,
    }


def _order(operation: str, request: Attributes, items: list[Attributes]) -> list[Any]:
    """The range keys in the order they came; items with equal ones have no order."""
    if operation == "Scan":
        return []
    name = {None: "sk", "keys": "position", "every": "rank", "some": None}.get(request.get("IndexName"))
    return [plain(item.get(name)) for item in items] if name else []
