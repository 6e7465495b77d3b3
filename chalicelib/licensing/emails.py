"""Email addresses: how they are stored and compared, and what counts as one (spec resources.md §4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import invalid

# Without what would end a string where an address is put into signed JSON.
_ADDRESS = re.compile(r'[^@\s"\\\x00-\x1f\x7f]+@([-a-z0-9]+\.)+[a-z]{2,}')


def normal_email(text: str) -> str:
    """The stored form of an email: trimmed, in lower case."""
    return text.strip().lower()


def is_email(text: str) -> bool:
    """Whether `text` is an email address once it is in its stored form."""
    return _ADDRESS.fullmatch(normal_email(text)) is not None


def problems(email: str, taken: bool) -> Iterator[Problem | None]:
    """What is wrong with the email of a user; `taken` says that another user of the account has it."""
    if not is_email(email):
        yield invalid("email", "INVALID", "is invalid")
    if taken:
        yield invalid("email", "TAKEN", "has already been taken")
    yield rules.text_length("email", email)
