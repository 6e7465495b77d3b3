"""Machines: how they are activated."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import user
from tests.api.installing import activated, activation, add, limited, part, roomy, spawn
from tests.faults.cases.licenses import DAY, meter
from tests.faults.cases.work import cut_short
from tests.faults.operation import (
    Context,
    Effects,
    Operation,
    Prepare,
    count,
    either,
    http,
    with_,
)
from tests.world import World

WIDE = {"machineUniquenessStrategy": "UNIQUE_PER_ACCOUNT", "componentUniquenessStrategy": "UNIQUE_PER_LICENSE"}
PER_USER = {"machineLeasingStrategy": "PER_USER", "processLeasingStrategy": "PER_USER"}
BEFORE, AFTER = {"tier": "gold", "seats": 1}, {"tier": "silver", "seats": 1}
SIZED: dict[str, Any] = {"cores": 4, "memory": 2048, "disk": 4096}


def licensed(**attributes: Any) -> Prepare:
    """A license with room for machines, of a policy of its own with these attributes."""
    return lambda world: {"license": roomy(world, **attributes)["id"]}


def installed(**attributes: Any) -> Prepare:
    """One machine of such a license, with a component and a process."""

    def prepare(world: World) -> Context:
        context = licensed(**attributes)(world)
        return context | on(world, context["license"])

    return prepare


def on(world: World, license_id: str, fingerprint: str = "print", **given: Any) -> Context:
    """A machine on a license, what is on it, and how all are called."""
    machine = activated(world, {"id": license_id}, fingerprint, metadata=BEFORE, **SIZED, **given)
    component, process = add(world, machine), spawn(world, machine)
    assert (component.status, process.status) == (201, 201)
    return {"machine": machine["id"], "component": component.data["id"], "process": process.data["id"]}


def attached(world: World, license_id: str, person: str | None = None) -> str:
    """A user, a new one unless named, who is attached to a license."""
    person = person or user(world).id
    body = {"data": [{"type": "users", "id": person}]}
    assert world.post(f"/v1/licenses/{license_id}/users", body).status == 201
    return person


def _people(world: World) -> Context:
    """A license that leases to each user, one who is attached, and a group with one seat."""
    found = licensed(maxMachines=1, maxCores=4, maxMemory=2048, maxDisk=4096, **PER_USER)(world)
    found |= {"group": world.create("groups", {"name": "Group", "maxMachines": 1})["id"]}
    return found | {"owner": attached(world, found["license"])}


def _fenced(world: World) -> Context:
    """A license that allows no fingerprint twice in the account; the one to come was in use before."""
    context = licensed(**WIDE)(world)
    gone_before = activated(world, {"id": context["license"]})
    assert world.send("DELETE", f"/v1/machines/{gone_before['id']}").status == 204
    return context


def _left_over(world: World) -> Context:
    """A machine that is gone, and what hung on it and was not removed yet."""
    context = installed()(world)
    with cut_short():
        assert world.send("DELETE", f"/v1/machines/{context['machine']}").status == 204
    return context


def counting(**limits: int) -> Prepare:
    """A machine, and a token of its license that has a quota of one."""

    def prepare(world: World) -> Context:
        context = installed()(world)
        token, _ = limited(world, {"id": context["license"]}, **limits)
        return context | {"token": token}

    return prepare


def _body(fingerprint: str = "print", **given: Any) -> Any:
    return lambda context: activation({"id": context["license"]}, fingerprint, **given)


def _whole(context: Context) -> Any:
    parts = [part("one"), part("other", metadata=BEFORE)]
    people = {"owner": context["owner"], "group": context["group"]}
    return activation({"id": context["license"]}, **people, parts=parts, metadata=BEFORE, **SIZED)


def _complete(parts: int, **attributes: str) -> Effects:
    """Every machine has these members of the context, and each as many components."""

    def effects(world: World, context: Context) -> int:
        found = with_(world, "machine")
        assert found == with_(world, "machine", **{name: context[called] for name, called in attributes.items()})
        assert len(with_(world, "component")) == parts * len(found)
        return len(found)

    return effects


def fences(world: World) -> list[int]:
    """How often each fence was gone through."""
    return sorted(item["version"] for item in with_(world, "fence"))


def _fenced_machines(world: World, context: Context) -> Any:
    return len(with_(world, "machine")), len(with_(world, "component")), fences(world)


def _expiring(world: World, context: Context) -> Any:
    found = meter(world, context)
    return len(with_(world, "machine")), "expiry" in found, "due_at" in found


def spent(counter: str) -> Any:
    """How many machines there are, and how many of them the token counts."""

    def read(world: World, context: Context) -> Any:
        (token,) = with_(world, "token", bearer_kind="license")
        return len(with_(world, "machine")), token[counter]

    return read


ACTIVATE = ("POST", "/v1/machines")
OPERATIONS = (
    Operation("activate", licensed(maxMachines=1), http(*ACTIVATE, _body()), count("machine")),
    Operation("activate-whole", _people, http(*ACTIVATE, _whole), _complete(2, owner_id="owner", group_id="group")),
    Operation(
        "activate-fenced",
        _fenced,
        http(*ACTIVATE, _body(parts=[part("one")])),
        either(_fenced_machines, (0, 0, [1]), (1, 1, [1, 2])),
    ),
    Operation(
        "activate-by-token",
        counting(maxActivations=1),
        http(*ACTIVATE, _body("second"), as_="token"),
        either(spent("activations"), (1, 0), (2, 1)),
    ),
    Operation(
        "first-activation",
        licensed(duration=DAY, expirationBasis="FROM_FIRST_ACTIVATION"),
        http(*ACTIVATE, _body()),
        either(_expiring, (0, False, False), (1, True, True)),
    ),
    Operation("activate-again", _left_over, http(*ACTIVATE, _body(parts=[part("part")])), count("machine")),
)
