"""What the service would load of what is stored around a license, before it decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing import heartbeat
from chalicelib.licensing import reach as reaching
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket, weight
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.reach import Candidate, Reach
from chalicelib.licensing.user import User
from chalicelib.licensing.validation.scopes import Scope
from chalicelib.licensing.validation.snapshot import MachineState, Snapshot
from tests.properties.validation_world import World

_COUNTERS = Bucket.__struct_fields__


def snapshot(world: World, scope: Scope) -> Snapshot:
    """What the service loads to decide: only what the scopes point at."""
    asked_user = next((one for one in world.users.values() if scope.user in (one.id, one.email)), None)
    attached = asked_user is not None and asked_user.id in world.attached
    machines = [one for one in world.machines if one.fingerprint in scope.fingerprints]
    return Snapshot(
        license=_counted(world),
        policy=world.policy,
        now=world.now,
        owner=None if world.license.owner_id is None else world.users[world.license.owner_id],
        user_names=frozenset((scope.user,)) if attached and scope.user is not None else frozenset(),
        entitlement_codes=_entitlement_codes(world).intersection(scope.entitlements),
        machine=next((_state(world, scope, one) for one in world.machines if one.id == scope.machine), None),
        machines=tuple(_state(world, scope, one) for one in machines),
        components=_components(machines, world, scope),
        buckets=_buckets(world, scope, asked_user),
        **_reached(world, scope),
    )


def _counted(world: World) -> License:
    total = _sum(world.machines)
    return replace(world.license, users=len(world.attached), **{name: getattr(total, name) for name in _COUNTERS})


def _sum(machines: Iterable[Machine]) -> Bucket:
    total = EMPTY_BUCKET
    for machine in machines:
        total = total.plus(weight(machine))
    return total


def _entitlement_codes(world: World) -> frozenset[str]:
    return frozenset({*world.license_entitlements.values(), *world.policy_entitlements.values()})


def _state(world: World, scope: Scope, machine: Machine) -> MachineState:
    owner = None if machine.owner_id is None else world.users[machine.owner_id]
    asked = owner is not None and scope.user in (owner.id, owner.email)
    return MachineState(
        id=machine.id,
        fingerprint=machine.fingerprint,
        owner_id=machine.owner_id,
        owner_email=scope.user if asked else None,
        status=heartbeat.status(world.policy, machine.last_heartbeat, machine.created, world.now),
        processes=machine.processes,
        max_processes=machine.max_processes,
    )


def _components(machines: Sequence[Machine], world: World, scope: Scope) -> frozenset[str]:
    """Only the single fingerprint points at the machine whose components are looked up."""
    if "fingerprint" not in scope.given or not machines:
        return frozenset()
    return world.components[machines[0].id].intersection(scope.components)


def _buckets(world: World, scope: Scope, asked: User | None) -> Mapping[str | None, Bucket]:
    if "PER_USER" not in (world.policy.machine_leasing_strategy, world.policy.process_leasing_strategy):
        return {}
    buckets: dict[str | None, Bucket] = {None: _sum(one for one in world.machines if one.owner_id is None)}
    if asked is not None:
        buckets[scope.user] = _sum(one for one in world.machines if one.owner_id == asked.id)
    return buckets


def _reached(world: World, scope: Scope) -> dict[str, Any]:
    reach = Reach(
        license=world.license,
        policy=world.policy,
        product=world.product,
        entitlement_ids=frozenset((*world.license_entitlements, *world.policy_entitlements)),
        now=world.now,
    )
    by_id = {one.id: one for one in world.releases}
    candidates = [
        Candidate(artifact=one, release=by_id[one.release_id], constraints=world.constraints[one.release_id])
        for one in world.artifacts
    ]
    asked = [one for one in world.releases if one.version == scope.version]
    return {
        "artifact_version": None
        if scope.checksum is None
        else reaching.version_of_checksum(reach, scope.checksum, candidates),
        "release_found": any(reaching.accessible(reach, one, world.constraints[one.id]) for one in asked),
    }
