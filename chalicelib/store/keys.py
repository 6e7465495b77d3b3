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


def group_meter(account_id: str, group_id: str) -> Key:
    """How many members of each kind a group has."""
    return Key(f"{account_id}#group#{group_id}", METER)


def attachment(account_id: str, holder: str, holder_id: str, target: str, target_id: str) -> Key:
    """A user or entitlement (`target`) that belongs to a license, policy or group (`holder`)."""
    return Key(f"{account_id}#{holder}#{holder_id}", f"{target}#{target_id}")


def attachments(account_id: str, holder: str, holder_id: str, target: str) -> Key:
    """What all attachments of one kind of one holder begin with."""
    return Key(f"{account_id}#{holder}#{holder_id}", f"{target}#")


def pool_key(account_id: str, policy_id: str, key_id: str) -> Key:
    """A pool key, in the partition of its policy: what is left in a pool can be asked strongly."""
    return Key(f"{account_id}#policy#{policy_id}", f"key#{key_id}")


def pool(account_id: str, policy_id: str) -> Key:
    """What all keys of a pool begin with."""
    return Key(f"{account_id}#policy#{policy_id}", "key#")


def license_of(meter_key: Key) -> str:
    """The id of the license whose facts or meter are at this key."""
    return meter_key.pk.rpartition("#")[2]


def machine(account_id: str, license_id: str, fingerprint: str) -> Key:
    """A machine: its fingerprint is its place in the license, so that no look-up finds it."""
    return Key(f"{account_id}#license#{license_id}", f"machine#{digest(fingerprint)}")


def component(account_id: str, license_id: str, machine_fingerprint: str, fingerprint: str) -> Key:
    """A component, by the fingerprints of its machine and its own."""
    return Key(f"{account_id}#license#{license_id}", f"component#{digest(machine_fingerprint)}#{digest(fingerprint)}")


def process(account_id: str, license_id: str, machine_fingerprint: str, pid: str) -> Key:
    """A process, by the fingerprint of its machine and its pid."""
    return Key(f"{account_id}#license#{license_id}", f"process#{digest(machine_fingerprint)}#{digest(pid)}")


def machine_of(part: Key) -> Key:
    """Where the machine of the component or process at this key is."""
    return Key(part.pk, f"machine#{part.sk.split('#')[1]}")


def below_machine(account_id: str, kind: str, license_id: str, machine_fingerprint: str) -> Key:
    """What all components or processes (`kind`) of a machine begin with."""
    return Key(f"{account_id}#license#{license_id}", f"{kind}#{digest(machine_fingerprint)}#")


def below_license(account_id: str, kind: str, license_id: str) -> Key:
    """What all machines, components or processes (`kind`) of a license begin with."""
    return Key(f"{account_id}#license#{license_id}", f"{kind}#")


def bucket(account_id: str, license_id: str, owner_id: str | None) -> Key:
    """What the machines of one owner, or those of nobody, sum up to on a license."""
    return Key(f"{account_id}#license#{license_id}", f"bucket#{owner_id or 'none'}")


def fingerprint(account_id: str, kind: str, text: str) -> str:
    """The partition of everything of `kind` (machine, component) with one fingerprint, oldest first."""
    return f"{account_id}#list#{kind}#fingerprint#{digest(text)}"


def component_holder(component_key: Key) -> str:
    """Where a component stands among the holders of its fingerprint: there is one at most on each machine."""
    return f"{license_of(component_key)}#{component_key.sk.split('#')[1]}"


def fence(account_id: str, kind: str, text: str) -> Key:
    """What serialises those who take one fingerprint where it must be unique beyond its license."""
    return Key(f"{account_id}#fence#{kind}#{digest(text)}", "fence")


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


def rate(account_id: str, limit: str, who: str, start: int) -> Key:
    """The attempts of somebody in the window that began at `start` (Unix seconds)."""
    return Key(f"{account_id}#rate#{limit}#{sha256(who.encode()).hexdigest()[:32]}", str(start))


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


def listed_metadata(account_id: str, kind: str, text: str) -> str:
    """The row partition that lists what has a scalar in its metadata; `text` is its index text."""
    return slot(account_id, "list", kind, "meta", sha256(text.encode()).hexdigest()[:32])


def digest(text: str) -> str:
    """`text` as a short name of fixed length."""
    return sha256(text.encode()).hexdigest()[:32]
