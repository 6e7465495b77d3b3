"""One validation in progress: the snapshot under the scope, and the readings that more than one rule needs."""

from __future__ import annotations

import msgspec

from chalicelib.licensing import heartbeat, limits
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket
from chalicelib.licensing.license import License, is_expired, limit
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.validation.scopes import Scope
from chalicelib.licensing.validation.snapshot import MachineState, Snapshot


class Case(msgspec.Struct, frozen=True):
    """The scope is empty for a quick validation, whatever was sent."""

    snapshot: Snapshot
    scope: Scope

    @property
    def license(self) -> License:
        """The license in question."""
        return self.snapshot.license

    @property
    def policy(self) -> Policy:
        """Its policy."""
        return self.snapshot.policy

    def given(self, name: str) -> bool:
        """Whether the scope `name` was sent."""
        return name in self.scope.given

    @property
    def expired(self) -> bool:
        """Expiry before now (§5.1)."""
        return is_expired(self.license, self.snapshot.now)

    @property
    def matching(self) -> tuple[MachineState, ...]:
        """The machines asked for by fingerprint, in the order of the request."""
        found = {machine.fingerprint: machine for machine in self.snapshot.machines}
        return tuple(found[fingerprint] for fingerprint in self.scope.fingerprints if fingerprint in found)

    @property
    def alive(self) -> tuple[MachineState, ...]:
        """Of the matching machines those that are not dead; not started counts as alive (§5.3)."""
        return tuple(machine for machine in self.matching if machine.status != heartbeat.DEAD)

    @property
    def leasing_machine(self) -> MachineState | None:
        """The machine whose processes count when they are leased per machine, None for none (§6.4)."""
        if self.scope.by_fingerprint:
            return next(iter(self.alive), None)
        return self.snapshot.machine if self.given("machine") else None

    @property
    def bucket(self) -> Bucket:
        """The machines of the user asked for, else those without owner (§6.3)."""
        return self.snapshot.buckets.get(self.scope.user, EMPTY_BUCKET)

    def leased(self, name: str) -> int:
        """The `machines`, `cores`, `memory` or `disk` that the limit is compared with (§6.3)."""
        counted = self.bucket if self.policy.machine_leasing_strategy == "PER_USER" else self.license
        count: int = getattr(counted, name)
        return count

    def limit(self, name: str) -> int | None:
        """The effective limit (§6.1), None for unlimited."""
        return limit(self.license, self.policy, name)

    def allows(self, count: int, limit: int | None) -> bool:
        """Whether `count` is inside the overage of `limit` (§6.2)."""
        return limits.allowed(count, limit, self.policy.overage_strategy)
