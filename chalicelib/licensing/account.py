"""The tenant: whose licenses, keys and secret these are (spec resources.md §6)."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from chalicelib.licensing.errors import Problem
from chalicelib.licensing.identifiers import is_uuid

_SLUG = re.compile(r"[a-z0-9][-a-z0-9]+")
_RESERVED = frozenset({"action", "actions"})


class Account(msgspec.Struct, frozen=True):
    """An account as requests see it. Private keys and the token secret stay wrapped, see `wrapped_keys`."""

    id: str
    slug: str
    name: str
    protected: bool
    api_version: str
    ed25519_public: str
    rsa_public: str
    ecdsa_public: str
    wrapped_keys: bytes
    created: datetime
    updated: datetime


def slug_problem(slug: str) -> Problem | None:
    """What is wrong with a slug (spec resources.md §6), uniqueness aside."""

    def problem(kind: str, detail: str) -> Problem:
        return Problem(detail, code=f"SLUG_{kind}", pointer="/data/attributes/slug")

    if len(slug) > 255:
        return problem("TOO_LONG", "is too long (maximum is 255 characters)")
    if not _SLUG.fullmatch(slug):
        return problem("INVALID", "can only contain lowercase letters, numbers and dashes (at least two)")
    if slug in _RESERVED:
        return problem("NOT_ALLOWED", "is reserved")
    return problem("NOT_ALLOWED", "cannot resemble a UUID") if is_uuid(slug) else None
