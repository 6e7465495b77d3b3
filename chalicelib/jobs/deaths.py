"""Machines and processes whose heartbeat failed: told once, deleted when their time is up (spec machines.md §7.5).

A ping and the end of what it pings cannot both win: each proves the heartbeat that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

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
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines as loads
from chalicelib.store.loads import parts
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import Part
from chalicelib.store.tasks import erase_machine
from chalicelib.store.unit import Change, Write

ShowMachine = Callable[[str, Machine, License, Policy, datetime], dict[str, Any]]
ShowProcess = Callable[[str, Process, License, Policy, datetime], dict[str, Any]]


class Fate(msgspec.Struct, frozen=True):
    """What is to be written for something that is due: `event` and its payload, if it is one that is told."""

    writes: tuple[Write, ...]
    event: str | None = None
    payload: dict[str, Any] | None = None
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
        return [
            self._forgotten(MachineRow, key) if one is None else self._machine(account_id, one)
            for key, one in zip(where, found, strict=True)
        ]

    def processes(self, account_id: str, where: Sequence[Key]) -> list[Fate]:
        """What becomes of the processes stored at these keys."""
        found = fetch.run(self.database, parts.at(account_id, parts.PROCESSES, where))
        return [
            self._forgotten(ProcessRow, key) if one is None else self._process(account_id, one)
            for key, one in zip(where, found, strict=True)
        ]

    def _machine(self, account_id: str, installed: Installed) -> Fate:
        machine, license, policy = installed.machine, installed.licensed.license, installed.licensed.policy
        verdict: Verdict[Machine] = deaths.verdict(machine, policy, self.now)
        payload = {"data": self.show_machine(account_id, verdict.after, license, policy, self.now)}
        if not verdict.cull:
            beaten = machines.beaten(account_id, machine, verdict.after, verdict.due_at)
            return Fate((beaten,), verdict.event, payload)
        buckets = fetch.run(self.database, loads.buckets_of(account_id, machine.license_id, [machine.owner_id]))
        gone = deactivation.deactivated(account_id, machine, license, buckets, self.now)
        announced = erase_machine(account_id, machine, self.new_id(), self.now)
        return Fate((*gone, announced), verdict.event, payload, culled=machine)

    def _process(self, account_id: str, part: Part[Process]) -> Fate:
        installed, process = part.installed, part.value
        machine, license, policy = installed.machine, installed.licensed.license, installed.licensed.policy
        verdict: Verdict[Process] = deaths.verdict(process, policy, self.now)
        payload = {"data": self.show_process(account_id, verdict.after, license, policy, self.now)}
        if not verdict.cull:
            beaten = processes.beaten(account_id, process, verdict.after, machine, verdict.due_at)
            return Fate((beaten,), verdict.event, payload)
        buckets = fetch.run(self.database, loads.buckets_of(account_id, machine.license_id, [machine.owner_id]))
        return Fate(running.killed(account_id, process, machine, license, buckets, self.now), verdict.event, payload)

    def _forgotten(self, model: type[MachineRow] | type[ProcessRow], key: Key) -> Fate:
        """What waits to be erased with its license, owner or machine has no deadline any more."""
        return Fate((Change(model, key, rearmed("", None), marked=False),))
