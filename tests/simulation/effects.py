"""Every acknowledged effect is there, and none that was refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.store.table import Item
from tests.simulation.acts import Told
from tests.simulation.story import THERE, Begun, Deed, Story

EVENTS = {
    "activate": ("machine.created", "id"),
    "deactivate": ("machine.deleted", "machine"),
    "spawn": ("process.created", "id"),
    "kill": ("process.deleted", "process"),
    "ping": ("machine.heartbeat.ping", "machine"),
}


def existence(what: str, is_there: bool, told: Told, ends: Sequence[Told]) -> Iterator[str]:
    """What was made is there unless something may have ended it."""
    if is_there and not told.done and not told.unknown:
        yield f"refused and there: {what}: {told}"
    if not is_there and told.done and not ends:
        yield f"acknowledged and not there: {what}"


def machines(story: Story) -> Iterator[str]:
    """Machines that were activated, deactivated, culled, pinged."""
    stored = story.stored("machine")
    for machine in story.machines():
        is_there, ends = machine.identifier in stored, story.ends(machine)
        yield from existence(f"machine {machine.name}", is_there, machine.told, ends)
        removed = story.tally("deactivate", machine=machine.name).done
        if removed > 1:
            yield f"deactivated twice: {machine.name}"
        if removed and is_there:
            yield f"deactivated and there: {machine.name}"
        if machine.told is THERE and not ends and _missed(story, machine):
            yield f"not found though it was there: {machine.name}"
        if not is_there and _outlives(story, machine, ends):
            yield f"pinged and culled: {machine.name}"


def _missed(story: Story, machine: Begun) -> bool:
    """A token of one license does not see the machines of the other."""
    deeds = story.did("deactivate", machine=machine.name)
    return any(told.code == "NOT_FOUND" and not act.given["token"] for act, told in deeds)


def _outlives(story: Story, machine: Begun, ends: Sequence[Told]) -> bool:
    """A ping that was acknowledged outlives the sweep of the run, and nothing else was there to end the machine."""
    others = len(ends) > len(story.may_have("sweep")) or story.did("reset", machine=machine.name)
    return story.tally("ping", machine=machine.name).done > 0 and not others


def processes(story: Story) -> Iterator[str]:
    """Processes that were spawned, killed, culled, pinged."""
    stored, there = story.stored("process"), story.stored("machine")
    begun = [("p1", story.stage.ids["p1"], "m1", THERE)]
    begun += [(act.given["id"], act.given["id"], act.given["machine"], told) for act, told in story.did("spawn")]
    for name, identifier, machine, told in begun:
        ends = [*story.ends(story.machine(machine)), *story.may_have("kill", process=name)]
        yield from existence(f"process {name}", identifier in stored, told, ends)
        if story.tally("kill", process=name).done > 1:
            yield f"killed twice: {name}"
        lives = story.identifier(machine) in there and not story.did("kill", process=name)
        if lives and identifier not in stored and story.tally("beat", process=name).done:
            yield f"pinged and culled: {name}"


def components(story: Story) -> Iterator[str]:
    """Components that were added."""
    held = {(item["machine_id"], item["fingerprint"]) for item in story.stored("component").values()}
    for act, told in story.did("add"):
        name = act.given["machine"]
        is_there = (story.identifier(name), act.given["fingerprint"]) in held
        if told.done and not is_there and not story.ends(story.machine(name)):
            yield f"acknowledged and not there: {act}"


def changes(story: Story) -> Iterator[str]:
    """Sizes and owners are what somebody was told last, as far as that can be known."""
    stored = story.stored("machine")
    names = {story.stage.ids[one]: one for one in ("ann", "bob")}
    for machine in story.machines():
        item = stored.get(machine.identifier)
        if item is None:
            continue
        resized, handed = (story.did(kind, machine=machine.name) for kind in ("resize", "hand"))
        yield from _one_of(machine, "cores", item.get("cores"), machine.cores, resized)
        owner = names.get(item.get("owner_id", ""))
        if owner is not None or not story.may_have("detach", license=machine.license):
            yield from _one_of(machine, "owner", owner, machine.owner, handed)
        if not _belongs(story, item):
            yield f"owned by a stranger: {machine.name}"


def _one_of(machine: Begun, what: str, found: Any, first: Any, deeds: Sequence[Deed]) -> Iterator[str]:
    acknowledged = {act.given[what] for act, told in deeds if told.done}
    possible = acknowledged | {act.given[what] for act, told in deeds if told.unknown}
    if found not in possible and (acknowledged or found != first):
        yield f"{what} of {machine.name} is {found}, told {acknowledged}"


def _belongs(story: Story, item: Item) -> bool:
    """An owner that is no user of the license any more has left its machines."""
    owner = item.get("owner_id")
    attached = {(one["holder_id"], one["target_id"]) for one in story.rows if one["kind"] == "attachment"}
    return owner is None or (item["license_id"], owner) in attached


def events(story: Story) -> Iterator[str]:
    """Where somebody listens, everything that happened is told once."""
    if not story.stage.heard:
        return
    told = Counter[tuple[str, str]]()
    for item in story.outbox:
        if item["kind"] == "event":
            data = json.loads(item["payload"])["data"]
            told[item["name"], data["id"] if isinstance(data, dict) else ""] += 1
    for kind, (event, name) in EVENTS.items():
        for one in {act.given[name] for act, _ in story.did(kind)}:
            number, tally = told[event, story.identifier(one)], story.tally(kind, **{name: one})
            if not tally.allows(number):
                yield f"{event} of {one}: {number} times, {tally}"
