"""Random requests in the grammar PynamoDB emits, on few keys so that they meet often, some of them spoilt.

Everything derives from a `random.Random`, so one integer names one request.
"""

from dataclasses import dataclass, field
from random import Random

from tests.engine.mutations import spoil
from tests.engine.tables import Attributes, define, index

# Operation, parameters, and whether something was spoilt on purpose.
Call = tuple[str, Attributes, bool]
Made = tuple[str, Attributes]

_RESERVED = ("count", "name", "set", "position", "rank")
_PATHS = (
    *("a", "b", "c", "count", "name", "dotted.name", "set", "nothing", "in_1", "in_2", "in_3", "position", "rank"),
    *("m", "m.x", "m.y", "m.y.z", "m.nothing", "l", "l[0]", "l[1]", "l[7]", "l[0].x", "m.l[1]", "a.x", "pk", "sk"),
)
_CANONICAL_NUMBERS = ("0", "1", "-1", "2", "2.5", "10", "100", "-0.001", "9" * 38, "120.5")
_NUMBERS = (*_CANONICAL_NUMBERS, "1E+2", "7E-20", "0012", "-0")
_TEXTS = ("", "a", "ab", "b", "é", "zz", "x" * 700, "y" * 1100)
_BYTES = (b"", b"a", b"ab", b"\xff\x00")
_LONG = "L" * 5000


@dataclass
class Spec:
    """A table: types of its keys, and which indexes it has."""

    hash_type: str
    range_type: str | None
    indexes: tuple[str, ...]

    @staticmethod
    def of(random: Random) -> "Spec":
        """Any table."""
        indexes = tuple(name for name in ("keys", "every", "some") if random.random() < 0.6)
        return Spec(random.choice("SSNB"), random.choice(["S", "S", "N", "B", None]), indexes)

    def define(self, name: str) -> Attributes:
        """Parameters of CreateTable."""
        made = {
            "keys": index("keys", "in_1", "position"),
            "every": index("every", "in_2", "rank", include="ALL"),
            "some": index("some", "in_3", include="a,m"),
        }
        types = {"pk": self.hash_type, "sk": self.range_type or "S", "rank": "N"}
        return define(name, *(made[wanted] for wanted in self.indexes), types=types, ranged=self.range_type is not None)

    def key(self, random: Random) -> Attributes:
        """One of 4 x 6 keys."""
        found = {"pk": _key_value(self.hash_type, random.randrange(4))}
        if self.range_type is not None:
            found["sk"] = _key_value(self.range_type, random.randrange(6))
        return found


def _key_value(kind: str, number: int) -> Attributes:
    if kind == "S":
        return {"S": ("a", "ab", "b", "é", "k5", "k6")[number]}
    if kind == "N":
        return {"N": ("-10", "-1.5", "0", "2", "10", "1E+20")[number]}
    return {"B": (b"a", b"ab", b"\xff", b"\xff\xff", b"\x00", b"b")[number]}


@dataclass
class Expression:
    """Collects the placeholders of a request while its expressions are written."""

    random: Random
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Attributes] = field(default_factory=dict)

    def path(self, text: str) -> str:
        """A path, its names literal or by placeholder."""
        if text == "dotted.name" or (text in _RESERVED and self.random.random() < 0.98):
            return self._alias(text)
        steps = text.split(".")
        return ".".join(self._step(step) for step in steps)

    def _step(self, step: str) -> str:
        if self.random.random() < 0.6:
            return step
        name, bracket, rest = step.partition("[")
        return self._alias(name) + bracket + rest

    def _alias(self, name: str) -> str:
        for alias, known in self.names.items():
            if known == name:
                return alias
        alias = f"#{len(self.names)}"
        self.names[alias] = name
        return alias

    def value(self, value: Attributes) -> str:
        """A placeholder for a value."""
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def into(self, request: Attributes) -> Attributes:
        """The request, with the placeholders that were used."""
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request


def scalar(random: Random, depth: int = 0) -> Attributes:
    """A value that orders, mostly. Inside lists and maps Local keeps the spelling of a number, so that is canonical."""
    kind = random.randrange(8)
    if kind < 4:
        return {"N": random.choice(_CANONICAL_NUMBERS if depth else _NUMBERS)}
    if kind < 7:
        return {"S": random.choice(_TEXTS)}
    return random.choice([{"B": random.choice(_BYTES)}, {"BOOL": random.random() < 0.5}, {"NULL": True}])


