"""Entitlements (spec resources.md §2)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, resource, shown_metadata
from chalicelib.licensing.entitlement import Entitlement


def show(account_id: str, entitlement: Entitlement) -> Resource:
    """An entitlement."""
    attributes = {
        "name": entitlement.name,
        "code": entitlement.code,
        "metadata": shown_metadata(entitlement.metadata),
        "created": entitlement.created,
        "updated": entitlement.updated,
    }
    return resource(account_id, "entitlements", entitlement.id, attributes, {"environment": NO_ENVIRONMENT})
