"""Machines once they are there: changes, change of hands, heartbeat, check-out, deactivation."""

from __future__ import annotations

from typing import Any

from tests.api.installing import ping
from tests.faults.cases.catalog import gone
from tests.faults.cases.licenses import meter
from tests.faults.cases.machines import AFTER, BEFORE, PER_USER, attached, counting, installed, licensed, on, spent
from tests.faults.operation import Context, Operation, either, fixed, http, later, link, named, stored
from tests.world import World, resource

MACHINE = "/v1/machines/{machine}"
CHANGED = fixed(resource("machines", {"cores": 6, "metadata": AFTER}))


def _of_nobody(world: World) -> Context:
    """A machine of nobody in no group, and a user of its license who brings a group along."""
    group = world.create("groups", {"name": "Group", "maxMachines": 1})["id"]
    member = world.create("users", {"email": "member@acme.example"}, group=("groups", group))["id"]
    context = installed(**PER_USER)(world)
    return context | {"group": group, "owner": attached(world, context["license"], member)}


def _grouped(world: World) -> Context:
    """A machine of somebody in a group, and another group with one seat."""
    groups = {name: world.create("groups", {"name": name, "maxMachines": 1})["id"] for name in ("group", "other")}
    context = licensed()(world) | groups
    owner = context["owner"] = attached(world, context["license"])
    return context | on(world, context["license"], owner=owner, group=groups["group"])


def _pinged(world: World) -> Context:
    context = installed()(world)
    assert ping(world, {"type": "machines", "id": context["machine"]}).status == 200
    return context


def _described(world: World, context: Context) -> Any:
    found = stored(world, "machine", context["machine"])
    return found["cores"], found["metadata"], meter(world, context)["cores"]


def _hands(world: World, context: Context) -> Any:
    found = stored(world, "machine", context["machine"])
    return tuple(named(context, found.get(f"{kind}_id")) for kind in ("owner", "group"))


def _beating(world: World, context: Context) -> Any:
    found = stored(world, "machine", context["machine"])
    return found.get("last_heartbeat") == world.clock.instant, "due_at" in found


def _checked_out(world: World, context: Context) -> int:
    return int(stored(world, "machine", context["machine"]).get("last_check_out") == world.clock.instant)


OPERATIONS = (
    Operation(
        "update-machine",
        installed(maxCores=8),
        http("PATCH", MACHINE, CHANGED),
        either(_described, (4, BEFORE, 4), (6, AFTER, 6)),
    ),
    Operation(
        "change-machine-owner",
        _of_nobody,
        http("PUT", f"{MACHINE}/owner", link("users", "owner")),
        either(_hands, (None, None), ("owner", "group")),
    ),
    Operation(
        "change-machine-group",
        _grouped,
        http("PUT", f"{MACHINE}/group", link("groups", "other")),
        either(_hands, ("owner", "group"), ("owner", "other")),
    ),
    Operation("deactivate", _grouped, http("DELETE", MACHINE), gone("machine")),
    Operation(
        "deactivate-by-token",
        counting(maxDeactivations=1),
        http("DELETE", MACHINE, as_="token"),
        either(spent("deactivations"), (1, 0), (0, 1)),
    ),
    Operation(
        "ping-machine",
        later(installed(), hours=1),
        http("POST", f"{MACHINE}/actions/ping"),
        either(_beating, (False, False), (True, True)),
    ),
    Operation(
        "reset-machine",
        _pinged,
        http("POST", f"{MACHINE}/actions/reset"),
        either(_beating, (True, True), (False, False)),
    ),
    Operation(
        "check-out-machine", installed(), http("POST", f"{MACHINE}/actions/check-out"), _checked_out, optional=True
    ),
)
