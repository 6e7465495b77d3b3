"""Conditions and filters: a recursive parser into small nodes that test an item.

`check` refuses, before any item is read, what no item could make legal; `test` answers for one item.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from .errors import refuse
from .syntax import Path
from .values import ORDERED_TYPES, SET_TYPES, TYPE_NAMES, AttributeValue, Item, compare, tag_of, value_size

Values = Mapping[str, AttributeValue]

MAX_IN_OPERANDS = 100
COMPARATORS = frozenset(("=", "<>", "<", "<=", ">", ">="))
_ORDERINGS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


class Operand(Protocol):
    """Something that has a value for an item, or none."""

    def read(self, item: Item, values: Values) -> AttributeValue | None: ...

    def static_type(self, values: Values) -> str | None:
        """The type known without an item, else None."""


class Condition(Protocol):
    """A truth about an item."""

    def check(self, values: Values) -> None: ...

    def test(self, item: Item, values: Values) -> bool: ...


def read_path(item: Item, path: Path) -> AttributeValue | None:
    """The value at a document path, or None."""
    value = item.get(str(path[0]))
    for step in path[1:]:
        if value is None:
            return None
        if isinstance(step, str):
            value = value.get("M", {}).get(step)
        else:
            members = value.get("L", ())
            value = members[step] if step < len(members) else None
    found: AttributeValue | None = value
    return found


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value at a path."""

    path: Path

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        return item.get(str(self.path[0])) if len(self.path) == 1 else read_path(item, self.path)

    def static_type(self, values: Values) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class Given:
    """A value of the request."""

    name: str

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        return values[self.name]

    def static_type(self, values: Values) -> str | None:
        return tag_of(values[self.name])


@dataclass(frozen=True, slots=True)
class Size:
    """The size function."""

    operand: Attribute | Given

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        value = self.operand.read(item, values)
        if value is None:
            return None
        tag = tag_of(value)
        if tag in ("N", "BOOL", "NULL"):
            return None
        return {"N": str(value_size(value) if tag == "S" else len(value[tag]))}

    def static_type(self, values: Values) -> str | None:
        if self.operand.static_type(values) in ("N", "BOOL", "NULL"):
            refuse("Incorrect operand type for operator or function; operator or function: size")
        return "N"


def _check_type(operand: Operand, values: Values, allowed: frozenset[str], function: str) -> None:
    static = operand.static_type(values)
    if static is not None and static not in allowed:
        refuse(f"Incorrect operand type for operator or function; operator or function: {function}, type: {static}")


@dataclass(frozen=True, slots=True)
class Compare:
    """left comparator right."""

    operator: str
    left: Operand
    right: Operand

    def check(self, values: Values) -> None:
        allowed = ORDERED_TYPES if self.operator in _ORDERINGS else TYPE_NAMES
        for operand in (self.left, self.right):
            _check_type(operand, values, allowed, self.operator)

    def test(self, item: Item, values: Values) -> bool:
        left, right = self.left.read(item, values), self.right.read(item, values)
        if self.operator == "=":
            return left is not None and left == right
        if self.operator == "<>":
            # An absent operand differs from everything; so says the service.
            return left is None or left != right
        if left is None or right is None:
            return False
        order = compare(left, right)
        return order is not None and _ORDERINGS[self.operator](order)


@dataclass(frozen=True, slots=True)
class Between:
    """operand BETWEEN low AND high."""

    operand: Operand
    low: Operand
    high: Operand

    def check(self, values: Values) -> None:
        for operand in (self.operand, self.low, self.high):
            _check_type(operand, values, ORDERED_TYPES, "BETWEEN")
        if isinstance(self.low, Given) and isinstance(self.high, Given):
            order = compare(values[self.low.name], values[self.high.name])
            if order is None or order > 0:
                refuse("The BETWEEN operator requires an upper bound of the same type, not below the lower bound")

    def test(self, item: Item, values: Values) -> bool:
        value, low, high = (operand.read(item, values) for operand in (self.operand, self.low, self.high))
        if value is None or low is None or high is None:
            return False
        above, below = compare(low, value), compare(value, high)
        return above is not None and below is not None and above <= 0 and below <= 0


