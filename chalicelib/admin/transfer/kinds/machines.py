"""Machines. What they sum up to follows from the machines and processes that are imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from chalicelib.admin.transfer.document import Resource, Sent, Shape, to_one, written
from chalicelib.admin.transfer.kind import GONE, UNCHANGED, Decision, Kind, Place, each, expected, new
from chalicelib.admin.transfer.kinds import fences, sums
from chalicelib.admin.transfer.kinds import machine_values as values
from chalicelib.admin.transfer.kinds.fences import Fence
from chalicelib.admin.transfer.kinds.groups import unlimited
from chalicelib.admin.transfer.kinds.machine_values import Parents
from chalicelib.admin.transfer.readers import columns
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing import activation
from chalicelib.licensing.buckets import added
from chalicelib.licensing.deaths import next_due
from chalicelib.licensing.group import Counted
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need, together
from chalicelib.store.items import group as groups
from chalicelib.store.items import machine as stored
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads import groups as group_loads
from chalicelib.store.loads import license as license_loads
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.live import live
from chalicelib.store.loads.machines import Installed
from chalicelib.store.table import Item
from chalicelib.store.unit import Write

SHOWN = ("fingerprint", "name", "ip", "hostname", "platform", "cores", "memory", "disk")
STAMPS = ("last_heartbeat", "last_check_out")
PRIVATE = ("max_processes", "death_sent")
"""What no document of the API shows: there `maxProcesses` is what is inherited, too."""
SHAPE = Shape(
    type="machines",
    attributes=columns(Machine, *SHOWN, *STAMPS, "metadata", "created", "updated"),
    meta=columns(Machine, *PRIVATE),
    links={
        "license": to_one("license", licenses="license", license="license"),
        "owner": to_one("owner", users="user", user="user"),
        "group": to_one("group", groups="group", group="group"),
        "product": to_one("product", products="product", product="product"),
        "policy": to_one("policy", policies="policy", policy="policy"),
    },
    nullable=activation.NULLABLE | set(STAMPS),
    derived=frozenset(
        {"require_heartbeat", "heartbeat_status", "heartbeat_duration", "next_heartbeat", "max_processes"}
    ),
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is at the id, the machine it leads to, and what the line names; `group` is the one a new machine enters.

    `holder` is the machine with this fingerprint on the license.
    """

    pointer: Item | None
    installed: Installed | None
    licensed: Licensed | None
    owner: User | None
    group: Counted | None
    holder: Item | None
    fence: Fence


def _load(place: Place, sent: Sent) -> Plan[Found]:
    account_id, owner_id = place.account_id, _id(sent, "owner")
    installed, licensed = yield from together(
        loads.by_id(account_id, sent.id), _license(account_id, _id(sent, "license"))
    )
    pointer, holder = keys.pointer(account_id, stored.KIND, sent.id), _key(account_id, sent)
    owner_key = None if owner_id is None else keys.resource(account_id, users.KIND, owner_id)
    found = yield need(pointer, holder, owner_key)
    owner_item = live(found, owner_key, users.KIND)
    owner = None if owner_item is None else users.user_of(owner_item)
    group, fence = yield from together(
        group_loads.by_id(account_id, _group_id(sent, installed, licensed, owner)),
        fences.seen(
            account_id, "machine", None if licensed is None else licensed.policy, sent.given.get("fingerprint")
        ),
    )
    return Found(
        pointer=found[pointer],
        installed=installed,
        licensed=licensed,
        owner=owner,
        group=group,
        holder=None if holder is None else found[holder],
        fence=fence,
    )


def _license(account_id: str, license_id: str | None) -> Plan[Licensed | None]:
    return None if license_id is None else (yield from license_loads.by_exact_id(account_id, license_id))


def _key(account_id: str, sent: Sent) -> Key | None:
    """Where a new machine would be."""
    license_id, fingerprint = _id(sent, "license"), sent.given.get("fingerprint")
    if license_id is None or fingerprint is None:
        return None
    return keys.machine(account_id, license_id, fingerprint)


