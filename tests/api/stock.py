"""Licenses in any state that a list may ask about, put into the store as their creation would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import fetch
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items import hint
from chalicelib.store.items import license as licenses
from chalicelib.store.items import user as users
from chalicelib.store.loads import resources
from chalicelib.store.unit import Write, commit
from tests.world import World


def policy_of(world: World, policy_id: str) -> Policy:
    """A policy as the domain knows it."""
    found = fetch.run(world.database, resources.policy_by_id(world.account["account"], policy_id))
    assert found is not None
    return found


def put(world: World, policy: Policy, attached: Sequence[User] = (), **fields: Any) -> License:
    """A new license of a policy, with the users that are attached to it; created now unless `fields` say otherwise."""
    identifier, now, account_id = world.tools.new_id(), world.clock.now(), world.account["account"]
    given: dict[str, Any] = {"id": identifier, "key": f"KEY-{identifier}", "created": now, "updated": now}
    relations: dict[str, Any] = {"policy_id": policy.id, "product_id": policy.product_id, "users": len(attached)}
    license = License(**given | relations | fields)
    hint.put(world.database, account_id, licenses.listed(license))
    commit(
        world.database,
        (*licenses.creation(account_id, license, policy, license.created), *_seats(world, license, attached)),
    )
    return license


def put_user(world: World, **fields: Any) -> User:
    """A new user with the rows of its metadata; created now unless `fields` say otherwise."""
    identifier, now = world.tools.new_id(), world.clock.now()
    given: dict[str, Any] = {"id": identifier, "email": f"{identifier}@acme.example", "created": now, "updated": now}
    made = User(**given | fields)
    hint.put(world.database, world.account["account"], users.listed(made))
    commit(world.database, users.creation(world.account["account"], made))
    return made


def put_group(world: World, name: str) -> Group:
    """A new group."""
    now = world.clock.now()
    made = Group(id=world.tools.new_id(), name=name, created=now, updated=now)
    commit(world.database, groups.creation(world.account["account"], made))
    return made


def _seats(world: World, license: License, attached: Sequence[User]) -> Iterator[Write]:
    for one in attached:
        seat = Attachment(
            id=world.tools.new_id(),
            kind="license-user",
            holder_id=license.id,
            target_id=one.id,
            target_created=one.created,
            created=license.created,
            updated=license.created,
        )
        yield attachments.put(world.account["account"], seat, license.created)
