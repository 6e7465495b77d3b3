"""Policies: list, create, retrieve, update, delete (spec policies.md §1, §2)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.kind import collection, creation, is_customer
from chalicelib.api.kinds.policies import POLICIES, load_one
from chalicelib.api.lists.small import small_page
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import linked
from chalicelib.api.schema import Member, boolean, document, integer, linkage, metadata, spellings, text
from chalicelib.api.show import policy as shown
from chalicelib.licensing import policy as policies
from chalicelib.licensing.access import Subject, authorize
from chalicelib.licensing.filters import lists as list_filters
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import policy as stored
from chalicelib.store.loads import resources
from chalicelib.store.starts import Streams, related
from chalicelib.store.tasks import erase_policy, rearm_policy

TYPES = spellings("policy", "policies")
FIXED = ("scheme", "encrypted", "use_pool")
NULLABLE = frozenset(
    {
        "duration",
        "max_machines",
        "max_processes",
        "max_users",
        "max_cores",
        "max_memory",
        "max_disk",
        "max_uses",
        "check_in_interval",
        "check_in_interval_count",
        "heartbeat_duration",
    }
)
DEADLINES = (
    *("require_check_in", "check_in_interval", "check_in_interval_count", "expiration_basis"),
    *("require_heartbeat", "heartbeat_duration", "heartbeat_cull_strategy", "heartbeat_resurrection_strategy"),
)


def _member(annotation: str, nullable: bool) -> Member:
    if annotation.startswith("bool"):
        return boolean(nullable=nullable)
    return integer(nullable=nullable) if annotation.startswith("int") else text(nullable=nullable)


def _members(left_out: tuple[str, ...] = ()) -> Mapping[str, Member]:
    """Every attribute of the value, of the type it has there."""
    own = ("id", "product_id", "metadata", "created", "updated", "revision", *left_out)
    members = {
        name: _member(annotation, name in NULLABLE)
        for name, annotation in Policy.__annotations__.items()
        if name not in own
    }
    return {**members, "metadata": metadata()}


CREATE = document(
    TYPES,
    _members(),
    {"product": linkage(*spellings("product", "products"), required=True)},
    relationships_required=True,
)
UPDATE = document(TYPES, _members(FIXED), identifier=text())


def _load_product(arrival: Arrival) -> Plan[Product | None]:
    product_id = linked(arrival.document, "product")
    if product_id is None:
        yield need()
        return None
    return (yield from resources.product_by_id(arrival.account_id, product_id))


def _may_create(scene: Scene) -> None:
    product: Product | None = scene.loaded
    authorize(scene.bearer, "policy.create", "policy.create", Subject(product=product))


def _list(scene: Scene, command: Command) -> Outcome:
    filters = list_filters.of_policies(scene.arrival.query.tree)
    return small_page(scene, POLICIES, stored.KIND, filters, _streams(scene))


def _streams(scene: Scene) -> Streams:
    """What holds all that the bearer may see, nothing for staff."""
    bearer = scene.bearer
    if bearer is not None and bearer.kind == "product":
        return (related(scene.account_id, "product", bearer.id, stored.KIND),)
    if bearer is not None and bearer.license is not None:
        return POLICIES.these(scene, [bearer.license.policy_id])
    return POLICIES.these(scene, POLICIES.relation(scene)) if is_customer(scene) else ()


def _create(scene: Scene, command: Command) -> Outcome:
    policy = policies.create(
        scene.new_id(),
        command["data"]["attributes"],
        product=scene.loaded,
        account_protected=scene.arrival.tenant.account.protected,
        now=scene.now,
    )
    return POLICIES.created_as(
        scene,
        policy.id,
        shown.show(scene.account_id, policy),
        writes=stored.creation(scene.account_id, policy),
        event="policy.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    policy = POLICIES.one(scene)
    after = policies.update(policy, command["data"]["attributes"], now=scene.now)
    writes = stored.update(scene.account_id, policy, after)
    if any(getattr(policy, name) != getattr(after, name) for name in DEADLINES):
        writes = (*writes, rearm_policy(scene.account_id, after, scene.new_id, scene.now))
    return Outcome(body={"data": shown.show(scene.account_id, after)}, writes=writes, event="policy.updated")


def _delete(scene: Scene, command: Command) -> Outcome:
    policy = POLICIES.one(scene)
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, policy)},
        writes=erase_policy(scene.account_id, policy, scene.new_id, scene.now),
        event="policy.deleted",
    )


OPERATIONS = (
    collection("policy.list", "/policies", "policy.read", _list),
    creation(
        "policy.create",
        "/policies",
        _create,
        load=_load_product,
        authorize=_may_create,
        body=CREATE,
        event="policy.created",
    ),
    POLICIES.member(
        "policy.read",
        ("GET",),
        "/policies/{id}",
        load_one,
        POLICIES.shown,
    ),
    POLICIES.member(
        "policy.update",
        ("PATCH", "PUT"),
        "/policies/{id}",
        load_one,
        _update,
        body=UPDATE,
        events=("policy.updated",),
    ),
    POLICIES.member(
        "policy.delete",
        ("DELETE",),
        "/policies/{id}",
        load_one,
        _delete,
        events=("policy.deleted",),
    ),
)
