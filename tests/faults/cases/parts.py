"""Components and processes, and what becomes of machines when their license changes hands."""

from __future__ import annotations

from typing import Any

from tests.api.installing import activated
from tests.faults.cases.catalog import attachments
from tests.faults.cases.machines import PER_USER, WIDE, attached, fences, installed, licensed, on
from tests.faults.cases.relations import USERS
from tests.faults.operation import (
    Context,
    Operation,
    Prepare,
    count,
    either,
    fixed,
    http,
    later,
    link,
    links,
    named,
    stored,
    tasks,
    with_,
)
from tests.world import World, resource

COMPONENT, PROCESS = "/v1/components/{component}", "/v1/processes/{process}"


def bare(**attributes: Any) -> Prepare:
    """A machine with nothing on it."""

    def prepare(world: World) -> Context:
        context = licensed(**attributes)(world)
        return context | {"machine": activated(world, {"id": context["license"]})["id"]}

    return prepare


def _in_use(world: World) -> Context:
    """A machine of somebody, who leases processes, and has one more of them."""
    context = licensed(maxProcesses=2, **PER_USER)(world)
    owner = attached(world, context["license"])
    return context | on(world, context["license"], owner=owner) | {"owner": owner}


def to_widen(world: World) -> Context:
    """A machine with a component, and a policy that allows neither fingerprint twice."""
    context = installed()(world)
    policy = stored(world, "license", context["license"])["policy_id"]
    product = world.product()["id"]
    wider = world.policy(product, floating=True, maxMachines=3, **WIDE)["id"]
    return context | {"policy": policy, "wider": wider}


def to_detach(world: World) -> Context:
    """Somebody attached to a license, and two machines: one is theirs."""
    context = installed()(world)
    context["owner"] = attached(world, context["license"])
    return context | {"own": on(world, context["license"], "other", owner=context["owner"])["machine"]}


def _part(kind: str, attributes: dict[str, Any]) -> Any:
    return lambda context: resource(kind, attributes, machine=("machines", context["machine"]))


def _named(kind: str, attribute: str) -> Any:
    return lambda world, context: stored(world, kind, context[kind])[attribute]


def _fenced(world: World, context: Context) -> Any:
    return len(with_(world, "component")), fences(world)


def _beat(world: World, context: Context) -> int:
    return int(stored(world, "process", context["process"])["last_heartbeat"] == world.clock.instant)


def _gone(kind: str) -> Any:
    return lambda world, context: 1 - len(with_(world, kind))


def _ruled(world: World, context: Context) -> Any:
    """The policy, the fences of what it rules, the task that makes machines follow."""
    policy = named(context, stored(world, "license", context["license"])["policy_id"])
    return policy, fences(world), len(tasks(world))


def _left(world: World, context: Context) -> int:
    """Whether somebody has left, with a task that takes their name off their machine."""
    assert len(tasks(world)) == 1 - attachments(world, context)
    done = any(task["passes"] for task in tasks(world))
    assert not done or "owner_id" not in stored(world, "machine", context["own"])
    return 1 - attachments(world, context)


ADD, SPAWN = ("POST", "/v1/components"), ("POST", "/v1/processes")
OPERATIONS = (
    Operation(
        "add-component",
        bare(),
        http(*ADD, _part("components", {"fingerprint": "part", "name": "Part"})),
        count("component"),
    ),
    Operation(
        "add-fenced-component",
        bare(componentUniquenessStrategy="UNIQUE_PER_LICENSE"),
        http(*ADD, _part("components", {"fingerprint": "part", "name": "Part"})),
        either(_fenced, (0, []), (1, [1])),
    ),
    Operation(
        "update-component",
        installed(),
        http("PATCH", COMPONENT, fixed(resource("components", {"name": "Renamed"}))),
        either(_named("component", "name"), "Part", "Renamed"),
    ),
    Operation("remove-component", installed(), http("DELETE", COMPONENT), _gone("component")),
    Operation("spawn", bare(maxProcesses=1), http(*SPAWN, _part("processes", {"pid": "1"})), count("process")),
    Operation(
        "spawn-leased",
        _in_use,
        http(*SPAWN, _part("processes", {"pid": "2"})),
        either(lambda world, context: len(with_(world, "process")), 1, 2),
    ),
    Operation("ping-process", later(installed(), minutes=1), http("POST", f"{PROCESS}/actions/ping"), _beat),
    Operation(
        "update-process",
        installed(),
        http("PATCH", PROCESS, fixed(resource("processes", {"metadata": {"port": 1}}))),
        either(_named("process", "metadata"), {}, {"port": 1}),
    ),
    Operation("kill", _in_use, http("DELETE", PROCESS), _gone("process")),
    Operation(
        "widen-policy",
        to_widen,
        http("PUT", "/v1/licenses/{license}/policy", link("policies", "wider")),
        either(_ruled, ("policy", [], 0), ("wider", [1, 1], 1)),
    ),
    Operation("detach-machine-owner", to_detach, http("DELETE", USERS, links("users", "owner")), _left),
)
