"""Products."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.product import Product
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import moved
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import (
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    NamesAttribute,
    Row,
    UnicodeAttribute,
)
from chalicelib.store.unit import Change, Put, Write

KIND = "product"
CODE = "product-code"


class ProductRow(Row, discriminator=KIND):
    """A product."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    code = UnicodeAttribute(null=True)
    distribution_strategy = UnicodeAttribute(null=True)
    url = UnicodeAttribute(null=True)
    platforms = NamesAttribute(null=True)
    permissions = NamesAttribute(null=True)
    metadata = JsonAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def product_of(item: Item) -> Product:
    """The domain value of a stored product."""
    return to_value(Product, item, **{} if "distribution_strategy" in item else {"distribution_strategy": None})


def code_key(account_id: str, code: str) -> Key:
    """The guard of a code; codes are unique ignoring case."""
    return keys.unique(account_id, CODE, code.lower())


def creation(account_id: str, product: Product) -> tuple[Write, ...]:
    """The writes of a new product: itself and the guard of its code."""
    key = keys.resource(account_id, KIND, product.id)
    stored = ProductRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        position=keys.position(product.created, product.id),
        **to_attributes(product, ProductRow),
    )
    return (Put(stored), *moved(None, _guard(account_id, product), product.id))


def update(account_id: str, before: Product, after: Product) -> tuple[Write, ...]:
    """The writes of a change: itself, and the guards where the code changed."""
    key = keys.resource(account_id, KIND, before.id)
    change = Change(
        ProductRow, key, difference(before, raised(after, before), ProductRow), ProductRow.revision == before.revision
    )
    return (change, *moved(_guard(account_id, before), _guard(account_id, after), before.id))


def deletion(account_id: str, product: Product, now: datetime) -> tuple[Write, ...]:
    """The writes that make a product disappear: a tombstone, its code free again."""
    key = keys.resource(account_id, KIND, product.id)
    gone = tombstone.over(ProductRow, key, product.created, now, ProductRow.revision == product.revision)
    return (gone, *moved(_guard(account_id, product), None, product.id))


def _guard(account_id: str, product: Product) -> Key | None:
    return None if product.code is None else code_key(account_id, product.code)
