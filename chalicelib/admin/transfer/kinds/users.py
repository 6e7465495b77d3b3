"""Users of every role, with their passwords and bans."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, expected, new, there
from chalicelib.admin.transfer.kinds import passwords
from chalicelib.admin.transfer.kinds.groups import unlimited
from chalicelib.admin.transfer.kinds.named import Named, named
from chalicelib.admin.transfer.merge import made, patched
from chalicelib.admin.transfer.readers import columns, text
from chalicelib.licensing import admins
from chalicelib.licensing import fields as rules
from chalicelib.licensing import user as users
from chalicelib.licensing.emails import normal_email
from chalicelib.licensing.errors import check
from chalicelib.licensing.group import Counted, Group, entered
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need, together
from chalicelib.store.items import account as accounts
from chalicelib.store.items import group as stored_groups
from chalicelib.store.items import user as stored
from chalicelib.store.loads import groups
from chalicelib.store.loads.admins import full_admins
from chalicelib.store.loads.live import live
from chalicelib.store.tasks.revoke import revoke_tokens
from chalicelib.store.unit import Write

ROLES = ("admin", "developer", "sales-agent", "support-agent", "read-only", "user")
SHOWN = ("email", "first_name", "last_name", "role", "permissions", "metadata", "created", "updated")
PRIVATE = ("password", "banned_at", "reset_digest", "reset_issued")
SHAPE = Shape(
    type="users",
    attributes=columns(User, *SHOWN),
    read_only={"status": text},
    meta=columns(User, *PRIVATE),
    links={"group": to_one("group", groups="group", group="group")},
    nullable=users.NULLABLE | {"permissions"},
    derived=frozenset({"full_name"}),
)


class Found(msgspec.Struct, frozen=True):
    """The user with this id and who has its email, the group it is in and the one the line names, all full admins."""

    named: Named
    within: Counted | None
    into: Counted | None
    full_admins: int


def _load(place: Place, sent: Sent) -> Plan[Found]:
    email, linked = sent.given.get("email"), sent.links.get("group")
    guard = None if email is None else stored.email_key(place.account_id, normal_email(email))
    own = yield from named(keys.resource(place.account_id, stored.KIND, sent.id), guard)
    within = None if own.item is None else own.item.get("group_id")
    return Found(
        own,
        *(
            yield from together(
                groups.by_id(place.account_id, within),
                groups.by_id(place.account_id, None if linked is None else linked.id),
                full_admins(place.account_id),
            )
        ),
    )


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    check([rules.choice("role", sent.given.get("role"), ROLES)])
    linked = sent.links.get("group")
    if linked is not None:
        expected(found.into, "group", linked.id)
    item = there(found.named.item, stored.KIND)
    if item is None:
        return _created(place, sent, found, now)
    before = stored.user_of(item)
    return _changed(place, sent, before if found.within else replace(before, group_id=None), found, now)


def _created(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    taken, judged = found.named.taken(sent.id), passwords.plain(sent.meta.get("password"))

    def create(given: dict[str, Any], at: datetime) -> User:
        user = users.create(sent.id, given, email_taken=taken, now=at, password=judged)
        return replace(user, **_private(sent, None, at), group_id=entered(found.into))

    user = made(sent, now, create)
    writes = (
        *stored.creation(place.account_id, user),
        *stored_groups.moved(place.account_id, "users", None, unlimited(found.into)),
        *accounts.admins_changed(place.account_id, admins.full_admins_added(None, user)),
    )
    return new(place, writes, stored.listed(user))


def _changed(place: Place, sent: Sent, before: User, found: Found, now: datetime) -> Decision:
    taken, judged = found.named.taken(sent.id), passwords.plain(sent.meta.get("password"))
    into = found.into if "group" in sent.links else found.within

    def update(given: dict[str, Any]) -> User:
        password = UNSET if judged is None else judged
        user = users.update(before, given, email_taken=taken, now=now, password=password)
        return replace(user, **_private(sent, before, now), group_id=entered(into))

    after = patched(before, sent, now, update)
    if after is before:
        return UNCHANGED
    check([admins.problem(before, after, found.full_admins)])
    writes = (
        *stored.update(place.account_id, before, after),
        *stored_groups.moved(place.account_id, "users", _group(found.within), unlimited(into)),
        *accounts.admins_changed(place.account_id, admins.full_admins_added(before, after)),
        *_revoked(place, before, after, now),
    )
    return Decision(writes=writes, before=stored.listed(before), after=stored.listed(after))


def _revoked(place: Place, before: User, after: User, now: datetime) -> tuple[Write, ...]:
    """Another role ends the tokens of a user, as everywhere; those that lines name afterwards live on."""
    if before.token_generation == after.token_generation:
        return ()
    return (revoke_tokens(place.account_id, after, place.tools.new_id(), now),)


def _group(counted: Counted | None) -> Group | None:
    return None if counted is None else counted.group


def _private(sent: Sent, before: User | None, at: datetime) -> dict[str, Any]:
    """What no request may say: the hash of the password, the ban, an outstanding reset of the password.

    The status follows from others, but a ban is shown by nothing else.
    """
    found = {name: sent.meta[name] for name in PRIVATE if name in sent.meta}
    if "password" in found:
        found["password"] = passwords.stored(found["password"], before)
        if before is not None and found["password"] != before.password:
            found = {"reset_digest": None, "reset_issued": None} | found
    if sent.meta.get("status") == "BANNED" and (before is None or before.banned_at is None):
        found.setdefault("banned_at", sent.updated or at)
    return found


def _resources(place: Place) -> Iterator[Resource]:
    for user in each(place, stored.KIND, lambda page: _many(place.account_id, page)):
        private = {name: getattr(user, name) for name in PRIVATE}
        yield written(SHAPE, user, {"group": ("groups", user.group_id)}, private)


def _many(account_id: str, page: list[Entry]) -> Plan[list[User | None]]:
    """Users without looking at their licenses; one whose group is gone has none."""
    found = yield need(*(entry.key for entry in page))
    items = [live(found, entry.key, stored.KIND) for entry in page]
    everybody = [None if item is None else stored.user_of(item) for item in items]
    wanted = {one.group_id for one in everybody if one is not None and one.group_id is not None}
    alive = {one.group.id for one in (yield from groups.many(account_id, sorted(wanted))) if one is not None}
    return [one if one is None or one.group_id in alive else replace(one, group_id=None) for one in everybody]


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
