"""Items as JSON text in the database; bytes travel as base64 in bodies that are marked for it."""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

_MARK = "*"
_BINARY = "base64"


def _wrap(value: object) -> dict[str, str]:
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BINARY: b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no place in an item")


def _unwrap(value: dict[str, Any]) -> Any:
    # No AttributeValue has this tag, and a map of attributes holds dictionaries, never text.
    text = value.get(_BINARY)
    return b64decode(text) if isinstance(text, str) else value


_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_binary = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_wrap).encode
_sorted = json.JSONEncoder(separators=(",", ":"), default=_wrap, sort_keys=True).encode
_decode = json.JSONDecoder().decode
_decode_binary = json.JSONDecoder(object_hook=_unwrap).decode


def encode(value: Mapping[str, Any]) -> str:
    """Text of a dictionary made of JSON values and bytes."""
    try:
        return _plain(value)
    except TypeError:
        return _MARK + _binary(value)


def fingerprint(value: Mapping[str, Any]) -> bytes:
    """Bytes that are equal for equal dictionaries, whatever the order of their names."""
    return hashlib.sha256(_sorted(value).encode()).digest()


def decode(text: str) -> Any:
    """The dictionary `encode` was given, as fresh objects."""
    if text[0] == _MARK:
        return _decode_binary(text[1:])
    return _decode(text)
