"""Tokens: their raw values are known to nobody, so a file has their digests under the account's secret.

A file from elsewhere may have raw values, of which the digests are made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Linked, Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import GONE, UNCHANGED, Decision, Kind, Place, each, expected
from chalicelib.admin.transfer.kinds.token_rows import digest_of, renewal
from chalicelib.admin.transfer.merge import made, settled
from chalicelib.admin.transfer.readers import columns, text
from chalicelib.admin.transfer.report import Rejected
from chalicelib.crypto.digests import token_digest
from chalicelib.licensing import fields as rules
from chalicelib.licensing import permissions, token_forms
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.token import Token
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import token as stored
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads import tokens as loads
from chalicelib.store.loads.live import live
from chalicelib.store.loads.tokens import Held
from chalicelib.store.table import Item

PLURALS = {"user": "users", "product": "products", "license": "licenses"}
COUNTS = ("max_activations", "activations", "max_deactivations", "deactivations")
SHAPE = Shape(
    type="tokens",
    attributes=columns(Token, "name", "expiry", "permissions", *COUNTS, "created", "updated"),
    meta={"token": text, "digest": text},
    links={"bearer": to_one("bearer", **{name: kind for kind, plural in PLURALS.items() for name in (plural, kind)})},
    nullable=frozenset({"name", "expiry", "max_activations", "max_deactivations"}),
    derived=frozenset({"kind"}),
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KNOWN = frozenset().union(*(permissions.allowed(role) for role in permissions.ROLES), {permissions.WILDCARD})


class Bearer(msgspec.Struct, frozen=True):
    """Who a token is of: its role, and the generation of its live tokens."""

    role: str
    generation: int = 0


class Found(msgspec.Struct, frozen=True):
    """What is at the id, the token and where it is, whose it is to be, and who has the value the line gives."""

    account: Item
    pointer: Item | None
    token: Item | None
    bearer: Bearer | None
    holder: Item | None

    @property
    def key(self) -> Key | None:
        """Where the token is."""
        return None if self.token is None else Key(self.token["pk"], self.token["sk"])


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_key, pointer_key = keys.account(place.account_id), keys.pointer(place.account_id, stored.KIND, sent.id)
    found = yield need(account_key, pointer_key)
    account, pointer = found[account_key], found[pointer_key]
    there = live(found, pointer_key, "pointer")
    own = None if there is None else Key(there["target_pk"], there["target_sk"])
    digest = _digest(place, account, sent)
    wanted = None if digest is None else keys.token(place.account_id, digest)
    found = yield need(own, wanted)
    token, holder = live(found, own, stored.KIND), live(found, wanted, stored.KIND)
    if token is not None and token["id"] != sent.id:
        token = None
    of = sent.links.get("bearer") or (None if token is None else Linked(token["bearer_kind"], token["bearer_id"]))
    bearer = None if of is None else (yield from _bearer(place.account_id, of))
    return Found(account, pointer, token, bearer, holder)


def _bearer(account_id: str, of: Linked) -> Plan[Bearer | None]:
    if of.kind == "license":
        licensed = yield from licenses.by_exact_id(account_id, of.id)
        return None if licensed is None else Bearer("license")
    key = keys.resource(account_id, of.kind, of.id)
    found = yield need(key)
    item = live(found, key, of.kind)
    return None if item is None else Bearer(item.get("role", of.kind), item.get("token_generation", 0))


def _digest(place: Place, account: Item, sent: Sent) -> str | None:
    """The digest of the value the line gives, None when it gives none."""
    value, digest = sent.meta.get("token"), sent.meta.get("digest")
    return digest if value is None else token_digest(place.secrets(account["wrapped_keys"]).secret, value)


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    digest = _checked_digest(place, sent, found)
    if found.token is not None:
        return _changed(place, sent, found, digest, now)
    if found.pointer is not None:
        raise Rejected(GONE)
    if digest is None:
        raise Rejected("meta.token: is missing, and so is meta.digest")
    of = sent.links.get("bearer")
    if of is None:
        raise Rejected("relationships.bearer: is missing")
    bearer = expected(found.bearer, of.kind, of.id)
    kind = token_forms.token_kind(bearer.role)

    def create(given: dict[str, Any], at: datetime) -> Token:
        usual = {} if sent.has("expiry") else {"expiry": token_forms.default_expiry(kind, at)}
        return Token(
            **usual | given,
            id=sent.id,
            kind=kind,
            bearer_kind=of.kind,
            bearer_id=of.id,
            generation=bearer.generation,
            created=at,
            updated=at,
        )

    token = made(sent, now, create)
    check(_problems(token))
    return Decision(writes=stored.creation(place.account_id, token, digest), created=True)


def _checked_digest(place: Place, sent: Sent, found: Found) -> str | None:
    value, given = sent.meta.get("token"), sent.meta.get("digest")
    if value is not None and not token_forms.well_formed(value):
        raise Rejected(f"meta.token: must end in {token_forms.TOKEN_VERSION}")
    if given is not None and not _DIGEST.fullmatch(given):
        raise Rejected("meta.digest: must be 64 lower-case hex digits")
    digest = _digest(place, found.account, sent)
    if given is not None and given != digest:
        raise Rejected("meta.digest: is not that of meta.token")
    if found.holder is not None and found.holder["id"] != sent.id:
        raise Rejected("meta: another token has this value")
    return digest


def _changed(place: Place, sent: Sent, found: Found, digest: str | None, now: datetime) -> Decision:
    assert found.token is not None and found.key is not None
    before, of = stored.token_of(found.token), sent.links.get("bearer")
    if of is not None and of != (before.bearer_kind, before.bearer_id):
        raise Rejected(f"relationships.bearer: cannot change from {before.bearer_id}")
    bearer = expected(found.bearer, before.bearer_kind, before.bearer_id)
    tied = {"kind": token_forms.token_kind(bearer.role), "generation": bearer.generation}
    after = settled(before, replace(before, **sent.given, **sent.cleared, **tied), sent, now)
    value = digest or digest_of(found.key)
    if after is before and value == digest_of(found.key):
        return UNCHANGED
    check(_problems(after))
    return Decision(writes=renewal(place.account_id, found.key, before, after, value))


def _problems(token: Token) -> Iterator[Problem | None]:
    """The rules of a new token, but for what its bearer may hold now: it may hold less than it did then."""
    yield rules.text_length("name", token.name)
    for name in COUNTS:
        yield rules.integer(name, getattr(token, name))
    if len(set(token.permissions)) != len(token.permissions) or not _KNOWN.issuperset(token.permissions):
        yield rules.unsupported_permissions()


def _resources(place: Place) -> Iterator[Resource]:
    found: Iterator[Held] = each(place, stored.KIND, lambda page: loads.many(place.account_id, page))
    for held in found:
        token = held.token
        bearer = {"bearer": (PLURALS[token.bearer_kind], token.bearer_id)}
        shown = written(SHAPE, token, bearer, {"digest": digest_of(held.key)})
        yield shown | {"attributes": {"kind": token.kind, **shown["attributes"]}}


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
