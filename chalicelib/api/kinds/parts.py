"""What components and processes have in common: both are seen, and acted on, through their machine (spec machines.md
§3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.api.kind import Kind
from chalicelib.api.kinds import machines
from chalicelib.api.operation import Arrival, Scene
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.component import Component
from chalicelib.licensing.process import Process
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.loads import machines as machine_loads
from chalicelib.store.loads import parts as loads
from chalicelib.store.loads.parts import Kept, Part

P = TypeVar("P", Component, Process)


def kind_of(kept: Kept[P], word: str, plural: str, show: Callable[[Scene, Part[P]], Any]) -> Kind[Part[P]]:
    """The kind of parts that are `kept` somehow."""

    def many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Part[P] | None]]:
        found = yield from loads.many(scene.account_id, kept, entries)
        return (yield from _with_attached(scene, found))

    return Kind(
        word=word,
        plural=plural,
        show=show,
        subject=subject,
        many=many,
        key=lambda account_id, identifier: keys.pointer(account_id, kept.kind, identifier),
        created=lambda part: part.value.created,
        relate_one=_is_attached,
    )


def subject(part: Part[Any], relation: Any = None) -> Subject:
    """A part as authorization sees it: its machine. `relation`: the bearer is attached to the license."""
    found = machines.subject(part.installed)
    return replace(found, attached=True) if relation else found


def _is_attached(arrival: Arrival, bearer: Bearer, part: Part[Any]) -> Plan[bool]:
    (installed,) = yield from machine_loads.with_attached(
        arrival.account_id, machines.customer(bearer), [part.installed]
    )
    return installed is not None and installed.licensed.attached


def _with_attached(scene: Scene, found: Sequence[Part[P] | None]) -> Plan[Sequence[Part[P] | None]]:
    installed = [None if part is None else part.installed for part in found]
    tied = yield from machine_loads.with_attached(
        scene.account_id, machines.customer(scene.bearer), installed, weak=True
    )
    return [
        None if part is None or one is None else replace(part, installed=one)
        for part, one in zip(found, tied, strict=True)
    ]
