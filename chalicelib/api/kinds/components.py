"""Components (spec machines.md §1.2, §3.1)."""

from __future__ import annotations

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.kinds.parts import kind_of
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import component as shown
from chalicelib.licensing.component import Component
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import parts as loads
from chalicelib.store.loads.parts import Part


def show(scene: Scene, part: Part[Component], component: Component | None = None) -> Resource:
    """The component as it is, or as `component` says it became."""
    return shown.show(scene.account_id, component or part.value, part.installed.licensed.license)


def load_one(arrival: Arrival) -> Plan[Part[Component] | None]:
    """The component of the path."""
    return loads.by_id(arrival.account_id, loads.COMPONENTS, arrival.ids["id"])


COMPONENTS: Kind[Part[Component]] = kind_of(loads.COMPONENTS, "machine component", "components", show)
