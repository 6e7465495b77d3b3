"""Which parameters an operation takes, and the values they may have; everything else is refused by name."""

from collections.abc import Mapping
from typing import Any

from .errors import refuse

_NAMES = {"ExpressionAttributeNames"}
_EXPRESSION = {"ExpressionAttributeNames", "ExpressionAttributeValues"}
_WRITE = {"TableName", "ConditionExpression", *_EXPRESSION, "ReturnValuesOnConditionCheckFailure"}
_COUNTED = {"ReturnConsumedCapacity"}
_SINGLE_WRITE = {*_WRITE, *_COUNTED, "ReturnItemCollectionMetrics", "ReturnValues"}
_READ = {"ConsistentRead", "ProjectionExpression", *_NAMES}
_SEARCH = {
    *(
        "TableName",
        "IndexName",
        "FilterExpression",
        "Limit",
        "ExclusiveStartKey",
        "Select",
        "ExpressionAttributeValues",
    ),
    *_READ,
    *_COUNTED,
}

OPERATIONS: dict[str, frozenset[str]] = {
    "GetItem": frozenset({"TableName", "Key", *_READ, *_COUNTED}),
    "PutItem": frozenset({"Item", *_SINGLE_WRITE}),
    "UpdateItem": frozenset({"Key", "UpdateExpression", *_SINGLE_WRITE}),
    "DeleteItem": frozenset({"Key", *_SINGLE_WRITE}),
    "Query": frozenset({"KeyConditionExpression", "ScanIndexForward", *_SEARCH}),
    "Scan": frozenset(_SEARCH),
    "BatchGetItem": frozenset({"RequestItems", *_COUNTED}),
    "BatchWriteItem": frozenset({"RequestItems", "ReturnItemCollectionMetrics", *_COUNTED}),
    "TransactGetItems": frozenset({"TransactItems", *_COUNTED}),
    "TransactWriteItems": frozenset({"TransactItems", "ClientRequestToken", "ReturnItemCollectionMetrics", *_COUNTED}),
    "CreateTable": frozenset(
        {
            *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput"),
            *("GlobalSecondaryIndexes", "StreamSpecification", "SSESpecification", "TableClass", "Tags"),
        }
    ),
    "DescribeTable": frozenset({"TableName"}),
    "ListTables": frozenset({"ExclusiveStartTableName", "Limit"}),
    "DeleteTable": frozenset({"TableName"}),
    "UpdateTimeToLive": frozenset({"TableName", "TimeToLiveSpecification"}),
    "DescribeTimeToLive": frozenset({"TableName"}),
}

# The parts of batches and transactions.
BATCH_KEYS = frozenset({"Keys", *_READ})
TRANSACT_GET = frozenset({"TableName", "Key", "ProjectionExpression", *_NAMES})
TRANSACT_WRITES: dict[str, frozenset[str]] = {
    "ConditionCheck": frozenset({"Key", *_WRITE}),
    "Put": frozenset({"Item", *_WRITE}),
    "Delete": frozenset({"Key", *_WRITE}),
    "Update": frozenset({"Key", "UpdateExpression", *_WRITE}),
}

_CHOICES: dict[str, frozenset[str]] = {
    "ReturnConsumedCapacity": frozenset(("NONE", "TOTAL", "INDEXES")),
    "ReturnItemCollectionMetrics": frozenset(("NONE", "SIZE")),
    "ReturnValuesOnConditionCheckFailure": frozenset(("NONE", "ALL_OLD")),
    "Select": frozenset(("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")),
}
_FLAGS = frozenset(("ConsistentRead", "ScanIndexForward"))


def check(parameters: object, allowed: frozenset[str]) -> Mapping[str, Any]:
    """The parameters, once every name is allowed and every choice exists. Raises Refusal."""
    if not isinstance(parameters, Mapping):
        refuse("Parameters must be a map")
    for name, value in parameters.items():
        if name not in allowed:
            refuse(f"Unknown or unsupported parameter: {name}")
        if name in _CHOICES and value not in _CHOICES[name]:
            refuse(f"{name} set to invalid value: {value!r}")
        if name in _FLAGS and not isinstance(value, bool):
            refuse(f"{name} must be true or false")
    return parameters


def limit(parameters: Mapping[str, Any]) -> int | None:
    """The Limit, at least 1, or None. Raises Refusal."""
    value = parameters.get("Limit")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        refuse("Limit must be greater than or equal to 1")
    return value


def detail(parameters: Mapping[str, Any]) -> str | None:
    """TOTAL or INDEXES if consumed capacity is wanted, else None."""
    wanted = parameters.get("ReturnConsumedCapacity", "NONE")
    return None if wanted == "NONE" else str(wanted)


def entries(value: object, what: str, least: int, most: int) -> list[Any]:
    """A list of `least` to `most` entries. Raises Refusal."""
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        refuse(f"{what} must have between {least} and {most} entries")
    return list(value)
