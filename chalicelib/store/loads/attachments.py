"""What is attached to licenses, policies and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Found, Need, Plan, Prefix, need
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live


class Entitled(msgspec.Struct, frozen=True):
    """What a license is entitled to, newest first, and which of it comes from where (ids)."""

    entitlements: tuple[Entitlement, ...]
    own: Mapping[str, Attachment]
    inherited: Mapping[str, Attachment]


def of_holder(account_id: str, kind: str, holder_id: str) -> Plan[tuple[Attachment, ...]]:
    """All attachments of `kind` (such as `license-user`) to a holder, newest first."""
    ask = Prefix(*attachments.held_by(account_id, kind, holder_id))
    found = yield Need(asks=(ask,))
    return _newest_first(attachments.attachment_of(item) for item in found[ask])


def of_targets(account_id: str, kind: str, holder_id: str, target_ids: Iterable[str]) -> Plan[Mapping[str, Attachment]]:
    """Those of `target_ids` that are attached to a holder."""
    wanted = {target_id: attachments.key_of(account_id, kind, holder_id, target_id) for target_id in target_ids}
    found = yield need(*wanted.values())
    return {
        target_id: attachments.attachment_of(found[key]) for target_id, key in wanted.items() if found[key] is not None
    }


def entitled(account_id: str, license_ids: Iterable[str], policy_ids: Iterable[str]) -> Plan[Entitled]:
    """What these licenses and policies are entitled to together; an entitlement that is gone is left out."""
    own = tuple(
        Prefix(*attachments.held_by(account_id, "license-entitlement", one)) for one in dict.fromkeys(license_ids)
    )
    inherited = tuple(
        Prefix(*attachments.held_by(account_id, "policy-entitlement", one)) for one in dict.fromkeys(policy_ids)
    )
    found = yield Need(asks=(*own, *inherited))
    by_license, by_policy = _by_target(found, own), _by_target(found, inherited)
    everything = yield from entitlements_by_id(account_id, {*by_license, *by_policy})
    alive = sorted(everything.values(), key=lambda one: keys.position(one.created, one.id), reverse=True)
    return Entitled(tuple(alive), by_license, by_policy)


def entitlements_by_id(account_id: str, identifiers: Iterable[str]) -> Plan[Mapping[str, Entitlement]]:
    """Those of these entitlements that exist."""
    wanted: dict[str, Key] = {one: keys.resource(account_id, entitlements.KIND, one) for one in identifiers}
    found = yield need(*wanted.values())
    items = {one: live(found, key, entitlements.KIND) for one, key in wanted.items()}
    return {one: entitlements.entitlement_of(item) for one, item in items.items() if item is not None}


def users_by_id(account_id: str, identifiers: Iterable[str]) -> Plan[Mapping[str, User]]:
    """Those of these users that exist."""
    wanted: dict[str, Key] = {one: keys.resource(account_id, users.KIND, one) for one in identifiers}
    found = yield need(*wanted.values())
    items = {one: live(found, key, users.KIND) for one, key in wanted.items()}
    return {one: users.user_of(item) for one, item in items.items() if item is not None}


def _by_target(found: Found, asks: Sequence[Prefix]) -> Mapping[str, Attachment]:
    items = [item for ask in asks for item in found[ask]]
    return {item["target_id"]: attachments.attachment_of(item) for item in items}


def _newest_first(found: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(sorted(found, key=lambda one: keys.position(one.created, one.id), reverse=True))
