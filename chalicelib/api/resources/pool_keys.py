"""Pool keys (spec policies.md §6)."""

from __future__ import annotations

from chalicelib.api.kind import collection, creation
from chalicelib.api.kinds.policies import POLICIES
from chalicelib.api.kinds.pool_keys import POOL_KEYS, load_one
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.lists.small import small_page
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute, linked
from chalicelib.api.schema import document, linkage, spellings, text
from chalicelib.api.show import pool_key as shown
from chalicelib.licensing import pool
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.errors import missing
from chalicelib.licensing.filters import lists as list_filters
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import Clashes
from chalicelib.store.fetch import Plan, together
from chalicelib.store.items import pool as stored
from chalicelib.store.loads import pool as loads
from chalicelib.store.loads import resources
from chalicelib.store.starts import related

PATH, MEMBER = "/keys", "/keys/{id}"
TYPES = spellings("key", "keys")
CREATE = document(
    TYPES,
    {"key": text(required=True)},
    {"policy": linkage(*spellings("policy", "policies"), required=True)},
    relationships_required=True,
)
UPDATE = document(TYPES, {"key": text()}, identifier=text())


def _load_creation(arrival: Arrival) -> Plan[tuple[Policy | None, Clashes]]:
    named = resources.policy_by_id(arrival.account_id, linked(arrival.document, "policy") or "")
    return together(named, loads.clashes(arrival.account_id, attribute(arrival.document, "key")))


def _load_clashes(arrival: Arrival) -> Plan[Clashes]:
    identifier = arrival.ids["id"]
    own = normal_uuid(identifier) if is_uuid(identifier) else None
    return loads.clashes(arrival.account_id, attribute(arrival.document, "key"), own)


def _may_create(scene: Scene) -> None:
    policy, _ = scene.loaded
    authorize(scene.bearer, "key.create", "key.create", Subject(policy=policy))


def _list(scene: Scene, command: Command) -> Outcome:
    filters = list_filters.of_keys(scene.arrival.query.tree)
    bearer = scene.bearer
    if bearer is None or bearer.kind != "product":
        return small_page(scene, POOL_KEYS, stored.KIND, filters)
    own = (related(scene.account_id, "product", bearer.id, stored.KIND),)
    return small_page(scene, POOL_KEYS, stored.KIND, filters, own)


def _create(scene: Scene, command: Command) -> Outcome:
    policy, clashes = scene.loaded
    key = command["data"]["attributes"]["key"]
    pooled = pool.create(scene.new_id(), key, policy=policy, clashes=clashes, now=scene.now)
    return POOL_KEYS.created_as(
        scene,
        pooled.id,
        shown.show(scene.account_id, pooled),
        writes=stored.creation(scene.account_id, pooled),
        event="key.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    pooled = POOL_KEYS.one(scene)
    after = pool.update(pooled, command["data"]["attributes"], clashes=scene.extra, now=scene.now)
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=stored.update(scene.account_id, pooled, after),
        event="key.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    pooled = POOL_KEYS.one(scene)
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, pooled)},
        writes=stored.removal(scene.account_id, pooled, scene.now),
        event="key.deleted",
    )


def _product(scene: Scene, command: Command) -> Outcome:
    product_id = POOL_KEYS.one(scene).product_id
    product = scene.read(resources.product_by_id(scene.account_id, product_id))
    if product is None:
        raise missing("product", product_id)
    return Outcome(body={"data": PRODUCTS.show(scene, product)})


def _policy(scene: Scene, command: Command) -> Outcome:
    policy_id = POOL_KEYS.one(scene).policy_id
    policy = scene.read(resources.policy_by_id(scene.account_id, policy_id))
    if policy is None:
        raise missing("policy", policy_id)
    return Outcome(body={"data": POLICIES.show(scene, policy)})


OPERATIONS = (
    collection("key.list", PATH, "key.read", _list),
    creation(
        "key.create",
        PATH,
        _create,
        load=_load_creation,
        authorize=_may_create,
        body=CREATE,
        event="key.created",
    ),
    POOL_KEYS.member("key.read", ("GET",), MEMBER, load_one, POOL_KEYS.shown),
    POOL_KEYS.member(
        "key.update",
        ("PATCH", "PUT"),
        MEMBER,
        load_one,
        _update,
        extra=_load_clashes,
        body=UPDATE,
        events=("key.updated",),
    ),
    POOL_KEYS.member("key.delete", ("DELETE",), MEMBER, load_one, _delete, events=("key.deleted",)),
    POOL_KEYS.member("key.product.read", ("GET",), f"{MEMBER}/product", load_one, _product, permission="product.read"),
    POOL_KEYS.member("key.policy.read", ("GET",), f"{MEMBER}/policy", load_one, _policy, permission="policy.read"),
)
