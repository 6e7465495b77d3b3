"""Accounts (spec resources.md §6)."""

from __future__ import annotations

from chalicelib.api.document import Resource, home, related
from chalicelib.crypto.keys import PublicKeys, account_meta
from chalicelib.licensing.account import Account
from chalicelib.licensing.clock import to_text

_LINKED = {
    "settings": "settings",
    "webhookEndpoints": "webhook-endpoints",
    "webhookEvents": "webhook-events",
    **{
        name: name
        for name in (
            "products",
            "platforms",
            "arches",
            "channels",
            "releases",
            "artifacts",
            "policies",
            "users",
            "keys",
            "licenses",
            "machines",
            "components",
            "processes",
            "tokens",
        )
    },
}


def show(account: Account) -> Resource:
    """The account with its public keys under `meta`."""
    base = home(account.id)
    return {
        "id": account.id,
        "type": "accounts",
        "attributes": {
            "name": account.name,
            "slug": account.slug,
            "apiVersion": account.api_version,
            "status": "SUBSCRIBED",
            "protected": account.protected,
            "created": to_text(account.created),
            "updated": to_text(account.updated),
        },
        "relationships": {name: related(f"{base}/{path}") for name, path in _LINKED.items()},
        "links": {"self": base},
        "meta": account_meta(PublicKeys(account.ed25519_public, account.rsa_public, account.ecdsa_public)),
    }
