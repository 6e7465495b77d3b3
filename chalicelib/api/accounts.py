"""Accounts as requests need them: found by id or slug, with their keys unwrapped, cached per container."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from chalicelib.crypto import keys as key_pairs
from chalicelib.crypto.secrets import UnwrapCache, Wrapper
from chalicelib.licensing.account import Account
from chalicelib.licensing.errors import NotFound, Problem
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store import keys, meter
from chalicelib.store.database import Database
from chalicelib.store.fetch import get
from chalicelib.store.items.account import account_of

FRESH_SECONDS = 30.0
UNWRAPPED_SECONDS = 300.0
UNWRAPPED_ENTRIES = 256


@dataclass(frozen=True, slots=True)
class Tenant:
    """An account with what it signs and hashes with."""

    account: Account
    signer: key_pairs.Signer = field(repr=False)
    secret: str = field(repr=False)

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id


class _Remembered(msgspec.Struct):
    tenant: Tenant
    until: float


class Accounts:
    """Finds tenants. `seconds` is a monotonic clock; one account is read at most once in 30 s per container."""

    def __init__(
        self, database: Database, vault: Wrapper, seconds: Callable[[], float], default: str | None = None
    ) -> None:
        self._database, self._seconds, self._default = database, seconds, default
        self._remembered: dict[str, _Remembered] = {}
        self._keys = UnwrapCache(vault, _keys, UNWRAPPED_ENTRIES, UNWRAPPED_SECONDS)
        self._lock = threading.Lock()

    def find(self, identifier: str | None) -> Tenant:
        """The tenant of a path's account segment, or the deployment's own for the short form; NotFound otherwise."""
        name = identifier if identifier is not None else self._default
        if name is None:
            raise NotFound(Problem("account is required", code="NOT_FOUND"))
        tenant = self._recent(name) or self._load(name)
        if tenant is None:
            raise NotFound(Problem(f"The requested account '{name}' was not found", code="NOT_FOUND"))
        return tenant

    def _recent(self, name: str) -> Tenant | None:
        found = self._remembered.get(name)
        return found.tenant if found is not None and found.until > self._seconds() else None

    def _load(self, name: str) -> Tenant | None:
        account = self._read(name)
        if account is None:
            return None
        signer, secret = self._keys.get(account.wrapped_keys, {"account": account.id}, self._seconds())
        tenant = Tenant(account, signer, secret)
        with self._lock:
            if len(self._remembered) > UNWRAPPED_ENTRIES:
                self._remembered.clear()
            self._remembered[name] = _Remembered(tenant, self._seconds() + FRESH_SECONDS)
        return tenant

    def _read(self, name: str) -> Account | None:
        meter.new_round()
        account_id = normal_uuid(name) if is_uuid(name) else self._id_of_slug(name)
        item = None if account_id is None else get(self._database, keys.account(account_id))
        return account_of(item) if item is not None and item["kind"] == "account" else None

    def _id_of_slug(self, slug: str) -> str | None:
        guard = get(self._database, keys.slug(slug))
        meter.new_round()
        return None if guard is None else str(guard["target"])


def _keys(blob: bytes) -> tuple[key_pairs.Signer, str]:
    secrets = key_pairs.deserialize(blob)
    return key_pairs.Signer(secrets.pairs), secrets.secret
