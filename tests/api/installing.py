"""Machines, components and processes as requests make them, and what a license then shows."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import user
from tests.api.licenses.cast import link, path
from tests.world import Answer, World, resource

MACHINES, COMPONENTS, PROCESSES = "/v1/machines", "/v1/components", "/v1/processes"
LICENSE, OWNER, GROUP = (f"/data/relationships/{name}" for name in ("license", "owner", "group"))
FINGERPRINT = "/data/attributes/fingerprint"
DENIED = (
    "You do not have permission to complete the request "
    "(ensure the token or license is allowed to access all resources)"
)


def activation(
    license: Any,
    fingerprint: str = "print",
    *,
    id_: str | None = None,
    owner: str | None = None,
    group: str | None = None,
    parts: list[Any] | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    """The document of an activation; `owner` and `group` are ids, `parts` the components that come along."""
    related = {"license": ("licenses", license["id"])}
    related |= {} if owner is None else {"owner": ("users", owner)}
    related |= {} if group is None else {"group": ("groups", group)}
    body = resource("machines", {"fingerprint": fingerprint, **attributes}, **related)
    if id_ is not None:
        body["data"]["id"] = id_
    if parts is not None:
        body["data"]["relationships"]["components"] = {"data": parts}
    return body


def part(fingerprint: str, name: str = "Part", **attributes: Any) -> dict[str, Any]:
    """A component inside an activation."""
    return {"type": "components", "attributes": {"fingerprint": fingerprint, "name": name, **attributes}}


def activate(world: World, license: Any, fingerprint: str = "print", as_: str | None = "admin", **given: Any) -> Answer:
    """Ask for an activation, whatever comes of it."""
    return world.post(MACHINES, activation(license, fingerprint, **given), as_=as_)


def activated(world: World, license: Any, fingerprint: str = "print", as_: str | None = "admin", **given: Any) -> Any:
    """A machine that was activated."""
    answer = activate(world, license, fingerprint, as_, **given)
    assert answer.status == 201, answer.raw
    return answer.data


def add(world: World, machine: Any, fingerprint: str = "part", as_: str | None = "admin", **given: Any) -> Answer:
    """Ask for a component, whatever comes of it."""
    body = resource(
        "components", {"fingerprint": fingerprint, "name": "Part", **given}, machine=("machines", machine["id"])
    )
    return world.post(COMPONENTS, body, as_=as_)


def spawn(
    world: World, machine: Any, pid: str = "1", as_: str | None = "admin", id_: str | None = None, **given: Any
) -> Answer:
    """Ask for a process, whatever comes of it."""
    body = resource("processes", {"pid": pid, **given}, machine=("machines", machine["id"]))
    if id_ is not None:
        body["data"]["id"] = id_
    return world.post(PROCESSES, body, as_=as_)


def at(found: Any, *parts: str) -> str:
    """Where a machine, component or process is, or something of it."""
    return "/".join((f"/v1/{found['type']}", found["id"], *parts))


def ping(world: World, found: Any, as_: str | None = "admin", action: str = "ping") -> Answer:
    """Ping a machine or process."""
    return world.post(at(found, "actions", action), as_=as_)


def update(world: World, found: Any, as_: str | None = "admin", **attributes: Any) -> Answer:
    """Change a machine, component or process."""
    return world.send("PATCH", at(found), resource(found["type"], attributes), as_=as_)


def gone(world: World, found: Any, as_: str | None = "admin") -> Answer:
    """Delete a machine, component or process."""
    return world.send("DELETE", at(found), as_=as_)


def hand(world: World, machine: Any, owner: str | None, as_: str | None = "admin", method: str = "PUT") -> Answer:
    """Give a machine to another owner, or to nobody."""
    return world.send(method, at(machine, "owner"), link("users", owner), as_=as_)


def move(world: World, machine: Any, group: str | None, as_: str | None = "admin", method: str = "PUT") -> Answer:
    """Put a machine into another group, or into none."""
    return world.send(method, at(machine, "group"), link("groups", group), as_=as_)


def counts(world: World, license: Any) -> tuple[int, int, int, int]:
    """What a license shows of its machines: count, cores, memory, disk."""
    meta = world.get(path(license)).data["relationships"]["machines"]["meta"]
    return meta["count"], meta["cores"], meta["memory"], meta["disk"]


def attached(world: World, license: Any) -> Any:
    """A new user, attached to a license."""
    made = user(world)
    answer = world.post(path(license, "users"), {"data": [{"type": "users", "id": made.id}]})
    assert answer.status == 201, answer.raw
    return made


def floating(world: World, product: str | None = None, **attributes: Any) -> Any:
    """A policy that allows any number of machines unless `attributes` say otherwise."""
    return world.policy(product, floating=True, **attributes)


def roomy(world: World, **attributes: Any) -> Any:
    """A license with room for any number of machines unless `attributes` of its policy say otherwise."""
    return world.license(floating(world, **attributes)["id"])


def limited(world: World, license: Any, **attributes: Any) -> tuple[str, str]:
    """A token of a license, and where it is."""
    answer = world.post(path(license, "tokens"), {"data": {"type": "tokens", "attributes": attributes}})
    assert answer.status == 200, answer.raw
    return f"Bearer {answer.attributes['token']}", f"/v1/tokens/{answer.data['id']}"


def spent(world: World, where: str) -> tuple[int, int]:
    """Activations and deactivations of a token."""
    shown = world.get(where).attributes
    return shown["activations"], shown["deactivations"]


def changed(body: Any, where: str, value: Any) -> Any:
    """The document with another value at a place, `...` for none at all."""
    found = body
    *parents, last = where.strip("/").split("/")
    for name in parents:
        found = found[int(name)] if isinstance(found, list) else found.setdefault(name, {})
    if value is ...:
        del found[last]
    else:
        found[last] = value
    return body


def only(name: str, value: Any) -> dict[str, Any]:
    """One attribute by name."""
    return {name: value}


_LIMITED = {
    "machines": ("MACHINE_LIMIT_EXCEEDED", "machine count"),
    "cores": ("MACHINE_CORE_LIMIT_EXCEEDED", "machine core count"),
    "memory": ("MACHINE_MEMORY_LIMIT_EXCEEDED", "machine memory"),
    "disk": ("MACHINE_DISK_LIMIT_EXCEEDED", "machine disk"),
    "processes": ("MACHINE_PROCESS_LIMIT_EXCEEDED", "process count"),
}


def exceeded(what: str, maximum: int, lessor: str = "license") -> tuple[int, str, str, str]:
    """The first error of who asks for more than there may be."""
    code, words = _LIMITED[what]
    return 422, code, "/data", f"{words} has exceeded maximum allowed for {lessor} ({maximum})"
