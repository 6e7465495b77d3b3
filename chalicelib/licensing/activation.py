"""Machines that come to a license, and what may change about them (spec machines.md §4, §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing import embedded
from chalicelib.licensing import group as groups
from chalicelib.licensing import machine_draft as rules
from chalicelib.licensing.activation_limits import machine_problems
from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.errors import InvalidFields, Problem, check
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User

Draft = rules.Draft
group_to_enter = rules.group_to_enter

NULLABLE = frozenset({"name", "ip", "hostname", "platform", *rules.SIZES})
"""What an update may clear with null."""


def create(draft: Draft, now: datetime) -> Machine:
    """A new machine (§4); its components come from `component.inline`.

    Raises InvalidState for too many components, InvalidFields with everything else that is wrong.
    """
    embedded.check_count(draft.components)
    machine = _drafted(draft, now)
    check(rules.problems(draft, machine))
    return machine


def update(
    machine: Machine, changes: Mapping[str, Any], license: License, policy: Policy, bucket: Bucket, now: datetime
) -> Machine:
    """`machine` with what was sent (§6.1); null clears what `NULLABLE` names, changes nothing else.

    `bucket` is that of its owner; only policies that lease machines per user look at it. Raises InvalidFields.
    """
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    changed = replace(machine, **(cleared | _given(changes)), updated=now)
    check([*rules.attributes(changes), *machine_problems(machine, changed, license, policy, bucket)])
    return changed


def change_owner(
    machine: Machine,
    license: License,
    policy: Policy,
    owner: User | None,
    now: datetime,
    *,
    named: bool,
    attached: bool,
    bucket: Bucket,
    group: Counted | None,
) -> Machine:
    """Of a new owner, or of none; None is also one that is `named` but does not exist (§6.2).

    `attached`: the new owner is attached to the license. `bucket` and `group` are those of the new owner, `bucket` is
    nobody's when there is none: a machine without group inherits the group. Raises InvalidFields.
    """
    if named and owner is None:
        raise InvalidFields(unrelated("owner", "NOT_FOUND", "must exist"))
    owner_id = None if owner is None else owner.id
    if owner_id == machine.owner_id:
        return replace(machine, updated=now)
    inherited = group if machine.group_id is None and owner is not None else None
    group_id = machine.group_id or groups.entered(inherited)
    changed = replace(machine, owner_id=owner_id, group_id=group_id, updated=now)
    check(
        [
            *machine_problems(machine, changed, license, policy, bucket),
            *groups.entry("machine", inherited, named=False),
            *_strangers(owner, license, attached),
        ]
    )
    return changed


def change_group(machine: Machine, group: Counted | None, now: datetime, *, named: bool) -> Machine:
    """In another group, or in none; None is also one that is `named` but does not exist (§6.3).

    Raises InvalidFields.
    """
    check(groups.entry("machine", group, named=named, current_id=machine.group_id))
    return replace(machine, group_id=groups.entered(group), updated=now)


def _drafted(draft: Draft, now: datetime) -> Machine:
    policy = draft.policy
    begins = policy is not None and policy.heartbeat_basis == "FROM_CREATION"
    return Machine(
        **_given(draft.fields),
        id=draft.machine_id,
        license_id=draft.license.id if draft.license else "",
        owner_id=draft.owner.id if draft.owner else None,
        group_id=groups.entered(draft.group),
        last_heartbeat=now if begins else None,
        created=now,
        updated=now,
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _strangers(owner: User | None, license: License, attached: bool) -> Iterator[Problem | None]:
    if owner is not None:
        yield rules.stranger(owner, license, attached)
