"""Pool keys (spec policies.md §6)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, resource
from chalicelib.licensing.pool import PoolKey


def show(account_id: str, pooled: PoolKey) -> Resource:
    """A key of a pool."""
    base = f"{home(account_id)}/keys/{pooled.id}"
    attributes = {"key": pooled.key, "created": pooled.created, "updated": pooled.updated}
    relationships = {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", pooled.product_id, f"{base}/product"),
        "policy": linked("policies", pooled.policy_id, f"{base}/policy"),
    }
    return resource(account_id, "keys", pooled.id, attributes, relationships)
