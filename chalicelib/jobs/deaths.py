"""Machines and processes whose heartbeat failed: told once, deleted when their time is up (spec machines.md §7.5).

A ping and the end of what it pings cannot both win: each proves the heartbeat that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.licensing import deaths
from chalicelib.licensing.deaths import Verdict
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process
from chalicelib.store import deactivation, fetch, running
from chalicelib.store.database import Database
from chalicelib.store.items import machine as machines
from chalicelib.store.items import process as processes
from chalicelib.store.items.machine import MachineRow, rearmed
from chalicelib.store.items.process import ProcessRow
from chalicelib.store.items.seats import Buckets
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads import parts
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import Part
from chalicelib.store.tasks import erase_machine
from chalicelib.store.unit import Change, Write

W = TypeVar("W", Machine, Process)

BucketsOf = Mapping[str, Buckets]
"""The buckets of owners, by license."""
ShowMachine = Callable[[str, Machine, License, Policy, datetime], dict[str, Any]]
ShowProcess = Callable[[str, Process, License, Policy, datetime], dict[str, Any]]


class Fate(msgspec.Struct, frozen=True):
    """What is to be written for something that is due, and the events that are told of it, by name.

    `culled` is the machine that goes by it.
    """

    writes: tuple[Write, ...]
    events: Mapping[str, Any] = {}
    culled: Machine | None = None


class Deaths(msgspec.Struct):
    """Decides about what is due; `show_*` render as the API would."""

    database: Database
    show_machine: ShowMachine
    show_process: ShowProcess
    new_id: Callable[[], str]
    now: datetime

    def machines(self, account_id: str, where: Sequence[Key]) -> list[Fate]:
        """What becomes of the machines stored at these keys."""
        found = fetch.run(self.database, loads.at(account_id, where))
        buckets = self._buckets(account_id, [one for one in found if one is not None])
        return [
            self._forgotten(MachineRow, key) if one is None else self._machine(account_id, one, buckets)
            for key, one in zip(where, found, strict=True)
        ]

    def processes(self, account_id: str, where: Sequence[Key]) -> list[Fate]:
        """What becomes of the processes stored at these keys."""
        found = fetch.run(self.database, parts.at(account_id, parts.PROCESSES, where))
        buckets = self._buckets(account_id, [one.installed for one in found if one is not None])
        return [
            self._forgotten(ProcessRow, key) if one is None else self._process(account_id, one, buckets)
            for key, one in zip(where, found, strict=True)
        ]

    def _buckets(self, account_id: str, these: Sequence[Installed]) -> BucketsOf:
        """What the owners of all these sum up to, by license, in one round."""
        owners: dict[str, dict[str | None, None]] = {}
        for one in these:
            owners.setdefault(one.machine.license_id, {})[one.machine.owner_id] = None
        plans = (loads.buckets_of(account_id, license_id, list(some)) for license_id, some in owners.items())
        return dict(zip(owners, fetch.run(self.database, fetch.together(*plans)), strict=True))

    def _machine(self, account_id: str, installed: Installed, buckets: BucketsOf) -> Fate:
        machine, license, policy = installed.machine, installed.licensed.license, installed.licensed.policy
        verdict: Verdict[Machine] = deaths.verdict(machine, policy, self.now)
        told = _told(verdict, lambda after: self.show_machine(account_id, after, license, policy, self.now))
        if not verdict.cull:
            return Fate((machines.beaten(account_id, machine, verdict.after, verdict.due_at),), told)
        gone = deactivation.deactivated(account_id, machine, license, buckets[license.id], self.now)
        announced = erase_machine(account_id, machine, self.new_id(), self.now)
        return Fate((*gone, announced), told, culled=machine)

    def _process(self, account_id: str, part: Part[Process], buckets: BucketsOf) -> Fate:
        installed, process = part.installed, part.value
        machine, license, policy = installed.machine, installed.licensed.license, installed.licensed.policy
        verdict: Verdict[Process] = deaths.verdict(process, policy, self.now)
        told = _told(verdict, lambda after: self.show_process(account_id, after, license, policy, self.now))
        if not verdict.cull:
            return Fate((processes.beaten(account_id, process, verdict.after, machine, verdict.due_at),), told)
        return Fate(running.killed(account_id, process, machine, license, buckets[license.id], self.now), told)

    def _forgotten(self, model: type[MachineRow] | type[ProcessRow], key: Key) -> Fate:
        """What waits to be erased with its license, owner or machine has no deadline any more."""
        return Fate((Change(model, key, rearmed("", None), marked=False),))


def _told(verdict: Verdict[W], show: Callable[[W], dict[str, Any]]) -> Mapping[str, Any]:
    return {} if verdict.event is None else {verdict.event: {"data": show(verdict.after)}}
