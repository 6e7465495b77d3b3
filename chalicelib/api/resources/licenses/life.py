"""Licenses: update, suspend, reinstate, renew, and how they end (spec licenses.md §6, §7, §9.1-9.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.api.hints import hinted
from chalicelib.api.kinds.licenses import LICENSES, load_one, show
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER, NAME, SUPPORTING, TYPES, attributes
from chalicelib.api.schema import document, instant, metadata, text
from chalicelib.licensing import license as licenses
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.store.items import license as stored
from chalicelib.store.items import license_changes
from chalicelib.store.tasks import delete_license

Transition = Callable[[License, Policy, datetime], License]

UPDATE = document(
    TYPES,
    {"name": NAME, **attributes(SUPPORTING, instant(nullable=True, roles=SUPPORTING), metadata(roles=SUPPORTING))},
    identifier=text(),
)


def _changed(scene: Scene, transition: Transition, event: str) -> Outcome:
    licensed = LICENSES.one(scene)
    before, policy = licensed.license, licensed.policy
    after = transition(before, policy, scene.now)
    return Outcome(
        body={"data": show(scene, licensed, after)},
        writes=license_changes.update(scene.account_id, before, after, policy, scene.now),
        event=event,
        **hinted(scene, stored.listed(before), stored.listed(after)),
    )


def _update(scene: Scene, command: Command) -> Outcome:
    changes = command["data"]["attributes"]

    def updated(license: License, policy: Policy, now: datetime) -> License:
        return licenses.update(license, changes, policy, now)

    return _changed(scene, updated, "license.updated")


def _ended(event: str) -> Callable[[Scene, Command], Outcome]:
    def decide(scene: Scene, command: Command) -> Outcome:
        licensed, task_id = LICENSES.one(scene), scene.new_id()
        few = 0 < licensed.license.machines <= MACHINES_AT_ONCE
        return Outcome(
            status=204,
            payload={"data": show(scene, licensed)},
            writes=delete_license(scene.account_id, licensed.license, task_id, scene.now),
            event=event,
            then=scene.begin(task_id) if few else None,
        )

    return decide


def _action(name: str, transition: Transition, event: str) -> Operation:
    def decide(scene: Scene, command: Command) -> Outcome:
        return _changed(scene, transition, event)

    where = f"{MEMBER}/actions/{name}"
    return LICENSES.member(f"license.{name}", ("POST",), where, load_one, decide, events=(event,))


MACHINES_AT_ONCE = 25
"""Of a license with no more machines, what they took elsewhere is free when its deletion is answered."""
DELETED, REVOKED = "license.deleted", "license.revoked"

OPERATIONS = (
    LICENSES.member(
        "license.update", ("PATCH", "PUT"), MEMBER, load_one, _update, body=UPDATE, events=("license.updated",)
    ),
    LICENSES.member("license.delete", ("DELETE",), MEMBER, load_one, _ended(DELETED), events=(DELETED,)),
    LICENSES.member(
        "license.revoke", ("DELETE",), f"{MEMBER}/actions/revoke", load_one, _ended(REVOKED), events=(REVOKED,)
    ),
    _action("suspend", licenses.suspend, "license.suspended"),
    _action("reinstate", licenses.reinstate, "license.reinstated"),
    _action("renew", licenses.renew, "license.renewed"),
)