@dataclass(frozen=True, slots=True)
class Among:
    """operand IN (candidates)."""

    operand: Operand
    candidates: tuple[Operand, ...]

    def check(self, values: Values) -> None:
        for operand in (self.operand, *self.candidates):
            operand.static_type(values)

    def test(self, item: Item, values: Values) -> bool:
        value = self.operand.read(item, values)
        return value is not None and any(value == candidate.read(item, values) for candidate in self.candidates)


@dataclass(frozen=True, slots=True)
class Exists:
    """attribute_exists, or with `wanted` false attribute_not_exists."""

    attribute: Attribute
    wanted: bool

    def check(self, values: Values) -> None:
        """Any path may be asked for."""

    def test(self, item: Item, values: Values) -> bool:
        return (self.attribute.read(item, values) is not None) is self.wanted


@dataclass(frozen=True, slots=True)
class HasType:
    """attribute_type."""

    operand: Operand
    type: Given

    def check(self, values: Values) -> None:
        name = values[self.type.name].get("S")
        if name not in TYPE_NAMES:
            refuse("Invalid attribute type name found")

    def test(self, item: Item, values: Values) -> bool:
        value = self.operand.read(item, values)
        return value is not None and values[self.type.name]["S"] in value


@dataclass(frozen=True, slots=True)
class BeginsWith:
    """begins_with."""

    operand: Operand
    prefix: Operand

    def check(self, values: Values) -> None:
        for operand in (self.operand, self.prefix):
            _check_type(operand, values, frozenset("SB"), "begins_with")

    def test(self, item: Item, values: Values) -> bool:
        value, prefix = self.operand.read(item, values), self.prefix.read(item, values)
        if value is None or prefix is None:
            return False
        tag = tag_of(value)
        return tag in "SB" and tag in prefix and value[tag].startswith(prefix[tag])


@dataclass(frozen=True, slots=True)
class Contains:
    """contains: a part of a text or binary, a member of a set or list."""

    operand: Operand
    part: Operand

    def check(self, values: Values) -> None:
        for operand in (self.operand, self.part):
            operand.static_type(values)

    def test(self, item: Item, values: Values) -> bool:
        value, part = self.operand.read(item, values), self.part.read(item, values)
        if value is None or part is None:
            return False
        tag, part_tag = tag_of(value), tag_of(part)
        if tag == "L":
            return part in value["L"]
        if tag in SET_TYPES:
            return tag[0] == part_tag and part[part_tag] in value[tag]
        return tag in "SB" and tag == part_tag and part[tag] in value[tag]


@dataclass(frozen=True, slots=True)
class Every:
    """AND."""

    parts: tuple[Condition, ...]

    def check(self, values: Values) -> None:
        for part in self.parts:
            part.check(values)

    def test(self, item: Item, values: Values) -> bool:
        return all(part.test(item, values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    parts: tuple[Condition, ...]

    def check(self, values: Values) -> None:
        for part in self.parts:
            part.check(values)

    def test(self, item: Item, values: Values) -> bool:
        return any(part.test(item, values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    part: Condition

    def check(self, values: Values) -> None:
        self.part.check(values)

    def test(self, item: Item, values: Values) -> bool:
        return not self.part.test(item, values)


def attributes_of(node: object) -> set[str]:
    """Names of the top-level attributes a condition mentions."""
    if isinstance(node, Attribute):
        return {str(node.path[0])}
    if isinstance(node, tuple):
        return set().union(*map(attributes_of, node))
    if hasattr(node, "__dataclass_fields__"):
        return set().union(*(attributes_of(getattr(node, field)) for field in node.__dataclass_fields__))
    return set()
