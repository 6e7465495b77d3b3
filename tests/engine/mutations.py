"""One thing wrong with a request: what the service refuses, the engine has to refuse as well."""

from collections.abc import Callable
from copy import deepcopy
from random import Random

from tests.engine.tables import Attributes

Mutation = Callable[[Random, str, Attributes], None]

_TOO_LONG = {"S": "x" * 410_000}


def _requests(operation: str, request: Attributes) -> list[Attributes]:
    """The parts of a request that have expressions, keys or items of their own."""
    if operation in ("BatchGetItem", "BatchWriteItem"):
        (parts,) = request["RequestItems"].values()
        return [parts] if isinstance(parts, dict) else [next(iter(part.values())) for part in parts]
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return [next(iter(part.values())) for part in request["TransactItems"]]
    return [request]


def _any(random: Random, operation: str, request: Attributes) -> Attributes:
    return random.choice(_requests(operation, request))


def _drop(field: str) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        if part.get(field):
            del part[field][random.choice(sorted(part[field]))]

    return mutate


def _add(field: str, name: str, content: object) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        reads = field == "ExpressionAttributeValues" and "ConditionExpression" not in part
        if field in part or (field != "Key" and "TableName" in part and not reads):
            part.setdefault(field, {})[name] = content

    return mutate


def _replace_value(content: Attributes) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        values = part.get("ExpressionAttributeValues")
        target = values or part.get("Item") or part.get("Key") or {}
        if target:
            target[random.choice(sorted(target))] = content

    return mutate


def _replace_key(content: Attributes) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        target = part.get("Key") or part.get("Item") or (random.choice(part["Keys"]) if "Keys" in part else {})
        if target:
            target[random.choice([name for name in ("pk", "sk") if name in target])] = content

    return mutate


def _drop_key(random: Random, operation: str, request: Attributes) -> None:
    part = _any(random, operation, request)
    target = part.get("Key") or part.get("Item") or (part["Keys"][0] if "Keys" in part else {})
    target.pop("pk", None)


def _lengthen_key(random: Random, operation: str, request: Attributes) -> None:
    part = _any(random, operation, request)
    target = part.get("Key") or part.get("Item") or (random.choice(part["Keys"]) if "Keys" in part else {})
    for name in ("pk", "sk"):
        for tag, content in target.get(name, {}).items():
            if tag != "N":
                target[name] = {tag: content * 2100}


def _duplicate(random: Random, operation: str, request: Attributes) -> None:
    if operation.startswith("Transact"):
        request["TransactItems"].append(deepcopy(random.choice(request["TransactItems"])))
    elif operation.startswith("Batch"):
        (parts,) = request["RequestItems"].values()
        found = parts["Keys"] if isinstance(parts, dict) else parts
        found.append(deepcopy(random.choice(found)))


def _set(name: str, content: object, *operations: str) -> Mutation:
    def mutate(_: Random, operation: str, request: Attributes) -> None:
        if operation in operations:
            request[name] = content

    return mutate


def _rewrite(before: str, after: str) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        for name in list(part):
            if name.endswith("Expression"):
                part[name] = part[name].replace(before, after, 1)

    return mutate


def _empty(name: str) -> Mutation:
    def mutate(random: Random, operation: str, request: Attributes) -> None:
        part = _any(random, operation, request)
        if name in part:
            part[name] = type(part[name])()

    return mutate


def _elsewhere(random: Random, operation: str, request: Attributes) -> None:
    if operation.startswith("Batch"):
        request["RequestItems"] = {"no-such-table": next(iter(request["RequestItems"].values()))}
    else:
        _any(random, operation, request)["TableName"] = "no-such-table"


_MUTATIONS: tuple[Mutation, ...] = (
    _drop("ExpressionAttributeNames"),
    _drop("ExpressionAttributeValues"),
    _add("ExpressionAttributeNames", "#unused", "unused"),
    _add("ExpressionAttributeValues", ":unused", {"S": "unused"}),
    _add("ExpressionAttributeNames", "wrong", "a"),
    _add("Key", "extra", {"S": "x"}),
    _replace_value({"SS": []}),
    _replace_value({"NS": ["1", "1.0"]}),
    _replace_value({"N": "not a number"}),
    _replace_value({"N": "1E+126"}),
    _replace_value({"N": "1" * 39}),
    _replace_value({"NULL": False}),
    _replace_value({}),
    _replace_value({"N": "1", "S": "a"}),
    _replace_value({"BOOL": True}),
    _replace_key({"S": ""}),
    _replace_key({"BOOL": True}),
    _lengthen_key,
    _replace_key({"N": "nan"}),
    _replace_key({"L": []}),
    _drop_key,
    _duplicate,
    _elsewhere,
    _set("Limit", 0, "Query", "Scan"),
    _set("IndexName", "no-such-index", "Query", "Scan"),
    _set("ConsistentRead", True, "Query", "Scan"),
    _set("Select", "SPECIFIC_ATTRIBUTES", "Query", "Scan"),
    _set("Select", "EVERYTHING", "Query", "Scan"),
    _set("ReturnValues", "EVERYTHING", "PutItem", "UpdateItem", "DeleteItem"),
    _set("ReturnValues", "ALL_NEW", "PutItem", "DeleteItem"),
    _set("ExclusiveStartKey", {"pk": {"S": "a"}}, "Query"),
    _set("ExclusiveStartKey", {"nothing": {"S": "a"}}, "Query", "Scan"),
    _set("ClientRequestToken", "t" * 37, "TransactWriteItems"),
    _rewrite(" = ", " == "),
    _rewrite(":0", ":0 + :0"),
    _rewrite("a", "name"),
    _rewrite("(", "(("),
    _rewrite("attribute_exists", "ATTRIBUTE_EXISTS"),
    _rewrite("AND", "&&"),
    _rewrite("SET", "SET SET"),
    _rewrite(",", ",,"),
    _rewrite("#0", "#absent"),
    _rewrite(":0", ":absent"),
    _empty("ConditionExpression"),
    _empty("UpdateExpression"),
    _empty("ProjectionExpression"),
    _empty("KeyConditionExpression"),
    _empty("ExpressionAttributeNames"),
    _empty("ExpressionAttributeValues"),
)


def spoil(random: Random, operation: str, request: Attributes) -> Attributes:
    """A copy of the request with one mutation, which may happen to find nothing to spoil."""
    spoilt = deepcopy(request)
    if random.random() < 0.05:
        for part in _requests(operation, spoilt):
            if "Item" in part:
                part["Item"]["long"] = _TOO_LONG
        return spoilt
    random.choice(_MUTATIONS)(random, operation, spoilt)
    return spoilt
