"""What all families of license operations share."""

from __future__ import annotations

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import license as shown
from chalicelib.licensing.access import Subject
from chalicelib.licensing.license import License
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.license import Licensed

PATH = "/licenses"
MEMBER = "/licenses/{id}"


def show(scene: Scene, licensed: Licensed, license: License | None = None) -> Resource:
    """The license as it is, or as `license` says it became."""
    return shown.show(scene.account_id, license or licensed.license, licensed.policy, licensed.owner, scene.now)


LICENSES: Kind[Licensed] = Kind(
    word="license",
    plural="licenses",
    show=show,
    subject=lambda licensed: Subject(license=licensed.license, policy=licensed.policy),
)


def load_one(arrival: Arrival) -> Plan[Licensed | None]:
    """The license of the path, by id or key."""
    return loads.by_id_or_key(arrival.account_id, arrival.ids["id"])
