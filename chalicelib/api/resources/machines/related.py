"""What a machine belongs to, and what is on it (spec machines.md §6, §8, §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from chalicelib.api import parents
from chalicelib.api.kind import Kind
from chalicelib.api.kinds.components import COMPONENTS
from chalicelib.api.kinds.groups import GROUPS
from chalicelib.api.kinds.machines import MACHINES, load_one
from chalicelib.api.kinds.processes import PROCESSES
from chalicelib.api.kinds.users import USERS
from chalicelib.api.lists.parts import part_page
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.machines.common import MEMBER
from chalicelib.licensing.component import Component
from chalicelib.licensing.errors import missing
from chalicelib.licensing.filters.machines import OF_PROCESSES, Reader
from chalicelib.licensing.process import Process
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import groups, parts, people
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import Kept, Part

P = TypeVar("P", Component, Process)
Decision = Callable[[Scene, Command], Outcome]

PROCESS_FILTERS: Mapping[str, Reader] = {"status": OF_PROCESSES["status"]}


def _product(scene: Scene, command: Command) -> Outcome:
    return parents.product_of(scene, MACHINES.one(scene).licensed)


def _license(scene: Scene, command: Command) -> Outcome:
    return parents.license_of(scene, MACHINES.one(scene).licensed)


def _owner(scene: Scene, command: Command) -> Outcome:
    owner = MACHINES.one(scene).owner
    if owner is None:
        return Outcome(body={"data": None})
    return Outcome(body={"data": USERS.show(scene, scene.read(people.of(scene.account_id, owner, scene.now)))})


def _group(scene: Scene, command: Command) -> Outcome:
    found = scene.read(groups.by_id(scene.account_id, MACHINES.one(scene).machine.group_id))
    if found is None:
        raise missing(GROUPS.word)
    return Outcome(body={"data": GROUPS.show(scene, found)})


def _list(kind: Kind[Part[P]], kept: Kept[P], readers: Mapping[str, Reader]) -> Decision:
    return lambda scene, command: part_page(scene, kind, kept, readers, MACHINES.one(scene).machine)


def _read(kind: Kind[Part[P]], kept: Kept[P]) -> Decision:
    return lambda scene, command: kind.child(scene, _child(scene, kept, MACHINES.one(scene)))


def _child(scene: Scene, kept: Kept[P], installed: Installed) -> Plan[Part[P] | None]:
    """The part that the path names, if it is on the machine; it is seen by whoever sees that."""
    part = yield from parts.by_id(scene.account_id, kept, scene.arrival.ids["child"])
    if part is None or part.value.machine_id != installed.machine.id:
        return None
    return replace(part, installed=installed)


def _to_one(name: str, permission: str, decide: Decision) -> Operation:
    return MACHINES.member(
        f"machine.{name}.read", ("GET",), f"{MEMBER}/{name}", load_one, decide, permission=permission
    )


def _to_many(name: str, permission: str, several: Decision, one: Decision) -> tuple[Operation, Operation]:
    path, rule = f"{MEMBER}/{name}", f"machine.{name}.list"
    single: dict[str, str] = {"rule": rule, "permission": permission}
    return (
        MACHINES.below(rule, path, load_one, several, permission),
        MACHINES.member(f"machine.{name}.read", ("GET",), f"{path}/{{child}}", load_one, one, **single),
    )


OPERATIONS = (
    _to_one("product", "product.read", _product),
    _to_one("license", "license.read", _license),
    _to_one("owner", "user.read", _owner),
    _to_one("group", "group.read", _group),
    *_to_many(
        "components",
        "component.read",
        _list(COMPONENTS, parts.COMPONENTS, {}),
        _read(COMPONENTS, parts.COMPONENTS),
    ),
    *_to_many(
        "processes",
        "process.read",
        _list(PROCESSES, parts.PROCESSES, PROCESS_FILTERS),
        _read(PROCESSES, parts.PROCESSES),
    ),
)
