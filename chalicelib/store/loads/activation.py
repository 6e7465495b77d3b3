"""What activating a machine needs to know of the world (STORE §4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.activation import group_to_enter
from chalicelib.licensing.group import Counted
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.uniqueness import Kind, is_wide, strategy
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need, together
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import machine as machines
from chalicelib.store.items import user as users
from chalicelib.store.items.seats import Buckets
from chalicelib.store.loads import groups
from chalicelib.store.loads import license as licensed_loads
from chalicelib.store.loads.holders import Held, holders
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to activate names: ids, the fingerprint, those of components that come along."""

    license_id: str | None = None
    fingerprint: str | None = None
    machine_id: str | None = None
    owner_id: str | None = None
    group_id: str | None = None
    components: tuple[str, ...] = ()


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `group` is the one named, else the license's, else the owner's; `buckets` those of the owner."""

    licensed: Licensed | None
    on_license: bool = False
    is_machine_id: bool = False
    id_taken: bool = False
    owner: User | None = None
    owner_attached: bool = False
    group: Counted | None = None
    buckets: Buckets = msgspec.field(default_factory=dict)
    held: Held = Held()
    components: Mapping[str, Held] = msgspec.field(default_factory=dict)


def activation(account_id: str, names: Names) -> Plan[Activation]:
    """Everything is found by what the request names."""
    if names.license_id is None:
        return Activation(licensed=None)
    licensed, direct = yield from together(
        licensed_loads.by_exact_id(account_id, names.license_id), _direct(account_id, names, names.license_id)
    )
    license = None if licensed is None else licensed.license
    group, held, parts = yield from together(
        groups.by_id(account_id, group_to_enter(names.group_id, license, direct.owner)),
        _held(account_id, "machine", licensed, names.fingerprint),
        _parts(account_id, licensed, names.components),
    )
    found: Activation = replace(direct, licensed=licensed, group=group, held=held, components=parts)
    return found


def is_held(account_id: str, license_id: str, fingerprint: str) -> Plan[bool]:
    """Whether a license has a machine with that fingerprint, by now."""
    here = keys.machine(account_id, license_id, fingerprint)
    found = yield need(here)
    return found[here] is not None


def _direct(account_id: str, names: Names, license_id: str) -> Plan[Activation]:
    """What the request's own names lead to, in one round."""
    fingerprint, owner_id = names.fingerprint, names.owner_id
    here = None if fingerprint is None else keys.machine(account_id, license_id, fingerprint)
    like_id = normal_uuid(fingerprint) if fingerprint is not None and is_uuid(fingerprint) else None
    as_id = None if like_id is None else keys.pointer(account_id, machines.KIND, like_id)
    own = None if names.machine_id is None else keys.pointer(account_id, machines.KIND, names.machine_id)
    owner_key = None if owner_id is None else keys.resource(account_id, users.KIND, owner_id)
    tie = None if owner_id is None else attachments.key_of(account_id, "license-user", license_id, owner_id)
    bucket_key = keys.bucket(account_id, license_id, owner_id)
    found = yield need(here, as_id, own, owner_key, tie, bucket_key)
    owner = live(found, owner_key, users.KIND)
    return Activation(
        licensed=None,
        on_license=here is not None and found[here] is not None,
        is_machine_id=live(found, as_id, "pointer") is not None,
        id_taken=own is not None and found[own] is not None,
        owner=None if owner is None else users.user_of(owner),
        owner_attached=tie is not None and found[tie] is not None,
        buckets={owner_id: live(found, bucket_key, buckets.KIND)},
    )


def _parts(account_id: str, licensed: Licensed | None, fingerprints: Sequence[str]) -> Plan[Mapping[str, Held]]:
    distinct = tuple(dict.fromkeys(fingerprints))
    found = yield from together(*(_held(account_id, "component", licensed, one) for one in distinct))
    return dict(zip(distinct, found, strict=True))


def _held(account_id: str, kind: Kind, licensed: Licensed | None, fingerprint: str | None) -> Plan[Held]:
    if licensed is None or fingerprint is None or not is_wide(kind, strategy(kind, licensed.policy)):
        return Held()
    return (yield from holders(account_id, kind, fingerprint))
