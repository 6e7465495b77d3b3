"""What a single filter starts a list from: streams that hold at least what it asks for (STORE §2.1, §3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.licensing.clock import earlier, later
from chalicelib.licensing.filters import kinds as kinds
from chalicelib.licensing.filters import lists as list_filters
from chalicelib.licensing.filters import machine_kinds as machine_kinds
from chalicelib.licensing.filters import users as user_filters
from chalicelib.licensing.filters.metadata import Metadata, asks_for_one_scalar, metadata_asks
from chalicelib.licensing.periods import covering
from chalicelib.store import keys
from chalicelib.store.fetch import Entry
from chalicelib.store.walk import Given, Rows, Source, Stream

LICENSE, USER, TOKEN, MACHINE = "license", "user", "token", "machine"

SLOTS: Mapping[str, int] = {
    "product": 2,
    "policy": 3,
    "license": 4,
    "bearer": 4,
    "owner": 5,
    "user": 5,
    "group": 6,
}
"""The slot of each relation."""

# Clocks of two requests differ a little: what was active just now may lie after now, or be listed a moment before.
_SLACK = timedelta(days=1)

Streams = tuple[Source, ...]


class Start(NamedTuple):
    """The streams of one filter; `exact` when they list just what it asks for."""

    streams: Streams
    exact: bool = True


Starter = Callable[[str, Any], Start | None]
"""What a filter starts a list of an account from, None when it is no filter to start from in this way."""


def everything(account_id: str, kind: str) -> Stream:
    """All resources of a kind."""
    return Stream(1, keys.slot(account_id, kind))


def related(account_id: str, relation: str, identifier: str, kind: str) -> Stream:
    """What has one product, policy, license, bearer, owner, attached user (`user`) or group."""
    return Stream(SLOTS[relation], keys.slot(account_id, relation, identifier, kind))


def of_user(account_id: str, user_id: str) -> Streams:
    """The licenses that a user owns or is attached to."""
    return tuple(related(account_id, relation, user_id, LICENSE) for relation in ("owner", "user"))


def on_licenses(account_id: str, license_ids: Iterable[str], kind: str) -> Streams:
    """Machines, or what is on machines, of some licenses."""
    return tuple(related(account_id, "license", license_id, kind) for license_id in sorted(license_ids))


def held(account_id: str, one: Any) -> Start | None:
    """The license of a machine."""
    if not isinstance(one, kinds.Holds) or one.license is None:
        return None
    license = one.license
    entry = Entry(keys.position(license.created, license.id), keys.facts(account_id, license.id))
    return Start((Given((entry,)),))


def with_metadata(kind: str) -> Starter:
    """What has a scalar in its metadata, as the string and as what that reads as."""

    def starter(account_id: str, one: Any) -> Start | None:
        texts = metadata_asks(one) if isinstance(one, Metadata) else ()
        rows = tuple(Rows(keys.listed_metadata(account_id, kind, text)) for text in texts)
        return Start(rows, asks_for_one_scalar(one)) if rows else None

    return starter


def owned(account_id: str, one: Any) -> Start | None:
    """The licenses of an owner."""
    if type(one) is not kinds.Owned or one.identifier is None:
        return None
    return Start((related(account_id, "owner", one.identifier, LICENSE),))


def used(account_id: str, one: Any) -> Start | None:
    """The licenses of an owner or attached user."""
    asked = isinstance(one, kinds.Used) and one.identifier is not None
    return Start(of_user(account_id, one.identifier)) if asked else None


def belonging(filter_kind: type[Any], relation: str, kind: str) -> Starter:
    """What has one product, policy or group."""

    def starter(account_id: str, one: Any) -> Start | None:
        asked = isinstance(one, filter_kind) and one.name == relation
        return Start((related(account_id, relation, one.identifier, kind),)) if asked else None

    return starter


def suspended(account_id: str, one: Any) -> Start | None:
    """The suspended licenses."""
    asked = isinstance(one, kinds.Suspended) and one.value
    return Start((Stream(4, keys.slot(account_id, LICENSE, "suspended")),)) if asked else None


def owned_by(user_ids: Sequence[str]) -> Starter:
    """The licenses of banned owners, who are `user_ids`."""

    def starter(account_id: str, one: Any) -> Start | None:
        streams = tuple(related(account_id, "owner", user_id, LICENSE) for user_id in user_ids)
        return Start(streams, exact=False) if isinstance(one, kinds.Banned) else None

    return starter


def expiring(account_id: str, one: Any) -> Start | None:
    """The licenses that expire, or did, within a range of time."""
    if not isinstance(one, kinds.Expires) or one.perpetual:
        return None
    return _during(account_id, "expires", 1, one.spans[0].start, one.spans[-1].end)


def active(account_id: str, one: Any) -> Start | None:
    """The licenses whose last activity lies within a range of time."""
    if not isinstance(one, kinds.Active):
        return None
    bounds = (earlier(one.since, _SLACK), later(one.now, _SLACK)) if one.value else (None, one.since)
    return _during(account_id, "active", 2, *bounds)


def in_group(account_id: str, one: Any) -> Start | None:
    """The users of a group."""
    asked = isinstance(one, user_filters.Grouped)
    return Start((related(account_id, "group", one.identifier, USER),)) if asked else None


def banned(account_id: str, one: Any) -> Start | None:
    """The banned users."""
    asked = isinstance(one, user_filters.Stands) and one.status == "BANNED"
    return Start((Stream(4, keys.slot(account_id, USER, "banned")),)) if asked else None


def in_roles(account_id: str, one: Any) -> Start | None:
    """The users in some roles."""
    if not isinstance(one, user_filters.Roles):
        return None
    return Start(tuple(Stream(3, keys.slot(account_id, USER, "role", role)) for role in one.roles))


def of_bearer(account_id: str, one: Any) -> Start | None:
    """The tokens of a bearer."""
    asked = isinstance(one, list_filters.BearerId)
    return Start((related(account_id, "bearer", one.identifier, TOKEN),)) if asked else None


def fingerprinted(account_id: str, one: Any) -> Start | None:
    """The machines with a fingerprint."""
    if not isinstance(one, machine_kinds.Exactly) or one.name != "fingerprint":
        return None
    return Start((Rows(keys.fingerprint(account_id, MACHINE, one.text)),))


def owned_machines(account_id: str, one: Any) -> Start | None:
    """The machines of an owner."""
    asked = isinstance(one, machine_kinds.Owned) and one.identifier is not None
    return Start((related(account_id, "owner", one.identifier, MACHINE),)) if asked else None


def on_licenses_of(filter_kind: type[machine_kinds.Owned | machine_kinds.Used], kind: str) -> Starter:
    """What is on the licenses that a filter by a user came to; all of it is asked for if the user has them."""

    def starter(account_id: str, one: Any) -> Start | None:
        if not isinstance(one, filter_kind) or one.identifier is None:
            return None
        return Start(on_licenses(account_id, one.licenses, kind), exact=filter_kind is machine_kinds.Used)

    return starter


def _during(account_id: str, what: str, slot: int, start: datetime | None, end: datetime | None) -> Start:
    """The weeks of a range in `slot`, its years two slots further."""
    periods = covering(start, end)
    found = [(slot, name) for name in periods.weeks] + [(slot + 2, name) for name in periods.years]
    return Start(tuple(Stream(one, keys.slot(account_id, LICENSE, what, name)) for one, name in found), exact=False)
