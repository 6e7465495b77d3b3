"""Who outranks whom among bearers and users (spec resources.md §4.3, auth.md §5.6)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing import permissions

RANKS: Mapping[str, int] = {
    "admin": 7,
    "environment": 6,
    "developer": 5,
    "product": 4,
    "sales-agent": 3,
    "support-agent": 2,
    "read-only": 1,
    "license": 0,
    "user": 0,
}


def lacks_privileges(
    bearer_role: str,
    bearer_held: frozenset[str],
    bearer_is_full_admin: bool,
    target_role: str,
    target_held: frozenset[str],
) -> bool:
    """Whether a bearer may not create, update or delete a user of `target_role` who holds `target_held`.

    Nobody acts on who ranks higher; among equals only a full admin acts on who holds what the bearer does not. The
    sets are those of bearer and user themselves, not of a token. A change of role or permissions is asked about
    twice: for the user as it is and as it would become. KeyError for an unknown role.
    """
    bearer_rank, target_rank = RANKS[bearer_role], RANKS[target_role]
    if bearer_rank != target_rank:
        return bearer_rank < target_rank
    return not bearer_is_full_admin and not _granted(bearer_role, bearer_held) >= _granted(target_role, target_held)


def _granted(role: str, held: frozenset[str]) -> frozenset[str]:
    return permissions.allowed(role) if permissions.WILDCARD in held else held
