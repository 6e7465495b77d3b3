"""What the functional tests share: bearers of every kind, ids that name nothing, how a refusal reads."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib.crypto.digests import token_digest
from chalicelib.crypto.keys import deserialize
from chalicelib.licensing import token as tokens
from chalicelib.licensing import token_forms
from chalicelib.licensing.admins import full_admins_added
from chalicelib.licensing.buckets import added
from chalicelib.licensing.component import Component
from chalicelib.licensing.deaths import next_due
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys, running
from chalicelib.store.items import account as stored_accounts
from chalicelib.store.items import component as stored_components
from chalicelib.store.items import group as stored_groups
from chalicelib.store.items import hint, seats
from chalicelib.store.items import machine as stored_machines
from chalicelib.store.items import process as stored_processes
from chalicelib.store.items import token as stored_tokens
from chalicelib.store.items import user as stored_users
from chalicelib.store.loads import groups, machines
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.license import Licensed
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
    account_id = world.account["account"]
    counted = stored_accounts.admins_changed(account_id, full_admins_added(None, made))
    commit(world.database, (*stored_users.creation(account_id, made), *counted))
    return made


def user_token(world: World, bearer: User, **fields: Any) -> str:
    """The Authorization header of a new token of a user; `fields` as a request would send them."""
    account_id, now = world.account["account"], world.clock.now()
    kind = token_forms.token_kind(bearer.role)
    identifier = world.tools.new_id()
    given = (kind, "user", bearer.id, bearer.role, bearer.permissions, fields, now, bearer.token_generation)
    token = tokens.create(identifier, *given)
    digits = world.tools.random_hex(token_forms.token_form(kind).hex_characters)
    value = token_forms.new_token_value(kind, digits)
    commit(world.database, stored_tokens.creation(account_id, token, token_digest(secret_of(world), value)))
    return f"Bearer {value}"


def secret_of(world: World) -> str:
    """The secret that tokens of the account are hashed with."""
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


def machine(world: World, license: Any, **fields: Any) -> Machine:
    """A machine of a license, put into the store as its activation would; its fingerprint is its id unless given."""
    identifier, now, account_id = world.tools.new_id(), world.clock.now(), world.account["account"]
    given: dict[str, Any] = {"fingerprint": identifier, "created": now, "updated": now} | fields
    made = Machine(**{"id": identifier, "license_id": license["id"]} | given)
    licensed = _licensed(world, made)
    buckets = fetch.run(world.database, machines.buckets_of(account_id, made.license_id, [made.owner_id]))
    group = fetch.run(world.database, groups.by_id(account_id, made.group_id))
    hint.put(world.database, account_id, stored_machines.listed(made))
    writes = (
        *stored_machines.creation(account_id, made, licensed.license, next_due(made, licensed.policy, now)),
        *seats.counted(account_id, licensed.license, added(None, made), (), buckets, now),
        *stored_groups.moved(account_id, "machines", None, None if group is None else group.group),
    )
    commit(world.database, writes)
    return made


def component(world: World, on: Machine, **fields: Any) -> Component:
    """A component of a machine, put into the store."""
    identifier, now = world.tools.new_id(), world.clock.now()
    given: dict[str, Any] = {"fingerprint": identifier, "name": "Part", "created": now, "updated": now} | fields
    made = Component(**{"id": identifier, "machine_id": on.id, "license_id": on.license_id} | given)
    license = _licensed(world, on).license
    commit(world.database, stored_components.creation(world.account["account"], made, on, license))
    return made


def process(world: World, on: Machine, **fields: Any) -> Process:
    """A process of a machine, put into the store and counted; it pinged just now unless `fields` say otherwise."""
    identifier, now, account_id = world.tools.new_id(), world.clock.now(), world.account["account"]
    given: dict[str, Any] = {"pid": identifier, "last_heartbeat": now, "created": now, "updated": now} | fields
    made = Process(**{"id": identifier, "machine_id": on.id, "license_id": on.license_id} | given)
    licensed = _licensed(world, on)
    buckets = fetch.run(world.database, machines.buckets_of(account_id, on.license_id, [on.owner_id]))
    due = next_due(made, licensed.policy, now)
    writes = (
        *stored_processes.creation(account_id, made, on, licensed.license, due),
        *running.counted(account_id, on, licensed.license, 1, None, buckets, now),
    )
    commit(world.database, writes)
    return made


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


def _licensed(world: World, on: Machine) -> Licensed:
    """The license of a machine."""
    found = fetch.run(world.database, licenses.by_exact_id(world.account["account"], on.license_id))
    assert found is not None
    return found
