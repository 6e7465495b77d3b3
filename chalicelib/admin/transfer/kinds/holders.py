"""What things are attached to: licenses, policies, groups, releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.licensing.release import Release
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import groups as group_loads
from chalicelib.store.loads import license as license_loads
from chalicelib.store.loads import releases as release_loads
from chalicelib.store.loads import resources as loads


def _release(account_id: str, release_id: str) -> Plan[Release | None]:
    (released,) = yield from release_loads.many(account_id, [release_id])
    return None if released is None else released.release


BY_KIND: Mapping[str, Callable[[str, str], Plan[Any]]] = {
    "license": license_loads.by_exact_id,
    "policy": loads.policy_by_id,
    "group": group_loads.by_id,
    "release": _release,
}
"""How one is loaded by its id."""


def _with_users(account_id: str, license_ids: list[str]) -> Plan[frozenset[str]]:
    """Licenses that count attached users; the others need not be asked."""
    found = yield from license_loads.many(account_id, license_ids)
    return frozenset(one.license.id for one in found if one is not None and one.license.users > 0)


def _licenses(account_id: str, license_ids: list[str]) -> Plan[frozenset[str]]:
    found = yield from license_loads.many(account_id, license_ids)
    return frozenset(one.license.id for one in found if one is not None)


def _groups(account_id: str, group_ids: list[str]) -> Plan[frozenset[str]]:
    found = yield from group_loads.many(account_id, group_ids)
    return frozenset(one.group.id for one in found if one is not None)


def _releases(account_id: str, release_ids: list[str]) -> Plan[frozenset[str]]:
    found = yield from release_loads.many(account_id, release_ids)
    return frozenset(one.release.id for one in found if one is not None)


ALIVE: Mapping[str, Callable[[str, list[str]], Plan[frozenset[str]]]] = {
    "license-user": _with_users,
    "license-entitlement": _licenses,
    "policy-entitlement": loads.living_policies,
    "group-owner": _groups,
    "release-constraint": _releases,
}
"""By the kind of the attachment, which of these holders exist."""
