"""Users: made, changed, banned, in and out of groups; their passwords."""

from __future__ import annotations

from typing import Any

from chalicelib.crypto.digests import token_digest
from chalicelib.licensing import user as users
from chalicelib.licensing.user import User
from chalicelib.store.items import user as stored_users
from chalicelib.store.unit import commit
from tests.api.helpers import basic, secret_of, user, user_token
from tests.faults.operation import (
    Context,
    Operation,
    count,
    either,
    fixed,
    http,
    link,
    named,
    stored,
    tasks,
    with_,
)
from tests.world import World, resource

USER = "/v1/users/{user}"
OLD, NEW, RESET = "the old password", "the new password", "a reset token"
CHANGED = fixed(
    resource("users", {"email": "new@acme.example", "role": "user", "metadata": {"tier": "silver", "seats": 1}})
)


def group(world: World) -> Context:
    """A group for one user."""
    return {"group": world.create("groups", {"name": "Group", "maxUsers": 1})["id"]}


def admin(world: World) -> Context:
    """A second admin, who is in a group and has metadata."""
    attributes = {"email": "old@acme.example", "role": "admin", "metadata": {"tier": "gold", "seats": 1}}
    context = group(world)
    return context | {"user": world.create("users", attributes, group=("groups", context["group"]))["id"]}


def _customer(world: World) -> Context:
    return {"user": user(world).id}


def _two_groups(world: World) -> Context:
    found = admin(world)
    return found | {"other": world.create("groups", {"name": "Other", "maxUsers": 1})["id"]}


def _secretive(world: World) -> Context:
    """A user with a password and two tokens, the first of which asks."""
    from chalicelib.crypto.passwords import hashed

    person = user(world, email="somebody@acme.example", password=hashed(OLD))
    asking = user_token(world, person)
    (own,) = with_(world, "token", bearer_id=person.id)
    user_token(world, person)
    return {"user": person.id, "asking": asking, "own": own["id"], "login": basic(f"{person.email}:{OLD}")}


def _forgetful(world: World) -> Context:
    """The same, who asked for another password."""
    context, account_id = _secretive(world), world.account["account"]
    before = _person(world, context)
    after = users.reset_requested(before, token_digest(secret_of(world), RESET), world.clock.now())
    commit(world.database, stored_users.update(account_id, before, after))
    return context


def _body(context: Context) -> Any:
    attributes = {"email": "new@acme.example", "role": "admin", "metadata": {"tier": "gold"}}
    return resource("users", attributes, group=("groups", context["group"]))


def _person(world: World, context: Context) -> User:
    return stored_users.user_of(stored(world, "user", context["user"]))


def _changed(world: World, context: Context) -> Any:
    """With the role its tokens end, which is announced."""
    found = _person(world, context)
    return found.email, found.role, found.metadata["tier"], found.token_generation, len(tasks(world))


def _is_left(world: World, context: Context) -> Any:
    return len(with_(world, "user", id=context["user"])), len(tasks(world))


def _banned(world: World, context: Context) -> Any:
    found = _person(world, context)
    return found.banned_at is not None, found.revision


def _password(world: World, context: Context) -> Any:
    """Which password is good, whether a forgotten one can be reset, and which tokens live."""
    from chalicelib.crypto.passwords import verified

    found = _person(world, context)
    assert found.password is not None
    tokens = {item["id"]: item["generation"] for item in with_(world, "token", bearer_id=found.id)}
    living = [name for name, generation in tokens.items() if generation == found.token_generation]
    resets = found.reset_digest is not None
    return verified(NEW, found.password), resets, len(living), context["own"] in living, len(tasks(world))


def _is_in(world: World, context: Context) -> Any:
    return named(context, _person(world, context).group_id)


def _resets(world: World, context: Context) -> Any:
    return _person(world, context).reset_digest is not None


def _tokens(world: World, context: Context) -> int:
    return len(with_(world, "token", bearer_id=context["user"])) - 2


def _passwords(**members: str) -> Any:
    return fixed({"meta": members})


OPERATIONS = (
    Operation("create-user", group, http("POST", "/v1/users", _body), count("user", email="new@acme.example")),
    Operation(
        "update-user",
        admin,
        http("PATCH", USER, CHANGED),
        either(
            _changed,
            ("old@acme.example", "admin", "gold", 0, 0),
            ("new@acme.example", "user", "silver", 1, 1),
        ),
    ),
    Operation("delete-user", admin, http("DELETE", USER), either(_is_left, (1, 0), (0, 1))),
    Operation("ban-user", _customer, http("POST", f"{USER}/actions/ban"), either(_banned, (False, 0), (True, 1))),
    Operation(
        "update-password",
        _secretive,
        http(
            "POST",
            f"{USER}/actions/update-password",
            _passwords(oldPassword=OLD, newPassword=NEW),
            as_="asking",
        ),
        either(_password, (False, False, 2, True, 0), (True, False, 1, True, 1)),
        silent=True,
    ),
    Operation(
        "reset-password",
        _forgetful,
        http(
            "POST",
            f"{USER}/actions/reset-password",
            _passwords(passwordResetToken=RESET, newPassword=NEW),
            as_=None,
        ),
        either(_password, (False, True, 2, True, 0), (True, False, 0, False, 1)),
        silent=True,
    ),
    Operation(
        "forget-password",
        _secretive,
        http("POST", "/v1/passwords", _passwords(email="somebody@acme.example"), as_=None),
        either(_resets, False, True),
    ),
    Operation("log-in", _secretive, http("POST", "/v1/tokens", as_="login"), _tokens),
    Operation(
        "move-user",
        _two_groups,
        http("PUT", f"{USER}/group", link("groups", "other")),
        either(_is_in, "group", "other"),
    ),
)
