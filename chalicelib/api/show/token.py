"""Tokens (spec auth.md §3)."""

from __future__ import annotations

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, resource
from chalicelib.licensing.token import Token, shown_permissions

_PLURAL = {"user": "users", "product": "products", "license": "licenses"}


def show(account_id: str, token: Token, role: str, held: frozenset[str], value: str | None = None) -> Resource:
    """A token of a bearer of `role` that holds `held`; `value` only where it was just made."""
    attributes: dict[str, object] = {"kind": token.kind}
    if value is not None:
        attributes["token"] = value
    attributes |= {"expiry": token.expiry, "name": token.name}
    if token.bearer_kind == "license":
        attributes |= {
            "maxActivations": token.max_activations,
            "activations": token.activations,
            "maxDeactivations": token.max_deactivations,
            "deactivations": token.deactivations,
        }
    attributes |= {
        "permissions": shown_permissions(token, role, held),
        "created": token.created,
        "updated": token.updated,
    }
    plural = _PLURAL[token.bearer_kind]
    bearer = linked(plural, token.bearer_id, f"{home(account_id)}/{plural}/{token.bearer_id}")
    return resource(account_id, "tokens", token.id, attributes, {"environment": NO_ENVIRONMENT, "bearer": bearer})
