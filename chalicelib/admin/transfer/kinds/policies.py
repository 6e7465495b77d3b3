"""Policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place, each, expected, there
from chalicelib.admin.transfer.merge import fixed, made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import policy as policies
from chalicelib.licensing.policy import Policy
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import policy as stored
from chalicelib.store.items import product as products
from chalicelib.store.loads import resources
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.tasks import rearm_policy

SHAPE = Shape(
    type="policies",
    attributes=columns(Policy, without=("id", "product_id", "revision")),
    links={"product": to_one("product", products="product", product="product")},
    nullable=policies.NULLABLE,
)
FIXED = ("scheme", "encrypted", "use_pool")
DEADLINES = (
    *("require_check_in", "check_in_interval", "check_in_interval_count", "expiration_basis"),
    *("require_heartbeat", "heartbeat_duration", "heartbeat_cull_strategy", "heartbeat_resurrection_strategy"),
)
"""What deadlines of its licenses and their machines follow from."""


class Found(NamedTuple):
    """What is stored under the id, its product, the account."""

    item: Item | None
    product: Item | None
    account: Item | None


def _load(place: Place, sent: Sent) -> Plan[Found]:
    key, account = keys.resource(place.account_id, stored.KIND, sent.id), keys.account(place.account_id)
    linked = sent.links.get("product")
    product_key = None if linked is None else keys.resource(place.account_id, products.KIND, linked.id)
    found = yield need(key, product_key, account)
    return Found(found[key], live(found, product_key, products.KIND), found[account])


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    item = there(found.item, stored.KIND)
    return _created(place, sent, found, now) if item is None else _changed(place, sent, stored.policy_of(item), now)


def _created(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    linked = sent.links.get("product")
    if linked is None:
        raise Rejected("relationships.product: is missing")
    product = products.product_of(expected(found.product, "product", linked.id))
    protected = found.account is not None and bool(found.account["protected"])

    def create(given: dict[str, object], at: datetime) -> Policy:
        return policies.create(sent.id, given, product=product, account_protected=protected, now=at)

    return Decision(writes=stored.creation(place.account_id, made(sent, now, create)), created=True)


def _changed(place: Place, sent: Sent, before: Policy, now: datetime) -> Decision:
    linked = sent.links.get("product")
    if linked is not None and linked.id != before.product_id:
        raise Rejected(f"relationships.product: cannot change from {before.product_id}")
    fixed(before, {name: sent.given.get(name) for name in FIXED})
    after = patched(before, sent, now, lambda given: policies.update(before, given, now))
    if after is before:
        return UNCHANGED
    writes = stored.update(place.account_id, before, after)
    if any(getattr(before, name) != getattr(after, name) for name in DEADLINES):
        writes = (*writes, rearm_policy(place.account_id, after, place.tools.new_id, now))
    return Decision(writes=writes)


def _resources(place: Place) -> Iterator[Resource]:
    found = each(
        place, stored.KIND, lambda page: resources.many_policies(place.account_id, [one.identifier for one in page])
    )
    return (written(SHAPE, policy, {"product": ("products", policy.product_id)}) for policy in found)


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
