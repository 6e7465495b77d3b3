"""Tokens with their bearers: what a token grants follows from what its bearer holds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.licensing import permissions
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import effective_permissions
from chalicelib.licensing.token import Token
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need, together
from chalicelib.store.items import token as tokens
from chalicelib.store.keys import Key
from chalicelib.store.loads import credentials
from chalicelib.store.loads.credentials import Identity
from chalicelib.store.loads.live import live

MOVES = 4
"""How often a token is looked for that moves while it is looked for."""


class Held(msgspec.Struct, frozen=True):
    """A token, where it is stored, and its bearer: one of `identity`'s user, product, licensed.

    `related`: it is of a license or a user of the product that asks.
    """

    token: Token
    key: Key
    identity: Identity
    related: bool = False

    @property
    def role(self) -> str:
        """The role of the bearer."""
        return self.identity.user.role if self.identity.user is not None else self.token.bearer_kind

    @property
    def stored(self) -> tuple[str, ...] | None:
        """The stored permissions of the bearer, None for the default of its role."""
        found = self.identity
        if found.licensed is not None:
            return found.licensed.license.permissions
        bearer = found.user or found.product
        return None if bearer is None else bearer.permissions

    @property
    def held(self) -> frozenset[str]:
        """What the bearer holds."""
        licensed = self.identity.licensed
        if licensed is not None:
            return effective_permissions(licensed.license, licensed.owner)
        return permissions.stored_or_default(self.role, self.stored)


def by_id(account_id: str, text: str) -> Plan[Held | None]:
    """A token by its id; one whose bearer is gone does not exist.

    Between two rounds the token may have moved to its next value: then its pointer leads elsewhere by now.
    """
    if not is_uuid(text):
        return None
    pointer_key, before = keys.pointer(account_id, tokens.KIND, normal_uuid(text)), None
    for number in range(MOVES):
        found = yield need(pointer_key, fresh=number > 0)
        pointer = live(found, pointer_key, "pointer")
        where = None if pointer is None else Key(pointer["target_pk"], pointer["target_sk"])
        if where is None or where == before:
            return None
        (held,) = yield from at(account_id, [where])
        if held is not None and held.token.id == normal_uuid(text):
            return held
        before = where
    return None


def many(account_id: str, entries: Sequence[Entry]) -> Plan[Sequence[Held | None]]:
    """Those of a list."""
    return (yield from at(account_id, [entry.key for entry in entries]))


def at(account_id: str, where: Sequence[Key]) -> Plan[Sequence[Held | None]]:
    """Those stored at these keys."""
    found = yield need(*where)
    present = {key: tokens.token_of(item) for key in where if (item := live(found, key, tokens.KIND)) is not None}
    identities = yield from together(*(credentials.bearer(account_id, token) for token in present.values()))
    held = {
        key: Held(token, key, identity)
        for (key, token), identity in zip(present.items(), identities, strict=True)
        if identity.token is not None
    }
    return [held.get(key) for key in where]
