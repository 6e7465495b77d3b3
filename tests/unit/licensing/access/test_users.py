"""Users: spec auth.md §5.3, §5.6, §7 and resources.md §4.3, written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    COLLEAGUE,
    CUSTOMER,
    ELSE,
    ITSELF,
    OTHER_PRODUCT,
    PRODUCT,
    STAFF,
    STRANGER,
    letters,
    may,
    reason,
    staff,
    who,
)

# operation: staff, products, users, licenses that may (see `scene.EVERYBODY`) when the user is the customer who owns
# the license, and when it is a developer.
MATRIX = {
    "user.read": ("ADSPR XY OT L", "ADSPR T"),
    "user.update": ("ADS XY O", "AD"),
    "user.delete": ("AD X", "AD"),
    "user.ban": ("ADSP XY", ""),
    "user.unban": ("ADSP XY", ""),
    "user.password.update": ("O", ""),
    "user.password.reset": ("O", ""),
    "user.group.read": ("ADSPR XY O", "ADSPR"),
    "user.group.update": ("ADS XY", "ADS"),
    "user.licenses.list": ("ADSPR XY O", "ADSPR"),
    "user.machines.list": ("ADSPR XY O", "ADSPR"),
    "user.products.list": ("ADSPR XY O", "ADSPR"),
    "user.tokens.generate": ("AD X", ""),
    "user.tokens.read": ("ADSPR XY O", "ADSPR"),
}
# The same for a list, and for a new user by its role; only admins may send one.
NO_USER = {
    ("user.list", None): "ADSPR XY OTZ LM",
    ("user.create", None): "ADS XY",
    ("user.create", "user"): "ADS XY",
    ("user.create", "read-only"): "AD",
    ("user.create", "developer"): "AD",
    ("user.create", "admin"): "A",
}


@pytest.mark.parametrize("operation", MATRIX)
@pytest.mark.parametrize(("column", "user"), [(0, CUSTOMER), (1, COLLEAGUE)])
def test_who_may(operation: str, column: int, user: Any) -> None:
    subject = Subject(user=user, products=frozenset({"product"}))
    # The product has a license with it, the attached user shares one with it.
    assert who(operation, lambda letter: replace(subject, related=letter in "XT")) == letters(MATRIX[operation][column])


@pytest.mark.parametrize(("operation", "role"), NO_USER)
def test_who_may_without_a_user(operation: str, role: str | None) -> None:
    assert who(operation, Subject(new_role=role)) == letters(NO_USER[operation, role])


@pytest.mark.parametrize("operation", ["user.password.update", "user.password.reset"])
def test_a_password_is_a_matter_of_its_user(operation: str) -> None:
    itself = [
        may(staff(letter), operation, Subject(user=make.user(id="staff", role=STAFF[letter]))) for letter in STAFF
    ]
    assert all(itself)


@pytest.mark.parametrize("letter", "SPR")
def test_staff_does_not_change_itself_unless_it_may_change_staff(letter: str) -> None:
    assert not may(staff(letter), "user.update", Subject(user=make.user(id="staff", role=STAFF[letter])))


@pytest.mark.parametrize(
    ("actor", "user", "related", "allowed"),
    [
        (ITSELF, CUSTOMER, False, True),
        (ITSELF, make.user(id="attached"), True, True),
        (ITSELF, make.user(id="attached"), False, False),
        (STRANGER, CUSTOMER, False, False),
        (STRANGER, CUSTOMER, True, True),
    ],
)
def test_who_shares_a_license_reads_users(actor: Bearer, user: Any, related: bool, allowed: bool) -> None:
    assert may(actor, "user.read", Subject(user=user, related=related)) is allowed


# --- reasons of their own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["user.ban", "user.unban"])
@pytest.mark.parametrize("role", STAFF.values())
def test_only_customers_are_banned(operation: str, role: str) -> None:
    subject = Subject(user=make.user(role=role))
    for actor in (staff("A"), staff("P"), PRODUCT):
        assert reason(actor, operation, operation, subject) == "must have a user role"


@pytest.mark.parametrize(
    ("products", "allowed"),
    [({"product"}, True), ((), True), ({"other"}, False), ({"product", "other"}, False), (None, False)],
)
def test_a_product_deletes_its_own_users_only(products: Any, allowed: bool) -> None:
    subject = Subject(user=CUSTOMER, products=None if products is None else frozenset(products))
    assert may(PRODUCT, "user.delete", subject, "user.delete") is allowed
    assert may(staff("D"), "user.delete", subject, "user.delete")
    if not allowed:
        assert reason(PRODUCT, "user.delete", None, subject) == "user cannot belong to another product"


def test_a_product_deletes_no_staff_whatever_its_products() -> None:
    reader = Subject(user=make.user(role="read-only"), products=frozenset({"other"}))
    assert reason(PRODUCT, "user.delete", "user.delete", reader) == ELSE


def test_every_product_makes_customers() -> None:
    assert may(OTHER_PRODUCT, "user.create", Subject(), "user.create")
    assert reason(PRODUCT, "user.create", "user.create", Subject(new_role="read-only")) == ELSE


@pytest.mark.parametrize("role", ["sales-agent", "support-agent", "read-only"])
def test_a_product_changes_no_staff(role: str) -> None:
    assert reason(PRODUCT, "user.update", "user.update", Subject(user=make.user(role=role))) == ELSE
