"""Users: list, create, retrieve, update, delete (spec resources.md §4.1-4.3)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chalicelib.api.hints import made
from chalicelib.api.kind import collection, creation
from chalicelib.api.kinds.users import USERS, load_one, show
from chalicelib.api.lists.users import user_page
from chalicelib.api.operation import Arrival, Command, Credentials, Order, Outcome, Scene
from chalicelib.api.peek import attribute, linked
from chalicelib.api.resources.users.common import MEMBER, PATH, changed, hash_of
from chalicelib.api.resources.users.documents import CREATE, UPDATE, asked
from chalicelib.licensing import admins, emails
from chalicelib.licensing import user as users
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.errors import check
from chalicelib.licensing.group import Counted
from chalicelib.licensing.user import User
from chalicelib.store import tasks
from chalicelib.store.fetch import Plan, together
from chalicelib.store.items import account as accounts
from chalicelib.store.items import group as groups
from chalicelib.store.items import user as stored
from chalicelib.store.loads import groups as group_loads
from chalicelib.store.loads import holdings
from chalicelib.store.loads.admins import full_admins
from chalicelib.store.loads.people import Person
from chalicelib.store.loads.resources import guarded


class Known(msgspec.Struct, frozen=True):
    """What a document names: whose its email is, its group; and how many full admins there are."""

    email_of: str | None
    group: Counted | None
    full_admins: int


def _load_known(arrival: Arrival) -> Plan[Known]:
    account_id, sent = arrival.account_id, arrival.document
    email = stored.email_key(account_id, emails.normal_email(attribute(sent, "email") or ""))
    group = group_loads.by_id(account_id, linked(sent, "group"))
    return Known(*(yield from together(guarded(email), group, full_admins(account_id))))


def _load_full_admins(arrival: Arrival) -> Plan[int]:
    return full_admins(arrival.account_id)


def _list(scene: Scene, command: Command) -> Outcome:
    return user_page(scene, {})


def _may_create(scene: Scene) -> None:
    """Anybody may register, unless the account is protected."""
    if scene.bearer is not None or scene.arrival.tenant.account.protected:
        authorize(scene.bearer, "user.create", "user.create", asked(scene, Subject()))


def _may_update(scene: Scene) -> None:
    subject = USERS.subject(USERS.one(scene), scene.relation)
    authorize(scene.bearer, "user.update", "user.update", asked(scene, subject))


def _may_delete(scene: Scene) -> None:
    """A product deletes its own customers only, so it is asked whose licenses they have."""
    person, bearer = USERS.one(scene), scene.bearer
    subject = USERS.subject(person, scene.relation)
    if bearer is not None and bearer.kind == "product":
        held = scene.read(holdings.of_user(scene.account_id, person.user.id))
        subject = replace(subject, products=frozenset(one.license.product_id for one in held))
    authorize(bearer, "user.delete", "user.delete", subject)


def _create(scene: Scene, command: Command) -> Outcome:
    known: Known = scene.loaded
    user = _new_user(scene, command, known)
    writes = (
        *stored.creation(scene.account_id, user),
        *groups.moved(scene.account_id, "users", None, None if known.group is None else known.group.group),
        *accounts.admins_changed(scene.account_id, admins.full_admins_added(None, user)),
    )
    shown = show(scene, Person(user))
    return USERS.created_as(scene, user.id, shown, event="user.created", **made(scene, stored.listed(user), writes))


def _new_user(scene: Scene, command: Command, known: Known) -> User:
    fields, password = _fields(command)
    user = users.create(
        scene.new_id(),
        fields,
        email_taken=known.email_of is not None,
        now=scene.now,
        password=password or None,
        group=known.group,
        group_named=linked(scene.arrival.document, "group") is not None,
    )
    return users.with_password(user, hash_of(password), scene.now) if password else user


def _fields(command: Command) -> tuple[dict[str, Any], str | None | UnsetType]:
    """What is stored as it was sent, and the password, which is not."""
    attributes = command["data"]["attributes"]
    fields = {name: value for name, value in attributes.items() if name != "password"}
    return fields, attributes.get("password", UNSET)


def _update(scene: Scene, command: Command) -> Outcome:
    person, known, (fields, password) = USERS.one(scene), scene.extra, _fields(command)
    before = person.user
    taken = known.email_of not in (None, before.id)
    after = users.update(before, fields, email_taken=taken, now=scene.now, password=password)
    check([admins.problem(before, after, known.full_admins)])
    if password:
        after = users.with_password(after, hash_of(password), scene.now)
    return changed(scene, person, after, "user.updated")


def _delete(scene: Scene, command: Command) -> Outcome:
    person, task_id = USERS.one(scene), scene.new_id()
    account_id = scene.account_id
    check([admins.problem(person.user, None, scene.extra)])
    return Outcome(
        status=204,
        payload={"data": show(scene, person)},
        writes=(
            *tasks.erase_user(account_id, person.user, task_id, scene.now),
            *accounts.admins_changed(account_id, admins.full_admins_added(person.user, None)),
        ),
        event="user.deleted",
        then=scene.begin(task_id),
    )


OPERATIONS = (
    collection("user.list", PATH, "user.read", _list),
    creation(
        "user.create",
        PATH,
        _create,
        load=_load_known,
        authorize=_may_create,
        body=CREATE,
        credentials=Credentials.OPTIONAL,
        event="user.created",
    ),
    USERS.member("user.read", ("GET",), MEMBER, load_one, USERS.shown),
    USERS.member(
        "user.update",
        ("PATCH", "PUT"),
        MEMBER,
        load_one,
        _update,
        extra=_load_known,
        authorize=_may_update,
        body=UPDATE,
        order=Order.BODY_FIRST,
        events=("user.updated",),
    ),
    USERS.member(
        "user.delete",
        ("DELETE",),
        MEMBER,
        load_one,
        _delete,
        extra=_load_full_admins,
        authorize=_may_delete,
        events=("user.deleted",),
    ),
)
