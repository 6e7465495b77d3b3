"""Key conditions: equality on the hash key and at most one comparison on the range key."""

from dataclasses import dataclass
from typing import NoReturn

from .conditions import Attribute, BeginsWith, Between, Compare, Condition, Every, Given, Operand, Values
from .errors import refuse
from .grammar import parse_condition
from .syntax import Reader

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison on a key attribute: an operator, `BETWEEN` or `begins_with`, and the names of its values."""

    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The comparisons of a query, one per key attribute."""

    bounds: tuple[Bound, ...]
    condition: Condition

    def check(self, values: Values) -> None:
        """Refuses operands that are wrong for any key."""
        self.condition.check(values)

    def on(self, attribute: str) -> Bound | None:
        """The comparison on one attribute."""
        return next((bound for bound in self.bounds if bound.attribute == attribute), None)


def parse_key_condition(reader: Reader) -> KeyCondition:
    """Reads a whole key condition. Raises Refusal."""
    condition = parse_condition(reader)
    bounds = tuple(_bound(part) for part in _conjuncts(condition))
    if len({bound.attribute for bound in bounds}) < len(bounds):
        refuse("KeyConditionExpressions must only contain one condition per key")
    return KeyCondition(bounds, condition)


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, Every):
        return [found for part in condition.parts for found in _conjuncts(part)]
    return [condition]


def _bound(part: Condition) -> Bound:
    if isinstance(part, Compare):
        if part.operator == "<>":
            _unsupported()
        if isinstance(part.left, Given):
            return Bound(_name(part.right), _MIRRORED[part.operator], (_value(part.left),))
        return Bound(_name(part.left), part.operator, (_value(part.right),))
    if isinstance(part, Between):
        return Bound(_name(part.operand), "BETWEEN", (_value(part.low), _value(part.high)))
    if isinstance(part, BeginsWith):
        return Bound(_name(part.operand), "begins_with", (_value(part.prefix),))
    _unsupported()


def _unsupported() -> NoReturn:
    refuse("Invalid operator used in KeyConditionExpression")


def _name(operand: Operand) -> str:
    if not isinstance(operand, Attribute) or len(operand.path) != 1:
        refuse("Key attributes must be scalars, without nested operations")
    return str(operand.path[0])


def _value(operand: Operand) -> str:
    if not isinstance(operand, Given):
        refuse("A key is compared with a value of the request")
    return operand.name
