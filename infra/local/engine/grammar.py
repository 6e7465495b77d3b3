"""The recursive parser of conditions and filters."""

from collections.abc import Callable

from .conditions import (
    COMPARATORS,
    MAX_IN_OPERANDS,
    Among,
    Attribute,
    BeginsWith,
    Between,
    Compare,
    Condition,
    Contains,
    Either,
    Every,
    Exists,
    Given,
    HasType,
    Negation,
    Operand,
    Size,
)
from .syntax import Reader


def parse_condition(reader: Reader) -> Condition:
    """Reads a whole condition. Raises Refusal."""
    condition = _either(reader)
    reader.finish()
    return condition


def _either(reader: Reader) -> Condition:
    reader.descend()
    parts = [_every(reader)]
    while reader.keyword("OR"):
        parts.append(_every(reader))
    reader.ascend()
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _every(reader: Reader) -> Condition:
    parts = [_negation(reader)]
    while reader.keyword("AND"):
        parts.append(_negation(reader))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _negation(reader: Reader) -> Condition:
    negated = False
    while reader.keyword("NOT"):
        negated = not negated
    condition = _primary(reader)
    return Negation(condition) if negated else condition


def _primary(reader: Reader) -> Condition:
    if reader.kind_ahead == "name" and reader.after == "(" and reader.ahead != "size":
        return _function(reader)
    if reader.ahead == "(" and not _compares(reader.after_closing()):
        reader.take()
        condition = _either(reader)
        reader.expect(")")
        return condition
    return _comparison(reader, _operand(reader))


def _compares(text: str) -> bool:
    return text in COMPARATORS or text.upper() in ("BETWEEN", "IN")


def _comparison(reader: Reader, left: Operand) -> Condition:
    if reader.keyword("BETWEEN"):
        low = _operand(reader)
        if not reader.keyword("AND"):
            reader.unexpected()
        high = _operand(reader)
        _distinct(reader, left, low, high)
        return Between(left, low, high)
    if reader.keyword("IN"):
        return Among(left, _candidates(reader, left))
    if reader.ahead not in COMPARATORS:
        reader.unexpected()
    operator = reader.take()
    right = _operand(reader)
    _distinct(reader, left, right)
    return Compare(operator, left, right)


def _candidates(reader: Reader, left: Operand) -> tuple[Operand, ...]:
    reader.expect("(")
    candidates = [_operand(reader)]
    while reader.accept(","):
        candidates.append(_operand(reader))
    reader.expect(")")
    if len(candidates) > MAX_IN_OPERANDS:
        reader.fail("The IN operator is provided with too many operands")
    _distinct(reader, left, *candidates)
    return tuple(candidates)


def _distinct(reader: Reader, first: Operand, *others: Operand) -> None:
    inner = first.operand if isinstance(first, Size) else first
    if first in others and isinstance(inner, Attribute):
        reader.fail("The first operand must be distinct from the remaining operands for this operator or function")


def _operand(reader: Reader) -> Operand:
    if reader.accept("("):
        operand = _operand(reader)
        reader.expect(")")
        return operand
    if reader.ahead == "size" and reader.after == "(":
        reader.take()
        reader.expect("(")
        inner = _simple(reader)
        reader.expect(")")
        return Size(inner)
    return _simple(reader)


def _simple(reader: Reader) -> Attribute | Given:
    if reader.kind_ahead == "value":
        return Given(reader.value())
    if reader.kind_ahead == "name" and reader.after == "(":
        reader.fail(f"The function is not allowed to be used this way in an expression; function: {reader.ahead}")
    return Attribute(reader.path())


def _function(reader: Reader) -> Condition:
    name = reader.take()
    build = _FUNCTIONS.get(name)
    if build is None:
        reader.fail(f"Invalid function name; function: {name}")
    reader.expect("(")
    operands = [_operand(reader)]
    while reader.accept(","):
        operands.append(_operand(reader))
    reader.expect(")")
    return build(reader, operands)


def _count(reader: Reader, operands: list[Operand], wanted: int) -> None:
    if len(operands) != wanted:
        reader.fail("Incorrect number of operands for operator or function")
    _distinct(reader, *operands)


def _attribute(reader: Reader, operand: Operand) -> Attribute:
    if not isinstance(operand, Attribute):
        reader.fail("Operator or function requires a document path")
    return operand


def _exists(wanted: bool) -> Callable[[Reader, list[Operand]], Condition]:
    def build(reader: Reader, operands: list[Operand]) -> Condition:
        _count(reader, operands, 1)
        return Exists(_attribute(reader, operands[0]), wanted)

    return build


def _has_type(reader: Reader, operands: list[Operand]) -> Condition:
    _count(reader, operands, 2)
    if not isinstance(operands[1], Given):
        reader.fail("Incorrect operand type for operator or function; operator or function: attribute_type")
    return HasType(operands[0], operands[1])


def _begins_with(reader: Reader, operands: list[Operand]) -> Condition:
    _count(reader, operands, 2)
    return BeginsWith(operands[0], operands[1])


def _contains(reader: Reader, operands: list[Operand]) -> Condition:
    _count(reader, operands, 2)
    return Contains(operands[0], operands[1])


_FUNCTIONS: dict[str, Callable[[Reader, list[Operand]], Condition]] = {
    "attribute_exists": _exists(True),
    "attribute_not_exists": _exists(False),
    "attribute_type": _has_type,
    "begins_with": _begins_with,
    "contains": _contains,
}
