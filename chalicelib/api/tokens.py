"""Making tokens: the value is shown once, its digest is kept (spec auth.md §1, §3)."""

from __future__ import annotations

from typing import Any

from chalicelib.api.operation import Outcome, Scene
from chalicelib.api.schema import Member, document, instant, integer, spellings, text, texts
from chalicelib.api.show import token as shown
from chalicelib.crypto.digests import token_digest
from chalicelib.licensing import permissions, token_forms
from chalicelib.licensing import token as tokens
from chalicelib.licensing.user import User
from chalicelib.store.items import token as stored

TYPES = spellings("token", "tokens")
WHO_MAY_NARROW = frozenset({"admin", "developer", "environment", "product"})


def body(
    *,
    narrowed_by: frozenset[str] | None = WHO_MAY_NARROW,
    relationships: dict[str, Member] | None = None,
    quotas: bool = False,
    parameters: dict[str, Member] | None = None,
) -> Member:
    """The document of a token request; all of it is optional. `parameters` are those of its `meta`."""
    attributes: dict[str, Member] = {
        "name": text(nullable=True),
        "expiry": instant(nullable=True),
        "permissions": texts(roles=narrowed_by),
    }
    if quotas:
        attributes |= {"max_activations": integer(), "max_deactivations": integer()}
    return document(
        TYPES, attributes, relationships, attributes_required=False, data_required=False, parameters=parameters
    )


def generated(
    scene: Scene,
    command: dict[str, Any],
    bearer_kind: str,
    bearer_id: str,
    role: str,
    stored_permissions: tuple[str, ...] | None,
    held: frozenset[str] | None = None,
    *,
    generation: int = 0,
) -> Outcome:
    """A new token for a bearer of `role`; `held` where its effective set is narrower than what is stored."""
    kind = token_forms.token_kind(role)
    fields = command.get("data", {}).get("attributes", {})
    given = (kind, bearer_kind, bearer_id, role, stored_permissions, fields, scene.now, generation)
    token = tokens.create(scene.new_id(), *given)
    value, digest = new_value(scene, kind)
    effective = permissions.stored_or_default(role, stored_permissions) if held is None else held
    return Outcome(
        body={"data": shown.show(scene.account_id, token, role, effective, value)},
        payload={"data": shown.show(scene.account_id, token, role, effective)},
        writes=stored.creation(scene.account_id, token, digest),
        event="token.generated",
    )


def generated_for_user(scene: Scene, command: dict[str, Any], user: User) -> Outcome:
    """A new token for a user; it is dead at once if the user's tokens were revoked since `user` was read."""
    given = ("user", user.id, user.role, user.permissions)
    return generated(scene, command, *given, generation=user.token_generation)


def new_value(scene: Scene, kind: str) -> tuple[str, str]:
    """A fresh value for a token of `kind`, and the digest it is found by."""
    characters = token_forms.token_form(kind).hex_characters
    value = token_forms.new_token_value(kind, scene.arrival.service.random_hex(characters))
    return value, token_digest(scene.arrival.tenant.secret, value)
