"""What all families of user operations share: words, and what a change of a user writes."""

from __future__ import annotations

from typing import Any

from chalicelib.api.authenticate import token_key
from chalicelib.api.hints import hinted
from chalicelib.api.kinds.users import show
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing import token as tokens
from chalicelib.licensing.admins import full_admins_added
from chalicelib.licensing.user import User
from chalicelib.store.items import account as accounts
from chalicelib.store.items import token as stored_tokens
from chalicelib.store.items import user as stored
from chalicelib.store.loads.people import Person
from chalicelib.store.tasks.revoke import revoke_tokens
from chalicelib.store.unit import Write

PATH, MEMBER = "/users", "/users/{id}"


def changed(scene: Scene, person: Person, after: User, event: str | None, *more: Write, **outcome: Any) -> Outcome:
    """The outcome of a change of a user, with the writes of everything that follows from it, and `more`."""
    account_id, before = scene.account_id, person.user
    writes = (
        *stored.update(account_id, before, after),
        *accounts.admins_changed(account_id, full_admins_added(before, after)),
        *_revoked(scene, before, after),
        *more,
    )
    hints = hinted(scene, stored.listed(before), stored.listed(after))
    return Outcome(body={"data": show(scene, person, after)}, writes=writes, event=event, **hints, **outcome)


def _revoked(scene: Scene, before: User, after: User) -> tuple[Write, ...]:
    """Where tokens are revoked, they are dead with the change itself; that of the request is taken along."""
    if before.token_generation == after.token_generation:
        return ()
    return *_kept(scene, after), revoke_tokens(scene.account_id, after, scene.new_id(), scene.now)


def _kept(scene: Scene, after: User) -> tuple[Write, ...]:
    token, key = scene.identity.token, token_key(scene.arrival.tenant, scene.arrival.presented)
    if token is None or key is None or (token.bearer_kind, token.bearer_id) != ("user", after.id):
        return ()
    return (stored_tokens.keeping(key, token, tokens.kept(token, after)),)


def hash_of(password: str) -> str:
    """What is stored of a password."""
    from chalicelib.crypto.passwords import hashed

    return hashed(password)
