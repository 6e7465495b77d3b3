"""Licenses: check-in and usage (spec licenses.md §9.4, §9.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.api.kinds.licenses import LICENSES, load_one, show
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.api.schema import Member, integer, meta
from chalicelib.licensing import check_in, usage
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.usage import UsageChange
from chalicelib.store.items import license_changes as stored
from chalicelib.store.loads.license import Licensed
from chalicelib.store.table import Item

CONFLICT = Problem("failed to increment due to another conflicting update", pointer="/data/attributes/uses")

INCREMENT = meta({"increment": integer()})
DECREMENT = meta({"decrement": integer()})


def _check_in(scene: Scene, command: Command) -> Outcome:
    licensed = LICENSES.one(scene)
    after = check_in.check_in(licensed.license, licensed.policy, scene.now)
    return Outcome(
        body={"data": show(scene, licensed, after)},
        writes=(stored.changed(scene.account_id, licensed.license, after, licensed.policy, scene.now),),
        event="license.checked-in",
    )


def _used(
    event: str, change_of: Callable[[Licensed, Command, datetime], UsageChange]
) -> Callable[[Scene, Command], Outcome]:
    """A use is one conditional write under the cap: the store adds, and the answer shows what it stored.

    With a subscriber the event has to tell the count in the same transaction, so it is compared and set.
    """

    def decide(scene: Scene, command: Command) -> Outcome:
        licensed = LICENSES.one(scene)
        change = change_of(licensed, command, scene.now)
        exactly = event in scene.subscribed
        write = stored.used(scene.account_id, licensed.license, change, licensed.policy, scene.now, exactly=exactly)

        def settled(meter: Item) -> object:
            return {"data": show(scene, licensed, stored.refreshed(licensed.license, meter))}

        body = {"data": show(scene, licensed, stored.after_use(licensed.license, change, scene.now))}
        return Outcome(body=body, settle=settled, writes=(write,), event=event, conflict=CONFLICT)

    return decide


def _increment(licensed: Licensed, command: Command, now: datetime) -> UsageChange:
    return usage.increment(licensed.license, licensed.policy, command.get("meta", {}).get("increment", 1), now)


def _decrement(licensed: Licensed, command: Command, now: datetime) -> UsageChange:
    return usage.decrement(licensed.license, licensed.policy, command.get("meta", {}).get("decrement", 1), now)


def _reset(licensed: Licensed, command: Command, now: datetime) -> UsageChange:
    return usage.reset(licensed.license, licensed.policy, now)


def _action(
    path: str, operation: str, event: str, decide: Callable[[Scene, Command], Outcome], body: Member | None = None
) -> Operation:
    where = f"{MEMBER}/actions/{path}"
    return LICENSES.member(operation, ("POST",), where, load_one, decide, body=body, events=(event,))


INCREMENTED, DECREMENTED, RESET = (f"license.usage.{name}" for name in ("incremented", "decremented", "reset"))

OPERATIONS = (
    _action("check-in", "license.check-in", "license.checked-in", _check_in),
    _action("increment-usage", "license.usage.increment", INCREMENTED, _used(INCREMENTED, _increment), INCREMENT),
    _action("decrement-usage", "license.usage.decrement", DECREMENTED, _used(DECREMENTED, _decrement), DECREMENT),
    _action("reset-usage", "license.usage.reset", RESET, _used(RESET, _reset)),
)
