"""What all families of license operations share."""

from __future__ import annotations

from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.schema import Member, boolean, integer, spellings, text, texts
from chalicelib.api.show import license as shown
from chalicelib.licensing.access import Subject
from chalicelib.licensing.license import License
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.license import Licensed

PRIVILEGED = frozenset({"admin", "developer", "sales-agent", "product", "environment"})
SUPPORTING = PRIVILEGED | {"support-agent"}
NARROWING = frozenset({"admin", "developer", "product", "environment"})
LIMITS = ("max_machines", "max_cores", "max_memory", "max_disk", "max_uses", "max_processes", "max_users")

TYPES = spellings("license", "licenses")
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


def attributes(privileged: frozenset[str], expiry: Member) -> dict[str, Member]:
    """What creation and update both take; `privileged` are the roles that may send more than a name."""
    return {
        "name": text(nullable=True, blank=True),
        "protected": boolean(roles=privileged),
        "suspended": boolean(roles=privileged),
        "expiry": expiry,
        **{name: integer(nullable=True, roles=privileged) for name in LIMITS},
        "permissions": texts(roles=NARROWING),
    }
