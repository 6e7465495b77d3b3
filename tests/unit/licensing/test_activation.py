"""Machines: activation, update, owner, group (spec machines.md §4, §6)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import activation
from chalicelib.licensing.activation import Draft
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.licensing.component import Inline
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.machine import Machine
from tests.unit.licensing.make import (
    BIG_INTEGER,
    DAY,
    INTEGER,
    LONG_AGO,
    NOW,
    codes,
    counted,
    invalid,
    license_,
    machine,
    policy,
    refused,
    user,
)

FINGERPRINT, OWNER, GROUP = "/data/attributes/fingerprint", "/data/relationships/owner", "/data/relationships/group"
BIG = {"a": "x" * 16_384}
FULL = counted(2, max_machines=2)


def activated(**given: Any) -> Machine:
    """Names of the draft, else attributes sent."""
    known = {name: given.pop(name) for name in Draft.__struct_fields__ if name in given}
    defaults: dict[str, Any] = {"license": license_(), "policy": policy(floating=True)}
    fields = {"fingerprint": "f"} | given
    return activation.create(Draft(machine_id="m", fields=fields, **defaults | known), NOW)


# --- activation -----------------------------------------------------------------------------------------------------


def test_a_machine_is_what_was_sent() -> None:
    sizes: dict[str, Any] = {"cores": 1, "memory": 2, "disk": 3}
    sent = {"name": "", "ip": "::1", "hostname": "h", "platform": "p"} | sizes
    made = activated(**sent, metadata={"a": 1}, owner=user(id="u"), owner_named=True, owner_attached=True)
    assert made == Machine(
        id="m",
        license_id="license",
        fingerprint="f",
        owner_id="u",
        metadata={"a": 1},
        created=NOW,
        updated=NOW,
        **sent,
    )


def test_null_means_unset() -> None:
    assert activated(name=None, cores=None, metadata=None) == activated()


def test_a_machine_of_an_owned_license_has_no_owner_unless_it_is_sent() -> None:
    assert activated(license=license_(owner_id="u")).owner_id is None


@pytest.mark.parametrize("required", [False, True])
def test_the_first_heartbeat_goes_by_the_basis(required: bool) -> None:
    begun = policy(heartbeat_basis="FROM_CREATION", require_heartbeat=required)
    awaited = policy(heartbeat_basis="FROM_FIRST_PING", require_heartbeat=required)
    assert activated(policy=begun).last_heartbeat == NOW
    assert activated(policy=awaited).last_heartbeat is None


@pytest.mark.parametrize(
    ("named", "license_group", "owner_group", "entered"),
    [
        ("n", "l", "o", "n"),
        (None, "l", "o", "l"),
        (None, None, "o", "o"),
        (None, None, None, None),
        ("n", None, None, "n"),
    ],
)
def test_the_group_a_machine_enters(
    named: str | None, license_group: str | None, owner_group: str | None, entered: str | None
) -> None:
    holders = license_(group_id=license_group), user(group_id=owner_group)
    assert activation.group_to_enter(named, *holders) == entered
    assert activation.group_to_enter(named, None, None) == named


def test_a_machine_enters_its_group() -> None:
    assert activated(group=counted(1, id="g", max_machines=2)).group_id == "g"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"license": None, "policy": None}, ("LICENSE_NOT_FOUND", "/data/relationships/license", "must exist")),
        ({"taken": "license"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken")),
        ({"taken": "policy"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken for this policy")),
        ({"taken": "product"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken for this product")),
        ({"taken": "account"}, ("FINGERPRINT_TAKEN", FINGERPRINT, "has already been taken for this account")),
        (
            {"fingerprint_is_id": True},
            ("FINGERPRINT_CONFLICT", FINGERPRINT, "must not conflict with another machine's identifier (UUID)"),
        ),
        ({"fingerprint": "action"}, ("FINGERPRINT_NOT_ALLOWED", FINGERPRINT, "is reserved")),
        (
            {"fingerprint": "x" * 4097},
            ("FINGERPRINT_TOO_LONG", FINGERPRINT, "is too long (maximum is 4096 characters)"),
        ),
        ({"owner_named": True}, ("OWNER_NOT_FOUND", OWNER, "must exist")),
        ({"owner": user(), "owner_named": True}, ("OWNER_INVALID", OWNER, "must be a valid license user")),
        ({"group_named": True}, ("GROUP_NOT_FOUND", GROUP, "must exist")),
        (
            {"group": FULL},
            ("GROUP_MACHINE_LIMIT_EXCEEDED", GROUP, "machine count has exceeded maximum allowed by current group (2)"),
        ),
        ({"id_taken": True}, ("ID_CONFLICT", "/data/id", "must not conflict with another machine")),
        (
            {"policy": policy(max_machines=1), "license": license_(machines=1)},
            ("MACHINE_LIMIT_EXCEEDED", "/data", "machine count has exceeded maximum allowed for license (1)"),
        ),
        (
            {
                "policy": policy(max_cores=4, machine_leasing_strategy="PER_USER"),
                "bucket": Bucket(machines=1, cores=3),
                "cores": 2,
            },
            ("MACHINE_CORE_LIMIT_EXCEEDED", "/data", "machine core count has exceeded maximum allowed for user (4)"),
        ),
        ({"cores": 0}, ("CORES_INVALID", "/data/attributes/cores", "must be greater than or equal to 1")),
        (
            {"cores": INTEGER + 1},
            ("CORES_INVALID", "/data/attributes/cores", f"must be less than or equal to {INTEGER}"),
        ),
        ({"memory": -1}, ("MEMORY_INVALID", "/data/attributes/memory", "must be greater than or equal to 1")),
        (
            {"disk": BIG_INTEGER + 1},
            ("DISK_INVALID", "/data/attributes/disk", f"must be less than or equal to {BIG_INTEGER}"),
        ),
        ({"ip": "x" * 256}, ("IP_TOO_LONG", "/data/attributes/ip", "is too long (maximum is 255 characters)")),
        (
            {"metadata": BIG},
            ("METADATA_TOO_LONG", "/data/attributes/metadata", "too large (exceeded limit of 16384 bytes)"),
        ),
        (
            {"components": (Inline("c", {"fingerprint": "a", "name": "A"}),), "components_taken": {"a": "license"}},
            (
                "COMPONENTS_FINGERPRINT_TAKEN",
                "/data/relationships/components/data/0/attributes/fingerprint",
                "has already been taken for this license",
            ),
        ),
    ],
)
def test_what_cannot_be_activated(given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(activated, **given) == [expected]


@pytest.mark.parametrize(
    "given",
    [
        {"owner": user(id="u"), "owner_named": True, "license": license_(owner_id="u")},
        {"owner": user(id="u"), "owner_named": True, "owner_attached": True},
        {"memory": BIG_INTEGER, "disk": BIG_INTEGER, "cores": INTEGER},
        {"fingerprint": "00000000-0000-4000-8000-000000000001"},
        {"components": tuple(Inline(str(i), {"fingerprint": str(i), "name": "N"}) for i in range(20))},
        # An inherited group that is gone is no group.
        {"license": license_(group_id="gone")},
    ],
)
def test_what_can_be_activated(given: dict[str, Any]) -> None:
    assert codes(activated, **given) == []


def test_a_duplicate_over_the_limit_is_told_to_be_a_duplicate_first() -> None:
    full = {"license": license_(machines=1), "policy": policy(max_machines=1)}
    assert codes(activated, taken="license", **full) == ["FINGERPRINT_TAKEN", "MACHINE_LIMIT_EXCEEDED"]


def test_everything_wrong_is_told_in_order() -> None:
    long = "x" * 256
    texts = {"ip": long, "hostname": long, "platform": long, "name": long}
    component = Inline("c", {"fingerprint": "action", "name": "A"})
    full = license_(machines=1, cores=1, memory=1, disk=1)
    found = codes(
        activated,
        license=full,
        policy=policy(max_machines=1, max_cores=1, max_memory=1, max_disk=1),
        components=(component,),
        owner=user(),
        owner_named=True,
        group=FULL,
        taken="license",
        fingerprint_is_id=True,
        fingerprint="actions",
        metadata=BIG,
        cores=INTEGER + 1,
        memory=BIG_INTEGER + 1,
        disk=BIG_INTEGER + 1,
        id_taken=True,
        **texts,
    )
    assert found == [
        "COMPONENTS_FINGERPRINT_NOT_ALLOWED",
        "FINGERPRINT_TAKEN",
        "FINGERPRINT_CONFLICT",
        "FINGERPRINT_NOT_ALLOWED",
        "METADATA_TOO_LONG",
        "CORES_INVALID",
        "MEMORY_INVALID",
        "DISK_INVALID",
        "IP_TOO_LONG",
        "HOSTNAME_TOO_LONG",
        "PLATFORM_TOO_LONG",
        "NAME_TOO_LONG",
        "ID_CONFLICT",
        "MACHINE_LIMIT_EXCEEDED",
        "MACHINE_CORE_LIMIT_EXCEEDED",
        "MACHINE_MEMORY_LIMIT_EXCEEDED",
        "MACHINE_DISK_LIMIT_EXCEEDED",
        "GROUP_MACHINE_LIMIT_EXCEEDED",
        "OWNER_INVALID",
    ]


def test_what_does_not_exist_is_told_first() -> None:
    found = codes(
        activated, license=None, policy=None, owner_named=True, group_named=True, fingerprint="action", id_taken=True
    )
    assert found == [
        "LICENSE_NOT_FOUND",
        "OWNER_NOT_FOUND",
        "GROUP_NOT_FOUND",
        "FINGERPRINT_NOT_ALLOWED",
        "ID_CONFLICT",
    ]


def test_too_many_components_are_told_alone() -> None:
    parts = tuple(Inline(str(i), {"fingerprint": "same", "name": "N"}) for i in range(21))
    refusal = refused(InvalidState, lambda: activated(components=parts, taken="license"))
    assert refusal.problems == (Problem("too many records"),)


# --- update ---------------------------------------------------------------------------------------------------------

STORED = machine(
    owner_id="u",
    group_id="g",
    name="n",
    ip="i",
    hostname="h",
    platform="p",
    cores=4,
    memory=4,
    disk=4,
    metadata={"a": 1},
    last_heartbeat=LONG_AGO,
    processes=2,
)
LOW = policy(floating=True, max_machines=1, max_cores=1, max_memory=1, max_disk=1)
OVER = license_(machines=3, cores=9, memory=9, disk=9)


def updated(changes: dict[str, Any], *, license: Any = OVER, terms: Any = policy(), bucket: Any = Bucket()) -> Machine:
    return activation.update(STORED, changes, license, terms, bucket, NOW)


def test_an_update_changes_what_was_sent() -> None:
    assert updated({"name": "new", "cores": 8, "metadata": {"b": 2}}) == replace(
        STORED, name="new", cores=8, metadata={"b": 2}, updated=NOW
    )
    assert updated({}) == replace(STORED, updated=NOW)


def test_null_clears_everything_but_metadata() -> None:
    sent = {"name", "ip", "hostname", "platform", "cores", "memory", "disk", "metadata"}
    cleared = dict.fromkeys(sent - {"metadata"})
    assert updated(dict.fromkeys(sent)) == replace(STORED, **cleared, updated=NOW)


def test_a_rename_never_fails_on_limits() -> None:
    assert updated({"name": "new", "cores": 4, "metadata": {}}, terms=LOW).name == "new"


def test_a_size_is_held_against_the_limit_without_its_old_value() -> None:
    held = license_(machines=1, cores=4, memory=4, disk=4)
    assert updated({"cores": 6}, license=held, terms=policy(max_cores=6)).cores == 6
    assert invalid(updated, {"cores": 7}, license=held, terms=policy(max_cores=6)) == [
        ("MACHINE_CORE_LIMIT_EXCEEDED", "/data", "machine core count has exceeded maximum allowed for license (6)")
    ]
    per_user = policy(max_cores=6, machine_leasing_strategy="PER_USER")
    assert updated({"cores": 6}, terms=per_user, bucket=Bucket(machines=1, cores=4)).cores == 6
    assert codes(updated, {"cores": 6}, terms=per_user, bucket=Bucket(machines=2, cores=5))


def test_what_an_update_cannot_set() -> None:
    sent = {"name": "x" * 256, "ip": "x" * 256, "disk": 0, "metadata": BIG, "cores": 5}
    assert codes(updated, sent, terms=LOW) == [
        "METADATA_TOO_LONG",
        "DISK_INVALID",
        "IP_TOO_LONG",
        "NAME_TOO_LONG",
        "MACHINE_CORE_LIMIT_EXCEEDED",
        "MACHINE_MEMORY_LIMIT_EXCEEDED",
        "MACHINE_DISK_LIMIT_EXCEEDED",
    ]


# --- owner ----------------------------------------------------------------------------------------------------------


def owned(owner: Any, stored: Machine = STORED, **given: Any) -> Machine:
    defaults: dict[str, Any] = {
        "license": license_(),
        "policy": policy(),
        "named": owner is not None,
        "attached": True,
        "bucket": EMPTY_BUCKET,
        "group": None,
    }
    return activation.change_owner(stored, owner=owner, now=NOW, **defaults | given)


def test_a_machine_changes_its_owner() -> None:
    assert owned(user(id="v")) == replace(STORED, owner_id="v", updated=NOW)
    assert owned(user(id="v"), attached=False, license=license_(owner_id="v")).owner_id == "v"
    assert owned(None) == replace(STORED, owner_id=None, updated=NOW)


def test_a_machine_without_group_inherits_that_of_its_owner() -> None:
    entered = counted(1, id="o", max_machines=2)
    assert owned(user(id="v"), group=entered).group_id == "g"
    assert owned(user(id="v"), replace(STORED, group_id=None), group=entered).group_id == "o"
    assert owned(None, replace(STORED, group_id=None), group=entered).group_id is None


def test_the_same_owner_again_is_not_judged() -> None:
    assert owned(user(id="u"), policy=LOW, license=OVER, attached=False) == replace(STORED, updated=NOW)


def test_an_owner_must_exist() -> None:
    found = invalid(owned, None, named=True, policy=LOW, license=OVER)
    assert found == [("OWNER_NOT_FOUND", OWNER, "must exist")]


def test_everything_that_keeps_an_owner_from_a_machine_is_told_in_order() -> None:
    stored = replace(STORED, group_id=None)
    per_user = replace(LOW, machine_leasing_strategy="PER_USER")
    assert invalid(owned, user(id="v"), stored, attached=False, group=FULL, policy=per_user) == [
        ("MACHINE_CORE_LIMIT_EXCEEDED", "/data", "machine core count has exceeded maximum allowed for user (1)"),
        ("MACHINE_MEMORY_LIMIT_EXCEEDED", "/data", "machine memory has exceeded maximum allowed for user (1)"),
        ("MACHINE_DISK_LIMIT_EXCEEDED", "/data", "machine disk has exceeded maximum allowed for user (1)"),
        ("GROUP_MACHINE_LIMIT_EXCEEDED", GROUP, "machine count has exceeded maximum allowed by current group (2)"),
        ("OWNER_INVALID", OWNER, "must be a valid license user"),
    ]


def test_the_machines_of_a_new_owner_are_not_counted() -> None:
    per_user = policy(max_machines=1, machine_leasing_strategy="PER_USER")
    assert owned(user(id="v"), policy=per_user, bucket=Bucket(machines=5)).owner_id == "v"


# --- group ----------------------------------------------------------------------------------------------------------


def grouped(group: Any, named: bool = True) -> Machine:
    return activation.change_group(STORED, group, NOW + DAY, named=named)


def test_a_machine_changes_its_group() -> None:
    assert grouped(counted(1, id="h", max_machines=2)) == replace(STORED, group_id="h", updated=NOW + DAY)
    assert grouped(None, named=False) == replace(STORED, group_id=None, updated=NOW + DAY)


def test_who_is_in_a_full_group_stays_in() -> None:
    assert grouped(counted(2, id="g", max_machines=2)).group_id == "g"


def test_what_keeps_a_machine_out_of_a_group() -> None:
    assert invalid(grouped, None) == [("GROUP_NOT_FOUND", GROUP, "must exist")]
    assert codes(grouped, FULL) == ["GROUP_MACHINE_LIMIT_EXCEEDED"]
