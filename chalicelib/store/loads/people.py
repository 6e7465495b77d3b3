"""Users as they are shown: with the last activity of their licenses, where their status depends on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.clock import earlier
from chalicelib.licensing.emails import normal_email
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import last_activity
from chalicelib.licensing.user import ACTIVE_WITHIN, User
from chalicelib.store import keys
from chalicelib.store.fetch import Found, Plan, need
from chalicelib.store.items import group as groups
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads import holdings
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live


class Person(msgspec.Struct, frozen=True):
    """A user; one whose group is gone has none. `last_activity` is None where it does not matter."""

    user: User
    last_activity: datetime | None = None


def by_id(account_id: str, user_id: str, now: datetime) -> Plan[Person | None]:
    """A user by its id."""
    (found,) = yield from many(account_id, [user_id], now)
    return found


def by_id_or_email(account_id: str, text: str, now: datetime) -> Plan[Person | None]:
    """A user by what stands in a path: an id or an email in any case."""
    if is_uuid(text):
        return (yield from by_id(account_id, normal_uuid(text), now))
    user_id = yield from id_of_email(account_id, text)
    found = None if user_id is None else (yield from by_id(account_id, user_id, now))
    return found if found is not None and found.user.email == normal_email(text) else None


def id_of_email(account_id: str, email: str) -> Plan[str | None]:
    """Whose email it is."""
    guard_key = users.email_key(account_id, normal_email(email))
    found = yield need(guard_key)
    guard = live(found, guard_key, "unique")
    return None if guard is None else str(guard["target"])


def ids_of_emails(account_id: str, emails: Sequence[str]) -> Plan[dict[str, str | None]]:
    """Whose emails they are, compared as given: they are stored in lower case."""
    guards = {email: users.email_key(account_id, email) for email in emails}
    found = yield need(*guards.values())
    held = {email: live(found, key, "unique") for email, key in guards.items()}
    return {email: None if guard is None else str(guard["target"]) for email, guard in held.items()}


def many(account_id: str, user_ids: Sequence[str], now: datetime) -> Plan[Sequence[Person | None]]:
    """Those of a list: the users, their groups, and the licenses of those who are not active by themselves."""
    found = yield need(*(keys.resource(account_id, users.KIND, user_id) for user_id in user_ids))
    items = [live(found, keys.resource(account_id, users.KIND, user_id), users.KIND) for user_id in user_ids]
    present = {item["id"]: users.user_of(item) for item in items if item is not None}
    people = yield from _shown(account_id, present, now)
    return [None if item is None else people[item["id"]] for item in items]


def of(account_id: str, user: User, now: datetime) -> Plan[Person]:
    """A user that is loaded already."""
    people = yield from _shown(account_id, {user.id: user}, now)
    return people[user.id]


def _shown(account_id: str, present: Mapping[str, User], now: datetime) -> Plan[dict[str, Person]]:
    quiet = [one.id for one in present.values() if _depends(one, now)]
    held = (yield from holdings.of_users(account_id, quiet)) if quiet else {}
    group_keys = [_group(account_id, one) for one in present.values() if one.group_id is not None]
    found = (yield need(*group_keys)) if group_keys else {}
    return {user_id: _person(account_id, found, one, held) for user_id, one in present.items()}


def _depends(user: User, now: datetime) -> bool:
    return user.banned_at is None and user.created < earlier(now, ACTIVE_WITHIN)


def _group(account_id: str, user: User) -> Key | None:
    return None if user.group_id is None else keys.resource(account_id, groups.KIND, user.group_id)


def _person(account_id: str, found: Found, user: User, held: Mapping[str, tuple[Licensed, ...]]) -> Person:
    activity = max((last_activity(one.license) for one in held.get(user.id, ())), default=None)
    if user.group_id is not None and live(found, _group(account_id, user), groups.KIND) is None:
        user = replace(user, group_id=None)
    return Person(user, activity)
