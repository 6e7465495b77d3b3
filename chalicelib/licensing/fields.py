"""Rules of single fields. Each answers with a problem or None, or with several problems; none looks at other fields.

Values are already of the right JSON type. Pointers, codes and details as in spec http.md §10.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from chalicelib.licensing import permissions as permission_sets
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.identifiers import is_uuid
from chalicelib.licensing.metadata import camel

NAME_LENGTH = 255
MAXIMUM_INTEGER = 2_147_483_647
MAXIMUM_BIG_INTEGER = 9_223_372_036_854_775_807
METADATA_BYTES = 16_384
METADATA_KEYS = 64
RESERVED = frozenset({"action", "actions"})

_HOST = re.compile(r".+\.[A-Za-z]{2,}")
_UNFIT_FOR_URL = re.compile(r"[\s\x00-\x1f\x7f<>\"{}|\\^`]")


def invalid(name: str, kind: str, detail: str) -> Problem:
    """The problem of the attribute `name` (snake_case); `kind` as `TOO_LONG`, `INVALID`."""
    return Problem(detail, code=f"{name.upper()}_{kind}", pointer=f"/data/attributes/{camel(name)}")


def unrelated(name: str, kind: str, detail: str) -> Problem:
    """The problem of the relationship `name` (snake_case)."""
    return Problem(detail, code=f"{name.upper()}_{kind}", pointer=f"/data/relationships/{camel(name)}")


def text_length(name: str, value: str | None, maximum: int = NAME_LENGTH, minimum: int = 0) -> Problem | None:
    """Bounds in characters, both inclusive."""
    if value is None:
        return None
    if len(value) < minimum:
        return invalid(name, "TOO_SHORT", f"is too short (minimum is {minimum} characters)")
    if len(value) > maximum:
        return invalid(name, "TOO_LONG", f"is too long (maximum is {maximum} characters)")
    return None


def present(name: str, value: str | None) -> Problem | None:
    """A required text that is not blank."""
    return None if value is not None and value.strip() else invalid(name, "MISSING", "can't be blank")


def integer(name: str, value: int | None, low: int = 0, high: int = MAXIMUM_INTEGER) -> Problem | None:
    """Bounds, both inclusive."""
    if value is None or low <= value <= high:
        return None
    bound = f"greater than or equal to {low}" if value < low else f"less than or equal to {high}"
    return invalid(name, "INVALID", f"must be {bound}")


def choice(name: str, value: str | None, options: Collection[str], detail: str | None = None) -> Problem | None:
    """One of `options`, compared exactly; the detail is by default `unsupported <name in words>`."""
    if value is None or value in options:
        return None
    return invalid(name, "NOT_ALLOWED", detail or f"unsupported {name.replace('_', ' ')}")


def code(value: str | None, taken: bool) -> Iterator[Problem | None]:
    """The code of a product, entitlement or environment (spec resources.md, code rules)."""
    if value is None:
        return
    yield text_length("code", value)
    if value in RESERVED:
        yield invalid("code", "NOT_ALLOWED", "is reserved")
    if is_uuid(value):
        yield invalid("code", "INVALID", "is invalid")
    if taken:
        yield invalid("code", "TAKEN", "has already been taken")


def url(value: str | None, own_hosts: Collection[str] = ()) -> Iterator[Problem | None]:
    """The web address of a product; `own_hosts` are those of this service, in lower case (spec resources.md §1)."""
    if value is None:
        return
    yield text_length("url", value)
    parts = _split(value)
    if parts is None:
        yield invalid("url", "INVALID", "must be a valid URL")
    elif parts.scheme not in ("http", "https"):
        yield invalid("url", "PROTOCOL_INVALID", "must be a URL with a valid protocol")
    elif not _HOST.fullmatch(parts.hostname or "") or parts.hostname in own_hosts:
        yield invalid("url", "HOST_INVALID", "must be a URL with a valid host")


def metadata(value: dict[str, Any] | None) -> Problem | None:
    """Size as compact JSON in UTF-8, and keys counted at every depth. Depth is checked with the document."""
    if not value:
        return None
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode("utf-8", "surrogatepass")) > METADATA_BYTES:
        return invalid("metadata", "TOO_LONG", f"too large (exceeded limit of {METADATA_BYTES} bytes)")
    if _keys(value) > METADATA_KEYS:
        return invalid("metadata", "TOO_LONG", f"too many keys (exceeded limit of {METADATA_KEYS} keys)")
    return None


def permissions(role: str, names: tuple[str, ...] | None) -> Problem | None:
    """The stored set of a bearer of `role`; None is the default of the role."""
    return None if names is None or permission_sets.supported(role, names) else unsupported_permissions()


def unsupported_permissions() -> Problem:
    """One problem for the whole array."""
    return invalid("permissions", "NOT_ALLOWED", "unsupported permissions")


def _split(value: str) -> SplitResult | None:
    if _UNFIT_FOR_URL.search(value):
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, list) else 0
