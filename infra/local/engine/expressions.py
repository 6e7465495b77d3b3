"""The expressions of one request: parsed once per text, bound to the names and values that came with it.

A name or value that no expression uses is refused, as is a placeholder that was not given.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .conditions import Condition, Values, attributes_of
from .errors import refuse
from .grammar import parse_condition
from .keyconditions import KeyCondition, parse_key_condition
from .projections import Projection, parse_projection
from .syntax import Reader
from .updates import Update, parse_update
from .values import canonical

_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)


@dataclass(frozen=True, slots=True)
class _Filter:
    condition: Condition
    attributes: frozenset[str]


def _parse_filter(reader: Reader) -> _Filter:
    condition = parse_condition(reader)
    return _Filter(condition, frozenset(attributes_of(condition)))


_PARSERS: dict[str, Callable[[Reader], Any]] = {
    "ConditionExpression": parse_condition,
    "FilterExpression": _parse_filter,
    "KeyConditionExpression": parse_key_condition,
    "ProjectionExpression": parse_projection,
    "UpdateExpression": parse_update,
}


@lru_cache(maxsize=4096)
def _parse(kind: str, text: str, names: tuple[tuple[str, str], ...]) -> tuple[Any, frozenset[str], frozenset[str]]:
    reader = Reader(kind, text, dict(names))
    parsed = _PARSERS[kind](reader)
    return parsed, frozenset(reader.used_names), frozenset(reader.used_values)


def _placeholders(parameters: Mapping[str, Any], field: str, pattern: re.Pattern[str]) -> Mapping[str, Any]:
    given = parameters.get(field)
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not given:
        refuse(f"{field} must not be empty")
    if not any(parameters.get(expression) is not None for expression in _EXPRESSIONS):
        refuse(f"{field} can only be specified when using expressions")
    for key in given:
        if not isinstance(key, str) or not pattern.fullmatch(key):
            refuse(f"{field} contains invalid key: Syntax error; key: {key!r}")
    return given


def _names(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    names = _placeholders(parameters, "ExpressionAttributeNames", _NAME)
    for name in names.values():
        if not isinstance(name, str) or not name:
            refuse("ExpressionAttributeNames contains invalid value: Empty attribute name")
    return tuple(names.items())


class Expressions:
    """All expressions of the request `parameters`. Raises Refusal for anything malformed, missing or unused."""

    __slots__ = ("_parsed", "values")

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        names = _names(parameters)
        given = _placeholders(parameters, "ExpressionAttributeValues", _VALUE)
        self.values: Values = {key: canonical(value) for key, value in given.items()}
        self._parsed: dict[str, Any] = {}
        used_names: set[str] = set()
        used_values: set[str] = set()
        for kind in _EXPRESSIONS:
            text = parameters.get(kind)
            if text is None:
                continue
            if not isinstance(text, str):
                refuse(f"{kind} must be text")
            self._parsed[kind], names_here, values_here = _parse(kind, text, names)
            used_names |= names_here
            used_values |= values_here
        if not used_values <= self.values.keys():
            refuse("An expression attribute value used in expression is not defined")
        if len(used_values) < len(self.values):
            refuse("Value provided in ExpressionAttributeValues unused in expressions")
        if len(used_names) < len(names):
            refuse("Value provided in ExpressionAttributeNames unused in expressions")
        self._check()

    def _check(self) -> None:
        for kind, parsed in self._parsed.items():
            if kind == "FilterExpression":
                parsed.condition.check(self.values)
            elif kind != "ProjectionExpression":
                parsed.check(self.values)

    @property
    def condition(self) -> Condition | None:
        """What must hold for a write."""
        return self._parsed.get("ConditionExpression")

    @property
    def filter(self) -> Condition | None:
        """What a found item must fulfil to be returned."""
        found = self._parsed.get("FilterExpression")
        return None if found is None else found.condition

    @property
    def filter_attributes(self) -> frozenset[str]:
        """Top-level attributes the filter mentions."""
        found = self._parsed.get("FilterExpression")
        return frozenset() if found is None else found.attributes

    @property
    def key_condition(self) -> KeyCondition | None:
        """Which keys a query wants."""
        return self._parsed.get("KeyConditionExpression")

    @property
    def projection(self) -> Projection | None:
        """Which parts of an item are wanted."""
        return self._parsed.get("ProjectionExpression")

    @property
    def update(self) -> Update | None:
        """What an update does."""
        return self._parsed.get("UpdateExpression")