def _id(sent: Sent, name: str) -> str | None:
    linked = sent.links.get(name)
    return None if linked is None else linked.id


def _group_id(sent: Sent, installed: Installed | None, licensed: Licensed | None, owner: User | None) -> str | None:
    """The group the line names; a new machine inherits one where the line says nothing about groups."""
    if "group" in sent.links or installed is not None:
        return _id(sent, "group")
    return activation.group_to_enter(None, None if licensed is None else licensed.license, owner)


def _decide(place: Place, sent: Sent, found: Found, now: datetime) -> Decision:
    for name, there in (("license", found.licensed), ("owner", found.owner), ("group", found.group)):
        linked = sent.links.get(name)
        if linked is not None:
            expected(there, linked.kind, linked.id)
    if found.installed is not None:
        return _changed(place, sent, found, found.installed, now)
    if found.pointer is not None:
        raise Rejected(GONE)
    if found.licensed is None:
        raise Rejected("relationships.license: is missing")
    return _created(place, sent, found, found.licensed, now)


def _created(place: Place, sent: Sent, found: Found, licensed: Licensed, now: datetime) -> Decision:
    account_id, license = place.account_id, licensed.license
    parents = Parents(licensed, found.owner, found.group)
    # One that came in at this very moment is no other machine: it is noticed when it is written.
    taken = found.holder is not None and found.holder["id"] != sent.id
    machine = values.created(sent, parents, now, taken=taken)
    writes = (
        *stored.creation(account_id, machine, license, next_due(machine, licensed.policy, now)),
        *sums.counted(account_id, license, added(None, machine)),
        *groups.moved(account_id, "machines", None, unlimited(found.group)),
        *fences.passed(account_id, "machine", machine.fingerprint, found.fence),
    )
    return new(place, writes, stored.listed(machine))


def _changed(place: Place, sent: Sent, found: Found, installed: Installed, now: datetime) -> Decision:
    account_id, before, licensed = place.account_id, installed.machine, installed.licensed
    if _id(sent, "license") not in (None, before.license_id):
        raise Rejected(f"relationships.license: cannot change from {before.license_id}")
    after = values.changed(sent, before, Parents(licensed, found.owner, found.group), now)
    if after is before:
        return UNCHANGED
    due = next_due(after, licensed.policy, now)
    writes = (
        stored.update(account_id, before, after, licensed.license, due),
        *sums.counted(account_id, licensed.license, added(before, after)),
        *_regrouped(account_id, before, after, found.group),
    )
    return Decision(writes=writes, before=stored.listed(before), after=stored.listed(after))


def _regrouped(account_id: str, before: Machine, after: Machine, into: Counted | None) -> tuple[Write, ...]:
    if before.group_id == after.group_id:
        return ()
    left = () if before.group_id is None else (groups.left_group(account_id, "machines", before.group_id),)
    return (*left, *groups.moved(account_id, "machines", None, unlimited(into)))


def _resources(place: Place) -> Iterator[Resource]:
    found: Iterator[Installed] = each(place, stored.KIND, lambda page: _many(place.account_id, page))
    for machine in (installed.machine for installed in found):
        links = {
            "license": ("licenses", machine.license_id),
            "owner": ("users", machine.owner_id),
            "group": ("groups", machine.group_id),
        }
        yield written(SHAPE, machine, links, {name: getattr(machine, name) for name in PRIVATE})


def _many(account_id: str, page: list[Entry]) -> Plan[list[Installed | None]]:
    """Read strongly, and none that took the place of another meanwhile: it stands elsewhere in the list."""
    found = yield from loads.at(account_id, [entry.key for entry in page])
    return [
        one if one is not None and one.machine.id == entry.identifier else None
        for entry, one in zip(page, found, strict=True)
    ]


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
