"""The filters of lists of users: from a query to what each user is asked (spec resources.md §4.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.licensing import permissions
from chalicelib.licensing.filters import metadata as metadata_filters
from chalicelib.licensing.filters import values as values
from chalicelib.licensing.filters.kinds import Nothing
from chalicelib.licensing.filters.metadata import Metadata
from chalicelib.licensing.user import User, status

_STATUSES = frozenset({"ACTIVE", "INACTIVE", "BANNED"})


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A user that a list may show. What follows `user` is only looked at where `asks_for_licenses` says so.

    `last_activity` is the latest of any license the user owns or is attached to, `licenses` and `products` are the
    ids of those and of their products; `owns_license` says whether one of them is owned.
    """

    user: User
    last_activity: datetime | None = None
    owns_license: bool = False
    licenses: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the user."""
        return self.user.metadata


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """In one of these roles."""

    roles: tuple[str, ...]
    name: str = "roles"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the user's is among them."""
        return candidate.user.role in self.roles


class Licensed(msgspec.Struct, frozen=True, kw_only=True):
    """With one license, or with a license of one product, as `name` says."""

    name: str
    identifier: str

    def matches(self, candidate: Candidate) -> bool:
        """Whether the user owns it or is attached to it."""
        return self.identifier in (candidate.licenses if self.name == "license" else candidate.products)


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """In one group."""

    identifier: str
    name: str = "group"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the user is a member."""
        return candidate.user.group_id == self.identifier


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """With a status, as it is shown at `now`."""

    status: str
    now: datetime
    name: str = "status"

    def matches(self, candidate: Candidate) -> bool:
        """Whether the user's is that one."""
        return status(candidate.user, candidate.last_activity, self.now) == self.status


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Owner of a license; `value` False: of none."""

    name: str
    value: bool

    def matches(self, candidate: Candidate) -> bool:
        """Whether the user owns one, or none."""
        return candidate.owns_license is self.value


UserFilter = Nothing | Metadata | Roles | Licensed | Grouped | Stands | Owner
"""Has a `name`, that of its parameter, and tells whether a candidate `matches`."""

CUSTOMERS = Roles(roles=("user",))
"""What is asked when no role is."""

_Reader = Callable[[str, Any, datetime], UserFilter | None]


def _texts(read: Callable[[str, str, datetime], UserFilter | None]) -> _Reader:
    """The reader of a parameter that is one text; what means nothing leaves nothing."""

    def reader(name: str, sent: Any, now: datetime) -> UserFilter | None:
        text = values.text(sent)
        return None if text is None else read(name, text, now) or Nothing(name=name)

    return reader


def _roles(name: str, sent: Any, now: datetime) -> UserFilter:
    asked = [text for text in sent if text.strip()] if isinstance(sent, list) else []
    if not asked:
        return CUSTOMERS
    known = {role.replace("_", "-"): None for role in asked}
    roles = tuple(role for role in known if role in permissions.ROLES)
    return Roles(roles=roles) if roles else Nothing(name=name)


def _licensed(name: str, sent: str, now: datetime) -> UserFilter | None:
    identifier = values.uuid(sent)
    return None if identifier is None else Licensed(name=name, identifier=identifier)


def _grouped(name: str, sent: str, now: datetime) -> UserFilter | None:
    identifier = values.uuid(sent)
    return None if identifier is None else Grouped(identifier=identifier)


def _status(name: str, sent: str, now: datetime) -> UserFilter | None:
    return Stands(status=sent.upper(), now=now) if sent.upper() in _STATUSES else None


def _owner(name: str, sent: str, now: datetime) -> UserFilter:
    return Owner(name=name, value=values.boolean(sent))


def _metadata(name: str, sent: Any, now: datetime) -> UserFilter | None:
    return metadata_filters.parse(sent)


_READERS: Mapping[str, _Reader] = {
    "roles": _roles,
    **dict.fromkeys(("product", "license"), _texts(_licensed)),
    "group": _texts(_grouped),
    "status": _texts(_status),
    **dict.fromkeys(("assigned", "active"), _texts(_owner)),
    "metadata": _metadata,
}


def parse(tree: Mapping[str, Any], now: datetime, names: Collection[str] = _READERS.keys()) -> tuple[UserFilter, ...]:
    """The filters that a query asks for; those to be skipped are left out, and so is every parameter not in `names`.

    Unless roles are asked for, only customers are; lists without that parameter show everybody.
    """
    sent = {"roles": None} | dict(tree)
    found = [read(name, sent[name], now) for name, read in _READERS.items() if name in sent and name in names]
    return tuple(one for one in found if one is not None)


def matching(filters: Iterable[UserFilter], candidate: Candidate) -> bool:
    """Whether the candidate is what every filter asks for."""
    return all(one.matches(candidate) for one in filters)


def asks_for_licenses(filters: Iterable[UserFilter]) -> bool:
    """Whether candidates have to come with what is known of their licenses."""
    return any(
        isinstance(one, Licensed | Owner) or (isinstance(one, Stands) and one.status != "BANNED") for one in filters
    )
