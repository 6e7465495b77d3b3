"""The decision of a validation, written down a second time from the specification alone (spec validation.md §4-§7).

It is slow, plain and in the order of the table there: no rule of the service is imported, only what it stores.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from tests.properties.validation_oracle_scopes import ScopeSteps, Step
from tests.properties.validation_reading import Answer
from tests.properties.validation_world import World


def answer(world: World, sent: Mapping[str, Any], quick: bool) -> Answer:
    """What the specification answers; `sent` is the scope object as sent."""
    return _Procedure(world, sent, quick).run()


def license_after(world: World, given: Answer, quick: bool) -> License:
    """The license once it was validated (§7)."""
    license, policy = world.license, world.policy
    after = replace(license, last_validated=world.now, updated=world.now)
    if quick:
        return after
    if given.version is not None:
        after = replace(after, release_version=given.version)
    if policy.expiration_basis == "FROM_FIRST_VALIDATION" and policy.duration is not None and license.expiry is None:
        after = replace(after, expiry=world.now + timedelta(seconds=policy.duration))
    return after


_FACTORS = {
    "NO_OVERAGE": Fraction(1),
    "ALLOW_1_25X_OVERAGE": Fraction(5, 4),
    "ALLOW_1_5X_OVERAGE": Fraction(3, 2),
    "ALLOW_2X_OVERAGE": Fraction(2),
}
_NODE_LOCKED_FACTORS = {"ALLOW_2X_OVERAGE": Fraction(2)}


class _Procedure(ScopeSteps):
    """One run through the table of §4; a step answers None when no row of it matches."""

    def run(self) -> Answer:
        for step in (self.step_2_to_5, *([] if self.quick else self.scope_steps()), *self.limit_steps()):
            found = step()
            if found is not None:
                return found._replace(version=self.version)
        return Answer(True, "VALID", "is valid", self.version)

    def limit_steps(self) -> list[Step]:
        return [
            self.step_16_users,
            self.step_17_to_18_not_strict,
            self.step_19_to_22_machines,
            self.step_23_to_25_sums,
            self.step_26_processes,
            self.step_27_expired,
        ]

    def step_2_to_5(self) -> Answer | None:
        if self.owner is not None and self.owner.banned_at is not None:
            return Answer(False, "BANNED", "is banned")
        if self.license.suspended:
            return Answer(False, "SUSPENDED", "is suspended")
        if self.expired and self.policy.expiration_strategy in ("REVOKE_ACCESS", None):
            return Answer(False, "EXPIRED", "is expired")
        if self.is_overdue():
            return Answer(False, "OVERDUE", "is overdue for check in")
        return None

    def is_overdue(self) -> bool:
        interval, count = self.policy.check_in_interval, self.policy.check_in_interval_count
        last = self.license.last_check_in
        if not self.policy.require_check_in or interval is None or count is None or last is None:
            return False
        if interval in ("day", "week"):
            following = last + count * timedelta(days=1 if interval == "day" else 7)
        else:
            month = last.year * 12 + last.month - 1 + count * (1 if interval == "month" else 12)
            days = calendar.monthrange(month // 12, month % 12 + 1)[1]
            following = last.replace(year=month // 12, month=month % 12 + 1, day=min(last.day, days))
        return following < self.now

    def step_16_users(self) -> Answer | None:
        users = len(self.world.attached) + (0 if self.owner is None else 1)
        return self.over(users, self.limit("max_users"), "TOO_MANY_USERS", "has too many associated users")

    def step_17_to_18_not_strict(self) -> Answer | None:
        if self.policy.strict:
            return None
        return self.step_27_expired() or Answer(True, "VALID", "is valid")

    def step_19_to_22_machines(self) -> Answer | None:
        stored, leased = len(self.world.machines), len(self.leased(self.policy.machine_leasing_strategy))
        if stored == 0:
            need = "at least 1 associated machine" if self.policy.floating else "exactly 1 associated machine"
            return self.no_machines(f"must have {need}")
        if stored == 1:
            return None
        limit = self.limit("max_machines")
        if not self.policy.floating:
            limit = limit or 1
        return self.over(leased, limit, "TOO_MANY_MACHINES", "has too many associated machines")

    def step_23_to_25_sums(self) -> Answer | None:
        leased = self.leased(self.policy.machine_leasing_strategy)
        cores = sum(one.cores or 0 for one in leased)
        memory = sum(one.memory or 0 for one in leased)
        disk = sum(one.disk or 0 for one in leased)
        return (
            self.over(cores, self.limit("max_cores"), "TOO_MANY_CORES", "has too many associated machine cores")
            or self.over(memory, self.limit("max_memory"), "TOO_MUCH_MEMORY", "has too much associated machine memory")
            or self.over(disk, self.limit("max_disk"), "TOO_MUCH_DISK", "has too much associated machine disk")
        )

    def step_26_processes(self) -> Answer | None:
        limit = self.limit("max_processes")
        if limit is None:
            return None
        strategy = self.policy.process_leasing_strategy or "PER_MACHINE"
        counted = self.leased(strategy)
        if strategy == "PER_MACHINE":
            named = self.named_machine()
            if named is None:
                return None
            counted, limit = [named], named.max_processes or limit
        count = sum(one.processes for one in counted)
        return self.over(count, limit, "TOO_MANY_PROCESSES", "has too many associated processes")

    def named_machine(self) -> Machine | None:
        """The machine whose processes count when they are leased per machine (§6.4)."""
        if "fingerprint" in self.scope or "fingerprints" in self.scope:
            asked = self.fingerprints()
            return min(self.alive_matching(), key=lambda one: asked.index(one.fingerprint))
        return next((one for one in self.world.machines if one.id == self.scope.get("machine")), None)

    def step_27_expired(self) -> Answer | None:
        if not self.expired:
            return None
        return Answer(self.policy.expiration_strategy in ("MAINTAIN_ACCESS", "ALLOW_ACCESS"), "EXPIRED", "is expired")

    def over(self, count: int, limit: int | None, code: str, detail: str) -> Answer | None:
        """§6.2, the exception for expired licenses included."""
        if limit is None or count <= limit:
            return None
        factors = _FACTORS
        if code == "TOO_MANY_MACHINES" and not self.policy.floating:
            factors = _NODE_LOCKED_FACTORS
        strategy = self.policy.overage_strategy or "NO_OVERAGE"
        allowed = strategy == "ALWAYS_ALLOW_OVERAGE" or count <= limit * factors.get(strategy, Fraction(1))
        if allowed and self.expired and self.policy.expiration_strategy == "RESTRICT_ACCESS":
            return None
        return Answer(allowed, code, detail)
