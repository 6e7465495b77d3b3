"""Who and what a license is to belong to, or to be joined by: what a request names, as far as it exists (spec
licenses.md §10).

`license` is the plan of the license itself: its id may not be known before it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Counted
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License
from chalicelib.licensing.user import User
from chalicelib.store.fetch import Plan, together
from chalicelib.store.loads import attachments, groups, people, resources
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.people import Person


class NamedUsers(msgspec.Struct, frozen=True):
    """Those that exist of the users a request names, and those that are attached, by their ids."""

    users: Mapping[str, User]
    attached: Mapping[str, Attachment]


class NamedEntitlements(msgspec.Struct, frozen=True):
    """Those that exist of the entitlements a request names, those the license has and those its policy has."""

    entitlements: Mapping[str, Entitlement]
    own: Mapping[str, Attachment]
    inherited: Mapping[str, Attachment]


class NewOwner(msgspec.Struct, frozen=True):
    """The user a license is to belong to, None if there is none; whether it is attached to it, and its group."""

    user: User | None = None
    attached: bool = False
    group: Counted | None = None


def users_named(account_id: str, license: Plan[Licensed | None], names: Sequence[str]) -> Plan[NamedUsers]:
    """What attaching and detaching users look at."""
    licensed, found = yield from together(license, attachments.users_by_id(account_id, names))
    if licensed is None:
        return NamedUsers(found, {})
    attached = yield from attachments.of_targets(account_id, "license-user", licensed.license.id, names)
    return NamedUsers(found, attached)


def entitlements_named(
    account_id: str, license: Plan[Licensed | None], names: Sequence[str]
) -> Plan[NamedEntitlements]:
    """What attaching and detaching entitlements look at."""
    licensed, found = yield from together(license, attachments.entitlements_by_id(account_id, names))
    if licensed is None:
        return NamedEntitlements(found, {}, {})
    own, inherited = yield from _entitled(account_id, licensed.license, names)
    return NamedEntitlements(found, own, inherited)


def new_owner(account_id: str, license: Plan[Licensed | None], user_id: str | None) -> Plan[NewOwner]:
    """What a change of owner looks at; nobody when no user is named."""
    if user_id is None:
        return NewOwner()
    licensed, user = yield from together(license, resources.user_by_id(account_id, user_id))
    if licensed is None or user is None:
        return NewOwner(user)
    attached, group = yield from together(
        attachments.of_targets(account_id, "license-user", licensed.license.id, [user_id]),
        groups.by_id(account_id, user.group_id),
    )
    return NewOwner(user, bool(attached), group)


def member(account_id: str, license: License, text: str, now: datetime) -> Plan[Person | None]:
    """The owner or an attached user of a license, by id or email."""
    person = yield from people.by_id_or_email(account_id, text, now)
    if person is None or person.user.id == license.owner_id:
        return person
    attached = yield from attachments.of_targets(account_id, "license-user", license.id, [person.user.id])
    return person if attached else None


def entitlement(account_id: str, license: License, text: str) -> Plan[Entitlement | None]:
    """What a license is entitled to, by itself or through its policy; by id, never by code."""
    if not is_uuid(text):
        return None
    name = normal_uuid(text)
    found, (own, inherited) = yield from together(
        attachments.entitlements_by_id(account_id, [name]), _entitled(account_id, license, [name])
    )
    return found.get(name) if own or inherited else None


def _entitled(
    account_id: str, license: License, names: Sequence[str]
) -> Plan[tuple[Mapping[str, Attachment], Mapping[str, Attachment]]]:
    own, inherited = yield from together(
        attachments.of_targets(account_id, "license-entitlement", license.id, names),
        attachments.of_targets(account_id, "policy-entitlement", license.policy_id, names),
    )
    return own, inherited


def holder(account_id: str, license_id: str, user_id: str | None) -> Plan[tuple[User | None, bool]]:
    """The user a machine is to belong to, None if there is none, and whether it is attached to the license."""
    if user_id is None:
        return None, False
    user, attached = yield from together(
        resources.user_by_id(account_id, user_id),
        attachments.of_targets(account_id, "license-user", license_id, [user_id]),
    )
    return user, bool(attached)
