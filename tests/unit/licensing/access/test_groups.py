"""Groups: spec auth.md §7 and resources.md §3, written out by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Subject, visible
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import EVERYBODY, GROUP, OWNER, STRANGER, bearer, letters, may, who

# operation: staff, products, users, licenses that may (see `scene.EVERYBODY`). Of the users the first is in the group,
# the second owns it; the license is in it.
MATRIX = {
    "group.list": "ADSPR XY OTZ LM",
    "group.read": "ADSPR XY OT L",
    "group.create": "AD XY",
    "group.update": "AD XY",
    "group.delete": "AD XY",
    "group.users.list": "ADSPR XY T",
    "group.licenses.list": "ADSPR XY T",
    "group.machines.list": "ADSPR XY T",
    "group.owners.list": "ADSPR XY OT L",
    "group.owners.read": "ADSPR XY OT L",
    "group.owners.attach": "AD XY",
    "group.owners.detach": "AD XY",
}


def on_group(letter: str) -> Subject:
    return Subject(group=GROUP, group_owner=letter == "T")


@pytest.mark.parametrize("operation", MATRIX)
def test_who_may(operation: str) -> None:
    assert who(operation, on_group) == letters(MATRIX[operation])


def test_who_may_not_read_a_group_does_not_see_it_either() -> None:
    """`/groups/{id}` refuses what is not visible; the paths below it deny that it is there (§3)."""
    for letter, actor in EVERYBODY.items():
        assert visible(actor, on_group(letter)) is may(actor, "group.read", on_group(letter))


def test_membership_is_that_of_the_bearer() -> None:
    assert not may(OWNER, "group.read", Subject(group=replace(GROUP, id="other")))
    assert not may(STRANGER, "group.read", Subject(group=GROUP))
    assert may(bearer("user", "x", user=make.user(group_id="group")), "group.read", Subject(group=GROUP))
    assert may(bearer("license", "x", license=make.license_(group_id="group")), "group.read", Subject(group=GROUP))


@pytest.mark.parametrize("operation", ["group.read", "group.users.list", "group.owners.list"])
def test_nobody_is_in_or_owns_nothing(operation: str) -> None:
    for actor in (OWNER, bearer("license", "x", license=make.license_()), bearer("user", "x", user=make.user())):
        assert not may(actor, operation, Subject(group_owner=True))
