"""Processes: what runs on a machine (spec machines.md §1.3, §9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.activation_limits import process_problem
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import invalid, unrelated
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import name_problems

if TYPE_CHECKING:
    from chalicelib.licensing.machine import Machine


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A process of a machine; it is always watched. `death_sent` is when its death was told."""

    id: str
    machine_id: str
    license_id: str
    pid: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    last_heartbeat: datetime
    death_sent: datetime | None = None
    created: datetime
    updated: datetime
    revision: int = 0


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a creation sent and what was found for it.

    `machine` is None when it does not exist, `license` and `policy` are those of the machine. `bucket` is that of
    the machine's owner; only policies that lease processes per user look at it. `pid_taken`: the machine has another
    process with that pid, dead or alive.
    """

    process_id: str
    fields: Mapping[str, Any]
    machine: Machine | None
    license: License | None
    policy: Policy | None
    bucket: Bucket = EMPTY_BUCKET
    pid_taken: bool = False
    id_taken: bool = False


def create(draft: Draft, now: datetime) -> Process:
    """A new process, alive from now on. Raises InvalidFields with everything that is wrong."""
    check(_problems(draft))
    assert draft.machine is not None
    given = {name: value for name, value in draft.fields.items() if value is not None}
    return Process(
        **given,
        id=draft.process_id,
        machine_id=draft.machine.id,
        license_id=draft.machine.license_id,
        last_heartbeat=now,
        created=now,
        updated=now,
    )


def update(process: Process, changes: Mapping[str, Any], now: datetime) -> Process:
    """`process` with the metadata that was sent; null changes nothing. Raises InvalidFields."""
    metadata = changes.get("metadata")
    check([rules.metadata(metadata)])
    return replace(process, metadata=process.metadata if metadata is None else metadata, updated=now)


def _problems(draft: Draft) -> Iterator[Problem | None]:
    if draft.machine is None:
        yield unrelated("machine", "NOT_FOUND", "must exist")
    if draft.pid_taken:
        yield invalid("pid", "TAKEN", "has already been taken")
    yield from name_problems("pid", draft.fields["pid"])
    yield rules.metadata(draft.fields.get("metadata"))
    if draft.id_taken:
        yield Problem("must not conflict with another process", code="ID_CONFLICT", pointer="/data/id")
    if draft.machine is not None and draft.license is not None and draft.policy is not None:
        yield process_problem(draft.machine, draft.license, draft.policy, draft.bucket)