def value(random: Random, depth: int = 0) -> Attributes:
    """Any value."""
    kind = random.randrange(10)
    if kind < 6 or depth > 2:
        return scalar(random, depth)
    if kind == 6:
        return {"L": [value(random, depth + 1) for _ in range(random.randrange(4))]}
    if kind == 7:
        return {"M": {name: value(random, depth + 1) for name in ("x", "y", "z") if random.random() < 0.6}}
    return some_set(random)


def some_set(random: Random) -> Attributes:
    """A set of one to three members."""
    size = random.randint(1, 3)
    kind = random.randrange(5)
    if kind < 2:
        return {"SS": random.sample(["a", "ab", "b", "", "é"], size)}
    if kind < 4:
        return {"NS": random.sample(["1", "2.5", "-3", "1000", "0"], size)}
    return {"BS": random.sample([b"a", b"", b"\xff"], size)}


def item(random: Random, spec: Spec) -> Attributes:
    """A whole item."""
    made = spec.key(random)
    for name in ("a", "b", "c", "count", "name", "dotted.name"):
        if random.random() < 0.35:
            made[name] = value(random)
    if random.random() < 0.5:
        made["m"] = {
            "M": {"x": scalar(random, 1), "y": value(random, 1), "l": {"L": [scalar(random, 1), scalar(random, 1)]}}
        }
    if random.random() < 0.5:
        made["l"] = {"L": [value(random, 1) for _ in range(random.randrange(4))]}
    if random.random() < 0.3:
        made["set"] = some_set(random)
    if random.random() < 0.05:
        made["long"] = {"S": _LONG}
    for name in ("in_1", "in_2", "in_3", "position"):
        if random.random() < 0.5:
            made[name] = {"S": random.choice("uv")}
    if random.random() < 0.5:
        made["rank"] = {"N": random.choice(["-1", "0", "2", "10"])}
    return made


def condition(random: Random, made: Expression, depth: int = 0) -> str:
    """A condition over any paths."""
    kind = random.randrange(13 if depth < 2 else 9)
    left = made.path(random.choice(_PATHS))
    if kind < 9:
        return _SIMPLE[kind](random, made, left)
    first = condition(random, made, depth + 1)
    if kind == 9:
        return f"(NOT {first})"
    return f"({first} {random.choice(['AND', 'OR'])} {condition(random, made, depth + 1)})"


def _compared(random: Random, made: Expression, left: str) -> str:
    operator = random.choice(["=", "<>", "<", "<=", ">", ">="])
    if random.random() < 0.15:
        return f"{left} {operator} {made.path(random.choice(_PATHS))}"
    return f"{left} {operator} {made.value(scalar(random) if random.random() < 0.8 else value(random))}"


def _existing(random: Random, _: Expression, left: str) -> str:
    return f"{random.choice(['attribute_exists', 'attribute_not_exists'])} ({left})"


def _among(random: Random, made: Expression, left: str) -> str:
    return f"{left} IN ({', '.join(made.value(value(random)) for _ in range(random.randint(1, 3)))})"


def _holding(random: Random, made: Expression, left: str) -> str:
    return f"{random.choice(['begins_with', 'contains', 'contains'])} ({left}, {made.value(scalar(random))})"


def _measured(random: Random, made: Expression, left: str) -> str:
    if random.random() < 0.5:
        return f"size ({left}) {random.choice(['=', '<', '>='])} {made.value({'N': str(random.randrange(4))})}"
    return f"attribute_type ({left}, {made.value({'S': random.choice(['S', 'N', 'B', 'L', 'M', 'SS', 'NULL'])})})"


def _ranged(random: Random, made: Expression, left: str) -> str:
    low, high = sorted(random.sample(range(20), 2))
    if random.random() < 0.5:
        return f"{left} BETWEEN {made.value({'N': str(low)})} AND {made.value({'N': str(high)})}"
    return f"{left} BETWEEN {made.value({'S': chr(97 + low)})} AND {made.value({'S': chr(97 + high)})}"


_SIMPLE = (_compared, _compared, _compared, _existing, _existing, _ranged, _among, _holding, _measured)


def update_expression(random: Random, made: Expression) -> str:
    """Some of the four sections, on paths that rarely overlap."""
    paths = random.sample([path for path in _PATHS if path not in ("pk", "sk") or random.random() < 0.05], 6)
    sections = []
    for section in random.sample(["SET", "REMOVE", "ADD", "DELETE"], random.choice([1, 1, 2, 3])):
        entries = [_entry(random, made, section, paths.pop()) for _ in range(random.choice([1, 1, 2])) if paths]
        if entries:
            sections.append(f"{section} {', '.join(entries)}")
    return " ".join(sections)


