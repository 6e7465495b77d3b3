"""Machines (spec machines.md §1.1, §2, §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.authenticate import token_key
from chalicelib.api.document import Resource
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Scene
from chalicelib.api.show import machine as shown
from chalicelib.licensing.access import Bearer, Subject, visible
from chalicelib.licensing.machine import Machine
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import machine as stored
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads import named_machines
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.named_machines import Named


class _Machines(Kind[Installed], frozen=True, kw_only=True):
    """A path names a machine by what is visible to who asks: `relation` is what came of that."""

    def one(self, scene: Scene) -> Installed:
        """The machine that the path means; NotFound when it means none."""
        return self.seen(scene, scene.relation, scene.arrival.ids["id"], None)


def show(scene: Scene, installed: Installed, machine: Machine | None = None, status: str | None = None) -> Resource:
    """The machine as it is, or as `machine` says it became; `status` is shown instead of its heartbeat's."""
    licensed = installed.licensed
    given = (machine or installed.machine, licensed.license, licensed.policy)
    return shown.show(scene.account_id, *given, scene.now, status)


def load_one(arrival: Arrival) -> Plan[Any]:
    """The machines that the path may mean (`Named`); `MACHINES.one` is the one it does mean."""
    return named_machines.named(arrival.account_id, arrival.ids["id"], _credential(arrival))


def subject(installed: Installed, relation: Any = None) -> Subject:
    """A machine as authorization sees it."""
    licensed = installed.licensed
    return Subject(
        license=licensed.license, policy=licensed.policy, attached=licensed.attached, machine=installed.machine
    )


def customer(bearer: Bearer | None) -> str | None:
    """The id of a user who sees only machines of licenses it owns or is attached to."""
    return bearer.id if bearer is not None and bearer.role == "user" else None


def _credential(arrival: Arrival) -> Key | None:
    """Where the token that is presented is stored, or the guard of the license key."""
    presented = arrival.presented
    if presented is not None and presented.license_key:
        return keys.unique(arrival.account_id, "license-key", presented.license_key)
    return token_key(arrival.tenant, presented)


def _meant(arrival: Arrival, bearer: Bearer, named: Any) -> Plan[Installed | None]:
    found: Named = named
    return named_machines.chosen(arrival.account_id, found, lambda one: visible(bearer, subject(one)), customer(bearer))


def _many(scene: Scene, entries: Sequence[Entry]) -> Plan[Sequence[Installed | None]]:
    found = yield from loads.many(scene.account_id, entries)
    return (yield from loads.with_attached(scene.account_id, customer(scene.bearer), found, weak=True))


MACHINES: Kind[Installed] = _Machines(
    word="machine",
    plural="machines",
    show=show,
    subject=subject,
    many=_many,
    key=lambda account_id, identifier: keys.pointer(account_id, stored.KIND, identifier),
    created=lambda installed: installed.machine.created,
    relate_one=_meant,
)
