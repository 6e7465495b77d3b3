"""Components: by the fingerprints of their machine and their own, reached by id through a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.licensing.component import Component
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.machine import FingerprintRow, MachineRow, holder
from chalicelib.store.items.machine import key_of as machine_key
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Check, Put, Remove, Write

KIND = "component"


class ComponentRow(Row, discriminator=KIND):
    """A component; one whose machine has another id than `machine_id` does not exist."""

    id = UnicodeAttribute()
    machine_id = UnicodeAttribute()
    license_id = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    name = UnicodeAttribute()
    metadata = JsonAttribute()
    machine_fingerprint = UnicodeAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def component_of(item: Item) -> Component:
    """The domain value of a stored component."""
    return to_value(Component, item)


def key_of(account_id: str, component: Component, machine: Machine) -> keys.Key:
    """Where a component is."""
    return keys.component(account_id, component.license_id, machine.fingerprint, component.fingerprint)


def slots(account_id: str, component: Component, license: License) -> Mapping[str, Any]:
    """Where a component is listed."""
    return {
        "in_1": keys.slot(account_id, KIND),
        "in_2": keys.slot(account_id, "product", license.product_id, KIND),
        "in_4": keys.slot(account_id, "license", component.license_id, KIND),
    }


def creation(account_id: str, component: Component, machine: Machine, license: License) -> tuple[Write, ...]:
    """The writes of a new component; one that a machine before this one left behind is written over."""
    key, pointer = key_of(account_id, component, machine), keys.pointer(account_id, KIND, component.id)
    position = keys.position(component.created, component.id)
    stored = ComponentRow(
        pk=key.pk,
        sk=key.sk,
        position=position,
        machine_fingerprint=machine.fingerprint,
        **slots(account_id, component, license),
        **to_attributes(component, ComponentRow),
    )
    free = ComponentRow.pk.does_not_exist() | (ComponentRow.machine_id != machine.id)
    reach = PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, created=component.created)
    held = holder(account_id, KIND, component.fingerprint, keys.component_holder(key), key)
    same_place = FingerprintRow.pk.does_not_exist() | (FingerprintRow.target_sk == key.sk)
    return Put(stored, free), Put(reach), Put(held, same_place)


def installed(account_id: str, machine: Machine) -> Check:
    """The proof that a machine is still there to get another component."""
    return Check(MachineRow, machine_key(account_id, machine), MachineRow.id == machine.id)


def update(account_id: str, before: Component, after: Component, machine: Machine) -> Change:
    """The write of a change."""
    actions = difference(before, raised(after, before), ComponentRow)
    same = (ComponentRow.id == before.id) & (ComponentRow.revision == before.revision)
    return Change(ComponentRow, key_of(account_id, before, machine), actions, same)


def removal(account_id: str, component: Component, machine_fingerprint: str, now: datetime) -> tuple[Write, ...]:
    """The writes that make a component disappear."""
    key = keys.component(account_id, component.license_id, machine_fingerprint, component.fingerprint)
    pointer = keys.pointer(account_id, KIND, component.id)
    held = keys.Key(keys.fingerprint(account_id, KIND, component.fingerprint), keys.component_holder(key))
    return (
        Remove(ComponentRow, key, ComponentRow.id == component.id),
        tombstone.over(PointerRow, pointer, component.created, now),
        Remove(FingerprintRow, held),
    )
