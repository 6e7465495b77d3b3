"""Which streams a list starts from for which filters, the most selective first (STORE §3.1).

Streams hold at least what is asked for: of everything they lead to, the filters are asked again. Each function of
streams also tells whether they are exact: whether all that they list, and that is alive, is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.licensing.filters import kinds as kinds
from chalicelib.licensing.filters import lists as small
from chalicelib.licensing.filters import machine_kinds as machine_kinds
from chalicelib.licensing.filters.kinds import LicenseFilter
from chalicelib.licensing.filters.machine_kinds import MachineFilter
from chalicelib.licensing.filters.users import UserFilter
from chalicelib.store import keys, starts
from chalicelib.store.fetch import Entry, Listing, Need, Plan
from chalicelib.store.starts import LICENSE, MACHINE, SLOTS, USER, Start, Starter, Streams
from chalicelib.store.walk import Stream

everything = starts.everything
related = starts.related
of_user = starts.of_user
on_licenses = starts.on_licenses

FEW_BANNED = 60
"""Of how many banned users the licenses are read side by side."""

_NARROW_OF_LICENSES: tuple[Starter, ...] = (
    starts.held,
    starts.with_metadata(LICENSE),
    starts.owned,
    starts.used,
    starts.belonging(kinds.Belongs, "group", LICENSE),
    starts.belonging(kinds.Belongs, "policy", LICENSE),
    starts.suspended,
)
_TIMES_OF_LICENSES: tuple[Starter, ...] = (starts.expiring, starts.active)
_NARROW_OF_MACHINES: tuple[Starter, ...] = (
    starts.fingerprinted,
    starts.belonging(machine_kinds.Belongs, "license", MACHINE),
    starts.with_metadata(MACHINE),
    starts.owned_machines,
    starts.on_licenses_of(machine_kinds.Used, MACHINE),
    starts.belonging(machine_kinds.Belongs, "group", MACHINE),
    starts.belonging(machine_kinds.Belongs, "policy", MACHINE),
)
_OF_USERS: tuple[Starter, ...] = (starts.with_metadata(USER), starts.in_group, starts.banned, starts.in_roles)


def license_streams(
    account_id: str,
    filters: Sequence[LicenseFilter],
    bearer_streams: Streams = (),
    banned: Sequence[str] | None = None,
) -> tuple[Streams, bool]:
    """Where a list of licenses starts, and whether that is exact.

    `bearer_streams` hold all that the bearer may see (a user, a product), empty for who sees everything. Those of a
    product are as wide as the filter by product; all others are taken to be narrower than any filter. `banned` are
    the ids of all banned users, if `asks_for_banned` asks for them and they are few.
    """
    _, start = _chosen(account_id, filters, _of_licenses(bearer_streams, banned))
    return _started(start, filters, bearer_streams, everything(account_id, LICENSE))


def asks_for_banned(filters: Sequence[LicenseFilter], bearer_streams: Streams = ()) -> bool:
    """Whether `license_streams` would start from the licenses of banned users if it knew who they are."""
    chosen, _ = _chosen("", filters, _of_licenses(bearer_streams, ()))
    return isinstance(chosen, kinds.Banned)


def banned_users(account_id: str) -> Plan[tuple[str, ...] | None]:
    """The ids of all banned users, None when they are too many to start from."""
    ask = Listing(4, keys.slot(account_id, USER, "banned"), limit=FEW_BANNED + 1)
    found = yield Need(asks=(ask,))
    entries: list[Entry] = found[ask]
    return tuple(entry.identifier for entry in entries) if len(entries) <= FEW_BANNED else None


def user_streams(account_id: str, filters: Sequence[UserFilter], bearer_streams: Streams = ()) -> tuple[Streams, bool]:
    """Where a list of users starts, and whether that is exact.

    `bearer_streams`, unless empty, hold all that can be listed: what the bearer may see, or the users of the license
    or of the product that the list or a filter names; these two filters start nothing by themselves.
    """
    _, start = _chosen(account_id, filters, () if bearer_streams else _OF_USERS)
    return _started(start, filters, bearer_streams, everything(account_id, USER))


def small_streams(
    account_id: str,
    kind: str,
    filters: Sequence[small.BelongsFilter | small.TokenFilter],
    bearer_streams: Streams = (),
) -> tuple[Streams, bool]:
    """Where a list of policies, pool keys or tokens starts, and whether that is exact; `bearer_streams` as of users."""
    starters = (*(starts.belonging(small.Belongs, name, kind) for name in ("policy", "product")), starts.of_bearer)
    _, start = _chosen(account_id, filters, () if bearer_streams else starters)
    return _started(start, filters, bearer_streams, everything(account_id, kind))


def machine_streams(
    account_id: str, filters: Sequence[MachineFilter], bearer_streams: Streams = ()
) -> tuple[Streams, bool]:
    """Where a list of machines starts, and whether that is exact; `bearer_streams` as of licenses.

    Emails, keys and the licenses of users have to be looked up before.
    """
    _, start = _chosen(account_id, filters, _with_product(_NARROW_OF_MACHINES, MACHINE, bearer_streams))
    return _started(start, filters, bearer_streams, everything(account_id, MACHINE))


def part_streams(
    account_id: str, kind: str, filters: Sequence[MachineFilter], bearer_streams: Streams = ()
) -> tuple[Streams, bool]:
    """The same of components or processes, which are listed by license and product only."""
    narrow: tuple[Starter, ...] = (
        starts.belonging(machine_kinds.Belongs, "license", kind),
        starts.on_licenses_of(machine_kinds.Owned, kind),
        starts.on_licenses_of(machine_kinds.Used, kind),
    )
    _, start = _chosen(account_id, filters, _with_product(narrow, kind, bearer_streams))
    return _started(start, filters, bearer_streams, everything(account_id, kind))


def _with_product(narrow: tuple[Starter, ...], kind: str, bearer_streams: Streams) -> tuple[Starter, ...]:
    """What may start a list instead of `bearer_streams`, in order."""
    if _always_drive(bearer_streams):
        return ()
    by_product = () if bearer_streams else (starts.belonging(machine_kinds.Belongs, "product", kind),)
    return (*narrow, *by_product)


def _always_drive(bearer_streams: Streams) -> bool:
    """Those of a product are as wide as the filter by product; all others are narrower than any filter."""
    return any(not isinstance(one, Stream) or one.slot != SLOTS["product"] for one in bearer_streams)


def _of_licenses(bearer_streams: Streams, banned: Sequence[str] | None) -> tuple[Starter, ...]:
    """What may start a list of licenses instead of `bearer_streams`, in order."""
    if _always_drive(bearer_streams):
        return ()
    by_ban = () if banned is None else (starts.owned_by(banned),)
    by_product = () if bearer_streams else (starts.belonging(kinds.Belongs, "product", LICENSE),)
    return (*_NARROW_OF_LICENSES, *by_ban, *_TIMES_OF_LICENSES, *by_product)


def _chosen(account_id: str, filters: Sequence[Any], starters: Sequence[Starter]) -> tuple[Any, Start | None]:
    """The filter to start from, and what it starts."""
    found = ((one, starter(account_id, one)) for starter in starters for one in filters)
    return next(((one, start) for one, start in found if start is not None), (None, None))


def _started(
    start: Start | None, filters: Sequence[Any], bearer_streams: Streams, all_of_kind: Stream
) -> tuple[Streams, bool]:
    if start is None:
        return bearer_streams or (all_of_kind,), not filters
    return start.streams, start.exact and len(filters) == 1 and not bearer_streams
