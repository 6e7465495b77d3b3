"""Keys of documents and metadata: any casing in, snake_case stored, lowerCamel out (spec http.md §5.4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

_HUMP = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])")
_OUTSIDE = re.compile(r"[^a-z0-9]+")

# Latin letters that Unicode does not decompose into an ASCII letter and marks.
_LETTERS = str.maketrans(
    {"æ": "ae", "ð": "d", "ø": "o", "þ": "th", "ß": "ss", "đ": "d", "ħ": "h", "ı": "i", "ĸ": "k", "ł": "l"}
    | {"ŋ": "ng", "œ": "oe", "ŧ": "t", "×": "x"}
)
_MARKS = re.compile(r"[\u0300-\u036f]")

# Keys come from clients: only short ones are worth remembering, so the caches stay below a few hundred kilobytes.
_CACHED_LENGTH = 64
_CACHED_KEYS = 2048

MAXIMUM_DEPTH = 2


def normal_key(key: str) -> str:
    """The stored form of a key, `[a-z0-9_]*`: `customerID` and `customer-id` are `customer_id`. Idempotent."""
    return _short_normal(key) if len(key) <= _CACHED_LENGTH else _normal(key)


def normal_keys(value: Any) -> Any:
    """`value` with every key at every depth normalised; of keys that become equal the last wins."""
    return _renamed(value, normal_key)


def camel(key: str) -> str:
    """The shown form of a stored key: `key_1` is `key1`, `max_machines` is `maxMachines`."""
    return _short_camel(key) if len(key) <= _CACHED_LENGTH else _camel(key)


def camel_keys(value: Any) -> Any:
    """`value` with every key at every depth as it is shown."""
    return _renamed(value, camel)


def depth_problem_path(metadata: Any) -> list[str | int] | None:
    """Keys and indexes down to the first container that is nested too deep, None when all is well.

    The object itself is level 0 and may hold `MAXIMUM_DEPTH` further levels of objects and arrays.
    """
    stack: list[tuple[list[str | int], Any]] = [([], metadata)]
    while stack:
        path, value = stack.pop()
        if len(path) > MAXIMUM_DEPTH:
            return path
        stack.extend(reversed(list(_children(path, value))))
    return None


def _children(path: list[str | int], value: Any) -> Iterator[tuple[list[str | int], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return (([*path, key], child) for key, child in items if isinstance(child, dict | list))


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    # A loop, because clients decide how deep their documents are.
    result = [value]
    todo: list[tuple[Any, Any, Any]] = [(result, 0, value)]
    while todo:
        holder, place, node = todo.pop()
        if isinstance(node, dict):
            node = {rename(key): child for key, child in node.items()}
            todo.extend((node, key, child) for key, child in node.items())
        elif isinstance(node, list):
            node = list(node)
            todo.extend((node, index, child) for index, child in enumerate(node))
        holder[place] = node
    return result[0]


def _normal(key: str) -> str:
    text = _HUMP.sub("_", key).lower()
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_LETTERS))).lower()
    return _OUTSIDE.sub("_", text).strip("_")


def _camel(key: str) -> str:
    head, *tail = key.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


_short_normal = lru_cache(_CACHED_KEYS)(_normal)
_short_camel = lru_cache(_CACHED_KEYS)(_camel)
