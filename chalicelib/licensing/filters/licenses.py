"""The filters of lists of licenses: from a query to what each license is asked (spec licenses.md §8.2 to §8.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing.filters import kinds as kinds
from chalicelib.licensing.filters.kinds import LicenseFilter, Nothing
from chalicelib.licensing.filters.readers import READERS
from chalicelib.licensing.license import License

Candidate = kinds.Candidate


def parse(tree: Mapping[str, Any], now: datetime, names: Collection[str] = READERS.keys()) -> tuple[LicenseFilter, ...]:
    """The filters that a query asks for; those to be skipped are left out, and so is every parameter not in `names`.

    Every instant they compare with is fixed at `now`. What a value means is never an error: see `impossible`.
    """
    found = [read(name, tree[name], now) for name, read in READERS.items() if name in tree and name in names]
    return tuple(one for one in found if one is not None)


def impossible(filters: Iterable[object]) -> bool:
    """Whether the list is empty whatever there is: nothing has to be read for it."""
    return any(isinstance(one, Nothing) for one in filters)


def matching(filters: Iterable[LicenseFilter], candidate: Candidate) -> bool:
    """Whether the candidate is what every filter asks for. Emails and machines have to be `resolved` before."""
    return all(one.matches(candidate) for one in filters)


def emails(filters: Iterable[LicenseFilter]) -> tuple[str, ...]:
    """The emails, as they were sent, whose users `resolved` has to be told."""
    found = (one.email for one in filters if isinstance(one, kinds.Owned))
    return tuple(dict.fromkeys(email for email in found if email is not None))


def machines(filters: Iterable[LicenseFilter]) -> tuple[str, ...]:
    """The ids of machines whose licenses `resolved` has to be told."""
    return tuple(one.machine_id for one in filters if isinstance(one, kinds.Holds) and one.license is None)


def resolved(
    filters: Iterable[LicenseFilter],
    users: Mapping[str, str | None],
    licenses: Mapping[str, License | None],
) -> tuple[LicenseFilter, ...]:
    """The filters with the ids of `users` by email, and `licenses` by id of machine; None, or absent, is nobody."""
    return tuple(_resolved(one, users, licenses) for one in filters)


def asked_users(filters: Iterable[LicenseFilter]) -> frozenset[str]:
    """The ids of users of which `Candidate.attached_to` has to tell whether they are attached."""
    return frozenset(one.identifier for one in filters if isinstance(one, kinds.Used) and one.identifier is not None)


def _resolved(
    one: LicenseFilter, users: Mapping[str, str | None], licenses: Mapping[str, License | None]
) -> LicenseFilter:
    if isinstance(one, kinds.Owned) and one.email is not None:
        user_id = users.get(one.email)
        return Nothing(name=one.name) if user_id is None else replace(one, identifier=user_id, email=None)
    if isinstance(one, kinds.Holds) and one.license is None:
        license = licenses.get(one.machine_id)
        return Nothing(name=one.name) if license is None else replace(one, license=license)
    return one
