"""Query strings as nested parameters: `page[number]=2` is `{"page": {"number": "2"}}` (spec http.md §7, §10.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.licensing.errors import BadRequest, Problem

DEEPEST = 32
"""No parameter needs as many levels."""
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PARTS = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)(.*)$", re.DOTALL)


def pairs(raw: str) -> list[tuple[str, str]]:
    """The decoded names and values of a raw query string, in order."""
    if BAD_ESCAPE.search(raw):
        raise _invalid("invalid %-encoding")
    found = []
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        try:
            found.append((unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")))
        except UnicodeDecodeError as error:
            raise BadRequest(Problem("invalid byte sequence in UTF-8", code="ENCODING_INVALID")) from error
    if any("\0" in text for pair in found for text in pair):
        raise BadRequest(Problem("string contains null byte", code="ENCODING_INVALID"))
    return found


def nested(flat: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """Parameters as a tree of dictionaries, lists (`x[]`) and texts; of repeated scalars the last wins."""
    tree: dict[str, Any] = {}
    for name, value in flat:
        match = _NAME.match(name)
        if match is None:
            tree[name] = value
            continue
        parts = _PARTS.findall(match[2]) + ([match[3]] if match[3] else [])
        if len(parts) > DEEPEST:
            raise _invalid(f"parameter {match[1]} is nested too deeply")
        _insert(tree, match[1], parts, value)
    return tree


def _insert(tree: dict[str, Any], name: str, parts: list[str], value: str) -> None:
    if not parts:
        _expect(tree.get(name), str, name)
        tree[name] = value
    elif parts == [""]:
        _expect(tree.get(name), list, name)
        tree.setdefault(name, []).append(value)
    elif parts[0] == "":
        raise _invalid(f"unsupported nesting below an array (parameter {name})")
    else:
        _expect(tree.get(name), dict, name)
        _insert(tree.setdefault(name, {}), parts[0], parts[1:], value)


def _expect(present: Any, kind: type, name: str) -> None:
    if present is not None and not isinstance(present, kind):
        raise _invalid(f"conflicting types for parameter '{name}'")


def _invalid(detail: str) -> BadRequest:
    return BadRequest(Problem(f"The request parameters could not be parsed: {detail}", code="PARAMETERS_INVALID"))
