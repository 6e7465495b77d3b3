"""Machine files: check-out for offline use (spec cryptography.md §4, machines.md §10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.api import includes
from chalicelib.api.check_out import BODY, File, Include, download, made, resource, wished
from chalicelib.api.document import Resource
from chalicelib.api.kinds.components import COMPONENTS
from chalicelib.api.kinds.machines import MACHINES, load_one, show, subject
from chalicelib.api.operation import Command, Operation, Order, Outcome, Scene
from chalicelib.api.resources.machines.common import MEMBER
from chalicelib.licensing.access import authorize
from chalicelib.store.items import machine as stored
from chalicelib.store.loads import parts
from chalicelib.store.loads.machines import Installed

RULE, EVENT = "machine.check-out", "machine.checked-out"
WHERE = f"{MEMBER}/actions/check-out"


def _owner(scene: Scene, installed: Installed) -> Sequence[Resource]:
    return includes.people(scene, [] if installed.owner is None else [installed.owner.id])


def _group(scene: Scene, installed: Installed) -> Sequence[Resource]:
    return includes.group_of(scene, installed.machine.group_id)


def _components(scene: Scene, installed: Installed) -> Sequence[Resource]:
    entries = scene.read(parts.on_machine(scene.account_id, parts.COMPONENTS, installed.machine))
    found = scene.read(parts.many(scene.account_id, parts.COMPONENTS, sorted(entries, key=lambda one: one.position)))
    return [COMPONENTS.show(scene, one) for one in found if one is not None]


INCLUDES: Mapping[str, Include] = {
    "license": Include("license.read", lambda scene, one: [includes.license_of(scene, one.licensed)], "license"),
    **{f"license.{name}": includes.below_license(one) for name, one in includes.OF_LICENSE.items() if name != "group"},
    "owner": Include("user.read", _owner, "owner"),
    "group": Include("group.read", _group, "group"),
    "components": Include("component.read", _components, "components", many=True),
}
ALIASES = {"license.user": "license.owner"}


def _file(scene: Scene, command: Command) -> tuple[Installed, File]:
    """Whoever may check out the machine may still lack what an include takes; that is told after everything else."""
    installed = MACHINES.one(scene)
    licensed = installed.licensed
    wish = wished(scene.arrival.query, command.get("meta", {}), INCLUDES, ALIASES, licensed.policy.scheme)
    for name in wish.includes:
        authorize(scene.bearer, RULE, INCLUDES[name].permission, subject(installed))
    found = {name: INCLUDES[name].find(scene, installed) for name in wish.includes}
    secret = licensed.license.key + installed.machine.fingerprint
    return installed, made(scene, "machine", wish, show(scene, installed), found, secret, INCLUDES)


def _checked_out(scene: Scene, installed: Installed, **answer: Any) -> Outcome:
    """When it was checked out may be lost, the event may not."""
    before = installed.machine
    after = replace(before, last_check_out=scene.now, updated=scene.now)
    touch = None if after == before else stored.checked_out(scene.account_id, before, after)
    return Outcome(payload={"data": show(scene, installed, after)}, event=EVENT, touch=touch, **answer)


def _post(scene: Scene, command: Command) -> Outcome:
    installed, file = _file(scene, command)
    about = {"license": installed.machine.license_id, "machine": installed.machine.id}
    return _checked_out(scene, installed, body={"data": resource(scene, "machine-files", about, file)})


def _get(scene: Scene, command: Command) -> Outcome:
    installed, file = _file(scene, command)
    return _checked_out(scene, installed, **download(installed.machine.id, file))


def _may(scene: Scene) -> None:
    """The action and the read, both (§4.1)."""
    found = subject(MACHINES.one(scene))
    authorize(scene.bearer, RULE, RULE, found)
    authorize(scene.bearer, RULE, "machine.read", found)


OPERATIONS: tuple[Operation, ...] = (
    MACHINES.member(
        RULE, ("POST",), WHERE, load_one, _post, authorize=_may, body=BODY, order=Order.BODY_FIRST, events=(EVENT,)
    ),
    MACHINES.member(
        "machine.check-out-file", ("GET",), WHERE, load_one, _get, rule=RULE, authorize=_may, events=(EVENT,)
    ),
)
