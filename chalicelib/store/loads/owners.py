"""Who owns a group (spec resources.md §3). An owner that is gone is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.user import User
from chalicelib.store.fetch import Plan, together
from chalicelib.store.loads import attachments

KIND = "group-owner"


class Named(msgspec.Struct, frozen=True):
    """Users that a request names, as far as they exist, and those of them that own the group, by their ids."""

    users: Mapping[str, User]
    owners: Mapping[str, Attachment]


def of_group(account_id: str, group_id: str) -> Plan[tuple[Attachment, ...]]:
    """All owners of a group, newest first."""
    found = yield from attachments.of_holder(account_id, KIND, group_id)
    alive = yield from attachments.users_by_id(account_id, (one.target_id for one in found))
    return tuple(one for one in found if one.target_id in alive)


def named(account_id: str, group_id: str, user_ids: Iterable[str]) -> Plan[Named]:
    """What attaching and detaching look at; `group_id` as it stands in a path."""
    wanted = frozenset(user_ids)
    if not is_uuid(group_id):
        return Named({}, {})
    alive, owners = yield from together(
        attachments.users_by_id(account_id, wanted),
        attachments.of_targets(account_id, KIND, normal_uuid(group_id), wanted),
    )
    return Named(alive, {user_id: owner for user_id, owner in owners.items() if user_id in alive})
