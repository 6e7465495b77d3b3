"""Keys that wait in pools."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import GONE, UNCHANGED, Decision, Kind, Place, each, expected
from chalicelib.admin.transfer.merge import made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import pool
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import Clashes, PoolKey
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import pool as stored
from chalicelib.store.keys import Key
from chalicelib.store.loads import pool as loads
from chalicelib.store.loads import resources
from chalicelib.store.table import Item

SHAPE = Shape(
    type="keys",
    attributes=columns(PoolKey, "key", "created", "updated"),
    links={
        "policy": to_one("policy", policies="policy", policy="policy"),
        "product": to_one("product", products="product", product="product"),
    },
)


class Found(msgspec.Struct, frozen=True):
    """What is at the id, the key it leads to, the policy the line names, and what else its key is."""

    pointer: Item | None
    before: PoolKey | None
    policy: Policy | None
    clashes: Clashes


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_id, linked = place.account_id, sent.links.get("policy")
    pointer_key = keys.pointer(account_id, stored.KIND, sent.id)
    found = yield need(pointer_key)
    pointer: Item | None = found[pointer_key]
    before: PoolKey | None = None
    if pointer is not None and pointer["kind"] == "pointer":
        (before,) = yield from loads.at(account_id, [Key(pointer["target_pk"], pointer["target_sk"])])
    policy = None if linked is None else (yield from resources.policy_by_id(account_id, linked.id))
    clashes = yield from loads.clashes(account_id, _claimed(sent, before), sent.id)
    return Found(pointer, before, policy, clashes)


def _claimed(sent: Sent, before: PoolKey | None) -> str | None:
    key: str | None = sent.given.get("key")
    return None if before is not None and key == before.key else key


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    if found.before is not None:
        return _changed(place, sent, found.before, found.clashes, now)
    if found.pointer is not None:
        raise Rejected(GONE)
    linked = sent.links.get("policy")
    if linked is None:
        raise Rejected("relationships.policy: is missing")
    policy = expected(found.policy, "policy", linked.id)
    _of_product(sent, policy.product_id)

    def create(given: dict[str, Any], at: datetime) -> PoolKey:
        return pool.create(sent.id, given.get("key", ""), policy=policy, clashes=found.clashes, now=at)

    return Decision(writes=stored.creation(place.account_id, made(sent, now, create)), created=True)


def _changed(place: Place, sent: Sent, before: PoolKey, clashes: Clashes, now: datetime) -> Decision:
    linked = sent.links.get("policy")
    if linked is not None and linked.id != before.policy_id:
        raise Rejected(f"relationships.policy: cannot change from {before.policy_id}")
    _of_product(sent, before.product_id)
    after = patched(before, sent, now, lambda given: pool.update(before, given, clashes=clashes, now=now))
    return UNCHANGED if after is before else Decision(writes=stored.update(place.account_id, before, after))


def _of_product(sent: Sent, product_id: str) -> None:
    linked = sent.links.get("product")
    if linked is not None and linked.id != product_id:
        raise Rejected(f"relationships.product: must be {product_id}, that of the policy")


def _resources(place: Place) -> Iterator[Resource]:
    for pooled in each(place, stored.KIND, lambda page: loads.many(place.account_id, page)):
        links = {"policy": ("policies", pooled.policy_id), "product": ("products", pooled.product_id)}
        yield written(SHAPE, pooled, links)


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
