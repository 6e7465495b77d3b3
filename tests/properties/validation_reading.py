"""What the specification means by the words of its table of validations (spec validation.md §5, §6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from chalicelib.licensing.machine import Machine
from chalicelib.licensing.release import Release
from tests.properties.validation_world import World


class Answer(NamedTuple):
    """`version` is the version the license takes on, None for no change."""

    valid: bool
    code: str
    detail: str
    version: str | None = None


class Reading:
    """One validation; `version` is what steps 14 and 15 leave behind."""

    def __init__(self, world: World, sent: Mapping[str, Any], quick: bool) -> None:
        self.world, self.license, self.policy, self.now = world, world.license, world.policy, world.now
        self.quick = quick
        # §2: null is as good as not sent, but for these.
        keeps_null = ("user", "fingerprint", "fingerprints")
        kept = {name: value for name, value in sent.items() if value is not None or name in keeps_null}
        self.scope = {} if quick else kept
        self.owner = None if world.license.owner_id is None else world.users[world.license.owner_id]
        self.expired = world.license.expiry is not None and world.license.expiry < world.now
        self.version: str | None = None

    def is_user_of_license(self, asked: str | None) -> bool:
        if asked is None:
            return self.owner is None
        people = [self.world.users[one] for one in self.world.attached]
        people += [] if self.owner is None else [self.owner]
        return any(asked in (one.id, one.email) for one in people)

    def belongs_to_another(self, machine: Machine) -> bool:
        asked = self.scope.get("user")
        if asked is None or machine.owner_id is None:
            return False
        owner = self.world.users[machine.owner_id]
        return asked not in (owner.id, owner.email)

    def heartbeat(self, machine: Machine) -> str:
        lasts = timedelta(seconds=600 if self.policy.heartbeat_duration is None else self.policy.heartbeat_duration)
        last = machine.last_heartbeat
        if last is None and (not self.policy.require_heartbeat or machine.created >= self.now - lasts):
            return "NOT_STARTED"
        if last is not None and last + lasts >= self.now:
            return "ALIVE"
        return "DEAD"

    def fingerprints(self) -> list[str]:
        """F of §4, in the order of the request."""
        if "fingerprint" in self.scope:
            asked = self.scope["fingerprint"]
            return [] if asked is None or asked.strip() == "" else [asked]
        return list(dict.fromkeys(self.scope.get("fingerprints") or []))

    def alive_matching(self) -> list[Machine]:
        asked = self.fingerprints()
        return [one for one in self.world.machines if one.fingerprint in asked and self.heartbeat(one) != "DEAD"]

    def is_accessible(self, release: Release) -> bool:
        """§5.6."""
        if release.status != "PUBLISHED" or release.product_id != self.license.product_id:
            return False
        distribution, constraints = self.world.product.distribution_strategy, self.world.constraints[release.id]
        if distribution == "OPEN" and not constraints:
            return True
        held = {*self.world.license_entitlements, *self.world.policy_entitlements}
        return distribution in ("LICENSED", "OPEN", None) and constraints <= held and self.is_in_window(release)

    def is_in_window(self, release: Release) -> bool:
        expiry, strategy = self.license.expiry, self.policy.expiration_strategy
        if expiry is None or strategy == "ALLOW_ACCESS":
            return True
        if strategy in ("RESTRICT_ACCESS", "MAINTAIN_ACCESS"):
            return release.created <= expiry or (release.backdated is not None and release.backdated <= expiry)
        return not self.expired

    def limit(self, name: str) -> int | None:
        """The effective limit of §6.1."""
        override, inherited = getattr(self.license, name), getattr(self.policy, name)
        found: int | None = inherited if override is None or override == 0 else override
        return found

    def leased(self, strategy: str | None) -> list[Machine]:
        """The machines that count (§6.3)."""
        if strategy != "PER_USER":
            return list(self.world.machines)
        asked = self.scope.get("user")
        if asked is None:
            return [one for one in self.world.machines if one.owner_id is None]
        owned = [one for one in self.world.machines if one.owner_id is not None]
        return [one for one in owned if not self.belongs_to_another(one)]

    def no_machines(self, detail: str) -> Answer:
        if self.policy.floating:
            return Answer(False, "NO_MACHINES", detail.format("s"))
        return Answer(False, "NO_MACHINE", detail.format(""))
