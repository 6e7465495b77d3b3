"""Machines: list and retrieve (spec machines.md §5)."""

from __future__ import annotations

from chalicelib.api.kind import collection
from chalicelib.api.kinds.machines import MACHINES, load_one
from chalicelib.api.lists.machines import machine_page
from chalicelib.api.operation import Command, Outcome, Scene
from chalicelib.api.resources.machines.common import MEMBER, PATH


def _list(scene: Scene, command: Command) -> Outcome:
    return machine_page(scene, {})


OPERATIONS = (
    collection("machine.list", PATH, "machine.read", _list),
    MACHINES.member("machine.read", ("GET",), MEMBER, load_one, MACHINES.shown),
)
