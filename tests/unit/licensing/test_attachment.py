"""What belongs to licenses, policies and groups (spec licenses.md §10.2, §10.3, policies.md §2.1, resources.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import attachment
from chalicelib.licensing.attachment import Attachment, Wanted, highest_users
from chalicelib.licensing.errors import AccessDenied, InvalidFields, InvalidState, Problem, Refusal
from chalicelib.licensing.limits import FACTORS
from chalicelib.licensing.user import User
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, invalid, license_, policy, refused

USER, USERS = "/data/relationships/user", "/data/relationships/users"
ENTITLEMENT = "/data/relationships/entitlement"
NOT_FOUND = ("USER_NOT_FOUND", USER, "must exist")
TAKEN = ("USER_TAKEN", USER, "already exists")
CONFLICT = ("USER_CONFLICT", USER, "already exists (user is attached through owner)")


def limited(maximum: int) -> tuple[str, str, str]:
    return "USER_LIMIT_EXCEEDED", USERS, f"user count has exceeded maximum allowed for license ({maximum})"


def ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"a{next(numbers)}"


def known(names: str) -> dict[str, User]:
    """A user for each letter, each created a day after the one before."""
    return {name: make.user(id=name, created=NOW + timedelta(days=day)) for day, name in enumerate(names)}


def attach(asked: str, *, found: str = "abcdefgh", attached: str = "", maximum: int | None = None, **given: Any) -> Any:
    overage = given.pop("overage", "NO_OVERAGE")
    fields = {"users": len(attached)} | given
    terms = policy(max_users=maximum, overage_strategy=overage)
    wanted = Wanted(tuple(asked), known(found), frozenset(attached))
    return attachment.attach_users(license_(**fields), terms, wanted, ids(), NOW)


def rows(asked: str) -> dict[str, Attachment]:
    return {name: make.attachment(id=f"a{name}", target_id=name) for name in asked}


def detail(kind: type[Refusal], action: Callable[[], object]) -> Problem:
    (problem,) = refused(kind, action).problems
    return problem


# --- users of a license ---------------------------------------------------------------------------------------------


def test_users_are_attached_in_the_order_asked() -> None:
    first, second = attach("ba")
    assert first == Attachment(
        id="a0",
        kind="license-user",
        holder_id="license",
        target_id="b",
        target_created=NOW + timedelta(days=1),
        created=NOW,
        updated=NOW,
    )
    assert (second.id, second.target_id) == ("a1", "a")


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        ("ax", {}, NOT_FOUND),
        ("aa", {}, TAKEN),
        ("ab", {"attached": "b"}, TAKEN),
        ("ao", {"owner_id": "o", "found": "ao"}, CONFLICT),
        ("ab", {"maximum": 1}, limited(1)),
        ("a", {"maximum": 1, "owner_id": "o"}, limited(1)),
        ("a", {"maximum": 2, "attached": "bc"}, limited(2)),
        ("a", {"max_users": 1, "maximum": 9, "attached": "b"}, limited(1)),
        # Only the first element that fails is told.
        ("xaa", {"maximum": 1}, NOT_FOUND),
        ("aax", {"maximum": 1}, TAKEN),
        ("abx", {"maximum": 1}, limited(1)),
        # Who is there already needs no room.
        ("b", {"attached": "b", "maximum": 1}, TAKEN),
        ("o", {"owner_id": "o", "found": "o", "maximum": 1}, CONFLICT),
    ],
)
def test_users_that_cannot_be_attached(asked: str, given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(attach, asked, **given) == [expected]


@pytest.mark.parametrize(
    ("maximum", "overage", "owner", "highest"),
    [
        (None, "NO_OVERAGE", "o", None),
        (4, "NO_OVERAGE", None, 4),
        (4, "NO_OVERAGE", "o", 3),
        (4, "ALLOW_1_25X_OVERAGE", None, 5),
        (4, "ALLOW_1_25X_OVERAGE", "o", 4),
        (3, "ALLOW_1_5X_OVERAGE", None, 4),
        (1, "ALLOW_2X_OVERAGE", "o", 1),
        (1, "ALWAYS_ALLOW_OVERAGE", "o", None),
    ],
)
def test_the_highest_number_of_attached_users(
    maximum: int | None, overage: str, owner: str | None, highest: int | None
) -> None:
    terms = policy(max_users=maximum, overage_strategy=overage)
    assert highest_users(license_(owner_id=owner), terms) == highest


def test_an_override_counts_for_the_limit() -> None:
    assert highest_users(license_(max_users=2), policy(max_users=9)) == 2
    assert highest_users(license_(max_users=0), policy(max_users=9)) == 9


@given(
    st.lists(st.sampled_from("abcdefghox"), max_size=8),
    st.frozensets(st.sampled_from("abcd")),
    st.none() | st.just("o"),
    st.none() | st.integers(1, 8),
    st.sampled_from(sorted(FACTORS)),
)
def test_all_are_attached_or_none(
    asked: list[str], attached: frozenset[str], owner: str | None, maximum: int | None, overage: str
) -> None:
    terms, before = policy(max_users=maximum, overage_strategy=overage), license_(owner_id=owner, users=len(attached))
    wanted = Wanted(asked, known("abcdefgho"), attached)
    holders = attached | {owner} if owner else attached
    free = len(set(asked)) == len(asked) and not holders & set(asked) and "x" not in asked
    multiple = FACTORS[overage]
    total = len(holders) + len(asked)
    room = maximum is None or multiple is None or total * multiple.denominator <= maximum * multiple.numerator
    try:
        made = attachment.attach_users(before, terms, wanted, ids(), NOW)
    except InvalidFields as refusal:
        assert not (free and (room or not asked))
        assert len(refusal.problems) == 1
    else:
        assert free and (room or not asked)
        assert [one.target_id for one in made] == asked
        highest = highest_users(before, terms)
        assert not made or highest is None or before.users + len(made) <= highest


def test_users_are_detached_in_the_order_asked() -> None:
    attached = rows("abc")
    assert attachment.detach_users(license_(owner_id="o"), "ca", attached) == (attached["c"], attached["a"])


@pytest.mark.parametrize(
    ("asked", "index", "name"),
    [("ax", 1, "x"), ("xy", 0, "x"), ("aba", 2, "a"), ("xo", 0, "x")],
)
def test_who_is_not_attached_cannot_be_detached(asked: str, index: int, name: str) -> None:
    found = detail(InvalidState, lambda: attachment.detach_users(license_(), asked, rows("ab")))
    assert found == Problem(f"cannot detach user '{name}' (user is not attached)", pointer=f"/data/{index}")


def test_an_owner_is_refused_before_anything_else() -> None:
    found = detail(AccessDenied, lambda: attachment.detach_users(license_(owner_id="o"), "xxo", rows("ab")))
    assert found == Problem("cannot detach user 'o' (user is attached through owner)", pointer="/data/2")


# --- entitlements ---------------------------------------------------------------------------------------------------

E_NOT_FOUND = ("ENTITLEMENT_NOT_FOUND", ENTITLEMENT, "must exist")
E_TAKEN = ("ENTITLEMENT_TAKEN", ENTITLEMENT, "already exists")
E_CONFLICT = ("ENTITLEMENT_CONFLICT", ENTITLEMENT, "already exists (entitlement is attached through policy)")


def features(asked: Sequence[str], attached: Collection[str] = ()) -> Wanted:
    return Wanted(asked, {name: make.entitlement(id=name) for name in "abcd"}, attached)


def license_features(asked: str, attached: str = "", inherited: str = "") -> tuple[Attachment, ...]:
    return attachment.attach_license_entitlements("L", features(asked, attached), frozenset(inherited), ids(), NOW)


@pytest.mark.parametrize(
    ("asked", "attached", "inherited", "expected"),
    [
        ("ab", "", "", []),
        ("ax", "", "", [E_NOT_FOUND]),
        ("aa", "", "", [E_TAKEN]),
        ("ab", "b", "", [E_TAKEN]),
        ("ab", "", "b", [E_CONFLICT]),
        ("b", "b", "b", [E_TAKEN]),
        ("bx", "", "b", [E_CONFLICT]),
        ("xb", "", "b", [E_NOT_FOUND]),
    ],
)
def test_entitlements_of_a_license(
    asked: str, attached: str, inherited: str, expected: list[tuple[str, str, str]]
) -> None:
    assert invalid(license_features, asked, attached, inherited) == expected


def test_each_holder_has_its_kind() -> None:
    (own,) = license_features("a")
    (of_policy,) = attachment.attach_policy_entitlements("P", features("a"), ids(), NOW)
    (owner,) = attachment.attach_group_owners("G", Wanted("a", known("a")), ids(), NOW)
    assert [(one.kind, one.holder_id) for one in (own, of_policy, owner)] == [
        ("license-entitlement", "L"),
        ("policy-entitlement", "P"),
        ("group-owner", "G"),
    ]


@pytest.mark.parametrize(
    ("asked", "attached", "expected"), [("ax", "", [E_NOT_FOUND]), ("aa", "", [E_TAKEN]), ("ab", "b", [E_TAKEN])]
)
def test_entitlements_of_a_policy(asked: str, attached: str, expected: list[tuple[str, str, str]]) -> None:
    wanted = features(asked, attached)
    assert invalid(attachment.attach_policy_entitlements, "P", wanted, ids(), NOW) == expected


def test_entitlements_are_detached() -> None:
    attached = rows("abc")
    assert attachment.detach_license_entitlements("ba", attached, "z") == (attached["b"], attached["a"])
    assert attachment.detach_policy_entitlements("ba", attached) == (attached["b"], attached["a"])


def test_what_the_policy_has_is_refused_before_anything_else() -> None:
    found = detail(AccessDenied, lambda: attachment.detach_license_entitlements("xab", rows("ab"), "b"))
    assert found == Problem("cannot detach entitlement 'b' (entitlement is attached through policy)", pointer="/data/2")


@pytest.mark.parametrize(("asked", "index", "name"), [("ax", 1, "x"), ("aa", 1, "a")])
def test_what_is_not_attached_cannot_be_detached(asked: str, index: int, name: str) -> None:
    expected = Problem(f"cannot detach entitlement '{name}' (entitlement is not attached)", pointer=f"/data/{index}")
    attached = rows("ab")
    assert detail(InvalidState, lambda: attachment.detach_policy_entitlements(asked, attached)) == expected
    assert detail(InvalidState, lambda: attachment.detach_license_entitlements(asked, attached, "z")) == expected


# --- owners of a group ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "attached", "expected"), [("ax", "", [NOT_FOUND]), ("aa", "", [TAKEN]), ("ab", "b", [TAKEN])]
)
def test_owners_that_cannot_be_attached(asked: str, attached: str, expected: list[tuple[str, str, str]]) -> None:
    wanted = Wanted(asked, known("ab"), attached)
    assert invalid(attachment.attach_group_owners, "G", wanted, ids(), NOW) == expected


def test_owners_are_detached() -> None:
    attached = rows("ab")
    assert attachment.detach_group_owners("b", attached) == (attached["b"],)
    found = detail(InvalidState, lambda: attachment.detach_group_owners("ax", attached))
    assert found == Problem("owner relationship for user 'x' not found", pointer="/data/1")


def test_the_instant_of_an_attachment_is_now() -> None:
    def instants(one: Attachment) -> tuple[datetime, datetime]:
        return one.created, one.updated

    assert {instants(one) for one in attach("abc")} == {(NOW, NOW)}
