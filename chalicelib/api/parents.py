"""Reads of what machines, components and processes belong to (spec machines.md §6, §8, §9)."""

from __future__ import annotations

from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.errors import missing
from chalicelib.store.loads import resources
from chalicelib.store.loads.license import Licensed


def product_of(scene: Scene, licensed: Licensed) -> Outcome:
    """The product of a license; one that is going takes its licenses along."""
    product_id = licensed.license.product_id
    product = scene.read(resources.product_by_id(scene.account_id, product_id))
    if product is None:
        raise missing(PRODUCTS.word, product_id)
    return Outcome(body={"data": PRODUCTS.show(scene, product)})


def license_of(scene: Scene, licensed: Licensed) -> Outcome:
    """The license itself."""
    return Outcome(body={"data": LICENSES.show(scene, licensed)})
