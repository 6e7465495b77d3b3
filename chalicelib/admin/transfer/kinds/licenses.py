"""Licenses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import GONE, UNCHANGED, Decision, Kind, Place, each, expected, new
from chalicelib.admin.transfer.kinds import license_values as values
from chalicelib.admin.transfer.kinds.groups import unlimited
from chalicelib.admin.transfer.kinds.license_values import Parents
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import license as licenses
from chalicelib.licensing.license import License
from chalicelib.licensing.license_draft import OVERRIDES
from chalicelib.store import keys
from chalicelib.store.fetch import Plan, need, together
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items import license as stored
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.license_relations import transferred
from chalicelib.store.loads import creation as creations
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.creation import Creation, Names
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.tasks import follow_license
from chalicelib.store.unit import Check, Write

STAMPS = ("expired_sent", "expiring_soon_sent", "check_in_overdue_sent", "check_in_soon_sent")
SHAPE = Shape(
    type="licenses",
    attributes={
        **columns(License, "name", "key", "expiry", "uses", "protected", "suspended", *OVERRIDES),
        **columns(License, "last_validated", "last_check_out", "last_check_in", "permissions", "metadata"),
        **columns(License, "created", "updated"),
        "version": columns(License, "release_version")["release_version"],
    },
    stored={"version": "release_version"},
    meta=columns(License, *STAMPS),
    links={
        "policy": to_one("policy", policies="policy", policy="policy"),
        "product": to_one("product", products="product", product="product"),
        "owner": to_one("owner", users="user", user="user"),
        "user": to_one("owner", users="user", user="user"),
        "group": to_one("group", groups="group", group="group"),
    },
    nullable=licenses.NULLABLE
    | {"protected", "permissions", "last_validated", "last_check_out", "last_check_in", "release_version"},
    derived=frozenset(
        {
            "status",
            "scheme",
            "encrypted",
            "floating",
            "strict",
            "require_heartbeat",
            "require_check_in",
            "next_check_in",
        }
    ),
)


class Found(msgspec.Struct, frozen=True):
    """What a new license would meet, and the license there is. `attached`: the owner the line names is attached."""

    creation: Creation
    facts: Item | None
    meter: Item | None
    before: Licensed | None
    attached: bool = False


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_id, owner_id = place.account_id, _id(sent, "owner")
    names = Names(
        policy_id=_id(sent, "policy"),
        owner_id=owner_id,
        group_id=_id(sent, "group"),
        license_id=sent.id,
        key=sent.given.get("key"),
    )
    creation, before = yield from together(
        creations.creation(account_id, names), loads.by_exact_id(account_id, sent.id)
    )
    facts_key, meter_key = keys.facts(account_id, sent.id), keys.meter(account_id, sent.id)
    moved = before is not None and owner_id not in (None, before.license.owner_id)
    owner = attachments.key_of(account_id, "license-user", sent.id, owner_id) if moved and owner_id else None
    guard_key = None if names.key is None else keys.unique(account_id, "license-key", names.key)
    found = yield need(facts_key, meter_key, owner, guard_key)
    attached = owner is not None and found[owner] is not None
    guard = live(found, guard_key, "unique")
    if guard is not None and guard["target"] == sent.id:
        # It came in at this very moment; that is noticed when it is written.
        creation = replace(creation, key_taken=False)
    return Found(creation, found[facts_key], found[meter_key], before, attached=attached)


def _id(sent: Sent, name: str) -> str | None:
    linked = sent.links.get(name)
    return None if linked is None else linked.id


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    parents = _parents(sent, found)
    if found.before is not None:
        return _changed(place, sent, found, parents, now)
    if found.facts is not None:
        raise Rejected(GONE)
    license = values.created(sent, parents, found.creation, place.tools.random_hex, now)
    assert parents.policy is not None
    writes = (
        *stored.creation(place.account_id, license, parents.policy, now, id_was_given=True),
        *groups.moved(place.account_id, "licenses", None, unlimited(parents.group)),
    )
    return new(place, writes, stored.listed(license))


def _parents(sent: Sent, found: Found) -> Parents:
    """What the line names. Raises Rejected for what does not exist."""
    created = found.creation
    for name, there in (("policy", created.policy), ("owner", created.owner), ("group", created.group)):
        linked = sent.links.get(name)
        if linked is not None:
            expected(there, linked.kind, linked.id)
    # The group of the owner is inherited where the line says nothing about a group.
    inherits = "group" not in sent.links or sent.links["group"] is not None
    return Parents(created.policy, created.owner, created.group if inherits else None)


def _changed(place: Place, sent: Sent, found: Found, parents: Parents, now: datetime) -> Decision:
    assert found.before is not None and found.meter is not None
    before = found.before.license
    if found.attached:
        raise Rejected("relationships.owner: is attached to the license as a user")
    after = values.changed(sent, found.before, parents, now)
    if after is before:
        return UNCHANGED
    # The meter may not have moved at all: what the line says replaces it, and nothing that was not seen.
    same = (MeterRow.uses == before.uses) & (MeterRow.updated == found.meter["updated"])
    # Machines that come in do not touch the time of its update.
    same = same & (MeterRow.machines == before.machines)
    policy = parents.policy or found.before.policy
    into = unlimited(parents.group)
    writes = transferred(place.account_id, before, after, policy, now, into, same)
    return Decision(
        writes=(*writes, *_not_attached(place, before, after), *_followed(place, before, after, now)),
        before=stored.listed(before),
        after=stored.listed(after),
    )


def _not_attached(place: Place, before: License, after: License) -> tuple[Write, ...]:
    """Proof that a new owner is not one of the attached users: nobody is both."""
    if after.owner_id in (None, before.owner_id):
        return ()
    key = attachments.key_of(place.account_id, "license-user", after.id, after.owner_id)
    return (Check(AttachmentRow, key, AttachmentRow.pk.does_not_exist()),)


def _followed(place: Place, before: License, after: License, now: datetime) -> tuple[Write, ...]:
    """The machines of a license under another policy are listed and watched as that says."""
    if before.policy_id == after.policy_id or not before.machines:
        return ()
    return (follow_license(place.account_id, after, place.tools.new_id(), now),)


def _resources(place: Place) -> Iterator[Resource]:
    found: Iterator[Licensed] = each(
        place, stored.KIND, lambda page: loads.many(place.account_id, [one.identifier for one in page])
    )
    for licensed in found:
        license = licensed.license
        links = {
            "policy": ("policies", license.policy_id),
            "owner": ("users", license.owner_id),
            "group": ("groups", license.group_id),
        }
        yield written(SHAPE, license, links, {name: getattr(license, name) for name in STAMPS})


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
