"""The account itself: its name, its settings, and what it signs and hashes with.

The account that is imported into keeps its id and its slug, by which its operator knows it; only a new one takes
them from its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.bootstrap import API_VERSION
from chalicelib.admin.transfer.document import Resource, Sent, Shape, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place
from chalicelib.admin.transfer.kinds import account_keys
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.crypto import keys as key_pairs
from chalicelib.licensing import fields as rules
from chalicelib.licensing.account import Account, slug_problem
from chalicelib.licensing.errors import Problem, check
from chalicelib.store import fetch, keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import account as stored
from chalicelib.store.items.account import AccountRow
from chalicelib.store.items.mapping import difference
from chalicelib.store.table import Item
from chalicelib.store.unit import Change

SHAPE = Shape(
    type="accounts",
    attributes=columns(Account, "name", "slug", "api_version", "protected", "created", "updated"),
    meta=account_keys.MEMBERS,
    derived=frozenset({"status", "public_key", "keys"}),
)
_VERSION = re.compile(r"1\.[0-8]")


class Found(msgspec.Struct, frozen=True):
    """The account, and who has the slug of a new one."""

    item: Item | None
    slug: Item | None


def _load(place: Place, sent: Sent) -> Plan[Found]:
    key, slug = keys.account(place.account_id), keys.slug(sent.given.get("slug", ""))
    found = yield need(key, slug)
    return Found(found[key], found[slug])


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    if found.item is None:
        return _created(place, sent, found, now)
    before = stored.account_of(found.item)
    kept = {name: value for name, value in sent.given.items() if name != "slug"}
    check(_problems(kept))
    at = {"created": sent.created or before.created}
    after = replace(before, **kept, **at, **_keys(place, sent, before))
    if after == before and sent.updated in (None, before.updated):
        return UNCHANGED
    after = replace(after, updated=sent.updated or now)
    same = (AccountRow.updated == before.updated) & (AccountRow.wrapped_keys == before.wrapped_keys)
    return Decision(writes=(Change(AccountRow, keys.account(before.id), difference(before, after, AccountRow), same),))


def _created(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    slug = sent.given.get("slug")
    if slug is None:
        raise Rejected("attributes.slug: is missing")
    if found.slug is not None:
        raise Rejected("attributes.slug: has already been taken")
    check([slug_problem(slug), *_problems(sent.given)])
    at = sent.created or now
    secrets = account_keys.secrets(sent.meta, None)
    usual: dict[str, Any] = {"name": slug, "protected": False, "api_version": API_VERSION}
    account = Account(
        **usual | sent.given,
        **account_keys.public(secrets),
        id=place.account_id,
        wrapped_keys=_wrapped(place, secrets),
        created=at,
        updated=sent.updated or at,
    )
    return Decision(writes=stored.creation(account, admins=0), created=True)


def _keys(place: Place, sent: Sent, before: Account) -> dict[str, Any]:
    """What the line changes about keys and secret, nothing when it names none or those there are."""
    known = place.secrets(before.wrapped_keys)
    secrets = account_keys.secrets(sent.meta, known)
    if secrets == known:
        return {}
    return {**account_keys.public(secrets), "wrapped_keys": _wrapped(place, secrets)}


def _wrapped(place: Place, secrets: key_pairs.Secrets) -> bytes:
    plain = key_pairs.serialize(secrets.pairs, secrets.secret)
    return place.tools.vault.wrap(plain, {"account": place.account_id})


def _problems(given: dict[str, Any]) -> Iterator[Problem | None]:
    if "name" in given:
        yield rules.present("name", given["name"])
        yield rules.text_length("name", given["name"])
    if not _VERSION.fullmatch(given.get("api_version", API_VERSION)):
        yield rules.invalid("api_version", "INVALID", "is no version this service speaks")


def _resources(place: Place) -> Iterator[Resource]:
    item = fetch.get(place.database, keys.account(place.account_id))
    if item is not None:
        account = stored.account_of(item)
        yield written(SHAPE, account, None, account_keys.shown(account, place.secrets(account.wrapped_keys)))


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
