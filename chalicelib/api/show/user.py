"""Users (spec resources.md §4)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, related, resource, shown_metadata
from chalicelib.licensing import permissions
from chalicelib.licensing.user import User, held, status


def show(account_id: str, user: User, now: datetime, licensed_activity: datetime | None = None) -> Resource:
    """A user; `licensed_activity` is the last activity of any license it holds, for its status (§4.2)."""
    base = f"{home(account_id)}/users/{user.id}"
    attributes = {
        "fullName": _full_name(user),
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "status": status(user, licensed_activity, now),
        "role": user.role,
        "permissions": permissions.shown(held(user)),
        "metadata": shown_metadata(user.metadata),
        "created": user.created,
        "updated": user.updated,
    }
    relationships = {
        "environment": NO_ENVIRONMENT,
        "group": linked("groups", user.group_id, f"{base}/group"),
        "products": related(f"{base}/products"),
        "licenses": related(f"{base}/licenses"),
        "machines": related(f"{base}/machines"),
        "tokens": related(f"{base}/tokens"),
        "secondFactors": related(f"{base}/second-factors"),
    }
    return resource(account_id, "users", user.id, attributes, relationships)


def _full_name(user: User) -> str | None:
    if user.first_name is None or user.last_name is None:
        return None
    return f"{user.first_name} {user.last_name}"
