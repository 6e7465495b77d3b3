"""Machines as a file says they are: new ones with their defaults, others changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Sent
from chalicelib.admin.transfer.kinds import heartbeats
from chalicelib.admin.transfer.merge import fixed, made, settled
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import fields as rules
from chalicelib.licensing import machine_draft as drafts
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.group import Counted, entered
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.uniqueness import name_problems, taken_problem
from chalicelib.licensing.user import User
from chalicelib.store.loads.license import Licensed


class Parents(msgspec.Struct, frozen=True):
    """What a machine belongs to: `owner` and `group` are those the line names, `group` of a new machine may be
    inherited.
    """

    licensed: Licensed
    owner: User | None
    group: Counted | None


def created(sent: Sent, parents: Parents, now: datetime, *, taken: bool) -> Machine:
    """A new machine; `taken`: its license has another one with this fingerprint. Raises Rejected, InvalidFields.

    Limits are not judged, nor whether the owner is a user of the license still.
    """
    fingerprint = sent.given.get("fingerprint")
    if fingerprint is None:
        raise Rejected("attributes.fingerprint: is missing")
    check([taken_problem("machine", "license" if taken else None), *_named(fingerprint), *_problems(sent)])
    begins = parents.licensed.policy.heartbeat_basis == "FROM_CREATION"

    def create(given: dict[str, Any], at: datetime) -> Machine:
        usual: dict[str, Any] = {"last_heartbeat": at} if begins else {}
        return Machine(
            **{**usual, **given, **sent.meta},
            id=sent.id,
            license_id=parents.licensed.license.id,
            owner_id=None if parents.owner is None else parents.owner.id,
            group_id=entered(parents.group),
            created=at,
            updated=at,
        )

    machine = made(sent, now, create)
    check(heartbeats.problems(machine, now))
    return machine


def changed(sent: Sent, before: Machine, parents: Parents, now: datetime) -> Machine:
    """The machine with what the line says, `before` itself when that is nothing new. Raises Rejected, InvalidFields."""
    fixed(before, {"fingerprint": sent.given.get("fingerprint")})
    after = replace(before, **sent.given, **sent.cleared, **sent.meta, **_relations(sent, parents))
    check([*_problems(sent), *heartbeats.problems(after, now)])
    return settled(before, after, sent, now)


def _relations(sent: Sent, parents: Parents) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "owner" in sent.links:
        found["owner_id"] = None if parents.owner is None else parents.owner.id
    if "group" in sent.links:
        found["group_id"] = entered(parents.group)
    return found


def _named(fingerprint: str) -> Iterator[Problem | None]:
    yield rules.present("fingerprint", fingerprint)
    yield from name_problems("fingerprint", fingerprint)


def _problems(sent: Sent) -> Iterator[Problem | None]:
    yield from drafts.attributes(sent.given)
    yield rules.integer("max_processes", sent.meta.get("max_processes"))
