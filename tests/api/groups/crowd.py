"""Groups with members and owners, for the tests of groups."""

from __future__ import annotations

from typing import Any

from chalicelib.licensing.user import User
from chalicelib.store import fetch
from chalicelib.store.items import group as stored_groups
from chalicelib.store.items import user as stored_users
from chalicelib.store.loads import groups
from chalicelib.store.unit import commit
from tests.api.helpers import user, user_token
from tests.world import Answer, World


def group(world: World, name: str = "Team", **attributes: Any) -> Any:
    """A group made by the admin."""
    return world.create("groups", {"name": name, **attributes})


def member(world: World, group: Any, role: str = "user", **fields: Any) -> User:
    """A user in a group, counted there."""
    identifier, now, account_id = world.tools.new_id(), world.clock.now(), world.account["account"]
    given = {"email": f"{identifier}@acme.example"} | fields
    made = User(id=identifier, role=role, group_id=group["id"], created=now, updated=now, **given)
    counted = fetch.run(world.database, groups.by_id(account_id, group["id"]))
    assert counted is not None
    entered = stored_groups.moved(account_id, "users", None, counted.group)
    commit(world.database, (*stored_users.creation(account_id, made), *entered))
    return made


def licensed(world: World, group: Any, product: str | None = None, **attributes: Any) -> Any:
    """A license in a group; it may authenticate."""
    policy = world.policy(product, authenticationStrategy="MIXED")
    parents = {"policy": ("policies", policy["id"]), "group": ("groups", group["id"])}
    return world.create("licenses", attributes, **parents)


def owners(*users: User) -> dict[str, Any]:
    """The document that names users."""
    return {"data": [{"type": "users", "id": one.id} for one in users]}


def path_of(group: Any) -> str:
    """Where the owners of a group are."""
    return f"/v1/groups/{group['id']}/owners"


def owner_ids(world: World, group: Any) -> list[str]:
    """The users who own a group, as the list tells them."""
    found = world.get(f"{path_of(group)}?limit=100").data
    return [one["relationships"]["user"]["data"]["id"] for one in found]


def attach(world: World, group: Any, *users: User) -> Answer:
    """Let users own a group."""
    answer = world.post(path_of(group), owners(*users))
    assert answer.status == 200, answer.raw
    return answer


def owner(world: World, group: Any) -> str:
    """The Authorization header of a customer that owns a group and is in none."""
    made = user(world)
    attach(world, group, made)
    return user_token(world, made)


def counts(world: World, group: Any) -> tuple[int, int, int] | None:
    """How many users, licenses and machines a group holds."""
    counted = fetch.run(world.database, groups.by_id(world.account["account"], group["id"]))
    return None if counted is None else (counted.members.users, counted.members.licenses, counted.members.machines)
