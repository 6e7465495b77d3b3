"""Groups (spec resources.md §3)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, related, resource, shown_metadata
from chalicelib.licensing.group import Group

_RELATED = ("owners", "users", "licenses", "machines")


def show(account_id: str, group: Group) -> Resource:
    """A group."""
    base = f"{home(account_id)}/groups/{group.id}"
    attributes = {
        "name": group.name,
        "maxUsers": group.max_users,
        "maxLicenses": group.max_licenses,
        "maxMachines": group.max_machines,
        "metadata": shown_metadata(group.metadata),
        "created": group.created,
        "updated": group.updated,
    }
    relationships = {"environment": NO_ENVIRONMENT, **{name: related(f"{base}/{name}") for name in _RELATED}}
    return resource(account_id, "groups", group.id, attributes, relationships)
