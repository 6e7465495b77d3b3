"""Users (spec resources.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import user as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import user as stored
from chalicelib.store.loads import holdings, people
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.people import Person


def show(scene: Scene, person: Person, user: User | None = None) -> Resource:
    """The user as it is, or as `user` says it became."""
    return shown.show(scene.account_id, user or person.user, scene.now, person.last_activity)


def load_one(arrival: Arrival) -> Plan[Person | None]:
    """The user of the path, by id or email."""
    return people.by_id_or_email(arrival.account_id, arrival.ids["id"], arrival.now)


def relate(arrival: Arrival, bearer: Bearer) -> Plan[frozenset[str] | None]:
    """Ids of whom a customer shares a license with, or who has the license that asks."""
    if bearer.role == "user":
        held = yield from holdings.of_user(arrival.account_id, bearer.id)
        return (yield from holdings.teammates(arrival.account_id, held))
    if bearer.kind == "license":
        own = yield from licenses.by_exact_id(arrival.account_id, bearer.id)
        return (yield from holdings.teammates(arrival.account_id, () if own is None else (own,)))
    return None


def relate_customer(arrival: Arrival, bearer: Bearer, user_id: str | None) -> Plan[bool]:
    """Whether a user has a license of the product that asks: to give it a token takes that."""
    if bearer.kind != "product" or user_id is None:
        return False
    held = yield from holdings.of_user(arrival.account_id, user_id)
    return any(one.license.product_id == bearer.id for one in held)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Person | None]]:
    return people.many(scene.account_id, [entry.identifier for entry in entries], scene.now)


def _subject(person: Person, relation: Any) -> Subject:
    return Subject(user=person.user, related=relation is not None and person.user.id in relation)


USERS: Kind[Person] = Kind(
    word="user",
    plural="users",
    show=show,
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda person: person.user.created,
    relate=relate,
)
