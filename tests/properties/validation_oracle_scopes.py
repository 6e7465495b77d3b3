"""Rows 7 to 15 of the second reading of the specification: the scopes (spec validation.md §4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from typing import Any

from tests.properties.validation_reading import Answer, Reading

Step = Callable[[], Answer | None]

_TOO_FEW = {
    "MATCH_ANY": "does not match any associated {}",
    "MATCH_TWO": "does not match at least 2 associated {}",
    "MATCH_MOST": "does not match enough associated {}",
    "MATCH_ALL": "does not match all associated {}",
}


class ScopeSteps(Reading):
    """The steps quick validations skip; each answers None when no row of it matches."""

    def scope_steps(self) -> list[Step]:
        return [
            self.step_7_product,
            self.step_8_policy,
            self.step_9_user,
            self.step_10_entitlements,
            self.step_11_machine,
            self.step_12_fingerprints,
            self.step_13_components,
            self.step_14_checksum,
            self.step_15_version,
        ]

    def step_7_product(self) -> Answer | None:
        if "product" in self.scope:
            if self.scope["product"] != self.license.product_id:
                return Answer(False, "PRODUCT_SCOPE_MISMATCH", "product scope does not match")
        elif self.policy.require_product_scope:
            return Answer(False, "PRODUCT_SCOPE_REQUIRED", "product scope is required")
        return None

    def step_8_policy(self) -> Answer | None:
        if "policy" in self.scope:
            if self.scope["policy"] != self.policy.id:
                return Answer(False, "POLICY_SCOPE_MISMATCH", "policy scope does not match")
        elif self.policy.require_policy_scope:
            return Answer(False, "POLICY_SCOPE_REQUIRED", "policy scope is required")
        return None

    def step_9_user(self) -> Answer | None:
        if "user" in self.scope:
            if not self.is_user_of_license(self.scope["user"]):
                return Answer(False, "USER_SCOPE_MISMATCH", "user scope does not match")
        elif self.policy.require_user_scope:
            return Answer(False, "USER_SCOPE_REQUIRED", "user scope is required")
        return None

    def step_10_entitlements(self) -> Answer | None:
        if "entitlements" not in self.scope:
            return None
        asked = set(self.scope["entitlements"])
        if not asked:
            return Answer(False, "ENTITLEMENTS_SCOPE_EMPTY", "entitlements scope is empty")
        held = {*self.world.license_entitlements.values(), *self.world.policy_entitlements.values()}
        if not asked <= held:
            return Answer(False, "ENTITLEMENTS_MISSING", "is missing one or more required entitlements")
        return None

    def step_11_machine(self) -> Answer | None:
        if "machine" not in self.scope:
            if self.policy.require_machine_scope:
                return Answer(False, "MACHINE_SCOPE_REQUIRED", "machine scope is required")
            return None
        if not self.world.machines:
            return self.no_machines("machine is not activated (has no associated machine{})")
        named = [one for one in self.world.machines if one.id == self.scope["machine"]]
        if not named:
            detail = "machine is not activated (does not match any associated machines)"
            return Answer(False, "MACHINE_SCOPE_MISMATCH", detail)
        if self.belongs_to_another(named[0]):
            detail = "user scope does not match (does not match associated machine owner)"
            return Answer(False, "USER_SCOPE_MISMATCH", detail)
        if self.policy.require_heartbeat and self.heartbeat(named[0]) == "NOT_STARTED":
            return Answer(False, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required")
        if self.heartbeat(named[0]) == "DEAD":
            return Answer(False, "HEARTBEAT_DEAD", "machine heartbeat is dead")
        return None

    def step_12_fingerprints(self) -> Answer | None:
        if "fingerprint" not in self.scope and "fingerprints" not in self.scope:
            if self.policy.require_fingerprint_scope:
                return Answer(False, "FINGERPRINT_SCOPE_REQUIRED", "fingerprint scope is required")
            return None
        asked, alive = self.fingerprints(), self.alive_matching()
        if not asked:
            return Answer(False, "FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty")
        if not self.world.machines:
            return self.no_machines("fingerprint is not activated (has no associated machine{})")
        matching = [one for one in self.world.machines if one.fingerprint in asked]
        if len(matching) - len(alive) == len(asked):
            return Answer(False, "HEARTBEAT_DEAD", "machine heartbeat is dead")
        if len(alive) < self.machines_needed(len(asked)):
            return Answer(False, "FINGERPRINT_SCOPE_MISMATCH", self.fingerprint_detail(len(asked)))
        if any(self.belongs_to_another(one) for one in alive):
            detail = "user scope does not match (does not match associated machine owners)"
            return Answer(False, "USER_SCOPE_MISMATCH", detail)
        if self.policy.require_heartbeat and any(self.heartbeat(one) == "NOT_STARTED" for one in alive):
            return Answer(False, "HEARTBEAT_NOT_STARTED", "machine heartbeat is required")
        return None

    def machines_needed(self, asked: int) -> int:
        if asked == 1:
            return 1
        strategy = self.policy.machine_matching_strategy or "MATCH_ANY"
        return {"MATCH_ANY": 1, "MATCH_TWO": 2, "MATCH_MOST": ceil(asked / 2), "MATCH_ALL": asked}[strategy]

    def fingerprint_detail(self, asked: int) -> str:
        if asked == 1:
            return "fingerprint is not activated (does not match any associated machines)"
        reason = _TOO_FEW[self.policy.machine_matching_strategy or "MATCH_ANY"].format("machines")
        return f"one or more fingerprint is not activated ({reason})"

    def step_13_components(self) -> Answer | None:
        if "components" not in self.scope:
            if self.policy.require_components_scope:
                return Answer(False, "COMPONENTS_SCOPE_REQUIRED", "components scope is required")
            return None
        if "fingerprint" not in self.scope:
            detail = "fingerprint scope is required when using the components scope"
            return Answer(False, "FINGERPRINT_SCOPE_REQUIRED", detail)
        asked = set(self.scope["components"])
        if not asked:
            return Answer(False, "COMPONENTS_SCOPE_EMPTY", "components scope is empty")
        (machine,) = (one for one in self.world.machines if one.fingerprint == self.scope["fingerprint"])
        present = len(asked & self.world.components[machine.id])
        strategy = self.policy.component_matching_strategy or "MATCH_ANY"
        most = ceil(len(asked) / 2)
        if present < {"MATCH_ANY": 1, "MATCH_TWO": 2, "MATCH_MOST": most, "MATCH_ALL": len(asked)}[strategy]:
            detail = f"one or more component is not activated ({_TOO_FEW[strategy].format('components')})"
            return Answer(False, "COMPONENTS_SCOPE_MISMATCH", detail)
        return None

    def step_14_checksum(self) -> Answer | None:
        if "checksum" not in self.scope:
            if self.policy.require_checksum_scope:
                return Answer(False, "CHECKSUM_SCOPE_REQUIRED", "checksum scope is required")
            return None
        versions = [
            release.version
            for artifact in self.world.artifacts
            for release in self.world.releases
            if artifact.release_id == release.id and self.is_accessible(release)
            if artifact.status == "UPLOADED" and artifact.checksum == self.scope["checksum"]
        ]
        if not versions:
            detail = "checksum scope is not valid (does not match any accessible artifacts)"
            return Answer(False, "CHECKSUM_SCOPE_MISMATCH", detail)
        self.version = max(versions, key=_precedence)
        return None

    def step_15_version(self) -> Answer | None:
        if "version" not in self.scope:
            if self.policy.require_version_scope:
                return Answer(False, "VERSION_SCOPE_REQUIRED", "version scope is required")
            return None
        asked = self.scope["version"]
        if not any(one.version == asked and self.is_accessible(one) for one in self.world.releases):
            detail = "version scope is not valid (does not match any accessible releases)"
            return Answer(False, "VERSION_SCOPE_MISMATCH", detail)
        self.version = asked
        return None


def _precedence(version: str) -> tuple[Any, ...]:
    """How high a version ranks (spec resources.md §9.4)."""
    parts = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:-([a-z]+)\.?(\d+)?)?", version)
    assert parts is not None
    major, minor, patch, word, number = parts.groups()
    return int(major), int(minor), int(patch), word is None, word or "", int(number or -1)
