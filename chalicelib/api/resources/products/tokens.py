"""Tokens of a product (spec auth.md §3, resources.md §1)."""

from __future__ import annotations

from chalicelib.api.kinds.products import PRODUCTS, load_one
from chalicelib.api.kinds.tokens import TOKENS
from chalicelib.api.operation import Command, Order, Outcome, Scene
from chalicelib.api.tokens import body, generated
from chalicelib.licensing.product import Product
from chalicelib.store.items import token as stored
from chalicelib.store.loads import tokens as loads
from chalicelib.store.loads.tokens import Held
from chalicelib.store.starts import related

PATH = "/products/{id}/tokens"
READ = "product.tokens.read"


def _generate(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return generated(scene, command, "product", product.id, "product", product.permissions)


def _list(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return TOKENS.page(scene, (related(scene.account_id, "bearer", product.id, stored.KIND),))


def _show(scene: Scene, command: Command) -> Outcome:
    product: Product = PRODUCTS.one(scene)

    def belongs(held: Held) -> bool:
        return (held.token.bearer_kind, held.token.bearer_id) == ("product", product.id)

    return TOKENS.child(scene, loads.by_id(scene.account_id, scene.arrival.ids["child"]), belongs)


OPERATIONS = (
    PRODUCTS.member(
        "product.tokens.generate",
        ("POST",),
        PATH,
        load_one,
        _generate,
        body=body(),
        order=Order.BODY_FIRST,
        events=("token.generated",),
    ),
    PRODUCTS.below("product.tokens.list", PATH, load_one, _list, "token.read", rule=READ),
    PRODUCTS.member(
        READ,
        ("GET",),
        f"{PATH}/{{child}}",
        load_one,
        _show,
        permission="token.read",
    ),
)
