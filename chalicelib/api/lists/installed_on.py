"""What lists of machines, components and processes have in common: all of them are listed by their licenses."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.operation import Scene
from chalicelib.licensing.filters import machines as asked
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.machine_kinds import MachineFilter
from chalicelib.licensing.filters.machines import Reader
from chalicelib.store import filters as starts
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, together
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads import people, resources
from chalicelib.store.starts import Streams
from chalicelib.store.walk import Given

Filters = tuple[MachineFilter, ...]


def filters(
    scene: Scene, within: Mapping[str, str], readers: Mapping[str, Reader], *, by_license: bool = False
) -> Filters:
    """What the parent and the query ask for, with ids instead of emails and keys, and with the licenses of users.

    `by_license`: what is listed is not listed by the owners of machines, so their licenses are looked up too.
    """
    found = (*asked.parse(within, scene.now), *asked.parse(scene.arrival.query.tree, scene.now, readers))
    if impossible(found):
        return found
    found = asked.named(found, *scene.read(_named(scene, found)))
    return found if impossible(found) else asked.placed(found, *scene.read(_placed(scene, found, by_license)))


def seen(scene: Scene, kind: str) -> Streams:
    """The narrowest partitions that hold all of a kind that the bearer may see; none for who sees everything."""
    account_id, bearer = scene.account_id, scene.bearer
    if bearer is None or (bearer.kind == "user" and bearer.role != "user"):
        return ()
    if bearer.kind == "product":
        return (starts.related(account_id, "product", bearer.id, kind),)
    if bearer.kind == "license":
        return starts.on_licenses(account_id, [bearer.id], kind)
    used = scene.read(loads.licenses_used(account_id, [bearer.id]))
    return starts.on_licenses(account_id, used[bearer.id], kind) or (Given(()),)


def _named(scene: Scene, found: Filters) -> Plan[tuple[dict[str, str | None], dict[str, str | None]]]:
    """Users by email, licenses by key."""
    guards = {key: keys.unique(scene.account_id, "license-key", key) for key in asked.license_keys(found)}
    users, licenses = yield from together(
        people.ids_of_emails(scene.account_id, asked.emails(found)),
        together(*(resources.guarded(guard) for guard in guards.values())),
    )
    return users, dict(zip(guards, licenses, strict=True))


def _placed(
    scene: Scene, found: Filters, by_license: bool
) -> Plan[tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]]:
    """The licenses of users, and those of the machines of owners."""
    users, owners = sorted(asked.users(found)), sorted(asked.owners(found)) if by_license else []
    used = (yield from loads.licenses_used(scene.account_id, users)) if users else {}
    owned = (yield from loads.licenses_of_owners(scene.account_id, owners)) if owners else {}
    return used, owned
