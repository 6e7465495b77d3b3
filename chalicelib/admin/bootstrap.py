"""Creating accounts, and saying who listens to their events (spec resources.md §6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from chalicelib.crypto import keys as key_pairs
from chalicelib.crypto.digests import token_digest
from chalicelib.crypto.secrets import Wrapper
from chalicelib.licensing import token as tokens
from chalicelib.licensing import token_forms
from chalicelib.licensing.account import Account, slug_problem
from chalicelib.licensing.errors import Conflicting, InvalidFields, Problem
from chalicelib.licensing.events import KNOWN
from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys, retry
from chalicelib.store.database import Database
from chalicelib.store.items import account as accounts
from chalicelib.store.items import token as stored_tokens
from chalicelib.store.items import user as users
from chalicelib.store.items.account import WebhooksRow
from chalicelib.store.loads import resources
from chalicelib.store.unit import Changed, Locked, Put, Write, commit

API_VERSION = "1.8"
DECISIONS = 6


@dataclass(frozen=True, slots=True)
class Tools:
    """What commands work with."""

    database: Database
    vault: Wrapper
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    random_hex: Callable[[int], str]


def bootstrap(
    tools: Tools,
    slug: str,
    email: str,
    name: str | None = None,
    *,
    protected: bool = False,
    pairs: key_pairs.KeyPairs | None = None,
) -> dict[str, Any]:
    """A new account with its key pairs, an admin and an admin token, in one transaction.

    `pairs` are given where they exist already.
    `{"account", "slug", "admin", "adminToken", "publicKey", "keys"}`; the token is shown here and never again.
    Raises InvalidFields when the slug is taken or unusable.
    """
    problem = slug_problem(slug)
    if problem is not None:
        raise InvalidFields(problem)
    now, secret = tools.now(), key_pairs.new_secret()
    account = _account(tools, slug, name or slug, pairs or key_pairs.generate(), secret, now, protected)
    admin = User(id=tools.new_id(), email=email.strip().lower(), role="admin", created=now, updated=now)
    token = tokens.create(tools.new_id(), token_forms.token_kind("admin"), "user", admin.id, "admin", None, {}, now)
    value = token_forms.new_token_value("admin", tools.random_hex(token_forms.token_form("admin").hex_characters))
    writes = (
        *accounts.creation(account, admins=1),
        *users.creation(account.id, admin),
        *stored_tokens.creation(account.id, token, token_digest(secret, value)),
    )
    _apply(tools, lambda: writes if find(tools, slug) is None else _taken())
    return {
        "account": account.id,
        "slug": account.slug,
        "admin": admin.id,
        "adminToken": value,
        "publicKey": account.ed25519_public,
        "keys": {"ed25519": account.ed25519_public, "rsa2048": account.rsa_public, "ecdsa": account.ecdsa_public},
    }


def _account(
    tools: Tools, slug: str, name: str, pairs: key_pairs.KeyPairs, secret: str, now: datetime, protected: bool
) -> Account:
    account_id, public = tools.new_id(), key_pairs.public(pairs)
    return Account(
        id=account_id,
        slug=slug,
        name=name,
        protected=protected,
        api_version=API_VERSION,
        ed25519_public=public.ed25519,
        rsa_public=public.rsa,
        ecdsa_public=public.ecdsa,
        wrapped_keys=tools.vault.wrap(key_pairs.serialize(pairs, secret), {"account": account_id}),
        created=now,
        updated=now,
    )


def find(tools: Tools, slug_or_id: str) -> str | None:
    """The id of an account, None when there is none."""
    guard = fetch.get(tools.database, keys.slug(slug_or_id))
    if guard is not None:
        return str(guard["target"])
    return slug_or_id if fetch.get(tools.database, keys.account(slug_or_id)) is not None else None


def subscribe(tools: Tools, account_id: str, channel: str, events: Sequence[str]) -> dict[str, Any]:
    """Add a subscriber of an account's events: exact names, or `*` alone. The same one twice changes nothing."""
    unknown = [event for event in events if event != "*" and event not in KNOWN]
    if unknown or not events or ("*" in events and len(events) > 1):
        detail = "unsupported webhook event type for subscription"
        raise InvalidFields(Problem(detail, code="SUBSCRIPTIONS_NOT_ALLOWED", pointer="/data/attributes/subscriptions"))
    wanted = {"channel": channel, "events": list(events)}
    added = {"id": tools.new_id(), **wanted}

    def writes() -> tuple[Write, ...]:
        present = fetch.run(tools.database, resources.subscribers(account_id))
        for known in present:
            if {"channel": known["channel"], "events": known["events"]} == wanted:
                added.update(known)
                return ()
        return (_subscribers(account_id, present, added),)

    _apply(tools, writes)
    return added


def _subscribers(account_id: str, present: Sequence[dict[str, Any]], added: dict[str, Any]) -> Put:
    key = keys.webhooks(account_id)
    row = WebhooksRow(pk=key.pk, sk=key.sk, subscribers=[*present, added])
    same = WebhooksRow.subscribers == list(present) if present else WebhooksRow.pk.does_not_exist()
    return Put(row, same)


def _apply(tools: Tools, writes: Callable[[], tuple[Write, ...]]) -> None:
    """Commit what `writes` says, asking again while the world changes; nothing is written for an empty answer."""
    for number in range(DECISIONS):
        if number:
            tools.database.pause(retry.delay(number))
        wanted = writes()
        try:
            if wanted:
                commit(tools.database, wanted)
        except (Changed, Locked):
            continue
        return
    raise Conflicting(Problem("the account kept changing, please try again"))


def _taken() -> NoReturn:
    raise InvalidFields(Problem("has already been taken", code="SLUG_TAKEN", pointer="/data/attributes/slug"))
