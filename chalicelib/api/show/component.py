"""Components (spec machines.md §1.2)."""

from __future__ import annotations

from chalicelib.api.document import Resource, resource, shown_metadata
from chalicelib.api.show.part import relationships
from chalicelib.licensing.component import Component
from chalicelib.licensing.license import License


def show(account_id: str, component: Component, license: License) -> Resource:
    """A component of a machine on `license`."""
    attributes = {
        "fingerprint": component.fingerprint,
        "name": component.name,
        "metadata": shown_metadata(component.metadata),
        "created": component.created,
        "updated": component.updated,
    }
    related = relationships(account_id, "components", component, license)
    return resource(account_id, "components", component.id, attributes, related)
