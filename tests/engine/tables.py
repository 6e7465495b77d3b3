"""Tables for tests, and short ways to call an engine."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine

Attributes = dict[str, Any]


def text(value: str) -> Attributes:
    """A text as AttributeValue."""
    return {"S": value}


def number(value: object) -> Attributes:
    """A number as AttributeValue."""
    return {"N": str(value)}


def key(pk: str, sk: str = "s") -> Attributes:
    """A key of the table `define` makes by default."""
    return {"pk": text(pk), "sk": text(sk)}


def index(name: str, hash_name: str, range_name: str | None = None, *, include: str = "KEYS_ONLY") -> Attributes:
    """A global secondary index; `include` is KEYS_ONLY, ALL, or names separated by commas."""
    schema = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    if range_name is not None:
        schema.append({"AttributeName": range_name, "KeyType": "RANGE"})
    projection: Attributes = {"ProjectionType": include}
    if include not in ("KEYS_ONLY", "ALL"):
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": include.split(",")}
    return {"IndexName": name, "KeySchema": schema, "Projection": projection}


def define(
    name: str = "things",
    *indexes: Attributes,
    types: Mapping[str, str] | None = None,
    ranged: bool = True,
    stream: str | None = None,
) -> Attributes:
    """Parameters of CreateTable: hash `pk`, range `sk` if `ranged`; `types` of attributes that are not text."""
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
    if ranged:
        schema.append({"AttributeName": "sk", "KeyType": "RANGE"})
    schemas = [schema, *(entry["KeySchema"] for entry in indexes)]
    names = dict.fromkeys(entry["AttributeName"] for found in schemas for entry in found)
    kinds = types or {}
    parameters: Attributes = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kinds.get(attribute, "S")} for attribute in names
        ],
        "KeySchema": schema,
    }
    if indexes:
        parameters["GlobalSecondaryIndexes"] = list(indexes)
    if stream is not None:
        parameters["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream}
    return parameters


def put(engine: Engine, item: Attributes, **more: Any) -> Attributes:
    """Puts an item into `things`."""
    return engine.call("PutItem", {"TableName": "things", "Item": item, **more})


def get(engine: Engine, of: Attributes) -> Attributes | None:
    """The item of a key in `things`, read strongly."""
    answer = engine.call("GetItem", {"TableName": "things", "Key": of, "ConsistentRead": True})
    found: Attributes | None = answer.get("Item")
    return found


def update(
    engine: Engine, of: Attributes, expression: str, values: Attributes | None = None, **more: Any
) -> Attributes:
    """Updates an item of `things`."""
    parameters = {"TableName": "things", "Key": of, "UpdateExpression": expression, **more}
    if values:
        parameters["ExpressionAttributeValues"] = values
    return engine.call("UpdateItem", parameters)


def refused(engine: Engine, operation: str, parameters: Mapping[str, Any]) -> Attributes:
    """The error response of a call that must be refused."""
    with pytest.raises(ClientError) as caught:
        engine.call(operation, parameters)
    response: Attributes = dict(caught.value.response)
    return response


def code_of(engine: Engine, operation: str, parameters: Mapping[str, Any]) -> str:
    """The error code of a call that must be refused."""
    return str(refused(engine, operation, parameters)["Error"]["Code"])
