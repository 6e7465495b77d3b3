"""The verdict of a validation, and what it leaves behind (spec validation.md §4, §7)."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.license import License, first_expiry
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.validation.case import Case
from chalicelib.licensing.validation.check import Check
from chalicelib.licensing.validation.rules import CHECKS
from chalicelib.licensing.validation.scopes import NO_SCOPE, Scope
from chalicelib.licensing.validation.snapshot import Snapshot


class Verdict(msgspec.Struct, frozen=True):
    """The outcome; `version` is the release version the license takes on, None for no change."""

    valid: bool
    code: str
    detail: str
    version: str | None = None

    @property
    def event(self) -> str:
        """The event of a validation that is neither quick nor of an unknown key."""
        return f"license.validation.{'succeeded' if self.valid else 'failed'}"


NOT_FOUND = Verdict(False, "NOT_FOUND", "does not exist")


def validate(snapshot: Snapshot | None, scope: Scope | None, quick: bool) -> Verdict:
    """The first row that matches; `snapshot` is None when no license has the key. Quick ignores scopes (column S)."""
    if snapshot is None:
        return NOT_FOUND
    case = Case(snapshot, NO_SCOPE if quick or scope is None else scope)
    version = None
    for check in CHECKS:
        if quick and check.skipped_by_quick:
            continue
        if check.matches(case):
            valid = check.valid(case)
            if not (valid and check.overage and _restricted(case)):
                return _verdict(check, case, valid, version)
        else:
            version = check.version(case) or version
    raise AssertionError("the last row matches everything")


def touched(license: License, policy: Policy, verdict: Verdict, *, quick: bool, now: datetime) -> License:
    """`license` after its validation, whatever the verdict (§7). `expiry` is to be set only if none is stored."""
    seen = replace(license, last_validated=now, updated=now)
    if quick:
        return seen
    expiry = license.expiry or first_expiry(license, policy, "FROM_FIRST_VALIDATION", now)
    return replace(seen, expiry=expiry, release_version=verdict.version or license.release_version)


def _restricted(case: Case) -> bool:
    # An allowed overage must not shield an expired license (§6.2).
    return case.expired and case.policy.expiration_strategy == "RESTRICT_ACCESS"


def _verdict(check: Check, case: Case, valid: bool, version: str | None) -> Verdict:
    detail = check.detail if isinstance(check.detail, str) else check.detail(case)
    return Verdict(valid, check.code, detail, version)
