"""Passwords of users: changed, forgotten, reset (spec resources.md §4.4)."""

from __future__ import annotations

from chalicelib.api.kinds.users import USERS, load_one
from chalicelib.api.limits import FORGOTTEN_PASSWORD, PASSWORD
from chalicelib.api.operation import Arrival, Command, Credentials, Operation, Outcome, Scene
from chalicelib.api.peek import peek
from chalicelib.api.resources.users.common import MEMBER, changed, hash_of
from chalicelib.api.schema import boolean, meta, text
from chalicelib.crypto.digests import token_digest
from chalicelib.licensing import passwords
from chalicelib.licensing import user as users
from chalicelib.licensing.errors import missing
from chalicelib.licensing.user import User
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import people
from chalicelib.store.loads.people import Person

TOKEN_HEX_CHARACTERS = 64

UPDATE = meta({"old_password": text(required=True), "new_password": text(required=True)}, required=True)
RESET = meta({"password_reset_token": text(required=True), "new_password": text(required=True)}, required=True)
FORGOTTEN = meta({"email": text(required=True), "deliver": boolean()}, required=True)


def _load_forgetful(arrival: Arrival) -> Plan[Person | None]:
    """Who has the email of the document."""
    email = peek(arrival.document, "meta", "email")
    user_id = (yield from people.id_of_email(arrival.account_id, email)) if isinstance(email, str) else None
    return None if user_id is None else (yield from people.by_id(arrival.account_id, user_id, arrival.now))


def _existing(scene: Scene) -> Person:
    """The user of the path, for anybody."""
    person: Person | None = scene.loaded
    if person is None:
        raise missing(USERS.word, scene.arrival.ids["id"])
    return person


def _update(scene: Scene, command: Command) -> Outcome:
    person, sent = USERS.one(scene), command["meta"]
    passwords.check_update(person.user, _matches(person.user, sent["old_password"]), sent["new_password"])
    return _changed(scene, person, sent["new_password"])


def _matches(user: User, old: str) -> bool:
    from chalicelib.crypto.passwords import verified

    return user.password is not None and verified(old, user.password)


def _reset(scene: Scene, command: Command) -> Outcome:
    person, sent, arrival = _existing(scene), command["meta"], scene.arrival
    passwords.check_reset(
        person.user,
        arrival.ids["id"],
        token_digest(arrival.tenant.secret, sent["password_reset_token"]),
        sent["new_password"],
        account_protected=arrival.tenant.account.protected,
        now=scene.now,
    )
    return _changed(scene, person, sent["new_password"])


def _changed(scene: Scene, person: Person, password: str) -> Outcome:
    """A new password ends every token but the one it is changed with."""
    after = users.with_password(person.user, hash_of(password), scene.now)
    return changed(scene, person, users.tokens_revoked(after), None)


def _forgotten(scene: Scene, command: Command) -> Outcome:
    """The token goes to who subscribed to the event; no mail is sent. An unknown email is answered the same."""
    person: Person | None = scene.loaded
    if person is None:
        return Outcome(status=204)
    token = scene.arrival.service.random_hex(TOKEN_HEX_CHARACTERS)
    after = users.reset_requested(person.user, token_digest(scene.arrival.tenant.secret, token), scene.now)
    outcome = changed(scene, person, after, "user.password-reset", secret={"passwordResetToken": token})
    outcome.payload, outcome.body, outcome.status = outcome.body, None, 204
    return outcome


OPERATIONS = (
    USERS.member(
        "user.password.update",
        ("POST",),
        f"{MEMBER}/actions/update-password",
        load_one,
        _update,
        body=UPDATE,
        limit=PASSWORD,
    ),
    Operation(
        name="user.password.reset",
        methods=("POST",),
        path=f"{MEMBER}/actions/reset-password",
        load=load_one,
        find=_existing,
        decide=_reset,
        credentials=Credentials.IGNORED,
        body=RESET,
        limit=PASSWORD,
    ),
    Operation(
        name="user.password.forgotten",
        methods=("POST",),
        path="/passwords",
        load=_load_forgetful,
        decide=_forgotten,
        credentials=Credentials.IGNORED,
        body=FORGOTTEN,
        events=("user.password-reset",),
        limit=FORGOTTEN_PASSWORD,
    ),
)
