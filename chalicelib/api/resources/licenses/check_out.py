"""License files: check-out for offline use (spec cryptography.md §4)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chalicelib.api.check_out import BODY, File, download, made, resource, wished
from chalicelib.api.includes import OF_LICENSE
from chalicelib.api.kinds.licenses import LICENSES, load_one, show, subject
from chalicelib.api.operation import Command, Operation, Order, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.licensing.access import authorize
from chalicelib.store.items import license_changes as stored
from chalicelib.store.loads.license import Licensed

RULE, EVENT = "license.check-out", "license.checked-out"
WHERE = f"{MEMBER}/actions/check-out"


ALIASES = {"user": "owner"}


def _file(scene: Scene, command: Command) -> tuple[Licensed, File]:
    """Whoever may check out the license may still lack what an include takes; that is told after everything else."""
    licensed = LICENSES.one(scene)
    wish = wished(scene.arrival.query, command.get("meta", {}), OF_LICENSE, ALIASES, licensed.policy.scheme)
    for name in wish.includes:
        authorize(scene.bearer, RULE, OF_LICENSE[name].permission, subject(licensed))
    found = {name: OF_LICENSE[name].find(scene, licensed) for name in wish.includes}
    license = licensed.license
    return licensed, made(scene, "license", wish, show(scene, licensed), found, license.key, OF_LICENSE)


def _checked_out(scene: Scene, licensed: Licensed, **answer: Any) -> Outcome:
    """When it was checked out may be lost, the event may not."""
    before = licensed.license
    after = replace(before, last_check_out=scene.now, updated=scene.now)
    touch = None if after == before else stored.checked_out(scene.account_id, before, after)
    return Outcome(payload={"data": show(scene, licensed, after)}, event=EVENT, touch=touch, **answer)


def _post(scene: Scene, command: Command) -> Outcome:
    licensed, file = _file(scene, command)
    about = {"license": licensed.license.id}
    return _checked_out(scene, licensed, body={"data": resource(scene, "license-files", about, file)})


def _get(scene: Scene, command: Command) -> Outcome:
    licensed, file = _file(scene, command)
    return _checked_out(scene, licensed, **download(licensed.license.id, file))


def _may(scene: Scene) -> None:
    """The action and the read, both (§4.1)."""
    found = subject(LICENSES.one(scene))
    authorize(scene.bearer, RULE, RULE, found)
    authorize(scene.bearer, RULE, "license.read", found)


OPERATIONS: tuple[Operation, ...] = (
    LICENSES.member(
        RULE,
        ("POST",),
        WHERE,
        load_one,
        _post,
        authorize=_may,
        body=BODY,
        order=Order.BODY_FIRST,
        events=(EVENT,),
    ),
    LICENSES.member(
        "license.check-out-file", ("GET",), WHERE, load_one, _get, rule=RULE, authorize=_may, events=(EVENT,)
    ),
)
