"""What the tests of users share: people made through the interface, passwords, what is stored of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from chalicelib.crypto.sealing import unseal
from chalicelib.store import keys
from chalicelib.store.items.account import AccountRow
from chalicelib.store.table import Item, Outbox, Row
from chalicelib.store.unit import Change, commit
from tests.api.helpers import basic, secret_of
from tests.races.crowd import rows
from tests.world import Answer, World, resource

PASSWORD = "correct horse"


def person(world: World, email: str = "ann@acme.example", **attributes: Any) -> Any:
    """A user made by the admin; its resource object."""
    return world.create("users", {"email": email, **attributes})


def path_of(user: Any) -> str:
    """Where a user is."""
    return f"/v1/users/{user['id']}"


def change(world: World, user: Any, as_: str = "admin", **attributes: Any) -> Answer:
    """A PATCH of a user."""
    return world.send("PATCH", path_of(user), resource("users", attributes), as_=as_)


def sign_in(world: World, email: str, password: str = PASSWORD, **options: Any) -> Answer:
    """POST /tokens with an email and a password, a minute after whatever was before."""
    world.clock.advance(minutes=1)
    return world.post("/v1/tokens", as_=basic(f"{email}:{password}"), **options)


def signed_in(world: World, email: str, password: str = PASSWORD) -> str:
    """The Authorization header of a token that a password was good for."""
    answer = sign_in(world, email, password)
    assert answer.status == 201, answer.raw
    return f"Bearer {answer.attributes['token']}"


def lives(world: World, token: str) -> bool:
    """Whether a token lets somebody in; one that does not is unknown."""
    answer = world.get("/v1/me", as_=token)
    assert answer.status == 200 or answer.error == (401, "TOKEN_INVALID", None)
    return answer.status == 200


def protect(world: World) -> None:
    """Close the account to strangers."""
    key = keys.account(world.account["account"])
    commit(world.database, (Change(AccountRow, key, (AccountRow.protected.set(True),)),))
    world.serve()


def stored(world: World, user: Any) -> Item:
    """What is stored of a user."""
    (found,) = (item for item in rows(world, Row, "user") if item["id"] == user["id"])
    return found


def members(world: World, group: Any) -> int:
    """How many users a group counts."""
    key = keys.group_meter(world.account["account"], group["id"])
    (found,) = (item for item in rows(world, Row, "group-meter") if item["pk"] == key.pk)
    return int(found["users"])


def full_admins(world: World) -> int:
    """How many full admins the account counts."""
    (found,) = rows(world, Row, "account-meter")
    return int(found["admins"])


def group(world: World, **attributes: Any) -> Any:
    """A group made by the admin."""
    return world.create("groups", {"name": "Group", **attributes})


def events(world: World) -> list[tuple[str, Any]]:
    """Names and payloads of the events in the outbox, secrets opened as for who subscribed."""
    found = []
    for item in sorted(rows(world, Outbox, "event"), key=lambda one: str(one["id"])):
        payload = msgspec.json.decode(item["payload"])
        if item.get("sealed") is not None:
            payload["meta"] = msgspec.json.decode(unseal(secret_of(world), item["sealed"], item["name"]))
        found.append((item["name"], payload))
    return found


def forget_password(world: World, email: str) -> str:
    """The token that a forgotten password is answered with."""
    world.clock.advance(hours=1)
    answer = world.post("/v1/passwords", {"meta": {"email": email}}, as_=None)
    assert (answer.status, answer.raw) == (204, b"")
    name, payload = events(world)[-1]
    assert name == "user.password-reset"
    return str(payload["meta"]["passwordResetToken"])


def owned(world: World, owner: str, product: str | None = None) -> Any:
    """A license with an owner, that others can be attached to."""
    policy = world.policy(product, authenticationStrategy="MIXED", maxUsers=5)
    return world.create("licenses", {}, policy=("policies", policy["id"]), owner=("users", owner))


def attach(world: World, license: Any, user_id: str) -> None:
    """Let one more user use a license."""
    body = {"data": [{"type": "users", "id": user_id}]}
    assert world.post(f"/v1/licenses/{license['id']}/users", body).status == 201


def at(email: str) -> str:
    """An email as a path segment."""
    return quote(email, safe="")
