"""Lists of users: of the account, a product, a license or a group (spec resources.md §4.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from chalicelib.api.kind import Kind, is_customer
from chalicelib.api.kinds.users import USERS
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.access import Subject, authorize_rows
from chalicelib.licensing.filters import licenses as license_filters
from chalicelib.licensing.filters import users as asked
from chalicelib.licensing.filters.users import Candidate, UserFilter
from chalicelib.store import filters as starts
from chalicelib.store import walk
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import user as stored
from chalicelib.store.loads import holdings
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.people import Person
from chalicelib.store.starts import Streams

ALL = ("roles", "product", "license", "group", "status", "assigned", "active", "metadata")
"""The filters of the list of the account."""


def user_page(scene: Scene, within: Mapping[str, str], names: Collection[str] = ALL, *, uncut: bool = False) -> Outcome:
    """The users of a parent: `within` is like `{"group": <id>}` (group, product), empty for the account; `names` are
    the filters of the query that count here.
    """
    filters = asked.parse(scene.arrival.query.tree, scene.now, names)
    if license_filters.impossible(filters):
        return USERS.page(scene, (walk.Given(()),))
    base = _within(scene, within, filters)
    streams, exact = starts.user_streams(scene.account_id, filters, base)
    kind, held = _with_licenses(filters)

    def matches(person: Person) -> bool:
        return asked.matching(filters, _candidate(person, held.get(person.user.id, ())))

    def check(rows: Sequence[Subject]) -> None:
        authorize_rows(scene.bearer, "user.list", rows)

    selective = not exact or _is_cut(scene, filters)
    return kind.page(scene, streams, matches=matches, selective=selective, uncut=uncut, check=None if within else check)


def _is_cut(scene: Scene, filters: Sequence[UserFilter]) -> bool:
    """Whether staff may be listed to a product, which sees customers only."""
    return scene.bearer is not None and scene.bearer.kind == "product" and asked.CUSTOMERS not in filters


def _within(scene: Scene, within: Mapping[str, str], filters: Sequence[UserFilter]) -> Streams:
    """Everybody of the parent, of a license or product that is asked for, or whom the bearer may see."""
    account_id, bearer = scene.account_id, scene.bearer
    if "group" in within:
        return (starts.related(account_id, "group", within["group"], stored.KIND),)
    licensed = next((one for one in filters if isinstance(one, asked.Licensed)), None)
    name, identifier = ("product", within.get("product")) if licensed is None else (licensed.name, licensed.identifier)
    if identifier is not None:
        return USERS.these(scene, scene.read(holdings.users_of(account_id, name, identifier)))
    if bearer is not None and is_customer(scene):
        own = (bearer.id,) if bearer.kind == "user" else ()
        return USERS.these(scene, (*USERS.relation(scene), *own))
    return ()


def _with_licenses(filters: Sequence[UserFilter]) -> tuple[Kind[Person], dict[str, tuple[Licensed, ...]]]:
    """The kind, reading too the licenses of each user where a filter asks for them; filled page by page."""
    held: dict[str, tuple[Licensed, ...]] = {}
    if not asked.asks_for_licenses(filters):
        return USERS, held

    def many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Person | None]]:
        found = yield from USERS.many(scene, entries)
        held.update((yield from holdings.of_users(scene.account_id, [entry.identifier for entry in entries])))
        return found

    return replace(USERS, many=many), held


def _candidate(person: Person, held: Sequence[Licensed]) -> Candidate:
    return Candidate(
        user=person.user,
        last_activity=person.last_activity,
        owns_license=any(one.license.owner_id == person.user.id for one in held),
        licenses=frozenset(one.license.id for one in held),
        products=frozenset(one.license.product_id for one in held),
    )
