"""Lists of components and of processes: of the account, or of a machine (spec machines.md §8, §9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.api.kind import Kind
from chalicelib.api.lists import installed_on
from chalicelib.api.lists.machines import candidate
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.component import Component
from chalicelib.licensing.filters import machines as asked
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.machine_kinds import Belongs, Candidate, MachineFilter
from chalicelib.licensing.filters.machines import Reader
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.store import filters as starts
from chalicelib.store.loads import machines, parts
from chalicelib.store.loads.parts import Kept, Part
from chalicelib.store.starts import Streams
from chalicelib.store.walk import Given

P = TypeVar("P", Component, Process)


def part_page(
    scene: Scene, kind: Kind[Part[P]], kept: Kept[P], readers: Mapping[str, Reader], machine: Machine | None = None
) -> Outcome:
    """The components or processes of a machine, or of the account; `readers` read the filters that count here."""
    filters = installed_on.filters(scene, {}, readers, by_license=True)
    if impossible(filters):
        return kind.page(scene, ())
    streams, exact = _streams(scene, kept, filters) if machine is None else (_on(scene, kept, machine), not filters)

    def matches(part: Part[P]) -> bool:
        return asked.matching(filters, _candidate(part))

    return kind.page(scene, streams, matches=matches, selective=not exact)


def _streams(scene: Scene, kept: Kept[P], filters: Sequence[MachineFilter]) -> tuple[Streams, bool]:
    """Where the list of the account starts; of one machine more may be found than the bearer may see."""
    machine_id = next((one.identifier for one in filters if isinstance(one, Belongs) and one.name == "machine"), None)
    if machine_id is None:
        return starts.part_streams(scene.account_id, kept.kind, filters, installed_on.seen(scene, kept.kind))
    installed = scene.read(machines.by_id(scene.account_id, machine_id))
    return () if installed is None else _on(scene, kept, installed.machine), False


def _on(scene: Scene, kept: Kept[P], machine: Machine) -> Streams:
    return (Given(scene.read(parts.on_machine(scene.account_id, kept, machine))),)


def _candidate(part: Part[Any]) -> Candidate:
    found, value = candidate(part.installed), part.value
    return replace(found, process=value) if isinstance(value, Process) else found
