"""What one filter of a list of licenses asks for (spec licenses.md §8.3). All instants are fixed when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from operator import eq, ge, gt, le, lt
from typing import Any

import msgspec

from chalicelib.licensing.filters.metadata import Metadata
from chalicelib.licensing.license import License, last_activity
from chalicelib.licensing.user import User

_COMPARISONS = {"eq": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A license that a list may show, with its owner.

    `attached_to`: those of the users that `licenses.asked_users` names which are attached to it. Nothing else
    is looked up in it, and owners need not be in it.
    """

    license: License
    owner: User | None = None
    attached_to: frozenset[str] = frozenset()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the license."""
        return self.license.metadata

    @property
    def is_banned(self) -> bool:
        """Whether its owner is banned."""
        return self.owner is not None and self.owner.banned_at is not None


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """A filter whose value means nothing, or something that is not there: no candidate fits."""

    name: str

    def matches(self, candidate: object) -> bool:
        """Never."""
        return False


class Belongs(msgspec.Struct, frozen=True, kw_only=True):
    """Of one product, policy or group, as `name` says."""

    name: str
    identifier: str

    def matches(self, candidate: Candidate) -> bool:
        """Whether the relation holds."""
        belongs_to: str | None = getattr(candidate.license, f"{self.name}_id")
        return belongs_to == self.identifier


class Holds(msgspec.Struct, frozen=True, kw_only=True):
    """The license of one machine: `license`, once it was looked up."""

    machine_id: str
    license: License | None = None
    name: str = "machine"

    def matches(self, candidate: Candidate) -> bool:
        """Whether it is that license."""
        return self.license is not None and candidate.license.id == self.license.id


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """Owned by one user: `identifier`, or not looked up yet and known by `email`."""

    identifier: str | None = None
    email: str | None = None
    name: str = "owner"

    def matches(self, candidate: Candidate) -> bool:
        """Whether that user owns it."""
        return self.identifier is not None and candidate.license.owner_id == self.identifier


class Used(Owned, frozen=True, kw_only=True):
    """Owned by one user, or with that user attached."""

    name: str = "user"

    def matches(self, candidate: Candidate) -> bool:
        """Whether that user owns it or is attached to it."""
        return super().matches(candidate) or self.identifier in candidate.attached_to


class Suspended(msgspec.Struct, frozen=True, kw_only=True):
    """The stored flag."""

    name: str
    value: bool

    def matches(self, candidate: Candidate) -> bool:
        """Whether the flag is as asked."""
        return candidate.license.suspended is self.value


class Banned(msgspec.Struct, frozen=True, kw_only=True):
    """Of a banned owner."""

    name: str

    def matches(self, candidate: Candidate) -> bool:
        """Whether its owner is banned."""
        return candidate.is_banned


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """With an owner or an attached user; `value` False: with neither."""

    name: str
    value: bool

    def matches(self, candidate: Candidate) -> bool:
        """Whether somebody has it, or nobody."""
        license = candidate.license
        return (license.owner_id is not None or license.users > 0) is self.value


class Activations(msgspec.Struct, frozen=True, kw_only=True):
    """With so many machines; `comparison` is `eq`, `gt`, `gte`, `lt` or `lte`."""

    name: str
    comparison: str
    number: int

    def matches(self, candidate: Candidate) -> bool:
        """Whether the count compares as asked."""
        return bool(_COMPARISONS[self.comparison](candidate.license.machines, self.number))


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A range of time, None where it has no end; both ends are in it unless they are open."""

    start: datetime | None = None
    end: datetime | None = None
    open_start: bool = False
    open_end: bool = False

    def __contains__(self, instant: datetime) -> bool:
        after = self.start is None or (instant > self.start if self.open_start else instant >= self.start)
        return after and (self.end is None or (instant < self.end if self.open_end else instant <= self.end))


class Expires(msgspec.Struct, frozen=True, kw_only=True):
    """With an expiry in one of `spans`; `perpetual`: or without expiry."""

    name: str
    spans: tuple[Span, ...]
    perpetual: bool = False

    def matches(self, candidate: Candidate) -> bool:
        """Whether the expiry is as asked."""
        expiry = candidate.license.expiry
        return self.perpetual if expiry is None else any(expiry in span for span in self.spans)


class Active(msgspec.Struct, frozen=True, kw_only=True):
    """Active since an instant, as seen `now`, or (`value` False) not since then; never of a banned owner."""

    name: str
    since: datetime
    now: datetime
    value: bool

    def matches(self, candidate: Candidate) -> bool:
        """Whether the last activity lies on the side asked for."""
        return not candidate.is_banned and (last_activity(candidate.license) >= self.since) is self.value


LicenseFilter = (
    Nothing | Belongs | Holds | Owned | Used | Suspended | Banned | Assigned | Activations | Expires | Active | Metadata
)
"""Has a `name`, that of its parameter, and tells whether a candidate `matches`."""
