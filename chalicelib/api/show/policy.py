"""Policies (spec policies.md §1)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, related, resource, shown_metadata
from chalicelib.licensing.metadata import camel
from chalicelib.licensing.policy import Policy

_HIDDEN = frozenset({"id", "product_id", "revision", "metadata"})
_SHOWN = tuple((name, camel(name)) for name in Policy.__struct_fields__ if name not in _HIDDEN)


def show(account_id: str, policy: Policy) -> Resource:
    """A policy: every attribute under its own name."""
    base = f"{home(account_id)}/policies/{policy.id}"
    attributes = {shown: getattr(policy, name) for name, shown in _SHOWN}
    attributes["metadata"] = shown_metadata(policy.metadata)
    relationships = {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", policy.product_id, f"{base}/product"),
        "pool": related(f"{base}/pool"),
        "licenses": related(f"{base}/licenses"),
        "entitlements": related(f"{base}/entitlements"),
    }
    return resource(account_id, "policies", policy.id, attributes, relationships)