def _entry(random: Random, made: Expression, section: str, path: str) -> str:
    target = made.path(path)
    if section == "REMOVE":
        return target
    if section == "ADD":
        added = {"N": random.choice(_NUMBERS)} if random.random() < 0.6 else some_set(random)
        return f"{target} {made.value(added)}"
    if section == "DELETE":
        return f"{target} {made.value(some_set(random))}"
    return f"{target} = {_source(random, made, path)}"


def _source(random: Random, made: Expression, path: str) -> str:
    kind = random.randrange(10)
    if path in ("in_1", "in_2", "in_3", "position") and random.random() < 0.9:
        return made.value({"S": random.choice("uv")})
    if path == "rank" and random.random() < 0.9:
        return made.value({"N": random.choice(["-1", "0", "2", "10"])})
    if kind < 4:
        return made.value(value(random))
    other = made.path(random.choice([path, *_PATHS]))
    if kind == 4:
        return other
    if kind == 5:
        return f"if_not_exists ({other}, {made.value(value(random))})"
    if kind == 6:
        return f"list_append ({other}, {made.value({'L': [scalar(random, 1)]})})"
    operator = random.choice("+-")
    if kind == 7:
        return f"if_not_exists ({other}, {made.value({'N': '5'})}) {operator} {made.value({'N': '1'})}"
    return f"{other} {operator} {made.value({'N': random.choice(_NUMBERS)})}"


def projection(random: Random, made: Expression) -> str:
    """One to three paths."""
    return ", ".join(made.path(path) for path in random.sample(_PATHS, random.randint(1, 3)))


def _counted(random: Random, request: Attributes) -> Attributes:
    if random.random() < 0.5:
        request["ReturnConsumedCapacity"] = random.choice(["TOTAL", "INDEXES"])
    return request


def _conditioned(random: Random, made: Expression, request: Attributes) -> Attributes:
    if random.random() < 0.5:
        request["ConditionExpression"] = condition(random, made)
        if random.random() < 0.6:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return made.into(request)


def _put(random: Random, spec: Spec, table: str) -> Attributes:
    return _conditioned(random, Expression(random), {"TableName": table, "Item": item(random, spec)})


def _update(random: Random, spec: Spec, table: str) -> Attributes:
    made = Expression(random)
    request = {"TableName": table, "Key": spec.key(random), "UpdateExpression": update_expression(random, made)}
    return _conditioned(random, made, request)


def _delete(random: Random, spec: Spec, table: str) -> Attributes:
    return _conditioned(random, Expression(random), {"TableName": table, "Key": spec.key(random)})


def _check(random: Random, spec: Spec, table: str) -> Attributes:
    made = Expression(random)
    request = {"TableName": table, "Key": spec.key(random), "ConditionExpression": condition(random, made)}
    if random.random() < 0.6:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return made.into(request)


def _projected(random: Random, request: Attributes) -> Attributes:
    made = Expression(random)
    if random.random() < 0.3:
        request["ProjectionExpression"] = projection(random, made)
    return made.into(request)


