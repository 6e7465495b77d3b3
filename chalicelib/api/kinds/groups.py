"""Groups (spec resources.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import group as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.group import Counted
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import group as stored
from chalicelib.store.loads import attachments, groups, owners


def load_one(arrival: Arrival) -> Plan[Counted | None]:
    """The group of the path."""
    return groups.by_id(arrival.account_id, arrival.ids["id"])


def _relate(arrival: Arrival, bearer: Bearer) -> Plan[frozenset[str] | None]:
    """Ids of the groups a customer owns; whether it is in one tells the customer itself."""
    if bearer.role != "user":
        return None
    return (yield from groups.owned_by(arrival.account_id, bearer.id))


def _relate_one(arrival: Arrival, bearer: Bearer, counted: Counted) -> Plan[frozenset[str] | None]:
    """The same for one group, without waiting for an index: who owns it no more is told so at once."""
    if bearer.role != "user":
        return None
    group_id = counted.group.id
    found = yield from attachments.of_targets(arrival.account_id, owners.KIND, group_id, [bearer.id])
    return frozenset({group_id} if found else ())


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Counted | None]]:
    return groups.many(scene.account_id, [entry.identifier for entry in entries])


def _subject(counted: Counted, relation: Any) -> Subject:
    return Subject(group=counted.group, group_owner=relation is not None and counted.group.id in relation)


GROUPS: Kind[Counted] = Kind(
    word="group",
    plural="groups",
    show=lambda scene, counted: shown.show(scene.account_id, counted.group),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda counted: counted.group.created,
    relate=_relate,
    relate_one=_relate_one,
)
