"""Products (spec resources.md §1)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, related, resource, shown_metadata
from chalicelib.licensing import permissions
from chalicelib.licensing.product import Product

_RELATED = ("policies", "licenses", "machines", "users", "tokens", "platforms", "channels", "releases", "artifacts")


def show(account_id: str, product: Product) -> Resource:
    """A product."""
    base = f"{home(account_id)}/products/{product.id}"
    attributes = {
        "name": product.name,
        "code": product.code,
        "distributionStrategy": product.distribution_strategy,
        "url": product.url,
        "platforms": product.platforms,
        "permissions": permissions.shown(permissions.stored_or_default("product", product.permissions)),
        "metadata": shown_metadata(product.metadata),
        "created": product.created,
        "updated": product.updated,
    }
    relationships = {"environment": NO_ENVIRONMENT, **{name: related(f"{base}/{name}") for name in _RELATED}}
    return resource(account_id, "products", product.id, attributes, relationships)
