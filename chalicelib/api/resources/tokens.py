"""Tokens: generating one for oneself or for somebody (spec auth.md §3)."""

from __future__ import annotations

import msgspec

from chalicelib.api.kinds.users import relate_customer
from chalicelib.api.limits import LOGIN
from chalicelib.api.operation import Arrival, Command, Operation, Order, Outcome, Scene
from chalicelib.api.peek import linked, peek
from chalicelib.api.schema import linkage, spellings, text
from chalicelib.api.tokens import body, generated, generated_for_user
from chalicelib.licensing.access import Bearer, Subject, authorize
from chalicelib.licensing.bearers import NOTHING
from chalicelib.licensing.errors import InvalidFields, Problem
from chalicelib.licensing.license import effective_permissions
from chalicelib.licensing.user import User
from chalicelib.store.fetch import Plan, need
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads import resources
from chalicelib.store.loads.license import Licensed

USERS, LICENSES = spellings("user", "users"), spellings("license", "licenses")
NAMED_HERE, MAKERS = frozenset((*USERS, *LICENSES)), frozenset({"admin", "developer"})
OTHERS = (*spellings("product", "products"), *spellings("environment", "environments"))
# Nobody has a second factor yet: who sends one anyway is let in by the first.
CREATE = body(
    narrowed_by=None,
    relationships={"bearer": linkage(*USERS, *LICENSES, *OTHERS)},
    parameters={"otp": text()},
)


class Named(msgspec.Struct, frozen=True):
    """The bearer a request names: a user or a license, neither when it is another kind or does not exist."""

    user: User | None = None
    licensed: Licensed | None = None


def _named_kind(arrival: Arrival) -> str | None:
    kind = peek(arrival.document, "data", "relationships", "bearer", "data", "type")
    return kind if isinstance(kind, str) else None


def _load_named(arrival: Arrival) -> Plan[Named]:
    kind, identifier = _named_kind(arrival), linked(arrival.document, "bearer")
    if identifier is not None and kind in USERS:
        return Named(user=(yield from resources.user_by_id(arrival.account_id, identifier)))
    if identifier is not None and kind in LICENSES:
        return Named(licensed=(yield from licenses.by_exact_id(arrival.account_id, identifier)))
    yield need()
    return Named()


def _relate(arrival: Arrival, bearer: Bearer, named: Named) -> Plan[bool]:
    return relate_customer(arrival, bearer, None if named.user is None else named.user.id)


def _subject(scene: Scene) -> Subject:
    """Users and licenses can be given tokens here; products and environments only under their own path."""
    named: Named = scene.loaded
    if named.licensed is not None:
        return Subject(license=named.licensed.license, policy=named.licensed.policy)
    if linked(scene.arrival.document, "bearer") is None:
        return Subject(user=scene.identity.user)
    return Subject(user=named.user, related=scene.relation is True)


def _authorize(scene: Scene) -> None:
    """Who may give tokens to others learns that there is no such bearer; everybody else is refused."""
    subject, bearer = _subject(scene), scene.bearer
    if subject == NOTHING and bearer is not None and bearer.role in MAKERS and _named_kind(scene.arrival) in NAMED_HERE:
        authorize(bearer, "token.generate", "token.generate", Subject(user=bearer.user))
        raise InvalidFields(Problem("must exist", code="BEARER_NOT_FOUND", pointer="/data/relationships/bearer"))
    authorize(bearer, "token.generate", "token.generate", subject)


def _generate(scene: Scene, command: Command) -> Outcome:
    subject = _subject(scene)
    token = _of_license(scene, command) if subject.user is None else generated_for_user(scene, command, subject.user)
    token.status = 201
    token.location = scene.url("tokens", token.body["data"]["id"])
    return token


def _of_license(scene: Scene, command: Command) -> Outcome:
    licensed: Licensed = scene.loaded.licensed
    held = effective_permissions(licensed.license, licensed.owner)
    return generated(scene, command, "license", licensed.license.id, "license", licensed.license.permissions, held)


OPERATIONS = (
    Operation(
        name="token.generate",
        methods=("POST",),
        path="/tokens",
        load=_load_named,
        relate=_relate,
        authorize=_authorize,
        body=CREATE,
        order=Order.BODY_FIRST,
        decide=_generate,
        events=("token.generated",),
        login=True,
        limit=LOGIN,
    ),
)
