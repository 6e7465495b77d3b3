"""What happens to machines by itself: deaths, and the tasks that requests announce."""

from __future__ import annotations

from typing import Any

from chalicelib.store.table import Outbox
from tests.api.installing import ping
from tests.faults.cases.jobs import sweep
from tests.faults.cases.machines import attached, installed, licensed, on
from tests.faults.cases.parts import to_detach, to_widen
from tests.faults.cases.relations import USERS
from tests.faults.cases.releases import shipped
from tests.faults.cases.work import cut_short, through, traces, without, work
from tests.faults.operation import Context, Effects, Operation, Prepare, job, link, links, stored, with_
from tests.races.crowd import feed, rows
from tests.world import World, resource


def _announced(prepare: Prepare, method: str, path: str, body: Any = lambda context: None) -> Prepare:
    """What a request leaves to its task."""

    def prepared(world: World) -> Context:
        context = prepare(world)
        with cut_short():
            assert world.send(method, path.format(**context), body(context)).status in (200, 204)
        return context | {"feed": feed(world, "task")}

    return prepared


def _shared(world: World) -> Context:
    """A machine of a user in a group, on a license of nobody."""
    context = licensed()(world) | {"group": world.create("groups", {"name": "Group"})["id"]}
    context["user"] = attached(world, context["license"])
    return context | on(world, context["license"], owner=context["user"], group=context["group"])


def _ruled(world: World) -> Context:
    """A machine that must ping, one of its own accord, and the policy that says so."""
    context = installed(requireHeartbeat=True)(world)
    return context | {"policy": stored(world, "license", context["license"])["policy_id"]}


def _shorter(context: Context) -> Any:
    return resource("policies", {"heartbeatDuration": 60})


def _dead(kind: str, listening: bool, **attributes: Any) -> Prepare:
    """A machine with a process, some time after the last ping of one of them."""

    def prepare(world: World) -> Context:
        if listening:
            world.listen("*")
        context = installed(**attributes)(world)
        world.clock.advance(minutes=5)
        if kind == "machine":
            assert ping(world, {"type": "processes", "id": context["process"]}).status == 200
        world.clock.advance(minutes=6)
        return context | {"listening": listening}

    return prepare


def _told(world: World, kind: str) -> int:
    name = f"{kind}.heartbeat.dead"
    return len([item for item in rows(world, Outbox, "event") if item["name"] == name])


def _culled(kind: str) -> Effects:
    """It is gone, and told of if somebody listens."""

    def effects(world: World, context: Context) -> int:
        culled = 1 - len(with_(world, kind))
        assert _told(world, kind) == (culled if context["listening"] else 0)
        return culled

    return effects


def _marked(world: World, context: Context) -> int:
    """The machine is marked dead, and told of."""
    marked = int("death_sent" in stored(world, "machine", context["machine"]))
    assert _told(world, "machine") == marked
    return marked


def _followed(world: World, context: Context) -> int:
    return int(through(world, context))


def _unused(world: World, context: Context) -> int:
    """The user is gone with the machine; what is left are their sums on the license, which are zero."""
    done = through(world, context)
    assert not done or traces(world, [context["user"]]) == ["bucket"]
    assert not done or not with_(world, "machine")
    return int(done)


def _disowned(world: World, context: Context) -> int:
    done = through(world, context)
    assert not done or "owner_id" not in stored(world, "machine", context["own"])
    return int(done)


def _culls(kind: str, *, listening: bool, **attributes: Any) -> Operation:
    name = f"sweep-{kind}{'-subscribed' if listening else ''}"
    return Operation(name, _dead(kind, listening, **attributes), job(sweep), _culled(kind), job=True)


def _works(name: str, prepare: Prepare, effects: Effects) -> Operation:
    return Operation(name, prepare, job(work), effects, job=True)


_REQUIRED: dict[str, Any] = {"requireHeartbeat": True}
_KEPT = _REQUIRED | {"heartbeatCullStrategy": "KEEP_DEAD"}
OPERATIONS = (
    _culls("machine", listening=False, **_REQUIRED),
    _culls("machine", listening=True, **_REQUIRED),
    _culls("process", listening=False),
    _culls("process", listening=True),
    Operation("sweep-dead-machine", _dead("machine", True, **_KEPT), job(sweep), _marked, job=True),
    _works(
        "erase-machine",
        _announced(installed(), "DELETE", "/v1/machines/{machine}"),
        without("machine", "component", "process"),
    ),
    _works(
        "erase-license-of-machines",
        _announced(_shared, "DELETE", "/v1/licenses/{license}"),
        without("license", "machine", "component", "process"),
    ),
    _works(
        "erase-user-of-machines",
        _announced(_shared, "DELETE", "/v1/users/{user}"),
        _unused,
    ),
    _works("erase-group-of-machines", _announced(_shared, "DELETE", "/v1/groups/{group}"), without("group")),
    _works(
        "follow-license",
        _announced(to_widen, "PUT", "/v1/licenses/{license}/policy", link("policies", "wider")),
        _followed,
    ),
    _works("disown", _announced(to_detach, "DELETE", USERS, links("users", "owner")), _disowned),
    _works("rearm-machines", _announced(_ruled, "PATCH", "/v1/policies/{policy}", _shorter), _followed),
    _works(
        "erase-release",
        _announced(shipped, "DELETE", "/v1/releases/{release}"),
        without("release", "artifact", "constraint"),
    ),
)
