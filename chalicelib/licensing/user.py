"""Users: staff of the vendor and customers (spec resources.md §4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chalicelib.licensing import emails
from chalicelib.licensing import fields as rules
from chalicelib.licensing import group as groups
from chalicelib.licensing import permissions as sets
from chalicelib.licensing.clock import earlier
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.group import Counted

MINIMUM_PASSWORD_LENGTH, MAXIMUM_PASSWORD_LENGTH = 6, 72
ACTIVE_WITHIN = timedelta(days=90)

NULLABLE = frozenset({"first_name", "last_name"})
"""What an update may clear with null."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `role` as on the wire (`admin`, `sales-agent` ...); `permissions` stored, None for the role's default.

    `password` is a hash, `reset_digest` that of the one-time token sent at `reset_issued`; None of them is ever shown.
    `token_generation` is that of its live tokens: raising it ends all others at once, whatever their number.
    """

    id: str
    email: str
    role: str = "user"
    first_name: str | None = None
    last_name: str | None = None
    permissions: tuple[str, ...] | None = None
    group_id: str | None = None
    banned_at: datetime | None = None
    password: str | None = None
    reset_digest: str | None = None
    reset_issued: datetime | None = None
    token_generation: int = 0
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


def create(
    user_id: str,
    fields: Mapping[str, Any],
    *,
    email_taken: bool,
    now: datetime,
    password: str | None = None,
    group: Counted | None = None,
    group_named: bool = False,
) -> User:
    """A new user; null is as good as absent, `role` is one of the staff's or `user`.

    `password` is only judged: its hash is then stored by `with_password`. `group` is the one the request names
    (`group_named`), None if it does not exist. Raises InvalidFields.
    """
    given = {"email": ""} | _given(fields)
    user = User(id=user_id, group_id=groups.entered(group), created=now, updated=now, **given)
    check(_problems(given, user.role, email_taken, password, groups.entry("user", group, named=group_named)))
    return user


def update(
    user: User,
    changes: Mapping[str, Any],
    *,
    email_taken: bool,
    now: datetime,
    password: str | None | UnsetType = UNSET,
) -> User:
    """`user` with what was sent; null clears what `NULLABLE` names, changes nothing else.

    `email_taken` is about other users. `password`, where one was sent: None removes it; a text is only judged, its
    hash is then stored by `with_password`. A change of role narrows the permissions, unless some are sent (auth.md
    §5.1) and revokes the tokens. Raises InvalidFields.
    """
    given = _given(changes)
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(user, **({"permissions": _kept(user, given.get("role"))} | cleared | given), updated=now)
    check(_problems(given, changed.role, email_taken, None if password is UNSET else password))
    changed = changed if changed.role == user.role else tokens_revoked(changed)
    return with_password(changed, None, now) if password is None else changed


def change_group(user: User, group: Counted | None, now: datetime, *, named: bool) -> User:
    """In another group, or in none; None is also one that is named but does not exist. Raises InvalidFields."""
    check(groups.entry("user", group, named=named, current_id=user.group_id))
    return replace(user, group_id=groups.entered(group), updated=now)


def ban(user: User, now: datetime) -> User:
    """Banned from now on; who is banned already stays so since then (§4.5)."""
    return user if user.banned_at is not None else replace(user, banned_at=now, updated=now)


def unban(user: User, now: datetime) -> User:
    """Not banned any more; nothing changes for who is not (§4.5)."""
    return user if user.banned_at is None else replace(user, banned_at=None, updated=now)


def with_password(user: User, hashed: str | None, now: datetime) -> User:
    """With another password, or none. A token to reset the former one is worth nothing any more."""
    return replace(user, password=hashed, reset_digest=None, reset_issued=None, updated=now)


def tokens_revoked(user: User) -> User:
    """Without its tokens, but for those that are taken into the new generation (auth.md §1.2)."""
    return replace(user, token_generation=user.token_generation + 1)


def reset_requested(user: User, digest: str, now: datetime) -> User:
    """A one-time token, known by its digest, may reset the password; an earlier one no more (§4.4)."""
    return replace(user, reset_digest=digest, reset_issued=now, updated=now)


def held(user: User) -> frozenset[str]:
    """The permissions of a user: those stored, else the default of its role."""
    return sets.stored_or_default(user.role, user.permissions)


def is_full_admin(user: User) -> bool:
    """An admin who may do everything an admin may ever do, and is not locked out by a ban."""
    if user.role != "admin" or user.banned_at is not None:
        return False
    return sets.WILDCARD in held(user) or held(user) >= sets.allowed("admin")


def status(user: User, last_activity: datetime | None, now: datetime) -> str:
    """The shown status; `last_activity` is the latest of any license it owns or is attached to (§4.2)."""
    if user.banned_at is not None:
        return "BANNED"
    latest = user.created if last_activity is None else max(user.created, last_activity)
    return "ACTIVE" if latest >= earlier(now, ACTIVE_WITHIN) else "INACTIVE"


def password_problem(password: str | None) -> Problem | None:
    """What is wrong with a password in plain text."""
    return rules.text_length("password", password, MAXIMUM_PASSWORD_LENGTH, MINIMUM_PASSWORD_LENGTH)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    if "email" in given:
        given["email"] = emails.normal_email(given["email"])
    return given | {name: tuple(given[name]) for name in ("permissions",) if name in given}


def _kept(user: User, role: str | None) -> tuple[str, ...] | None:
    # What a new role leaves of the permissions. Exactly its default stays the default, whatever that will be.
    if role is None or role == user.role:
        return user.permissions
    kept = held(user) & (sets.default(role) | {sets.WILDCARD})
    return None if kept == sets.default(role) else tuple(sets.shown(kept))


def _problems(
    given: Mapping[str, Any],
    role: str,
    email_taken: bool,
    password: str | None,
    group: Iterable[Problem | None] = (),
) -> Iterator[Problem | None]:
    if "email" in given:
        yield from emails.problems(given["email"], email_taken)
    yield rules.text_length("first_name", given.get("first_name"))
    yield rules.text_length("last_name", given.get("last_name"))
    yield password_problem(password)
    yield from group
    yield rules.permissions(role, given.get("permissions"))
    yield rules.metadata(given.get("metadata"))
