"""What belongs to a policy: its product and its licenses (spec policies.md §2)."""

from __future__ import annotations

from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.kinds.policies import POLICIES, load_one
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.lists.licenses import license_page
from chalicelib.api.operation import Command, Outcome, Scene
from chalicelib.licensing.errors import missing
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads import resources

MEMBER = "/policies/{id}"
FILTERS = ("product", "user", "suspended")


def _product(scene: Scene, command: Command) -> Outcome:
    product_id = POLICIES.one(scene).product_id
    product = scene.read(resources.product_by_id(scene.account_id, product_id))
    if product is None:
        raise missing("product", product_id)
    return Outcome(body={"data": PRODUCTS.show(scene, product)})


def _licenses(scene: Scene, command: Command) -> Outcome:
    return license_page(scene, {"policy": POLICIES.one(scene).id}, FILTERS)


def _license(scene: Scene, command: Command) -> Outcome:
    policy = POLICIES.one(scene)
    found = licenses.by_id_or_key(scene.account_id, scene.arrival.ids["child"])
    return LICENSES.child(scene, found, lambda licensed: licensed.license.policy_id == policy.id)


OPERATIONS = (
    POLICIES.member(
        "policy.product.read",
        ("GET",),
        f"{MEMBER}/product",
        load_one,
        _product,
        permission="product.read",
    ),
    POLICIES.below("policy.licenses.list", f"{MEMBER}/licenses", load_one, _licenses, "license.read"),
    POLICIES.member(
        "policy.licenses.read",
        ("GET",),
        f"{MEMBER}/licenses/{{child}}",
        load_one,
        _license,
        rule="policy.licenses.list",
        permission="license.read",
    ),
)
