"""Tokens: credentials of users, products and licenses (spec auth.md §1, §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing import permissions as sets
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.token_forms import default_expiry, token_kind
from chalicelib.licensing.user import User

REGENERATED_FOR = timedelta(days=14)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its value. `bearer_kind` is `user`, `product` or `license`; permissions `("*",)` by default.

    `generation` is that of its user's tokens when it was made: see `User.token_generation`.
    """

    id: str
    kind: str
    bearer_kind: str
    bearer_id: str
    name: str | None = None
    expiry: datetime | None = None
    permissions: tuple[str, ...] = ("*",)
    max_activations: int | None = None
    activations: int = 0
    max_deactivations: int | None = None
    deactivations: int = 0
    generation: int = 0
    created: datetime
    updated: datetime


def create(
    token_id: str,
    kind: str,
    bearer_kind: str,
    bearer_id: str,
    bearer_role: str,
    bearer_stored: tuple[str, ...] | None,
    fields: Mapping[str, Any],
    now: datetime,
    generation: int = 0,
) -> Token:
    """A new token; `bearer_stored` is the stored set of the bearer, None for the default of its role; `generation`
    that of a user's tokens.

    `fields` as sent, snake_case: an `expiry` of None is kept, an absent one is the default of the kind (§1.2).
    Raises InvalidFields.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    token = Token(
        id=token_id,
        kind=kind,
        bearer_kind=bearer_kind,
        bearer_id=bearer_id,
        name=given.get("name"),
        expiry=fields["expiry"] if "expiry" in fields else default_expiry(kind, now),
        permissions=tuple(given.get("permissions", (sets.WILDCARD,))),
        max_activations=given.get("max_activations"),
        max_deactivations=given.get("max_deactivations"),
        generation=generation,
        created=now,
        updated=now,
    )
    check(_problems(token, bearer_role, bearer_stored))
    return token


def regenerated(token: Token, now: datetime) -> Token:
    """The same token for a new value: one that ends gets two weeks from now, one that does not stays so (§1.2)."""
    return replace(token, expiry=None if token.expiry is None else now + REGENERATED_FOR, updated=now)


def is_revoked(token: Token, user: User) -> bool:
    """Whether a token of `user` ended with others, though it may still be stored (§1.2)."""
    return token.generation != user.token_generation


def kept(token: Token, user: User) -> Token:
    """A token that stays alive while the others of `user`, who may have another role by now, are revoked."""
    return replace(token, kind=token_kind(user.role), generation=user.token_generation)


def shown_permissions(token: Token, bearer_role: str, bearer_held: frozenset[str]) -> list[str]:
    """The effective set (§5.2), ascending."""
    return sets.shown(sets.token_effective(bearer_role, bearer_held, token.permissions))


def _problems(token: Token, bearer_role: str, bearer_stored: tuple[str, ...] | None) -> Iterator[Problem | None]:
    yield rules.text_length("name", token.name)
    yield rules.integer("max_activations", token.max_activations)
    yield rules.integer("max_deactivations", token.max_deactivations)
    if not sets.token_supported(bearer_role, bearer_stored, token.permissions):
        yield rules.unsupported_permissions()
