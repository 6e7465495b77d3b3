"""The reads that components and processes have in common (spec machines.md §8, §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from chalicelib.api import parents
from chalicelib.api.kind import Kind, collection
from chalicelib.api.kinds.machines import MACHINES
from chalicelib.api.lists.parts import part_page
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.licensing.component import Component
from chalicelib.licensing.filters.machines import Reader
from chalicelib.licensing.process import Process
from chalicelib.store.fetch import Plan
from chalicelib.store.loads.parts import Kept, Part

P = TypeVar("P", Component, Process)


def reads(
    kind: Kind[Part[P]],
    kept: Kept[P],
    load: Callable[[Arrival], Plan[Part[P] | None]],
    readers: Mapping[str, Reader],
) -> tuple[Operation, ...]:
    """List, retrieve, and what each belongs to: product, license, machine. `readers` are the filters of the list."""
    path, word = f"/{kind.plural}", kept.kind

    def listed(scene: Scene, command: Command) -> Outcome:
        return part_page(scene, kind, kept, readers)

    def product(scene: Scene, command: Command) -> Outcome:
        return parents.product_of(scene, kind.one(scene).installed.licensed)

    def license(scene: Scene, command: Command) -> Outcome:
        return parents.license_of(scene, kind.one(scene).installed.licensed)

    def machine(scene: Scene, command: Command) -> Outcome:
        return Outcome(body={"data": MACHINES.show(scene, kind.one(scene).installed)})

    def to_one(name: str, decide: Callable[[Scene, Command], Outcome]) -> Operation:
        where = f"{path}/{{id}}/{name}"
        return kind.member(f"{word}.{name}.read", ("GET",), where, load, decide, permission=f"{name}.read")

    return (
        collection(f"{word}.list", path, f"{word}.read", listed),
        kind.member(f"{word}.read", ("GET",), f"{path}/{{id}}", load, kind.shown),
        to_one("product", product),
        to_one("license", license),
        to_one("machine", machine),
    )
