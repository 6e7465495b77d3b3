"""Products, policies, entitlements, pool keys: spec auth.md §7 and policies.md §2.2, §6, written out by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ENTITLEMENT,
    ITSELF,
    KEY,
    OTHER_LICENSE,
    OTHER_PRODUCT,
    OWNER,
    POLICY,
    PRODUCT,
    STRANGER,
    letters,
    may,
    staff,
    who,
)

# operation: staff, products, users, licenses that may (see `scene.EVERYBODY`).
PRODUCTS = {
    "product.list": "ADSPR OTZ LM",
    "product.read": "ADSPR X OT L",
    "product.create": "AD",
    "product.update": "AD X",
    "product.delete": "AD",
    "product.policies.list": "ADSPR X",
    "product.licenses.list": "ADSPR X",
    "product.machines.list": "ADSPR X",
    "product.users.list": "ADSPR X",
    "product.tokens.generate": "AD",
    "product.tokens.read": "ADSPR X",
}
POLICIES = {
    "policy.list": "ADSPR XY OTZ LM",
    "policy.read": "ADSPR X OT L",
    "policy.update": "ADS X",
    "policy.delete": "AD X",
    "policy.product.read": "ADSPR X",
    "policy.licenses.list": "ADSPR X",
    "policy.pool.list": "ADSPR X",
    "policy.pool.pop": "AD X",
    "policy.entitlements.list": "ADSPR X",
    "policy.entitlements.attach": "ADS X",
    "policy.entitlements.detach": "ADS X",
}
ENTITLEMENTS = {
    "entitlement.list": "ADSPR XY OTZ LM",
    "entitlement.read": "ADSPR XY OT L",
    "entitlement.create": "AD",
    "entitlement.update": "AD",
    "entitlement.delete": "AD",
}
KEYS = {
    "key.list": "ADSPR XY",
    "key.read": "ADSPR X",
    "key.update": "AD X",
    "key.delete": "AD X",
    "key.policy.read": "ADSPR X",
    "key.product.read": "ADSPR X",
}
# What a new one would belong to.
CREATIONS = {
    "policy.create": ("ADS X", Subject(product=make.product())),
    "key.create": ("AD X", Subject(policy=POLICY)),
}


@pytest.mark.parametrize(
    ("operation", "row", "subject"),
    [
        *((operation, row, Subject(product=make.product())) for operation, row in PRODUCTS.items()),
        *((operation, row, Subject(policy=POLICY)) for operation, row in POLICIES.items()),
        *((operation, row, Subject(entitlement=ENTITLEMENT)) for operation, row in ENTITLEMENTS.items()),
        *((operation, row, Subject(key=KEY)) for operation, row in KEYS.items()),
        *((operation, row, subject) for operation, (row, subject) in CREATIONS.items()),
    ],
)
def test_who_may(operation: str, row: str, subject: Subject) -> None:
    """The owner, the attached user and the license have to do with it, nobody else."""
    assert who(operation, lambda letter: replace(subject, related=letter in "OTL")) == letters(row)


@pytest.mark.parametrize("operation", [*PRODUCTS, *POLICIES, *KEYS, *CREATIONS])
def test_a_product_may_nothing_on_nothing(operation: str) -> None:
    listed = operation in ("policy.list", "key.list")
    assert may(PRODUCT, operation, Subject()) is listed


def test_a_key_belongs_to_its_own_product_whatever_else_is_known() -> None:
    assert not may(PRODUCT, "key.policy.read", Subject(key=replace(KEY, product_id="other"), policy=POLICY))


@pytest.mark.parametrize(
    ("strategy", "holder", "stranger"),
    [("LICENSED", True, False), (None, True, False), ("OPEN", True, True), ("CLOSED", False, False)],
)
def test_distribution_decides_who_reads_a_product(strategy: str | None, holder: bool, stranger: bool) -> None:
    subject = Subject(product=make.product(distribution_strategy=strategy))
    assert may(OWNER, "product.read", replace(subject, related=True)) is holder
    assert may(ITSELF, "product.read", subject) is holder
    assert may(STRANGER, "product.read", subject) is stranger
    assert may(OTHER_LICENSE, "product.read", subject) is stranger
    assert not may(OTHER_PRODUCT, "product.read", subject)
    assert may(PRODUCT, "product.read", subject)
    assert may(staff("R"), "product.read", subject)
