"""`recount`: counters held against the rows they count. There must be no drift; what there is can be mended."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from chalicelib.admin import counting
from chalicelib.admin.bootstrap import Tools, find
from chalicelib.admin.counting import Count, Drift
from chalicelib.licensing.errors import missing
from chalicelib.store.database import Database
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import group as groups
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items.bucket import BucketRow
from chalicelib.store.items.group import GroupMeterRow
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.machine import MachineRow
from chalicelib.store.keys import Key
from chalicelib.store.table import attributes_of
from chalicelib.store.unit import Change, Changed, Check, Locked, Put, Write, commit

TRIES = 6
AT_ONCE = 90
"""How many items one transaction mends."""

_MODELS: dict[str, type[MeterRow] | type[BucketRow] | type[MachineRow] | type[GroupMeterRow]] = {
    licenses.METER_KIND: MeterRow,
    buckets.KIND: BucketRow,
    machines.KIND: MachineRow,
    groups.METER_KIND: GroupMeterRow,
}

Recount = Callable[[], Count | None]


class Report(msgspec.Struct):
    """What was looked at, what was found wrong, and how much of it was mended (items)."""

    licenses: int = 0
    groups: int = 0
    drift: list[Drift] = msgspec.field(default_factory=list)
    mended: int = 0


def recount(database: Database, account_id: str, license_id: str | None = None, *, fix: bool = False) -> Report:
    """Count everything of an account, or one license; `fix` makes the counters right."""
    report = Report()
    for one in [license_id] if license_id else counting.listed(database, account_id, licenses.KIND):
        report.licenses += 1
        _judge(database, lambda one=one: counting.of_license(database, account_id, one), report, fix)  # type: ignore[misc]
    for one in [] if license_id else counting.listed(database, account_id, groups.KIND):
        report.groups += 1
        _judge(database, lambda one=one: counting.of_group(database, account_id, one), report, fix)  # type: ignore[misc]
    return report


def _judge(database: Database, count: Recount, report: Report, fix: bool) -> None:
    found = count()
    if found is None or not found.drift:
        return
    report.drift += found.drift
    if fix:
        report.mended += len(found.drift) - _left(database, count, found)


def _left(database: Database, count: Recount, found: Count | None) -> int:
    """How many items are still wrong after mending; each try starts from a new count."""
    for _ in range(TRIES):
        if found is None or not found.drift:
            return 0
        with suppress(Changed, Locked):
            commit(database, tuple(mending(found)))
        found = count()
    return 0 if found is None else len(found.drift)


def mending(found: Count) -> Iterator[Write]:
    """The writes that make counters right, on the condition that nothing was counted since the rows were read."""
    meter_key, model = Key(found.meter["pk"], found.meter["sk"]), _MODELS[found.kind]
    mark = found.meter.get("operation")
    same = model.operation.does_not_exist() if mark is None else model.operation == mark
    drifted = {drift.key: drift for drift in found.drift[:AT_ONCE]}
    meter = drifted.pop(meter_key, None)
    yield Change(model, meter_key, _sets(meter), same) if meter is not None else Check(model, meter_key, same)
    for drift in drifted.values():
        yield _mended(drift)


def _mended(drift: Drift) -> Write:
    """Buckets are made when they are first needed; nothing else can be missing."""
    if drift.stored is None:
        sums: dict[str, Any] = drift.counted
        return Put(BucketRow(pk=drift.key.pk, sk=drift.key.sk, **sums))
    return Change(_MODELS[drift.kind], drift.key, _sets(drift))


def _sets(drift: Drift) -> tuple[Any, ...]:
    stored = attributes_of(_MODELS[drift.kind])
    return tuple(stored[name].set(number) for name, number in drift.counted.items())


def add(commands: Any) -> None:
    """The command, for a parser's `add_subparsers`."""
    again = commands.add_parser("recount", help="hold the counters of licenses and groups against what they count")
    again.add_argument("--account", required=True, metavar="SLUG_OR_ID")
    again.add_argument("--license", metavar="ID", help="this license only, and no group")
    again.add_argument("--fix", action="store_true", help="make the counters right")


def run(tools: Tools, options: argparse.Namespace) -> int:
    """Print what was found; 1 when a counter is wrong and was not mended."""
    account_id = find(tools, options.account)
    if account_id is None:
        raise missing("account", options.account)
    report = recount(tools.database, account_id, options.license, fix=options.fix)
    print(json.dumps(msgspec.to_builtins(report), indent=2))
    return 0 if report.mended == len(report.drift) else 1


RUN: dict[str, Callable[[Tools, argparse.Namespace], int]] = {"recount": run}
"""By the name of the command."""
