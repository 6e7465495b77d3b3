"""A license under validation, described in as few words as a row of the specification."""

from __future__ import annotations

from typing import Any

from chalicelib.licensing.license import License
from chalicelib.licensing.user import User
from chalicelib.licensing.validation.decide import Verdict, validate
from chalicelib.licensing.validation.scopes import read
from chalicelib.licensing.validation.snapshot import MachineState, Snapshot
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW

EXPIRED = NOW - DAY

_LICENSE = set(License.__struct_fields__)
_SNAPSHOT = set(Snapshot.__struct_fields__)

OWNER = make.user(id="u1", email="one@example.com")


def machine(name: str, **given: Any) -> MachineState:
    """A machine with the fingerprint `name`, alive."""
    return MachineState(**{"id": f"id-{name}", "fingerprint": name, "status": "ALIVE"} | given)


def snapshot(**given: Any) -> Snapshot:
    """Fields of the license, the policy or the snapshot; `policy_<name>` where license and policy share a name.

    An `owner` also owns the license. `found` are machines that were looked up, and all the license has.
    """
    parts: dict[str, dict[str, Any]] = {"license": {}, "policy": {}, "snapshot": {}}
    found = given.pop("found", ())
    if found:
        parts["snapshot"]["machines"] = found
        parts["license"]["machines"] = len(found)
    for name, value in given.items():
        kind, field = _place(name)
        parts[kind][field] = value
    owner: User | None = parts["snapshot"].get("owner")
    license_ = make.license_(**{"owner_id": owner.id if owner else None} | parts["license"])
    return Snapshot(license=license_, policy=make.policy(**parts["policy"]), now=NOW, **parts["snapshot"])


def verdict(scope: dict[str, Any] | None = None, /, quick: Any = False, **given: Any) -> Verdict:
    """The verdict on `snapshot(**given)`; `scope` as sent, in snake_case."""
    return validate(snapshot(**given), read(scope), quick)


def outcome(scope: dict[str, Any] | None = None, /, quick: Any = False, **given: Any) -> tuple[bool, str]:
    """Valid and code."""
    found = verdict(scope, quick, **given)
    return found.valid, found.code


def code(scope: dict[str, Any] | None = None, /, quick: Any = False, **given: Any) -> str:
    """Only the code."""
    return verdict(scope, quick, **given).code


def _place(name: str) -> tuple[str, str]:
    if name.startswith("policy_"):
        return "policy", name.removeprefix("policy_")
    if name in _SNAPSHOT - {"machines"}:
        return "snapshot", name
    return ("license" if name in _LICENSE else "policy"), name
