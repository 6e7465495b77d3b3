"""What the functional tests share: bearers of every kind, ids that name nothing, how a refusal reads."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib.crypto.digests import token_digest
from chalicelib.crypto.keys import deserialize
from chalicelib.licensing import authentication
from chalicelib.licensing import token as tokens
from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys
from chalicelib.store.items import token as stored_tokens
from chalicelib.store.items import user as stored_users
from chalicelib.store.unit import commit
from tests.world import Answer, World

NOWHERE = "00000000-0000-4000-8000-000000000000"
INTEGER = 2_147_483_647
BIG_INTEGER = 9_223_372_036_854_775_807

Error = tuple[int, str | None, str | None]


def user(world: World, role: str = "user", **fields: Any) -> User:
    """A user of any role, put into the store."""
    identifier, now = world.tools.new_id(), world.clock.now()
    given = {"email": f"{identifier}@acme.example"} | fields
    made = User(id=identifier, role=role, created=now, updated=now, **given)
    commit(world.database, stored_users.creation(world.account["account"], made))
    return made


def user_token(world: World, bearer: User, **fields: Any) -> str:
    """The Authorization header of a new token of a user; `fields` as a request would send them."""
    account_id, now = world.account["account"], world.clock.now()
    kind = authentication.token_kind(bearer.role)
    identifier = world.tools.new_id()
    token = tokens.create(identifier, kind, "user", bearer.id, bearer.role, bearer.permissions, fields, now)
    digits = world.tools.random_hex(authentication.token_form(kind).hex_characters)
    value = authentication.new_token_value(kind, digits)
    commit(world.database, stored_tokens.creation(account_id, token, token_digest(_secret(world), value)))
    return f"Bearer {value}"


def _secret(world: World) -> str:
    account_id = world.account["account"]
    item = fetch.get(world.database, keys.account(account_id))
    assert item is not None
    return deserialize(world.vault.unwrap(item["wrapped_keys"], {"account": account_id})).secret


def staff(world: World, role: str) -> str:
    """The Authorization header of a new member of staff."""
    return user_token(world, user(world, role))


def by_key(license: Any) -> str:
    """The Authorization header of a license by its key."""
    return f"License {license['attributes']['key']}"


def basic(text: str) -> str:
    """A Basic Authorization header."""
    return "Basic " + base64.b64encode(text.encode()).decode()


def open_license(world: World, product: str | None = None, **attributes: Any) -> Any:
    """A license that may authenticate by key and by token."""
    policy = world.policy(product, authenticationStrategy="MIXED")
    return world.license(policy["id"], **attributes)


def first(answer: Answer) -> tuple[int, str | None, str | None, str]:
    """Status, code, place and detail of the first error."""
    return (*answer.error, answer.errors[0]["detail"])


def codes(answer: Answer) -> list[tuple[str | None, str | None]]:
    """Code and pointer of every error, in order."""
    return [(one.get("code"), one.get("source", {}).get("pointer")) for one in answer.errors]
