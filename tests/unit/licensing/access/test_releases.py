"""Releases and artifacts: spec resources.md §9 and auth.md §7, written out by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import PRODUCT, letters, may, who

# operation: staff and products that may (see `scene.EVERYBODY`); no customer may anything.
MATRIX = {
    "release.list": "ADSPR XY",
    "release.read": "ADSPR X",
    "release.create": "AD X",
    "release.update": "AD X",
    "release.delete": "AD X",
    "release.publish": "AD X",
    "release.yank": "AD X",
    "release.product.read": "ADSPR X",
    "release.artifacts.list": "ADSPR X",
    "release.entitlements.list": "ADSPR X",
    "release.constraints.list": "ADSPR X",
    "release.constraints.attach": "AD X",
    "release.constraints.detach": "AD X",
    "artifact.list": "ADSPR XY",
    "artifact.read": "ADSPR X",
    "artifact.create": "AD X",
    "artifact.update": "AD X",
    "artifact.delete": "AD X",
    "product.releases.list": "ADSPR X",
    "product.artifacts.list": "ADSPR X",
}


@pytest.mark.parametrize(("operation", "row"), MATRIX.items())
@pytest.mark.parametrize("strategy", ["LICENSED", "OPEN", "CLOSED"])
def test_who_may(operation: str, row: str, strategy: str) -> None:
    """However the product is distributed, and whoever has a license of it."""
    subject = Subject(product=make.product(distribution_strategy=strategy))
    assert who(operation, lambda letter: replace(subject, related=letter in "OTL")) == letters(row)


@pytest.mark.parametrize("operation", MATRIX)
def test_a_product_may_nothing_on_nothing(operation: str) -> None:
    assert may(PRODUCT, operation, Subject()) is (operation in ("release.list", "artifact.list"))
