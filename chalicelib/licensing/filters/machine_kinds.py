"""What one filter of a list of machines, components or processes asks for (spec machines.md §5, §8, §9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.licensing import heartbeat
from chalicelib.licensing.filters.kinds import Nothing
from chalicelib.licensing.filters.metadata import Metadata
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that a list may show, or that what a list may show is on; `process` when it is one."""

    machine: Machine
    license: License
    policy: Policy
    process: Process | None = None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the machine."""
        return self.machine.metadata

    def belongs_to(self, name: str) -> str | None:
        """The id of the machine, or of its license, product, policy or group."""
        if name == "machine":
            return self.machine.id
        if name == "license":
            return self.license.id
        found: str | None = getattr(self.machine if name == "group" else self.license, f"{name}_id")
        return found


class Belongs(msgspec.Struct, frozen=True, kw_only=True):
    """Of one machine, license, product, policy or group, as `name` says."""

    name: str
    identifier: str

    def matches(self, candidate: Candidate) -> bool:
        """Whether the relation holds."""
        return candidate.belongs_to(self.name) == self.identifier


class Exactly(msgspec.Struct, frozen=True, kw_only=True):
    """With one fingerprint, ip or hostname, as `name` says."""

    name: str
    text: str

    def matches(self, candidate: Candidate) -> bool:
        """Whether the attribute is that text."""
        text: str | None = getattr(candidate.machine, self.name)
        return text == self.text


class Keyed(msgspec.Struct, frozen=True, kw_only=True):
    """Of the license with one key."""

    key: str
    name: str = "key"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the license has it."""
        return candidate.license.key == self.key


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """Of one owner: `identifier`, or not looked up yet and known by `email`.

    `licenses`: ids of those that the machines of the owner are on, where somebody looked.
    """

    identifier: str | None = None
    email: str | None = None
    licenses: frozenset[str] = frozenset()
    name: str = "owner"

    def matches(self, candidate: Candidate) -> bool:
        """Whether that user owns the machine."""
        return self.identifier is not None and candidate.machine.owner_id == self.identifier


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """On a license that one user owns or is attached to: `licenses`, once they were looked up."""

    identifier: str | None = None
    email: str | None = None
    licenses: frozenset[str] = frozenset()
    name: str = "user"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the machine is on one of them."""
        return candidate.license.id in self.licenses


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """Dead at `now`, or not (`dead` False): a machine that was not started is not dead."""

    dead: bool
    now: datetime
    name: str = "status"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the machine is as asked; the process, when it is one."""
        watched = candidate.process or candidate.machine
        status = heartbeat.status(candidate.policy, watched.last_heartbeat, watched.created, self.now)
        return (status == heartbeat.DEAD) is self.dead


MachineFilter = Nothing | Belongs | Exactly | Keyed | Owned | Used | Stands | Metadata
"""Has a `name`, that of its parameter, and tells whether a candidate `matches`."""
