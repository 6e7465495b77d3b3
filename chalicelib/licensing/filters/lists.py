"""The small filters of lists of policies, pool keys and tokens (spec policies.md §2, §6; auth.md §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.licensing.filters import values as values
from chalicelib.licensing.filters.kinds import Nothing
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import PoolKey
from chalicelib.licensing.token import Token

_KINDS = {spelling: kind for kind in ("user", "product", "license", "environment") for spelling in (kind, f"{kind}s")}


class Belongs(msgspec.Struct, frozen=True, kw_only=True):
    """Of one product or policy, as `name` says."""

    name: str
    identifier: str

    def matches(self, candidate: Policy | PoolKey) -> bool:
        """Whether the relation holds."""
        belongs_to: str = getattr(candidate, f"{self.name}_id")
        return belongs_to == self.identifier


class TokenCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A token that a list may show, and the role of its bearer (`product`, `license`, or that of a user)."""

    token: Token
    bearer_role: str


class BearerKind(msgspec.Struct, frozen=True, kw_only=True):
    """Of bearers of one kind."""

    kind: str
    name: str = "bearer[type]"

    def matches(self, candidate: TokenCandidate) -> bool:
        """Whether the bearer is of that kind."""
        return candidate.token.bearer_kind == self.kind


class BearerId(msgspec.Struct, frozen=True, kw_only=True):
    """Of one bearer."""

    identifier: str
    name: str = "bearer[id]"

    def matches(self, candidate: TokenCandidate) -> bool:
        """Whether it is that bearer's."""
        return candidate.token.bearer_id == self.identifier


class BearerRole(msgspec.Struct, frozen=True, kw_only=True):
    """Of bearers in some roles."""

    roles: frozenset[str]
    name: str = "bearer[role]"

    def matches(self, candidate: TokenCandidate) -> bool:
        """Whether the bearer is in one of them."""
        return candidate.bearer_role in self.roles


BelongsFilter = Nothing | Belongs
TokenFilter = Nothing | BearerKind | BearerId | BearerRole


def of_policies(tree: Mapping[str, Any]) -> tuple[BelongsFilter, ...]:
    """The filter of policies by product."""
    return tuple(_belongs(tree, "product"))


def of_keys(tree: Mapping[str, Any]) -> tuple[BelongsFilter, ...]:
    """The filters of pool keys by policy and product."""
    return tuple(_belongs(tree, "policy", "product"))


def of_tokens(tree: Mapping[str, Any]) -> tuple[TokenFilter, ...]:
    """The filters of tokens by bearer; here a blank value is none that any bearer has."""
    sent = tree.get("bearer")
    return tuple(_of_bearer(sent)) if isinstance(sent, dict) else ()


def _belongs(tree: Mapping[str, Any], *names: str) -> Iterator[BelongsFilter]:
    for name in names:
        sent = values.text(tree.get(name))
        if sent is not None:
            identifier = values.uuid(sent)
            yield Nothing(name=name) if identifier is None else Belongs(name=name, identifier=identifier)


def _of_bearer(sent: Mapping[str, Any]) -> Iterator[TokenFilter]:
    kind, identifier, role = sent.get("type"), sent.get("id"), sent.get("role")
    if isinstance(kind, str):
        yield BearerKind(kind=_KINDS[kind]) if kind in _KINDS else Nothing(name="bearer[type]")
    if isinstance(identifier, str):
        bearer_id = values.uuid(identifier)
        yield Nothing(name="bearer[id]") if bearer_id is None else BearerId(identifier=bearer_id)
    if isinstance(role, str | list):
        # No bearer has a blank role, so blank values need no rule of their own.
        roles = [role] if isinstance(role, str) else role
        yield BearerRole(roles=frozenset(one.replace("_", "-") for one in roles))