def _single(random: Random, spec: Spec, table: str) -> Made:
    operation = random.choice(["PutItem", "PutItem", "UpdateItem", "UpdateItem", "UpdateItem", "DeleteItem"])
    make = {"PutItem": _put, "UpdateItem": _update, "DeleteItem": _delete}[operation]
    request = _counted(random, make(random, spec, table))
    returns = ["NONE", "ALL_OLD"]
    if operation == "UpdateItem":
        returns += ["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
    if random.random() < 0.6:
        request["ReturnValues"] = random.choice(returns)
    return operation, request


def _get(random: Random, spec: Spec, table: str) -> Made:
    request = {"TableName": table, "Key": spec.key(random), "ConsistentRead": random.random() < 0.5}
    return "GetItem", _projected(random, _counted(random, request))


def _unique_keys(random: Random, spec: Spec, most: int) -> list[Attributes]:
    keys: list[Attributes] = []
    for _ in range(random.randint(1, most)):
        found = spec.key(random)
        if found not in keys:
            keys.append(found)
    return keys


def _batch_get(random: Random, spec: Spec, table: str) -> Made:
    part = {"Keys": _unique_keys(random, spec, 8), "ConsistentRead": random.random() < 0.5}
    return "BatchGetItem", _counted(random, {"RequestItems": {table: _projected(random, part)}})


def _batch_write(random: Random, spec: Spec, table: str) -> Made:
    writes: list[Attributes] = []
    for found in _unique_keys(random, spec, 6):
        if random.random() < 0.7:
            writes.append({"PutRequest": {"Item": {**item(random, spec), **found}}})
        else:
            writes.append({"DeleteRequest": {"Key": found}})
    return "BatchWriteItem", _counted(random, {"RequestItems": {table: writes}})


def _transact_get(random: Random, spec: Spec, table: str) -> Made:
    gets = [{"Get": _projected(random, {"TableName": table, "Key": found})} for found in _unique_keys(random, spec, 5)]
    return "TransactGetItems", _counted(random, {"TransactItems": gets})


def _transact_write(random: Random, spec: Spec, table: str) -> Made:
    writes: list[Attributes] = []
    for found in _unique_keys(random, spec, 5):
        kind = random.choice(["Put", "Update", "Update", "Delete", "ConditionCheck"])
        make = {"Put": _put, "Update": _update, "Delete": _delete, "ConditionCheck": _check}[kind]
        request = make(random, spec, table)
        if kind == "Put":
            request["Item"].update(found)
        else:
            request["Key"] = found
        writes.append({kind: request})
    request = _counted(random, {"TransactItems": writes})
    if random.random() < 0.3:
        request["ClientRequestToken"] = f"token-{table}-{random.randrange(3)}"
    return "TransactWriteItems", request


def _query(random: Random, spec: Spec, table: str) -> Made:
    made = Expression(random)
    request: Attributes = {"TableName": table}
    wanted = random.choice([None, None, *spec.indexes])
    if wanted is not None:
        request["IndexName"] = wanted
    request["KeyConditionExpression"] = _key_condition(random, spec, wanted, made)
    if random.random() < 0.3:
        request["FilterExpression"] = condition(random, made)
    if random.random() < 0.5:
        request["Limit"] = random.randint(1, 4)
    if random.random() < 0.6:
        request["ScanIndexForward"] = random.random() < 0.5
    return "Query", _search(random, made, request)


def _search(random: Random, made: Expression, request: Attributes) -> Attributes:
    if random.random() < 0.2:
        request["ProjectionExpression"] = projection(random, made)
    elif random.random() < 0.2:
        request["Select"] = random.choice(["COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"])
    if "IndexName" not in request or random.random() < 0.05:
        request["ConsistentRead"] = random.random() < 0.5
    return made.into(_counted(random, request))


def _key_condition(random: Random, spec: Spec, wanted: str | None, made: Expression) -> str:
    if wanted is None:
        hash_name, hash_value = "pk", _key_value(spec.hash_type, random.randrange(4))
        range_name = None if spec.range_type is None else "sk"
        range_values = [_key_value(spec.range_type or "S", number) for number in range(6)]
    else:
        hash_name, range_name = {"keys": ("in_1", "position"), "every": ("in_2", "rank"), "some": ("in_3", None)}[
            wanted
        ]
        hash_value = {"S": random.choice("uvw")}
        range_values = [{"N": "-1"}, {"N": "2"}, {"N": "3"}] if wanted == "every" else [{"S": "u"}, {"S": "v"}]
    text = f"{made.path(hash_name)} = {made.value(hash_value)}"
    if range_name is None or random.random() < 0.4:
        return text
    name = made.path(range_name)
    kind = random.randrange(7)
    if kind < 5:
        operator = ("=", "<", "<=", ">", ">=")[kind]
        return f"({text} AND {name} {operator} {made.value(random.choice(range_values))})"
    if kind == 5:
        low, high = random.choice(range_values), random.choice(range_values)
        return f"({text} AND {name} BETWEEN {made.value(low)} AND {made.value(high)})"
    return f"({text} AND begins_with ({name}, {made.value(random.choice(range_values))}))"


def _scan(random: Random, spec: Spec, table: str) -> Made:
    made = Expression(random)
    request: Attributes = {"TableName": table}
    wanted = random.choice([None, None, *spec.indexes])
    if wanted is not None:
        request["IndexName"] = wanted
    if random.random() < 0.4 and wanted is None:
        request["FilterExpression"] = condition(random, made)
    if random.random() < 0.4:
        request["Limit"] = random.randint(1, 5)
    return "Scan", _search(random, made, request)


_MAKERS = (
    *(_single,) * 8,
    *(_get,) * 2,
    *(_query,) * 4,
    *(_transact_write,) * 3,
    _scan,
    _batch_get,
    _batch_write,
    _transact_get,
)


def request(seed: int, spec: Spec, table: str) -> Call:
    """The request that a number names."""
    random = Random(seed)
    operation, made = random.choice(_MAKERS)(random, spec, table)
    spoilt = random.random() < 0.15
    return operation, spoil(random, operation, made) if spoilt else made, spoilt


def describe(call: Call) -> str:
    """A request for the report of a failure."""
    operation, made, spoilt = call
    return f"{operation} {made}{' (spoilt)' if spoilt else ''}"
