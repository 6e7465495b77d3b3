"""What exists for whom; everything else answers 404 (spec auth.md §5.4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject, visible
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ADMIN,
    COLLEAGUE,
    CUSTOMER,
    ENTITLEMENT,
    EVERYBODY,
    GROUP,
    ITSELF,
    KEY,
    LICENSE,
    ON_LICENSE,
    OTHER_LICENSE,
    OTHER_PRODUCT,
    OWNER,
    POLICY,
    PRODUCT,
    STRANGER,
    letters,
)
from tests.unit.licensing.access.tokens import TOKENS

CLOSED, OPEN = (make.product(distribution_strategy=strategy) for strategy in ("CLOSED", "OPEN"))

# What the owner, the attached user and the license have to do with, nobody else.
ROWS = [
    ("license", ON_LICENSE, "ADSPR X OT L"),
    ("policy", Subject(policy=POLICY), "ADSPR X OT L"),
    ("product", Subject(product=make.product()), "ADSPR X OT L"),
    ("open product", Subject(product=OPEN), "ADSPR X OTZ LM"),
    # Its own closed product is there, only not for it.
    ("closed product", Subject(product=CLOSED), "ADSPR X OT L"),
    ("customer", Subject(user=CUSTOMER), "ADSPR XY OT L"),
    ("developer", Subject(user=COLLEAGUE), "ADSPR OT"),
    ("admin", Subject(user=ADMIN), "ADSPR OT"),
    ("entitlement", Subject(entitlement=ENTITLEMENT), "ADSPR XY OT L"),
    # The owner of the license is in its group, the attached user owns the group.
    ("group", Subject(group=GROUP), "ADSPR XY OT L"),
    ("key", Subject(key=KEY), "ADSPR X"),
    ("key with its policy", Subject(key=KEY, policy=POLICY), "ADSPR X"),
    ("nothing", Subject(), ""),
]


@pytest.mark.parametrize(("name", "subject", "row"), ROWS, ids=[name for name, _, _ in ROWS])
def test_who_sees(name: str, subject: Subject, row: str) -> None:
    def for_whom(letter: str) -> Subject:
        related = letter in ("OT" if subject.user is not None else "OTL")
        return replace(subject, related=related, attached=letter == "T", group_owner=letter == "T")

    assert "".join(letter for letter, actor in EVERYBODY.items() if visible(actor, for_whom(letter))) == letters(row)


@pytest.mark.parametrize(
    ("token", "row"),
    [
        ("own user", "ADSPR O"),
        ("staff", "ADSPR"),
        ("colleague", "ADSPR"),
        ("product", "ADSPR X"),
        ("license", "ADSPR L"),
    ],
)
def test_who_sees_a_token(token: str, row: str) -> None:
    assert "".join(letter for letter, actor in EVERYBODY.items() if visible(actor, TOKENS[token])) == letters(row)


@pytest.mark.parametrize(
    ("actor", "subject", "seen"),
    [
        (PRODUCT, TOKENS["license"], False),
        (PRODUCT, replace(TOKENS["license"], related=True), True),
        (PRODUCT, replace(TOKENS["own user"], related=True), True),
        (PRODUCT, replace(TOKENS["colleague"], related=True), False),
        (STRANGER, Subject(license=LICENSE, attached=True), True),
        (ITSELF, Subject(user=make.user(id="attached"), related=True), True),
        (ITSELF, Subject(user=make.user(id="attached")), False),
        (OTHER_PRODUCT, Subject(key=replace(KEY, product_id="other")), True),
        (OTHER_LICENSE, Subject(group=replace(GROUP, id="other")), False),
        (OWNER, Subject(group=replace(GROUP, id="other"), group_owner=True), True),
    ],
)
def test_ties_decide(actor: Bearer, subject: Subject, seen: bool) -> None:
    assert visible(actor, subject) is seen


def test_protection_hides_nothing() -> None:
    closed = Subject(license=replace(LICENSE, protected=True), policy=replace(POLICY, protected=True))
    assert visible(OWNER, closed)
