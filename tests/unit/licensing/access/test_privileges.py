"""Rank and admins: whom not everybody who may change users may touch (spec auth.md §5.6, §7)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject, authorize_rows
from chalicelib.licensing.errors import AccessDenied
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ADMIN,
    ANONYMOUS,
    COLLEAGUE,
    CUSTOMER,
    OWNER,
    PRODUCT,
    may,
    reason,
    staff,
)
from tests.unit.licensing.make import refused


def holding(letter: str, *names: str) -> Bearer:
    return replace(staff(letter), held=frozenset(names))


NARROW = ("user.create", "user.update", "user.delete", "admin.create", "admin.update", "admin.delete")
MODEST = ("user.update",)


@pytest.mark.parametrize(
    ("actor", "subject", "words"),
    [
        (staff("D"), Subject(user=ADMIN), "developer"),
        (staff("S"), Subject(user=COLLEAGUE), "sales agent"),
        (PRODUCT, Subject(user=COLLEAGUE), "product"),
        (OWNER, Subject(user=make.user(id="teammate", role="read-only")), "user"),
        # Beside the bearer, but holding what it does not.
        (holding("A", *NARROW), Subject(user=ADMIN), "admin"),
        (holding("D", *NARROW), Subject(user=COLLEAGUE), "developer"),
        (holding("D", *NARROW), Subject(user=replace(COLLEAGUE, permissions=("*",))), "developer"),
        (holding("A", *NARROW), Subject(user=ADMIN, new_permissions=()), "admin"),
        # As it would become.
        (holding("A", *NARROW), Subject(user=CUSTOMER, new_role="admin"), "admin"),
        (holding("D", *NARROW), Subject(user=replace(COLLEAGUE, permissions=()), new_permissions=("*",)), "developer"),
    ],
)
def test_rank_protects_a_user(actor: Bearer, subject: Subject, words: str) -> None:
    refusal = f"{words} lacks privileges to perform action on user"
    assert reason(actor, "user.update", "user.update", subject) == refusal


@pytest.mark.parametrize(
    ("actor", "subject"),
    [
        (staff("A"), Subject(user=ADMIN)),
        (replace(holding("A", "*"), user=ADMIN), Subject(user=replace(ADMIN, permissions=("*",)))),
        (staff("D"), Subject(user=COLLEAGUE)),
        (staff("A"), Subject(user=CUSTOMER, new_role="admin")),
        (holding("A", *NARROW), Subject(user=COLLEAGUE)),
        (holding("A", *NARROW), Subject(user=replace(ADMIN, permissions=NARROW))),
        (holding("D", *NARROW), Subject(user=replace(COLLEAGUE, permissions=MODEST))),
        (replace(OWNER, held=frozenset(MODEST)), Subject(user=replace(CUSTOMER, permissions=MODEST))),
    ],
)
def test_rank_lets_by(actor: Bearer, subject: Subject) -> None:
    assert may(actor, "user.update", subject, "user.update")


@pytest.mark.parametrize(
    ("operation", "subject"),
    [
        ("user.create", Subject(new_role="admin")),
        ("user.create", Subject(new_role="developer")),
        ("user.delete", Subject(user=ADMIN)),
    ],
)
def test_rank_counts_for_who_comes_and_goes(operation: str, subject: Subject) -> None:
    refusal = "sales agent lacks privileges to perform action on user"
    assert reason(staff("S"), operation, operation, subject) == refusal
    assert may(staff("A"), operation, subject, operation)


def test_what_a_new_user_is_to_hold_counts() -> None:
    narrow = holding("A", *NARROW)
    assert may(narrow, "user.create", Subject(new_role="admin", new_permissions=NARROW), "user.create")
    assert not may(narrow, "user.create", Subject(new_role="admin"), "user.create")


# --- admins ---------------------------------------------------------------------------------------------------------

OVER_ADMINS = [
    ("user.read", "admin.read", Subject(user=ADMIN)),
    ("profile", "admin.read", Subject(user=ADMIN)),
    ("user.create", "admin.create", Subject(new_role="admin", new_permissions=())),
    ("user.update", "admin.update", Subject(user=replace(ADMIN, permissions=()))),
    ("user.update", "admin.update", Subject(user=replace(CUSTOMER, permissions=()), new_role="admin")),
    ("user.delete", "admin.delete", Subject(user=replace(ADMIN, permissions=()))),
]


@pytest.mark.parametrize(("operation", "needed", "subject"), OVER_ADMINS)
def test_an_admin_needs_a_permission_of_its_own(operation: str, needed: str, subject: Subject) -> None:
    name = "user.read" if operation == "profile" else operation
    assert reason(holding("A", name), operation, name, subject) == "admin lacks permission to perform action"
    assert may(holding("A", name, needed), operation, subject, name)
    narrow_token = replace(staff("A"), token_held=frozenset({name}))
    assert reason(narrow_token, operation, name, subject) == "token lacks permission to perform action"


@pytest.mark.parametrize("operation", ["user.read", "user.update", "user.delete"])
def test_others_do_not(operation: str) -> None:
    assert may(holding("D", operation), operation, Subject(user=CUSTOMER), operation)


def test_the_bearer_itself_does_not_either() -> None:
    assert may(holding("D", "user.read"), "me", Subject(user=ADMIN), "user.read")


ROWS = [Subject(user=CUSTOMER), Subject(user=COLLEAGUE), Subject(user=ADMIN)]


@pytest.mark.parametrize(
    ("actor", "rows", "said"),
    [
        (staff("R"), ROWS, None),
        (holding("D", "user.read"), ROWS[:2], None),
        (holding("D", "user.read"), [], None),
        (holding("D", "user.read"), ROWS, "developer lacks permission to perform action"),
        (replace(staff("A"), token_held=frozenset({"user.read"})), ROWS, "token lacks permission to perform action"),
        (OWNER, ROWS[:1], None),
        (OWNER, ROWS, "user lacks permission to perform action"),
        (None, ROWS, ANONYMOUS),
    ],
)
def test_a_list_with_an_admin_asks_for_more(actor: Bearer | None, rows: list[Subject], said: str | None) -> None:
    if said is None:
        authorize_rows(actor, "user.list", rows)
        return
    [problem] = refused(AccessDenied, lambda: authorize_rows(actor, "user.list", rows)).problems
    assert problem.detail == f"You do not have permission to complete the request ({said})"


@pytest.mark.parametrize("operation", ["license.list", "product.users.list", "group.users.list"])
def test_other_lists_do_not(operation: str) -> None:
    authorize_rows(holding("D", "user.read"), operation, ROWS)
