"""Lists of licenses: of the account, or of a product, policy, user or group (spec licenses.md §8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from chalicelib.api.kind import Kind, is_customer
from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.filters import licenses as asked
from chalicelib.licensing.filters.kinds import LicenseFilter
from chalicelib.licensing.filters.licenses import Candidate
from chalicelib.licensing.filters.readers import READERS
from chalicelib.store import filters as starts
from chalicelib.store import walk
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import license as stored
from chalicelib.store.loads import license as loads
from chalicelib.store.loads import machines, people
from chalicelib.store.loads.license import Licensed
from chalicelib.store.starts import Streams

ALL = READERS.keys()
"""The filters of the list of the account."""


def license_page(
    scene: Scene, within: Mapping[str, str], names: Collection[str] = ALL, *, uncut: bool = False
) -> Outcome:
    """The licenses of a parent: `within` is like `{"product": <id>}` (product, policy, user, owner, group), empty for
    the account; `names` are the filters of the query that count here.
    """
    filters = (*asked.parse(within, scene.now), *_filters(scene, names))
    if asked.impossible(filters):
        return LICENSES.page(scene, (walk.Given(()),))
    base = () if within else _seen(scene)
    banned = scene.read(starts.banned_users(scene.account_id)) if starts.asks_for_banned(filters, base) else None
    streams, exact = starts.license_streams(scene.account_id, filters, base, banned)
    kind, attached = _with_attached(scene, asked.asked_users(filters))

    def matches(licensed: Licensed) -> bool:
        to = attached.get(licensed.license.id, frozenset())
        return asked.matching(filters, Candidate(license=licensed.license, owner=licensed.owner, attached_to=to))

    selective = not exact or _is_cut(scene, within)
    return kind.page(scene, streams, matches=matches, selective=selective, uncut=uncut)


def _filters(scene: Scene, names: Collection[str]) -> tuple[LicenseFilter, ...]:
    """What the query asks for, with users instead of their emails, and the licenses of machines."""
    filters = asked.parse(scene.arrival.query.tree, scene.now, names)
    emails, named = asked.emails(filters), asked.machines(filters)
    users = scene.read(people.ids_of_emails(scene.account_id, emails)) if emails else {}
    found = {one: scene.read(machines.by_id(scene.account_id, one)) for one in named}
    licenses = {one: None if machine is None else machine.licensed.license for one, machine in found.items()}
    return asked.resolved(filters, users, licenses)


def _seen(scene: Scene) -> Streams:
    """The narrowest partitions that hold everything the bearer may see; none for who sees everything."""
    bearer = scene.bearer
    if bearer is not None and bearer.kind == "product":
        return (starts.related(scene.account_id, "product", bearer.id, stored.KIND),)
    return starts.of_user(scene.account_id, bearer.id) if bearer is not None and is_customer(scene) else ()


def _is_cut(scene: Scene, within: Mapping[str, str]) -> bool:
    """Whether what hangs on the parent may be of another product than the one that asks."""
    is_product = scene.bearer is not None and scene.bearer.kind == "product"
    return is_product and bool(within.keys() & {"user", "owner", "group"})


def _with_attached(scene: Scene, users: Collection[str]) -> tuple[Kind[Licensed], dict[str, frozenset[str]]]:
    """The kind, reading too which of `users`, and whether the customer who asks, is attached; filled page by page."""
    bearer_id = scene.bearer.id if scene.bearer is not None and is_customer(scene) else None
    wanted = sorted({*users, *(() if bearer_id is None else (bearer_id,))})
    attached: dict[str, frozenset[str]] = {}
    if not wanted:
        return LICENSES, attached

    def many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Licensed | None]]:
        found = yield from LICENSES.many(scene, entries)
        attached.update((yield from loads.attached(scene.account_id, [entry.identifier for entry in entries], wanted)))
        return [None if one is None else replace(one, attached=bearer_id in attached[one.license.id]) for one in found]

    return replace(LICENSES, many=many), attached
