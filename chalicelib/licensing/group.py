"""Groups: users, licenses and machines with common limits (spec resources.md §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import unrelated

Kind = Literal["user", "license", "machine"]
"""What can be in a group."""

NULLABLE = frozenset({"max_users", "max_licenses", "max_machines"})
"""What an update may clear with null."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group; a limit of None is none, 0 lets nobody else in."""

    id: str
    name: str
    max_users: int | None = None
    max_licenses: int | None = None
    max_machines: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each kind a group holds."""

    users: int = 0
    licenses: int = 0
    machines: int = 0


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A group that something is to enter, and whom it holds before."""

    group: Group
    members: Members = Members()


def create(group_id: str, fields: Mapping[str, Any], now: datetime) -> Group:
    """A new group; null is as good as absent. Raises InvalidFields."""
    given = {"name": ""} | _given(fields)
    return _checked(Group(id=group_id, created=now, updated=now, **given))


def update(group: Group, changes: Mapping[str, Any], now: datetime) -> Group:
    """`group` with what was sent; null removes a limit, changes nothing else. Who is in stays in.

    Raises InvalidFields.
    """
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    return _checked(replace(group, **(cleared | _given(changes)), updated=now))


def limit(kind: Kind, group: Group) -> int | None:
    """How many of `kind` the group may hold, None for any number."""
    limits = {"user": group.max_users, "license": group.max_licenses, "machine": group.max_machines}
    return limits[kind]


def full(kind: Kind, group: Group, members: Members) -> Problem | None:
    """What is said when the group has no room for one more of `kind`; there is no overage."""
    highest = limit(kind, group)
    held = {"user": members.users, "license": members.licenses, "machine": members.machines}[kind]
    if highest is None or held < highest:
        return None
    detail = f"{kind} count has exceeded maximum allowed by current group ({highest})"
    return unrelated("group", f"{kind.upper()}_LIMIT_EXCEEDED", detail)


def entry(kind: Kind, into: Counted | None, *, named: bool, current_id: str | None = None) -> Iterator[Problem | None]:
    """What keeps something of `kind`, now in the group `current_id`, out of the group it is to enter.

    `into` is None when there is none; one that the request names (`named`) must exist. Who is in already is not
    counted again.
    """
    if named and into is None:
        yield unrelated("group", "NOT_FOUND", "must exist")
    if into is not None and into.group.id != current_id:
        yield full(kind, into.group, into.members)


def entered(into: Counted | None) -> str | None:
    """The id of the group that was entered, None for no group."""
    return None if into is None else into.group.id


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _checked(group: Group) -> Group:
    check(_problems(group))
    return group


def _problems(group: Group) -> Iterator[Problem | None]:
    yield rules.present("name", group.name)
    yield rules.text_length("name", group.name)
    yield rules.metadata(group.metadata)
