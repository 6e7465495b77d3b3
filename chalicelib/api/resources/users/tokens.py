"""Tokens of a user (spec auth.md §3, resources.md §4.3)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.kinds.tokens import TOKENS
from chalicelib.api.kinds.users import USERS, load_one, relate, relate_customer
from chalicelib.api.operation import Arrival, Command, Order, Outcome, Scene
from chalicelib.api.resources.users.common import MEMBER
from chalicelib.api.tokens import body, generated_for_user
from chalicelib.licensing.access import Bearer
from chalicelib.store.fetch import Plan
from chalicelib.store.items import token as stored
from chalicelib.store.loads import tokens as loads
from chalicelib.store.loads.people import Person
from chalicelib.store.loads.tokens import Held
from chalicelib.store.starts import related

PATH, READ = f"{MEMBER}/tokens", "user.tokens.read"


def _relate(arrival: Arrival, bearer: Bearer, person: Person | None) -> Plan[frozenset[str] | None]:
    """As always, but for a product, which gives tokens only to who has a license of it."""
    if bearer.kind != "product" or person is None:
        return (yield from relate(arrival, bearer))
    is_customer = yield from relate_customer(arrival, bearer, person.user.id)
    return frozenset({person.user.id} if is_customer else ())


def _generate(scene: Scene, command: Command) -> Outcome:
    return generated_for_user(scene, command, USERS.one(scene).user)


def _list(scene: Scene, command: Command) -> Outcome:
    return TOKENS.page(scene, (related(scene.account_id, "bearer", USERS.one(scene).user.id, stored.KIND),))


def _show(scene: Scene, command: Command) -> Outcome:
    return TOKENS.child(scene, _token(scene, USERS.one(scene).user.id))


def _token(scene: Scene, user_id: str) -> Plan[Held | None]:
    """The token of the user that the path names, and whether the product that asks has a license with the user."""
    held = yield from loads.by_id(scene.account_id, scene.arrival.ids["child"])
    if held is None or scene.bearer is None or held.token.bearer_id != user_id:
        return None
    return replace(held, related=(yield from relate_customer(scene.arrival, scene.bearer, user_id)))


OPERATIONS = (
    USERS.member(
        "user.tokens.generate",
        ("POST",),
        PATH,
        load_one,
        _generate,
        relate=_relate,
        body=body(),
        order=Order.BODY_FIRST,
        events=("token.generated",),
    ),
    USERS.below("user.tokens.list", PATH, load_one, _list, "token.read", rule=READ),
    USERS.member(READ, ("GET",), f"{PATH}/{{child}}", load_one, _show, permission="token.read"),
)
