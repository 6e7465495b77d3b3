"""Products (spec resources.md §1)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.kind import Kind, is_customer, listed, may, may_list
from chalicelib.api.operation import Arrival, Command, Operation, Order, Outcome, Scene
from chalicelib.api.peek import attribute
from chalicelib.api.schema import Member, document, metadata, spellings, text, texts
from chalicelib.api.show import product as shown
from chalicelib.api.tokens import body as token_body
from chalicelib.api.tokens import generated
from chalicelib.licensing import product as products
from chalicelib.licensing.access import Subject
from chalicelib.licensing.product import Product
from chalicelib.store import keys, walk
from chalicelib.store.fetch import Plan
from chalicelib.store.items import product as stored
from chalicelib.store.loads import resources
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
PRODUCTS: Kind[Product] = Kind(
    word="product",
    plural="products",
    show=lambda scene, product: shown.show(scene.account_id, product),
    subject=lambda product: Subject(product=product),
)


def _load_one(arrival: Arrival) -> Plan[Product | None]:
    return resources.product_by_id_or_code(arrival.account_id, arrival.ids["id"])


def _load_code(arrival: Arrival) -> Plan[str | None]:
    return resources.guarded(stored.code_key(arrival.account_id, attribute(arrival.document, "code") or ""))


def _list(scene: Scene, command: Command) -> Outcome:
    streams = (walk.Stream(1, keys.slot(scene.account_id, stored.KIND)),)
    return listed(
        PRODUCTS,
        scene,
        streams,
        resources.many_products,
        lambda cursor: keys.resource(scene.account_id, stored.KIND, cursor),
        selective=is_customer(scene),
    )


def _create(scene: Scene, command: Command) -> Outcome:
    attributes = command["data"]["attributes"]
    product = products.create(scene.new_id(), attributes, code_taken=scene.loaded is not None, now=scene.now)
    return PRODUCTS.created(
        scene,
        product.id,
        shown.show(scene.account_id, product),
        writes=stored.creation(scene.account_id, product),
        event="product.created",
    )


def _update(scene: Scene, command: Command) -> Outcome:
    product, taken_by = PRODUCTS.one(scene), scene.extra
    taken = taken_by is not None and taken_by != product.id
    after = products.update(product, command["data"]["attributes"], code_taken=taken, now=scene.now)
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


def _generate_token(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return generated(scene, command, "product", product.id, "product", product.permissions)


OPERATIONS = (
    Operation(
        name="product.list",
        methods=("GET",),
        path="/products",
        authorize=may_list("product.list", "product.read"),
        decide=_list,
    ),
    Operation(
        name="product.create",
        methods=("POST",),
        path="/products",
        load=_load_code,
        authorize=may("product.create", "product.create"),
        body=CREATE,
        order=Order.BODY_FIRST,
        decide=_create,
        events=("product.created",),
    ),
    PRODUCTS.member(
        "product.read",
        ("GET",),
        "/products/{id}",
        _load_one,
        PRODUCTS.shown,
    ),
    PRODUCTS.member(
        "product.update",
        ("PATCH", "PUT"),
        "/products/{id}",
        _load_one,
        _update,
        extra=_load_code,
        body=UPDATE,
        events=("product.updated",),
    ),
    PRODUCTS.member(
        "product.delete",
        ("DELETE",),
        "/products/{id}",
        _load_one,
        _delete,
        events=("product.deleted",),
    ),
    PRODUCTS.member(
        "product.tokens.generate",
        ("POST",),
        "/products/{id}/tokens",
        _load_one,
        _generate_token,
        body=token_body(),
        order=Order.BODY_FIRST,
        events=("token.generated",),
    ),
)
