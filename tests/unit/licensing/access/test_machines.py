"""Machines, components and processes: spec machines.md §3 and auth.md §7, written out once more and by hand."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest
from msgspec.structs import replace

from chalicelib.licensing.access import Bearer, Subject, visible
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ATTACHED,
    EVERYBODY,
    ITSELF,
    LICENSE,
    ON_LICENSE,
    OTHER_LICENSE,
    OTHER_PRODUCT,
    OWNER,
    POLICY,
    PRODUCT,
    STAFF,
    STRANGER,
    letters,
    may,
    staff,
    who,
)

# operation: staff, products, users, licenses that may on a machine of the attached user (see `scene.EVERYBODY`: O owns
# the license, T is attached to it); of the users, those who may on a machine that is nobody's; whether a protected
# license shuts out its users (U), or itself too (L).
MATRIX = {
    "machine.list": ("ADSPR XY OTZ LM", "OTZ", ""),
    "machine.read": ("ADSPR X OT L", "OT", ""),
    "machine.create": ("ADS X OT L", "O", "U"),
    "machine.update": ("ADSP X OT L", "O", "L"),
    "machine.delete": ("ADS X OT L", "O", "U"),
    "machine.heartbeat.ping": ("AD X OT L", "O", "U"),
    "machine.heartbeat.reset": ("ADS X", "", ""),
    "machine.check-out": ("ADSP X OT L", "OT", "U"),
    "machine.owner.update": ("ADS X", "", ""),
    "machine.group.update": ("ADS X", "", ""),
    "machine.product.read": ("ADSPR X OT L", "OT", ""),
    "machine.license.read": ("ADSPR X OT L", "OT", ""),
    "machine.owner.read": ("ADSPR X OT L", "OT", ""),
    "machine.group.read": ("ADSPR X OT L", "OT", ""),
    "machine.components.list": ("ADSPR X OT L", "OT", ""),
    "machine.processes.list": ("ADSPR X OT L", "OT", ""),
    **{
        f"{part}.{what}": row
        for part, (what, row) in product(
            ("component", "process"),
            {
                "list": ("ADSPR XY OTZ LM", "OTZ", ""),
                "read": ("ADSPR X OT L", "OT", ""),
                "create": ("ADS X OT L", "O", "U"),
                "update": ("ADSP X OT L", "O", "U"),
                "delete": ("ADS X OT L", "O", "U"),
                "product.read": ("ADSPR X OT L", "OT", ""),
                "license.read": ("ADSPR X OT L", "OT", ""),
                "machine.read": ("ADSPR X OT L", "OT", ""),
            }.items(),
        )
    },
    "process.heartbeat.ping": ("AD X OT L", "O", "U"),
}
MACHINE = make.machine(owner_id="attached")
ON_MACHINE = replace(ON_LICENSE, machine=MACHINE)
NOBODYS = replace(ON_MACHINE, machine=replace(MACHINE, owner_id=None))
SHUT_OUT = {"": "", "U": "OT", "L": "OTL"}


def for_whom(subject: Subject, letter: str) -> Subject:
    return replace(subject, attached=letter == "T")


def without(row: str, gone: str) -> str:
    return letters(row).translate(str.maketrans("", "", gone))


@pytest.mark.parametrize("operation", MATRIX)
class TestMatrix:
    def test_who_may(self, operation: str) -> None:
        assert who(operation, partial(for_whom, ON_MACHINE)) == letters(MATRIX[operation][0])

    def test_who_may_on_a_machine_of_nobody(self, operation: str) -> None:
        row, users, _ = MATRIX[operation]
        kept = "".join(letter for letter in "OTZ" if letter not in users)
        assert who(operation, partial(for_whom, NOBODYS)) == without(row, kept)

    def test_protection(self, operation: str) -> None:
        row, _, flag = MATRIX[operation]
        by_license = replace(ON_MACHINE, license=replace(LICENSE, protected=True))
        unset = replace(ON_MACHINE, license=replace(LICENSE, protected=None))
        by_policy = replace(unset, policy=replace(POLICY, protected=True))
        for closed in (by_license, by_policy, replace(unset, policy=None)):
            assert who(operation, partial(for_whom, closed)) == without(row, SHUT_OUT[flag])
        for open_ in (unset, replace(ON_MACHINE, policy=replace(POLICY, protected=True))):
            assert who(operation, partial(for_whom, open_)) == letters(row)

    def test_nothing_is_allowed_on_nothing(self, operation: str) -> None:
        if "Y" in MATRIX[operation][0]:
            return  # a list of the account
        for nothing in (Subject(), Subject(machine=MACHINE)):
            assert not any(may(actor, operation, nothing) for actor in (PRODUCT, OWNER, ATTACHED, ITSELF))


@pytest.mark.parametrize(
    ("actor", "owner", "allowed"),
    [
        *((staff(letter), None, letter in "ADS") for letter in STAFF),
        (PRODUCT, None, True),
        (OTHER_PRODUCT, None, False),
        (OWNER, None, True),
        (OWNER, "attached", True),
        (ATTACHED, None, False),
        (ATTACHED, "owner", False),
        (ATTACHED, "attached", True),
        # Whether it may own a machine of this license is a matter of the fields.
        (STRANGER, "stranger", True),
        (STRANGER, None, False),
        (ITSELF, None, True),
        (ITSELF, "stranger", True),
        (OTHER_LICENSE, None, False),
        (None, None, False),
    ],
)
def test_creation(actor: Bearer | None, owner: str | None, allowed: bool) -> None:
    would_be = replace(MACHINE, owner_id=owner)
    subject = replace(ON_LICENSE, machine=would_be, attached=actor is ATTACHED)
    assert may(actor, "machine.create", subject) is allowed
    # A license that is not there is told to staff, as a matter of the fields.
    is_staff = actor is not None and actor.letter != ""
    assert may(actor, "machine.create", Subject(machine=would_be)) is (allowed and is_staff)


def test_a_machine_is_seen_with_its_license() -> None:
    """To own it alone gives nothing."""
    strangers = replace(ON_MACHINE, machine=replace(MACHINE, owner_id="stranger"))
    seen = "".join(letter for letter, actor in EVERYBODY.items() if visible(actor, for_whom(strangers, letter)))
    assert seen == letters("ADSPR X OT L")


def test_reading_what_is_seen_takes_no_more() -> None:
    for operation in MATRIX:
        if operation.endswith(".read"):
            for letter, actor in EVERYBODY.items():
                found = for_whom(NOBODYS, letter)
                assert may(actor, operation, found) is visible(actor, found)
