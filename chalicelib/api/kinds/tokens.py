"""Tokens (spec auth.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import token as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import token as stored
from chalicelib.store.loads import holdings
from chalicelib.store.loads import tokens as loads
from chalicelib.store.loads.tokens import Held


def show(scene: Scene, held: Held, value: str | None = None) -> Resource:
    """The token; `value` only where it was just made."""
    return shown.show(scene.account_id, held.token, held.role, held.held, value)


def load_one(arrival: Arrival) -> Plan[Held | None]:
    """The token of the path."""
    return loads.by_id(arrival.account_id, arrival.ids["id"])


def relate(arrival: Arrival, bearer: Bearer, held: Held | None) -> Plan[bool]:
    """Whether a token is of a license or a user of the product that asks."""
    if bearer.kind != "product" or held is None:
        return False
    (related,) = yield from _related(arrival.account_id, bearer, [held])
    return related


def _related(account_id: str, bearer: Bearer, found: Sequence[Held]) -> Plan[list[bool]]:
    users = sorted({one.identity.user.id for one in found if one.identity.user is not None})
    held = (yield from holdings.of_users(account_id, users)) if users else {}
    customers = {user for user in users if any(one.license.product_id == bearer.id for one in held[user])}
    return [_of_license(one, bearer) or one.token.bearer_id in customers for one in found]


def _of_license(held: Held, bearer: Bearer) -> bool:
    licensed = held.identity.licensed
    return licensed is not None and licensed.license.product_id == bearer.id


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Held | None]]:
    found = yield from loads.many(scene.account_id, entries)
    if scene.bearer is None or scene.bearer.kind != "product":
        return found
    present = [one for one in found if one is not None]
    related = dict(
        zip(
            [one.token.id for one in present],
            (yield from _related(scene.account_id, scene.bearer, present)),
            strict=True,
        )
    )
    return [None if one is None else replace(one, related=related[one.token.id]) for one in found]


def subject(held: Held, relation: Any) -> Subject:
    """A token as authorization sees it."""
    return Subject(token=held.token, user=held.identity.user, related=held.related or relation is True)


TOKENS: Kind[Held] = Kind(
    word="token",
    plural="tokens",
    show=show,
    subject=subject,
    many=_many,
    key=lambda account_id, identifier: keys.pointer(account_id, stored.KIND, identifier),
    created=lambda held: held.token.created,
)
