"""UUIDs as the specification reads them: 8-4-4-4-12 hex digits, any case, each hyphen optional (licenses.md §0)."""

from __future__ import annotations

import re

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Whether `text` could be the id of a resource."""
    return text.isascii() and _UUID.fullmatch(text) is not None


def normal_uuid(text: str) -> str:
    """The stored form of an `is_uuid` text: lower case, four hyphens."""
    plain = text.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
