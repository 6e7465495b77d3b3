"""Policies (spec policies.md §1, §2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import policy as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import policy as stored
from chalicelib.store.loads import holdings, resources


def load_one(arrival: Arrival) -> Plan[Policy | None]:
    """The policy of the path."""
    return resources.policy_by_id(arrival.account_id, arrival.ids["id"])


def _relate(arrival: Arrival, bearer: Bearer) -> Plan[frozenset[str] | None]:
    """Ids of the policies of a customer's licenses."""
    if bearer.role != "user":
        return None
    held = yield from holdings.of_user(arrival.account_id, bearer.id)
    return frozenset(one.policy.id for one in held)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Policy | None]]:
    return resources.many_policies(scene.account_id, [entry.identifier for entry in entries])


def _subject(policy: Policy, relation: Any) -> Subject:
    return Subject(policy=policy, related=relation is not None and policy.id in relation)


POLICIES: Kind[Policy] = Kind(
    word="policy",
    plural="policies",
    show=lambda scene, policy: shown.show(scene.account_id, policy),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda policy: policy.created,
    relate=_relate,
)
