"""Products (spec resources.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import product as shown
from chalicelib.licensing.access import Bearer, Subject
from chalicelib.licensing.product import Product
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import product as stored
from chalicelib.store.loads import holdings, resources


def load_one(arrival: Arrival) -> Plan[Product | None]:
    """The product of the path, by id or code."""
    return resources.product_by_id_or_code(arrival.account_id, arrival.ids["id"])


def _relate(arrival: Arrival, bearer: Bearer) -> Plan[frozenset[str] | None]:
    """Ids of the products of a customer's licenses."""
    if bearer.role != "user":
        return None
    held = yield from holdings.of_user(arrival.account_id, bearer.id)
    return frozenset(one.license.product_id for one in held)


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Product | None]]:
    return resources.many_products(scene.account_id, [entry.identifier for entry in entries])


def _subject(product: Product, relation: Any) -> Subject:
    return Subject(product=product, related=relation is not None and product.id in relation)


PRODUCTS: Kind[Product] = Kind(
    word="product",
    plural="products",
    show=lambda scene, product: shown.show(scene.account_id, product),
    subject=_subject,
    many=_many,
    key=lambda account_id, identifier: keys.resource(account_id, stored.KIND, identifier),
    created=lambda product: product.created,
    relate=_relate,
)
