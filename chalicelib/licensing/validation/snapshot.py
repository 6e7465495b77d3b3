"""What a validation decides on: everything that was loaded for it, as values (spec validation.md §8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User


class MachineState(msgspec.Struct, frozen=True, kw_only=True):
    """A machine of the license. `status` as `heartbeat.status`; `max_processes` its override, null and 0 inherit."""

    id: str
    fingerprint: str
    owner_id: str | None = None
    owner_email: str | None = None
    status: str = "NOT_STARTED"
    processes: int = 0
    max_processes: int | None = None

    def conflicts(self, user: str | None) -> bool:
        """Whether the machine has an owner and that is not `user` (id or email); None conflicts with nobody."""
        return user is not None and self.owner_id is not None and user not in (self.owner_id, self.owner_email)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A license and what the scopes of the request point at.

    `user_names`: of the names asked for, those that are the id or email of an attached user. `machine`: the machine
    with the id asked for, if it is the license's. `machines`: those with a fingerprint asked for, in any order.
    `components`: of the component fingerprints asked for, those the machine of the single fingerprint has.
    `buckets`: by the user asked for (as written in the scope) and under None for machines without owner; missing
    ones are empty, and only policies that lease per user need them. `artifact_version`: the version of the accessible
    artifact with the checksum asked for, None if there is none. `release_found`: whether an accessible release has
    the version asked for.
    """

    license: License
    policy: Policy
    now: datetime
    owner: User | None = None
    user_names: frozenset[str] = frozenset()
    entitlement_codes: frozenset[str] = frozenset()
    machine: MachineState | None = None
    machines: tuple[MachineState, ...] = ()
    components: frozenset[str] = frozenset()
    buckets: Mapping[str | None, Bucket] = msgspec.field(default_factory=dict)
    artifact_version: str | None = None
    release_found: bool = False

    def is_user(self, name: str | None) -> bool:
        """Whether `name` is the id or email of the owner or of an attached user; None: whether there is no owner."""
        if name is None:
            return self.license.owner_id is None
        owner_names = (self.owner.id, self.owner.email) if self.owner else (self.license.owner_id,)
        return name in owner_names or name in self.user_names
