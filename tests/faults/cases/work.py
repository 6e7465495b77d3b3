"""Tasks that requests announce: whatever stops them, they go on where they stood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.store import deactivation
from chalicelib.store import tasks as running
from chalicelib.store.table import Row
from chalicelib.store.tasks import attach
from tests.api.helpers import user, user_token
from tests.faults.cases.catalog import entitlement
from tests.faults.cases.licenses import meter
from tests.faults.cases.relations import USERS
from tests.faults.operation import Context, Effects, Operation, Prepare, job, links, tasks, with_
from tests.races.crowd import feed, rows
from tests.world import World

FOUR = ("ann", "bob", "cid", "dot")


def work(world: World, context: Context) -> bool:
    """Let the stream function carry what was announced."""
    stream = world.stream()
    stream.failed = lambda sequence, error: None
    return not stream.handle(context["feed"])["batchItemFailures"]


def through(world: World, context: Context) -> bool:
    """Whether the task that was announced has come through its first pass."""
    (record,) = context["feed"]["Records"]
    (task,) = (one for one in tasks(world) if one["id"] == record["dynamodb"]["NewImage"]["id"]["S"])
    assert task["passes"] in (0, 1)
    return bool(task["passes"] == 1)


def traces(world: World, identifiers: Iterable[str]) -> list[str]:
    """Where anything that was deleted is still spoken of: its own remains and the settled marks do not count."""
    found = [item for item in rows(world, Row) if item["kind"] != "tombstone"]
    return [item["kind"] for item in found if any(one in str(item) for one in identifiers)]


def without(*names: str) -> Effects:
    """The task came through, and nothing is left of what these names stand for."""

    def effects(world: World, context: Context) -> int:
        done = through(world, context)
        assert not done or not traces(world, [context[name] for name in names])
        return int(done)

    return effects


def _policy_gone(world: World) -> Context:
    created = world.create("licenses", {"metadata": {"tier": "gold"}}, policy=("policies", world.policy()["id"]))
    world.token(f"/v1/licenses/{created['id']}")
    policy_id = created["relationships"]["policy"]["data"]["id"]
    assert world.send("DELETE", f"/v1/policies/{policy_id}").status == 204
    return {"license": created["id"], "feed": feed(world, "task")}


def _tied(world: World) -> Context:
    """A user, a group and an entitlement, tied to each other and to licenses in every way there is."""
    found = {"group": world.create("groups", {"name": "Group"})["id"], "entitlement": entitlement(world, "first")}
    grouped = {"group": ("groups", found["group"])}
    person = {"email": "gone@acme.example", "metadata": {"tier": "gold"}}
    found["user"] = world.create("users", person, **grouped)["id"]
    world.token(f"/v1/users/{found['user']}")
    policy = ("policies", world.policy()["id"])
    owner = ("users", found["user"])
    gold = {"metadata": {"tier": "gold"}}
    found["owned"] = world.create("licenses", gold, policy=policy, owner=owner, **grouped)["id"]
    found["shared"] = world.create("licenses", {}, policy=policy, **grouped)["id"]
    for path, kind in (
        (f"licenses/{found['shared']}/users", "user"),
        (f"licenses/{found['owned']}/entitlements", "entitlement"),
        (f"licenses/{found['shared']}/entitlements", "entitlement"),
        (f"groups/{found['group']}/owners", "user"),
    ):
        body = {"data": [{"type": f"{kind}s", "id": found[kind]}]}
        assert world.post(f"/v1/{path}", body).status in (200, 201)
    return found


@contextmanager
def cut_short() -> Iterator[None]:
    """Requests that die once they have announced what they cannot do at once; two attachments are as many as fit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attach, "AT_ONCE", 2)
        patch.setattr(running, "start", lambda *given: None)
        patch.setattr(deactivation, "drop_parts", lambda *given: None)
        yield


def _gone(path: str) -> Prepare:
    """All is tied together, and something was deleted."""

    def prepare(world: World) -> Context:
        context = _tied(world)
        with cut_short():
            assert world.send("DELETE", path.format(**context)).status == 204
        return context | {"feed": feed(world, "task")}

    return prepare


def _tokens_ended(world: World) -> Context:
    """A user whose role changed, with more tokens than one from before."""
    person = user(world, "developer")
    for _ in range(2):
        user_token(world, person)
    body = {"data": {"type": "users", "attributes": {"role": "user"}}}
    assert world.send("PATCH", f"/v1/users/{person.id}", body).status == 200
    world.token(f"/v1/users/{person.id}")
    return {"user": person.id, "feed": feed(world, "task")}


def _one_token(world: World, context: Context) -> int:
    done = through(world, context)
    assert not done or len(with_(world, "token", bearer_id=context["user"])) == 1
    return int(done)


def _four(world: World) -> Context:
    return {"license": world.license()["id"]} | {name: user(world).id for name in FOUR}


def _attaching(world: World) -> Context:
    """Four users, two of them at once; then one of those who wait is attached by somebody else."""
    context = _four(world)
    path = USERS.format(**context)
    with cut_short():
        assert world.post(path, links("users", *FOUR)(context)).status == 201
    announced = feed(world, "task")
    assert world.post(path, links("users", FOUR[2])(context)).status == 201
    return context | {"feed": announced}


def _detaching(world: World) -> Context:
    """Four users, two of them at once; then one of those who wait is detached by somebody else."""
    context = _four(world)
    path = USERS.format(**context)
    assert world.post(path, links("users", *FOUR)(context)).status == 201
    with cut_short():
        assert world.send("DELETE", path, links("users", *FOUR)(context)).status == 204
    announced = feed(world, "task")
    assert world.send("DELETE", path, links("users", FOUR[2])(context)).status == 204
    return context | {"feed": announced}


def _attached(total: int) -> Effects:
    """The task came through, and as many are attached and have a seat."""

    def effects(world: World, context: Context) -> int:
        if not through(world, context):
            return 0
        assert (len(with_(world, "attachment")), meter(world, context)["users"]) == (total, total)
        return 1

    return effects


OPERATIONS = (
    Operation("erase-policy", _policy_gone, job(work), without("license"), job=True),
    Operation("erase-license", _gone("/v1/licenses/{owned}"), job(work), without("owned"), job=True),
    Operation("erase-user", _gone("/v1/users/{user}"), job(work), without("user", "owned"), job=True),
    Operation("erase-group", _gone("/v1/groups/{group}"), job(work), without("group"), job=True),
    Operation(
        "erase-entitlement", _gone("/v1/entitlements/{entitlement}"), job(work), without("entitlement"), job=True
    ),
    Operation("revoke-tokens", _tokens_ended, job(work), _one_token, job=True),
    Operation("attach-rest", _attaching, job(work), _attached(4), job=True),
    Operation("detach-rest", _detaching, job(work), _attached(0), job=True),
)
