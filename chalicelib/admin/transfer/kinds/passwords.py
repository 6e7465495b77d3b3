"""Passwords of a file: plain text, or a hash as it is stored."""

from __future__ import annotations

import re

from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing.user import User

# What this service verifies, and what other services store: `$2b$`, `$argon2i$`, `$pbkdf2-sha256$`, `$6$` ...
_OURS = re.compile(r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}")
_HASH = re.compile(r"\$(2[abxy]?|[1-9]|argon2\w*|scrypt|pbkdf2[-\w]*|bcrypt[-\w]*|sha\d+|y|gy)\$.+")


def plain(text: str | None) -> str | None:
    """The password if it is no hash. Raises Rejected for a hash that could never be verified here."""
    if text is None or _OURS.fullmatch(text):
        return None
    if _HASH.fullmatch(text):
        raise Rejected("meta.password: only hashes of argon2id in PHC form can be verified here, or plain text")
    return text


def stored(text: str | None, before: User | None) -> str | None:
    """What is stored for a password of a file, None for none; a hash that is stored already and fits stays."""
    given = plain(text)
    if given is None:
        return text
    # 30 ms and 19 MiB each, and an import that brings no passwords needs none of it.
    from chalicelib.crypto import passwords

    if before is not None and before.password is not None and passwords.verified(given, before.password):
        return before.password
    return passwords.hashed(given)
