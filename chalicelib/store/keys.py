"""Every partition key, sort key, index slot and guard string (STORE §2). Nothing else builds one."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from chalicelib.licensing.clock import to_text

FACTS = "license"
METER = "meter"
POINTER = "pointer"
UNIQUE = "unique"
WEBHOOKS = "webhooks"
SHARDS = tuple(f"due#{digit}" for digit in "0123456789abcdef")


class Key(NamedTuple):
    """The primary key of one item of one table."""

    pk: str
    sk: str


def account(account_id: str) -> Key:
    """The account itself."""
    return Key(f"account#{account_id}", "account")


def account_meter(account_id: str) -> Key:
    """Counters of the account (full admins)."""
    return Key(f"account#{account_id}", METER)


def webhooks(account_id: str) -> Key:
    """The summary of who subscribed to which events."""
    return Key(f"account#{account_id}", WEBHOOKS)


def resource(account_id: str, kind: str, identifier: str) -> Key:
    """A resource that is one item of its own partition: product, policy, user, group, entitlement ..."""
    return Key(f"{account_id}#{kind}#{identifier}", kind)


def facts(account_id: str, license_id: str) -> Key:
    """The seldom written item of a license."""
    return Key(f"{account_id}#license#{license_id}", FACTS)


def meter(account_id: str, license_id: str) -> Key:
    """The often written item of a license."""
    return Key(f"{account_id}#license#{license_id}", METER)


def token(account_id: str, digest: str) -> Key:
    """A token, found by the digest of its value."""
    return Key(f"{account_id}#token-digest#{digest}", "token")


def pointer(account_id: str, kind: str, identifier: str) -> Key:
    """The tiny item through which an id reaches an item with another key."""
    return Key(f"{account_id}#{kind}#{identifier}", POINTER)


def unique(account_id: str, what: str, text: str) -> Key:
    """The guard of a name that is unique in its account."""
    return Key(f"{account_id}#unique#{what}#{sha256(text.encode()).hexdigest()}", UNIQUE)


def slug(text: str) -> Key:
    """The guard of an account's slug, unique across accounts."""
    return Key(f"unique#slug#{sha256(text.lower().encode()).hexdigest()}", UNIQUE)


def delivery(event_id: str, subscriber_id: str) -> Key:
    """One event handed to one subscriber."""
    return Key(f"delivery#{event_id}#{subscriber_id}", "delivery")


def event(account_id: str, event_id: str) -> Key:
    """An event in the outbox."""
    return Key(f"{account_id}#event#{event_id}", "event")


def task(account_id: str, task_id: str) -> Key:
    """Work that rolls forward after the answer."""
    return Key(f"{account_id}#task#{task_id}", "task")


def position(created: datetime, identifier: str) -> str:
    """Where a resource stands in every list: creation time, then id."""
    return f"{to_text(created)}#{identifier}"


def slot(account_id: str, *parts: str) -> str:
    """A partition of a listing index, such as `A#product#P#license`."""
    return "#".join((account_id, *parts))


def due_shard(identifier: str) -> str:
    """The deadline partition of a resource."""
    return SHARDS[int(sha256(identifier.encode()).hexdigest()[0], 16)]
