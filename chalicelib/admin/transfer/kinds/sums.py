"""What machines and processes are counted on: their license, and the bucket of their owner.

Nothing here says when it was counted: a license stays updated as its own line says, whatever comes onto it.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from chalicelib.licensing.buckets import EMPTY_BUCKET, Added, Bucket
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store import keys
from chalicelib.store.items import bucket
from chalicelib.store.items import machine as machines
from chalicelib.store.items.bucket import BucketRow
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.machine import MachineRow
from chalicelib.store.unit import Change, Write, as_seen


def counted(account_id: str, license: License, change: Added) -> tuple[Write, ...]:
    """The writes that add `change`, while the license is under the policy and of the owner it was read with.

    Limits are not asked for: they were the business of who activated the machine.
    """
    if not change.owners and change.license == EMPTY_BUCKET:
        return ()
    owners = (_bucket(account_id, license.id, owner_id, sums) for owner_id, sums in change.owners.items())
    return (_meter(account_id, license, change.license), *owners)


def spawned(account_id: str, machine: Machine, license: License) -> tuple[Write, ...]:
    """The writes that count one process more, while its machine is of the owner whose sums they are."""
    one = Bucket(processes=1)
    same = (MachineRow.id == machine.id) & as_seen(MachineRow.owner_id, machine.owner_id)
    actions = bucket.added(MachineRow, {"processes": 1})
    on_machine = Change(MachineRow, machines.key_of(account_id, machine), actions, same)
    return (on_machine, *counted(account_id, license, Added(license=one, owners={machine.owner_id: one})))


def _meter(account_id: str, license: License, sums: Bucket) -> Write:
    """Written even where only owners' sums move: who recounts them knows by its mark that something did."""
    actions = bucket.added(MeterRow, asdict(sums))
    return Change(MeterRow, keys.meter(account_id, license.id), actions, MeterRow.basis == license.basis)


def _bucket(account_id: str, license_id: str, owner_id: str | None, sums: Bucket) -> Change:
    """Made where it is not there, so that lines of one owner need not wait for the first of them."""
    added = (_added(getattr(BucketRow, name), by) for name, by in asdict(sums).items())
    anything = BucketRow.pk.does_not_exist() | BucketRow.pk.exists()
    actions = (BucketRow.kind.set(BucketRow), *added)
    return Change(BucketRow, keys.bucket(account_id, license_id, owner_id), actions, anything, creates=True)


def _added(counter: Any, by: int) -> Any:
    held = counter | 0
    if by == 0:
        return counter.set(held)
    return counter.set(held + by if by > 0 else held - -by)
