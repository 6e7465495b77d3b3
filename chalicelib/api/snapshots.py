"""From what was loaded for a validation to the snapshot it is decided on (spec validation.md §8)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.operation import Scene
from chalicelib.licensing import heartbeat
from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.validation.scopes import Scope
from chalicelib.licensing.validation.snapshot import MachineState, Snapshot
from chalicelib.store.items import bucket as stored
from chalicelib.store.loads import reach
from chalicelib.store.loads import validation as loads
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.reach import Reached
from chalicelib.store.loads.validation import Named, Scoped

PER_USER = "PER_USER"


def snapshot(scene: Scene, licensed: Licensed, scope: Scope, found: Scoped) -> Snapshot:
    """Everything the rules may ask about; what was found early is read again where a promise was wrong."""
    scoped = _kept(scene, licensed, scope, found)
    states = {machine.id: _state(scene, licensed, scope, scoped, machine) for machine in _machines(scoped)}
    buckets, reached = _buckets(scene, licensed, scope, scoped), _reached(scene, licensed, scope)
    return Snapshot(
        license=licensed.license,
        policy=licensed.policy,
        owner=licensed.owner,
        now=scene.now,
        user_names=frozenset((scope.user,)) if scoped.attached and scoped.user_id and scope.user else frozenset(),
        entitlement_codes=scoped.entitled,
        machine=None if scoped.machine is None else states[scoped.machine.id],
        machines=tuple(states[machine.id] for machine in scoped.machines),
        components=scoped.components,
        buckets=buckets,
        artifact_version=reached.artifact_version,
        release_found=reached.release_found,
    )


def _kept(scene: Scene, licensed: Licensed, scope: Scope, found: Scoped) -> Scoped:
    license, policy = licensed.license, licensed.policy
    if (found.license_id, found.policy_id) == (license.id, policy.id):
        return found
    return scene.read(loads.scoped(scene.account_id, scope, Named(license_id=license.id, policy_id=policy.id)))


def _machines(scoped: Scoped) -> tuple[Machine, ...]:
    return scoped.machines if scoped.machine is None else (*scoped.machines, scoped.machine)


def _state(scene: Scene, licensed: Licensed, scope: Scope, scoped: Scoped, machine: Machine) -> MachineState:
    """The owner's email is only compared with the user asked for, so that nobody else's has to be read."""
    asked = scoped.user_id is not None and machine.owner_id == scoped.user_id
    return MachineState(
        id=machine.id,
        fingerprint=machine.fingerprint,
        owner_id=machine.owner_id,
        owner_email=scope.user if asked else None,
        status=heartbeat.status(licensed.policy, machine.last_heartbeat, machine.created, scene.now),
        processes=machine.processes,
        max_processes=machine.max_processes,
    )


def _buckets(scene: Scene, licensed: Licensed, scope: Scope, scoped: Scoped) -> Mapping[str | None, Bucket]:
    policy = licensed.policy
    if PER_USER not in (policy.machine_leasing_strategy, policy.process_leasing_strategy):
        return {}
    owners: dict[str | None, str | None] = {None: None}
    if scope.user is not None and scoped.user_id is not None:
        owners[scope.user] = scoped.user_id
    items = scene.read(loads.bucket(scene.account_id, licensed.license.id, owners))
    return {name: Bucket(**{counter: item[counter] for counter in stored.COUNTERS}) for name, item in items.items()}


def _reached(scene: Scene, licensed: Licensed, scope: Scope) -> Reached:
    """Releases are only looked at where they are asked for."""
    if scope.version is None and scope.checksum is None:
        return reach.NOTHING
    asked = {"version": scope.version, "checksum": scope.checksum}
    return scene.read(reach.reachable(scene.account_id, licensed, scene.now, **asked))
