"""Lists of machines: of the account, or of a product, license, user or group; and single ones below those (spec
machines.md §2, §5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.api.kinds.machines import MACHINES, customer, subject
from chalicelib.api.lists import installed_on
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.access import visible
from chalicelib.licensing.errors import missing
from chalicelib.licensing.filters import machines as asked
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.machines import Candidate
from chalicelib.store import filters as starts
from chalicelib.store.fetch import Plan
from chalicelib.store.items import machine as stored
from chalicelib.store.loads import named_machines
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.named_machines import Named

ALL = tuple(asked.OF_MACHINES)
"""The filters of the list of the account."""


def machine_page(
    scene: Scene, within: Mapping[str, str], names: tuple[str, ...] = ALL, *, uncut: bool = False
) -> Outcome:
    """The machines of a parent: `within` is like `{"product": <id>}` (product, license, user, group), empty for the
    account; `names` are the filters of the query that count here. `uncut` as for pages.
    """
    filters = installed_on.filters(scene, within, {name: asked.OF_MACHINES[name] for name in names})
    if impossible(filters):
        return MACHINES.page(scene, ())
    base = () if within else installed_on.seen(scene, stored.KIND)
    streams, exact = starts.machine_streams(scene.account_id, filters, base)

    def matches(installed: Installed) -> bool:
        return asked.matching(filters, candidate(installed))

    selective = not exact or _is_cut(scene, within)
    return MACHINES.page(scene, streams, matches=matches, selective=selective, uncut=uncut)


def candidate(installed: Installed) -> Candidate:
    """A machine as filters see it."""
    licensed = installed.licensed
    return Candidate(machine=installed.machine, license=licensed.license, policy=licensed.policy)


def machine_child(
    scene: Scene,
    belongs: Callable[[Installed], bool],
    *,
    license_id: str | None = None,
    user_id: str | None = None,
    uncut: bool = False,
) -> Outcome:
    """The machine that the second id of a path means among those that `belongs` wants; NotFound without one.

    Those of one license are asked for by `license_id`. `belongs` is told whether `user_id` is attached to the license
    of each. `uncut`: of others too than the bearer sees elsewhere.
    """

    def wanted(installed: Installed) -> bool:
        return belongs(installed) and (uncut or visible(scene.bearer, subject(installed)))

    identifier = scene.arrival.ids["child"]
    found = scene.read(_chosen(scene, identifier, wanted, license_id, user_id or customer(scene.bearer)))
    if found is None:
        raise missing(MACHINES.word, identifier)
    return Outcome(body={"data": MACHINES.show(scene, found)})


def _chosen(
    scene: Scene, text: str, wanted: Callable[[Installed], bool], license_id: str | None, user_id: str | None
) -> Plan[Installed | None]:
    found: Named
    if license_id is None:
        found = yield from named_machines.named(scene.account_id, text)
    else:
        found = yield from named_machines.on_license(scene.account_id, license_id, text)
    return (yield from named_machines.chosen(scene.account_id, found, wanted, user_id))


def _is_cut(scene: Scene, within: Mapping[str, str]) -> bool:
    """Whether what hangs on the parent may be of another product than the one that asks."""
    is_product = scene.bearer is not None and scene.bearer.kind == "product"
    return is_product and bool(within.keys() & {"user", "group"})
