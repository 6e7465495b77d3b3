"""Components."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from chalicelib.admin.transfer.document import Resource, Sent, Shape, written
from chalicelib.admin.transfer.kind import UNCHANGED, Decision, Kind, Place
from chalicelib.admin.transfer.kinds import fences, parts
from chalicelib.admin.transfer.kinds.fences import Fence
from chalicelib.admin.transfer.kinds.parts import Found
from chalicelib.admin.transfer.merge import fixed, made, patched
from chalicelib.admin.transfer.readers import columns
from chalicelib.licensing import component as components
from chalicelib.licensing import fields as rules
from chalicelib.licensing.component import Component
from chalicelib.licensing.errors import check
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.uniqueness import Scope
from chalicelib.store import keys
from chalicelib.store.fetch import Plan
from chalicelib.store.items import component as stored
from chalicelib.store.keys import Key
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import COMPONENTS, Part

SHAPE = Shape(
    type="components",
    attributes=columns(Component, "fingerprint", "name", "metadata", "created", "updated"),
    links=parts.LINKS,
)


class Fenced(msgspec.Struct, frozen=True):
    """What was found, and the fence of the fingerprint of a new component."""

    found: Found[Component]
    fence: Fence


def _load(place: Place, sent: Sent) -> Plan[Fenced]:
    account_id, fingerprint = place.account_id, sent.given.get("fingerprint")

    def key(machine: Machine) -> Key | None:
        if fingerprint is None:
            return None
        return keys.component(account_id, machine.license_id, machine.fingerprint, fingerprint)

    found = yield from parts.found(account_id, COMPONENTS, sent, key)
    policy = None if found.machine is None else found.machine.licensed.policy
    return Fenced(found, (yield from fences.seen(account_id, "component", policy, fingerprint)))


def _decide(place: Place, sent: Sent, loaded: Fenced, now: datetime) -> Decision:
    part = parts.there(sent, loaded.found)
    if part is not None:
        return _changed(place, sent, part, now)
    assert loaded.found.machine is not None
    return _created(place, sent, loaded, loaded.found.machine, now)


def _created(place: Place, sent: Sent, loaded: Fenced, installed: Installed, now: datetime) -> Decision:
    account_id, machine = place.account_id, installed.machine
    check([rules.present(name, parts.said(sent, name)) for name in ("fingerprint", "name")])
    taken: Scope | None = "machine" if loaded.found.taken(sent.id) else None
    component = made(
        sent, now, lambda given, at: components.create(sent.id, given, machine=machine, taken=taken, now=at)
    )
    writes = (
        *stored.creation(account_id, component, machine, installed.licensed.license),
        *fences.passed(account_id, "component", component.fingerprint, loaded.fence),
    )
    return Decision(writes=writes, created=True)


def _changed(place: Place, sent: Sent, part: Part[Component], now: datetime) -> Decision:
    before = part.value
    fixed(before, {"fingerprint": sent.given.get("fingerprint")})
    if "name" in sent.given:
        check([rules.present("name", sent.given["name"])])
    after = patched(before, sent, now, lambda given: components.update(before, given, now))
    if after is before:
        return UNCHANGED
    return Decision(writes=(stored.update(place.account_id, before, after, part.installed.machine),))


def _resources(place: Place) -> Iterator[Resource]:
    return (
        written(SHAPE, component, {"machine": ("machines", component.machine_id)})
        for component in parts.every(place, COMPONENTS)
    )


KIND = Kind(shape=SHAPE, load=_load, decide=_decide, resources=_resources)
