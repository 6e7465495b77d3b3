"""What belongs to a release: its product, its artifacts, the entitlements it asks for (spec resources.md §9)."""

from __future__ import annotations

from chalicelib.api.kinds.artifacts import ARTIFACTS
from chalicelib.api.kinds.entitlements import ENTITLEMENTS
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.kinds.releases import RELEASES, load_one
from chalicelib.api.lists.attached import targets
from chalicelib.api.operation import Command, Outcome, Scene
from chalicelib.api.resources.releases.common import MEMBER
from chalicelib.store.items import release as stored
from chalicelib.store.loads import releases as loads
from chalicelib.store.walk import Stream


def _product(scene: Scene, command: Command) -> Outcome:
    return Outcome(body={"data": PRODUCTS.show(scene, RELEASES.one(scene).product)})


def _artifacts(scene: Scene, command: Command) -> Outcome:
    release = RELEASES.one(scene).release
    return ARTIFACTS.page(scene, (Stream(3, stored.artifacts(scene.account_id, release.id)),))


def _entitlements(scene: Scene, command: Command) -> Outcome:
    held = scene.read(loads.constraints(scene.account_id, RELEASES.one(scene).release.id))
    return ENTITLEMENTS.page(scene, (targets(scene, ENTITLEMENTS, held),), selective=True)


OPERATIONS = (
    RELEASES.member(
        "release.product.read", ("GET",), f"{MEMBER}/product", load_one, _product, permission="product.read"
    ),
    RELEASES.below("release.artifacts.list", f"{MEMBER}/artifacts", load_one, _artifacts, "artifact.read"),
    RELEASES.below("release.entitlements.list", f"{MEMBER}/entitlements", load_one, _entitlements, "entitlement.read"),
)
