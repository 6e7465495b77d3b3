"""What else belongs to a license: its product and its machines (spec licenses.md §10.7)."""

from __future__ import annotations

from chalicelib.api.kinds.licenses import LICENSES, load_one
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.lists.machines import machine_child, machine_page
from chalicelib.api.operation import Command, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.licensing.errors import missing
from chalicelib.store.loads import resources

MACHINES = f"{MEMBER}/machines"
MACHINE_FILTERS = ("fingerprint", "product", "user")


def _product(scene: Scene, command: Command) -> Outcome:
    product_id = LICENSES.one(scene).license.product_id
    product = scene.read(resources.product_by_id(scene.account_id, product_id))
    if product is None:
        raise missing("product", product_id)
    return Outcome(body={"data": PRODUCTS.show(scene, product)})


def _machines(scene: Scene, command: Command) -> Outcome:
    return machine_page(scene, {"license": LICENSES.one(scene).license.id}, MACHINE_FILTERS)


def _machine(scene: Scene, command: Command) -> Outcome:
    license_id = LICENSES.one(scene).license.id
    return machine_child(scene, lambda found: found.machine.license_id == license_id, license_id=license_id)


OPERATIONS = (
    LICENSES.member(
        "license.product.read", ("GET",), f"{MEMBER}/product", load_one, _product, permission="product.read"
    ),
    LICENSES.below("license.machines.list", MACHINES, load_one, _machines, "machine.read"),
    LICENSES.member(
        "license.machines.read",
        ("GET",),
        f"{MACHINES}/{{child}}",
        load_one,
        _machine,
        rule="license.machines.list",
        permission="machine.read",
    ),
)
