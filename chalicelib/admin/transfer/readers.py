"""How members of resource objects are read: from JSON values to values of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.licensing.clock import parse_input
from chalicelib.licensing.fields import MAXIMUM_BIG_INTEGER
from chalicelib.licensing.metadata import depth_problem_path

Reader = Callable[[Any], Any]
"""From a JSON value that is not null to a value of ours; ValueError says what it must be."""


def text(value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def integer(value: Any) -> int:
    """A whole number of at most 64 bits."""
    if type(value) is not int or abs(value) > MAXIMUM_BIG_INTEGER:
        raise ValueError("an integer")
    return value


def boolean(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def instant(value: Any) -> datetime | None:
    """ISO 8601 or Unix seconds; an empty text is null."""
    if type(value) is not int and not isinstance(value, str):
        raise ValueError("a time")
    try:
        return parse_input(value)
    except ValueError:
        raise ValueError("a time") from None


def names(value: Any) -> tuple[str, ...]:
    """An array of texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("an array of strings")
    return tuple(value)


def metadata(value: Any) -> dict[str, Any]:
    """An object, its keys normalised already."""
    if not isinstance(value, dict):
        raise ValueError("an object")
    if depth_problem_path(value) is not None:
        raise ValueError("at most two levels deep")
    return value


_BY_ANNOTATION: Mapping[str, Reader] = {
    "str": text,
    "int": integer,
    "bool": boolean,
    "datetime": instant,
    "tuple[str, ...]": names,
    "dict[str, Any]": metadata,
}


def columns(value_type: type[msgspec.Struct], *which: str, without: tuple[str, ...] = ()) -> dict[str, Reader]:
    """Readers for fields of a value, all but `without` when none is named, by the types they have there."""
    chosen = which or [name for name in value_type.__struct_fields__ if name not in without]
    return {name: _BY_ANNOTATION[value_type.__annotations__[name].removesuffix(" | None")] for name in chosen}
