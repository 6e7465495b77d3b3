"""The filter by metadata, of licenses and of others, and the index texts it looks up (spec licenses.md §8.4)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec

from chalicelib.licensing.filters import values as values
from chalicelib.licensing.metadata import normal_key, normal_keys

_INTEGER, _DECIMAL = re.compile(r"\d+", re.ASCII), re.compile(r"\d+\.\d+", re.ASCII)
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
# Numbers of more digits are refused in documents, so longer texts are only texts.
_LONGEST_NUMBER = 4300

_UNREADABLE = object()


class HasMetadata(Protocol):
    """A candidate of a list."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The stored object, its keys normalised."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the stored object must hold: texts, lists and objects as sent, by stored key."""

    wanted: Mapping[str, Any]
    name: str = "metadata"

    def matches(self, candidate: HasMetadata) -> bool:
        """Whether every key is there with its value."""
        stored = candidate.metadata
        return all(key in stored and _reads_as(value, stored[key]) for key, value in self.wanted.items())


def parse(sent: Any) -> Metadata | None:
    """The filter of a query, None when nothing is asked for; of keys that become equal the last counts."""
    if not isinstance(sent, dict):
        return None
    wanted = {key: value for key, value in normal_keys(sent).items() if not values.is_blank(value)}
    return Metadata(wanted=wanted) if wanted else None


def metadata_rows(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The index texts of a resource's metadata: one for each scalar that is reached through objects alone.

    A string is `path=string`, every other scalar `path:JSON` with numbers of one value written alike; paths are
    stored keys joined by dots.
    """
    return tuple(dict.fromkeys(_leaf(path, value) for path, value in _leaves(metadata) if not isinstance(value, list)))


def metadata_asks(filter: Metadata) -> tuple[str, ...]:
    """The index texts of which everything that matches has one: at most two; none when only arrays are asked for."""
    return next((texts for texts in map(_asks, filter.wanted.items()) if texts), ())


def asks_for_one_scalar(filter: Metadata) -> bool:
    """Whether what has one of the `metadata_asks` is just what matches."""
    ((_, first), *more) = _leaves(filter.wanted)
    return not more and isinstance(first, str)


def _reads_as(wanted: Any, stored: Any) -> bool:
    """Top level: a text also matches what it reads as."""
    if not isinstance(wanted, str):
        return _holds(wanted, stored)
    return stored == wanted if isinstance(stored, str) else _same_scalar(_reading(wanted), stored)


def _holds(wanted: Any, stored: Any) -> bool:
    """Below: texts are only texts; objects and arrays hold at least what is wanted."""
    if isinstance(wanted, str):
        return isinstance(stored, str) and stored == wanted
    if isinstance(wanted, list):
        return isinstance(stored, list) and all(one in stored for one in wanted)
    return isinstance(stored, dict) and all(
        key in stored and _holds(value, stored[key]) for key, value in wanted.items()
    )


def _reading(sent: str) -> Any:
    """A text as JSON: a word or a number without sign."""
    if sent in _WORDS:
        return _WORDS[sent]
    if len(sent) > _LONGEST_NUMBER:
        return _UNREADABLE
    if _INTEGER.fullmatch(sent):
        return int(sent)
    number = float(sent) if _DECIMAL.fullmatch(sent) else math.inf
    return _UNREADABLE if math.isinf(number) else number


def _same_scalar(wanted: Any, stored: Any) -> bool:
    # `True == 1` to Python, not to JSON.
    if isinstance(wanted, bool) or isinstance(stored, bool) or wanted is None:
        return wanted is stored
    return bool(wanted == stored)


def _asks(pair: tuple[str, Any]) -> tuple[str, ...]:
    path, value = next(((path, value) for path, value in _leaves(dict([pair])) if isinstance(value, str)), ("", None))
    if value is None:
        return ()
    reading = _reading(value) if isinstance(pair[1], str) else _UNREADABLE
    return (_leaf(path, value), *(() if reading is _UNREADABLE else (_leaf(path, reading),)))


def _leaves(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is no object, with its path, in order."""
    # A loop, because clients decide how deep their queries are.
    todo = _children((), node)
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            todo += _children(path, value)
        else:
            yield ".".join(path), value


def _children(path: tuple[str, ...], node: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """Keys with their paths, the first of them last."""
    return [((*path, normal_key(key)), value) for key, value in reversed(list(node.items()))]


def _leaf(path: str, value: Any) -> str:
    return f"{path}={value}" if isinstance(value, str) else f"{path}:{_canonical(value)}"


def _canonical(value: Any) -> str:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return msgspec.json.encode(whole).decode() if isinstance(whole, bool | float | None) else str(whole)
