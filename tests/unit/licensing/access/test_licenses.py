"""Licenses and what belongs to them: spec auth.md §7 and licenses.md §3.2, written out once more and by hand."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ATTACHED,
    ITSELF,
    LICENSE,
    ON_LICENSE,
    OTHER_PRODUCT,
    OWNER,
    POLICY,
    PRODUCT,
    STAFF,
    letters,
    may,
    staff,
    who,
)

# operation: staff, products, users, licenses that may (see `scene.EVERYBODY`); then which flag shuts users out.
MATRIX = {
    "license.list": ("ADSPR XY OTZ", None),
    "license.read": ("ADSPR X OT L", None),
    "license.validate": ("ADSPR X OT L", None),
    "license.update": ("ADSP X", None),
    "license.delete": ("ADS X O", "policy"),
    "license.revoke": ("ADS X O", "policy"),
    "license.renew": ("ADS X O", "policy"),
    "license.suspend": ("ADSP X", None),
    "license.reinstate": ("ADSP X", None),
    "license.check-in": ("ADSP X O L", "license"),
    "license.check-out": ("ADSP X OT L", "license"),
    "license.usage.increment": ("ADSP X O L", "license"),
    "license.usage.decrement": ("ADSP X", None),
    "license.usage.reset": ("ADSP X", None),
    "license.tokens.generate": ("ADS X", None),
    "license.tokens.read": ("ADSPR X", None),
    "license.users.list": ("ADSPR X OT L", None),
    "license.users.attach": ("ADSP X O", "license"),
    "license.users.detach": ("ADSP X O", "license"),
    "license.entitlements.list": ("ADSPR X OT L", None),
    "license.entitlements.attach": ("ADS X", None),
    "license.entitlements.detach": ("ADS X", None),
    "license.policy.read": ("ADSPR X OT L", None),
    "license.policy.update": ("ADS X O", "license"),
    "license.owner.read": ("ADSPR X OT L", None),
    "license.owner.update": ("ADS X", None),
    "license.group.read": ("ADSPR X OT L", None),
    "license.group.update": ("ADS X", None),
    "license.machines.list": ("ADSPR X OT L", None),
    "license.product.read": ("ADSPR X OT L", None),
}
NEW_POLICY = make.policy(id="new")


def for_whom(subject: Subject, letter: str) -> Subject:
    return replace(subject, attached=letter == "T", new_policy=NEW_POLICY)


@pytest.mark.parametrize("operation", MATRIX)
class TestMatrix:
    def test_who_may(self, operation: str) -> None:
        assert who(operation, partial(for_whom, ON_LICENSE)) == letters(MATRIX[operation][0])

    def test_nothing_is_allowed_on_nothing(self, operation: str) -> None:
        if operation != "license.list":
            assert not any(may(actor, operation, Subject()) for actor in (PRODUCT, OWNER, ATTACHED, ITSELF))

    def test_protection_shuts_out_users_only(self, operation: str) -> None:
        row, flag = MATRIX[operation]
        by_license = Subject(license=replace(LICENSE, protected=True), policy=POLICY)
        by_policy = Subject(license=LICENSE, policy=replace(POLICY, protected=True))
        for subject, name in ((by_license, "license"), (by_policy, "policy")):
            left = letters(row).translate(str.maketrans("", "", "OT")) if flag == name else letters(row)
            assert who(operation, partial(for_whom, subject)) == left


@pytest.mark.parametrize(
    ("stored", "live", "open_"), [(None, False, True), (None, True, False), (False, True, True), (True, False, False)]
)
def test_a_license_without_a_flag_follows_its_policy(stored: bool | None, live: bool, open_: bool) -> None:
    subject = Subject(license=replace(LICENSE, protected=stored), policy=replace(POLICY, protected=live))
    assert may(OWNER, "license.check-in", subject) is open_


def test_a_license_without_a_flag_and_without_its_policy_is_closed() -> None:
    assert not may(OWNER, "license.check-in", Subject(license=replace(LICENSE, protected=None)))


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        *((staff(letter), Subject(), letter in "ADS") for letter in STAFF),
        (PRODUCT, Subject(policy=POLICY), True),
        (OTHER_PRODUCT, Subject(policy=POLICY), False),
        (PRODUCT, Subject(), False),
        (OWNER, Subject(policy=POLICY, owner_id="owner"), True),
        (OWNER, Subject(policy=POLICY, owner_id="other"), False),
        (OWNER, Subject(policy=POLICY), False),
        (OWNER, Subject(policy=replace(POLICY, protected=True), owner_id="owner"), False),
        # An unknown policy is a matter of the fields then.
        (OWNER, Subject(owner_id="owner"), True),
        (ITSELF, Subject(policy=POLICY), False),
        (None, Subject(policy=POLICY), False),
    ],
)
def test_creation(actor: Bearer | None, subject: Subject, allowed: bool) -> None:
    assert may(actor, "license.create", subject) is allowed


@pytest.mark.parametrize(
    ("actor", "fields", "allowed"),
    [
        (PRODUCT, {"new_policy": make.policy(product_id="other")}, False),
        (OTHER_PRODUCT, {"new_policy": make.policy(product_id="other")}, False),
        (staff("S"), {"new_policy": make.policy(product_id="other")}, True),
        (OWNER, {"new_policy": make.policy(product_id="other")}, True),
        (OWNER, {"new_policy": make.policy(protected=True)}, False),
        # The policy it leaves does not count while the license has a flag of its own.
        (OWNER, {"new_policy": NEW_POLICY, "policy": make.policy(protected=True)}, True),
        (PRODUCT, {"new_policy": make.policy(protected=True)}, True),
        (staff("A"), {"new_policy": make.policy(protected=True)}, True),
        # An unknown policy is told to whom may change it at all, but not to products.
        (PRODUCT, {}, False),
        (OWNER, {}, True),
        (staff("D"), {}, True),
    ],
)
def test_change_of_policy(actor: Bearer, fields: dict[str, object], allowed: bool) -> None:
    assert may(actor, "license.policy.update", replace(ON_LICENSE, **fields)) is allowed
