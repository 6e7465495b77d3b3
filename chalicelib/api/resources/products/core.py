"""Products: list, create, retrieve, update, delete (spec resources.md §1)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.kind import collection, creation, is_customer
from chalicelib.api.kinds.products import PRODUCTS, load_one
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.peek import attribute
from chalicelib.api.schema import Member, document, metadata, spellings, text, texts
from chalicelib.api.show import product as shown
from chalicelib.licensing import product as products
from chalicelib.licensing.access import authorize
from chalicelib.store.fetch import Plan
from chalicelib.store.items import product as stored
from chalicelib.store.loads import resources
from chalicelib.store.starts import everything
from chalicelib.store.tasks import erase_policies, erase_product

MANAGERS = frozenset({"admin", "developer", "environment"})
TYPES = spellings("product", "products")


def _members(*, updating: bool) -> Mapping[str, Member]:
    return {
        "name": text(required=not updating),
        "code": text(),
        "distribution_strategy": text(nullable=updating),
        "url": text(nullable=updating),
        "platforms": texts(nullable=updating),
        "permissions": texts(roles=MANAGERS),
        "metadata": metadata(),
    }


CREATE = document(TYPES, _members(updating=False))
UPDATE = document(TYPES, _members(updating=True), identifier=text())


def _load_code(arrival: Arrival) -> Plan[str | None]:
    return resources.guarded(stored.code_key(arrival.account_id, attribute(arrival.document, "code") or ""))


def _list(scene: Scene, command: Command) -> Outcome:
    _refuse_closed(scene)
    return PRODUCTS.page(scene, (everything(scene.account_id, stored.KIND),), selective=is_customer(scene))


def _refuse_closed(scene: Scene) -> None:
    """One of the customer's own products that is closed to it makes the whole list forbidden."""
    own = _own(scene)
    for product in scene.read(resources.many_products(scene.account_id, sorted(own))):
        if product is not None:
            authorize(scene.bearer, "product.read", "product.read", PRODUCTS.subject(product, own))


def _own(scene: Scene) -> frozenset[str]:
    """Ids of the products a customer has licenses of."""
    if scene.bearer is not None and scene.bearer.license is not None:
        return frozenset({scene.bearer.license.product_id})
    return PRODUCTS.relation(scene) or frozenset()


def _own_hosts(scene: Scene) -> frozenset[str]:
    """The hosts of this service, without port."""
    return frozenset({scene.host.partition(":")[0].lower()})


def _create(scene: Scene, command: Command) -> Outcome:
    attributes = command["data"]["attributes"]
    taken, hosts = scene.loaded is not None, _own_hosts(scene)
    product = products.create(scene.new_id(), attributes, code_taken=taken, now=scene.now, own_hosts=hosts)
    return PRODUCTS.created_as(
        scene,
        product.id,
        shown.show(scene.account_id, product),
        writes=stored.creation(scene.account_id, product),
        event="product.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    product, taken_by = PRODUCTS.one(scene), scene.extra
    taken = taken_by is not None and taken_by != product.id
    attributes, hosts = command["data"]["attributes"], _own_hosts(scene)
    after = products.update(product, attributes, code_taken=taken, now=scene.now, own_hosts=hosts)
    return Outcome(
        body={"data": shown.show(scene.account_id, after)},
        writes=stored.update(scene.account_id, product, after),
        event="product.updated",
    )


def _delete(scene: Scene, command: Command) -> Outcome:
    product, database = PRODUCTS.one(scene), scene.arrival.service.database
    return Outcome(
        status=204,
        payload={"data": shown.show(scene.account_id, product)},
        writes=erase_product(database, scene.account_id, product, scene.new_id, scene.now),
        event="product.deleted",
        then=lambda: erase_policies(database, scene.account_id, product.id, scene.new_id, scene.now),
    )


OPERATIONS = (
    collection("product.list", "/products", "product.read", _list),
    creation("product.create", "/products", _create, load=_load_code, body=CREATE, event="product.created"),
    PRODUCTS.member(
        "product.read",
        ("GET",),
        "/products/{id}",
        load_one,
        PRODUCTS.shown,
    ),
    PRODUCTS.member(
        "product.update",
        ("PATCH", "PUT"),
        "/products/{id}",
        load_one,
        _update,
        extra=_load_code,
        body=UPDATE,
        events=("product.updated",),
    ),
    PRODUCTS.member(
        "product.delete",
        ("DELETE",),
        "/products/{id}",
        load_one,
        _delete,
        events=("product.deleted",),
    ),
)
