"""Processes (spec machines.md §1.3, §3.1)."""

from __future__ import annotations

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.kinds.parts import kind_of
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import process as shown
from chalicelib.licensing.process import Process
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import parts as loads
from chalicelib.store.loads.parts import Part


def show(scene: Scene, part: Part[Process], process: Process | None = None, status: str | None = None) -> Resource:
    """The process as it is, or as `process` says it became; `status` is shown instead of its own."""
    licensed = part.installed.licensed
    return shown.show(scene.account_id, process or part.value, licensed.license, licensed.policy, scene.now, status)


def load_one(arrival: Arrival) -> Plan[Part[Process] | None]:
    """The process of the path."""
    return loads.by_id(arrival.account_id, loads.PROCESSES, arrival.ids["id"])


PROCESSES: Kind[Part[Process]] = kind_of(loads.PROCESSES, "machine process", "processes", show)
