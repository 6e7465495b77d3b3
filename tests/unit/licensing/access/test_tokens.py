"""Tokens: spec auth.md §3.1, written out by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    COLLEAGUE,
    CUSTOMER,
    ITSELF,
    LICENSE,
    OTHER_PRODUCT,
    OWNER,
    PRODUCT,
    STAFF,
    STRANGER,
    letters,
    may,
    reason,
    staff,
    who,
)
from tests.unit.licensing.access.tokens import TOKENS, of


def test_who_may_list() -> None:
    assert who("token.list", Subject()) == letters("ADSPR XY OTZ LM")


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        *((staff(letter), Subject(user=make.user(id="staff", role=STAFF[letter])), True) for letter in STAFF),
        *((staff(letter), Subject(user=CUSTOMER), letter in "AD") for letter in STAFF),
        *((staff(letter), Subject(user=COLLEAGUE), False) for letter in STAFF),
        *((staff(letter), Subject(license=LICENSE), False) for letter in STAFF),
        *((staff(letter), Subject(product=make.product()), False) for letter in STAFF),
        (PRODUCT, Subject(user=CUSTOMER, related=True), True),
        (PRODUCT, Subject(user=CUSTOMER), False),
        (PRODUCT, Subject(user=COLLEAGUE, related=True), False),
        (PRODUCT, Subject(license=LICENSE), True),
        (PRODUCT, Subject(product=make.product()), False),
        (OTHER_PRODUCT, Subject(license=LICENSE), False),
        (OWNER, Subject(user=CUSTOMER), True),
        (STRANGER, Subject(user=CUSTOMER), False),
        (OWNER, Subject(license=LICENSE), False),
        (ITSELF, Subject(license=LICENSE), False),
        (None, Subject(user=CUSTOMER), False),
    ],
)
def test_generation(actor: Bearer | None, subject: Subject, allowed: bool) -> None:
    assert may(actor, "token.generate", subject) is allowed


def test_a_banned_user_gets_no_token() -> None:
    banned = replace(OWNER, banned=True)
    assert reason(banned, "token.generate", "token.generate", Subject(user=CUSTOMER)) == "user is banned"
    assert may(banned, "token.revoke", TOKENS["own user"], "token.revoke")


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        (staff("A"), Subject(user=CUSTOMER), True),
        (staff("D"), Subject(user=make.user(id="staff", role="developer")), True),
        (staff("A"), Subject(user=COLLEAGUE), False),
        (staff("S"), Subject(user=CUSTOMER), False),
        # Other staff makes its own under `/tokens` only.
        *((staff(letter), Subject(user=make.user(id="staff", role=STAFF[letter])), False) for letter in "SPR"),
        (PRODUCT, Subject(user=CUSTOMER, related=True), True),
        (PRODUCT, Subject(user=CUSTOMER), False),
        (OWNER, Subject(user=CUSTOMER), False),
    ],
)
def test_tokens_of_users(actor: Bearer, subject: Subject, allowed: bool) -> None:
    assert may(actor, "user.tokens.generate", subject) is allowed


@pytest.mark.parametrize(
    ("operation", "token", "row"),
    [
        ("token.read", "own user", "ADSPR O"),
        ("token.read", "staff", "ADSPR"),
        ("token.read", "colleague", "ADSPR"),
        ("token.read", "product", "ADSPR X"),
        ("token.read", "license", "ADSPR L"),
        ("token.regenerate", "own user", "AD O"),
        ("token.regenerate", "staff", "ADSPR"),
        ("token.regenerate", "colleague", ""),
        ("token.regenerate", "product", "AD X"),
        ("token.regenerate", "license", "AD L"),
        ("token.revoke", "own user", "AD O"),
        ("token.revoke", "staff", "ADSPR"),
        ("token.revoke", "colleague", "AD"),
        ("token.revoke", "product", "AD X"),
        ("token.revoke", "license", "AD L"),
    ],
)
def test_who_may(operation: str, token: str, row: str) -> None:
    assert who(operation, TOKENS[token]) == letters(row)


@pytest.mark.parametrize("operation", ["token.read", "token.regenerate", "token.revoke"])
@pytest.mark.parametrize(
    ("token", "reached"), [("own user", True), ("license", True), ("staff", False), ("colleague", False)]
)
def test_a_product_reaches_tokens_of_its_licenses_and_customers(operation: str, token: str, reached: bool) -> None:
    """Staff may own a license too; its token is worth more than the product is."""
    assert may(OTHER_PRODUCT, operation, replace(TOKENS[token], related=True)) is reached
    assert may(OTHER_PRODUCT, operation, replace(TOKENS[token], related=True, user=None)) is reached


def test_a_token_of_a_user_who_is_not_loaded_is_judged_by_its_kind() -> None:
    assert may(staff("A"), "token.regenerate", of("user", "owner", "user-token"))
    assert not may(staff("A"), "token.regenerate", of("user", "x", "admin-token"))


@pytest.mark.parametrize("operation", ["token.read", "token.regenerate", "token.revoke"])
@pytest.mark.parametrize("related", [False, True])
def test_without_a_token_nobody_owns_it(operation: str, related: bool) -> None:
    assert not any(may(actor, operation, Subject(related=related)) for actor in (OWNER, PRODUCT, ITSELF))


def test_without_a_token_staff_regenerates_nothing() -> None:
    assert not any(may(staff(letter), "token.regenerate", Subject()) for letter in STAFF)


def test_read_only_staff_lacks_the_permission_to_revoke() -> None:
    assert reason(staff("R"), "token.revoke", "token.revoke", TOKENS["staff"]).startswith("read only lacks")


def test_a_license_lacks_the_permission_to_generate() -> None:
    assert reason(ITSELF, "token.generate", "token.generate", Subject(license=LICENSE)).startswith("license lacks")
